/**
 * Elementwise kernels: how threads are spread over a map of rows × channels, and how values are loaded and stored there. A thread owns 4 channels of a
 * few rows that lie far apart, so that neighbouring threads touch neighbouring memory and what depends on the channel alone is loaded once.
 */
import { groupsFor, repeat, WORKGROUP, type Pass, type Tuning } from "./kernelDef";
import type { Load } from "./load";

/** Rows of a thread where there are enough. */
const ROWS = 4;

/** How an elementwise pass covers a map. */
export interface Spread {
  /** Rows of a thread: J.step apart. */
  readonly rows: number;
  readonly groups: number;
  readonly ints: { readonly vectors: number; readonly step: number };
}

/** Threads for `M` rows of `vectors` vec4. A software adapter, which is content with few threads, always takes the same text. */
export function spreadOver(M: number, vectors: number, tuning: Tuning, most = ROWS): Spread {
  const isScarce = tuning.threads > WORKGROUP && Math.ceil(M / most) * vectors < tuning.threads;
  const rows = isScarce ? 1 : most;
  const step = Math.ceil(M / rows);
  return { rows, groups: groupsFor(step * vectors), ints: { vectors, step } };
}

/** Declares channels `q` and rows `m`0 … of a thread. Rows from M on may be loaded (whatever lies there) but not stored. */
export const rowsOfThread = (rows: number): string => `
  let q = i % J.vectors;
  let m0 = i / J.vectors;
  if (m0 >= J.step) { return; }
  ${repeat(rows - 1, (j) => `let m${j + 1} = m${j} + J.step;`)}`;

/** A statement for each row of a thread: first all `load`s, then each `store` where the row exists. */
export const eachRow = (rows: number, load: (j: number) => string, store: (j: number) => string): string => `
  ${repeat(rows, load)}
  ${repeat(rows, (j) => (j === 0 ? store(j) : `if (m${j} < J.M) { ${store(j)} }`))}`;

/** Declares the factors of the loaded map `p` (x, r) for the channels at index `q` of vec4f. */
export const factorsOf = (load: Load, p: string, q: string): string =>
  load.norm ? `let ${p}scale = A[J.${p}coef + ${q}]; let ${p}shift = A[J.${p}coef + J.${p}cs + ${q}];` : "";

/** The loaded value of what the map `p` stores, after `factorsOf`; with A as f32 a scalar. */
export function loadedOf(load: Load, p: string, stored: string, isScalar = false): string {
  const z = load.norm ? `(${stored} * ${p}scale + ${p}shift)` : stored;
  if (load.lo && load.hi) return `bounded${isScalar ? "1" : ""}(${z}, J.${p}lo, J.${p}hi)`;
  if (load.lo) return isScalar ? `select(${z}, J.${p}lo, ${z} < J.${p}lo)` : `atLeast(${z}, J.${p}lo)`;
  if (load.hi) return isScalar ? `select(${z}, J.${p}hi, ${z} > J.${p}hi)` : `atMost(${z}, J.${p}hi)`;
  return z;
}

/** Stores `value` as the gradient of row `row`, channels `q`, added to `base` where there is one. */
export const storeInto = (value: string, row: string, q: string): string => `{
    var gradient = ${value};
    if (J.base >= 0) { gradient += A[J.base + (${row}) * J.baseld + ${q}]; }
    A[J.dx + (${row}) * J.dxld + ${q}] = gradient;
  }`;

/** Threads that sum the rows of few columns by way of workgroup memory; software adapters, slow at barriers, do without. */
export const sharesSums = (tuning: Tuning): boolean => tuning.wideSums;

/** An elementwise pass over a map of `M` rows and `C` channels of A. */
export function rowsPass(key: string, { M, C }: { readonly M: number; readonly C: number }, tuning: Tuning, text: (rows: number) => string, more: Partial<Pass> = {}, most = ROWS): Pass {
  const { rows, groups, ints } = spreadOver(M, C / 4, tuning, most);
  return {
    key: `${key} ${rows}`,
    arenas: { A: "vec4f" },
    source: () => ({ body: `${rowsOfThread(rows)} ${text(rows)}` }),
    groups,
    ...more,
    ints: { ...ints, ...more.ints },
  };
}
