/** Only for tests: FBNet's golden files, and derivatives by differences. */
import { readFileSync } from "node:fs";

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Read, not imported: the compiler need not know the numbers. */
export function readFbnet<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../golden/fbnet/${name}.json`, import.meta.url), "utf8")) as T;
}

/** Central differences of `f` at `x`, one a coordinate. */
export function slopesOf(f: (x: readonly number[]) => number, x: readonly number[], step = 1e-6): number[] {
  return x.map((value, i) => (f(x.with(i, value + step)) - f(x.with(i, value - step))) / (2 * step));
}

export function rowsOf({ shape, data }: GoldenTensor): number[][] {
  const [rows = 0, columns = 0] = shape;
  return Array.from({ length: rows }, (_, row) => data.slice(row * columns, (row + 1) * columns));
}
