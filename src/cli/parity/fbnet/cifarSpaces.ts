/** `cifar_spaces.json`: sizes, smallest and largest members and per-layer costs of the three spaces at CIFAR's resolution. Exact. */
import { fileOf } from "../darts/fields";
import type { Handler } from "../types";
import { compareV1 } from "./cifarV1";
import { compareV2, compareV3 } from "./cifarV2V3";

const parts = { v1: compareV1, v2: compareV2, v3: compareV3 } as const;

export const cifarSpaces: Handler = async (value) => {
  const file = fileOf(value);
  const results = await Promise.all(Object.entries(parts).map(([key, compare]) => (file.has(key) ? compare(file.raw(key)) : [])));
  return results.flat();
};
