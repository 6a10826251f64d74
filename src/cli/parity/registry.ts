/** Kind → its handler, loaded only when a folder holds the kind: a broken method must not take the others with it. */
import type { Handler } from "./types";

export const HANDLERS: Readonly<Record<string, () => Promise<Handler>>> = {
  "nas-bench-macro.json": async () => (await import("./nasBenchMacro")).nasBenchMacro,
  "subnet-files.json": async () => (await import("./subnetFiles")).subnetFiles,
};
