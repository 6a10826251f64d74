/**
 * Elementwise kernels: how threads are spread over a map of rows × channels, and how values are loaded and stored there. A thread owns 4 channels of several
 * rows, so that what depends on the channel alone is loaded once; on a software adapter of many rows, since it loads its job's words as slowly as a map.
 */
import { pieceOfThread, type Pieces } from "./columns";
import { groupsFor, repeat, type Pass, type Tuning } from "./kernelDef";
import { stores, type Load, type Target } from "./load";

/** Rows that a thread handles at a time. */
const ROWS = 4;

/** Threads of an elementwise pass on a software adapter, and the fewest rows of each. */
const WALKERS = { threads: 1024, rows: 16 };

/**
 * Pieces of a map of `M` rows of `vectors` vec4. On hardware a thread has `unroll` rows that lie far apart, or one where threads are scarce, so that
 * neighbours touch neighbouring memory; on a CPU it walks through rows that follow each other.
 */
function spreadOver(M: number, vectors: number, tuning: Tuning, unroll: number): Pieces {
  if (tuning.wideSums) {
    const blocks = Math.ceil(M / unroll);
    const chunks = blocks * vectors >= tuning.threads ? blocks : Math.min(M, Math.ceil(tuning.threads / vectors));
    return { chunks, ints: { chunks, start: 1, step: chunks, span: M } };
  }
  const wanted = Math.max(WALKERS.rows, Math.ceil((M * vectors) / WALKERS.threads));
  const rows = Math.ceil(wanted / unroll) * unroll;
  const chunks = Math.ceil(M / rows);
  return { chunks, ints: { chunks, start: rows, step: 1, span: rows } };
}

/**
 * What a thread does with its rows, several at a time: first the `load` of each j, then `store` of all. They find the row as m0, m1, …, the channels as
 * `q`.
 */
export const eachRow = (load: (j: number) => string, store: (js: readonly number[]) => string, unroll = ROWS): string => `
  var m = first;
  for (; m + ${unroll - 1} * J.step < end; m += ${unroll} * J.step) {
    ${repeat(unroll, (j) => `let m${j} = m + ${j} * J.step; ${load(j)}`)}
    ${store(Array.from({ length: unroll }, (_, j) => j))}
  }
  for (; m < end; m += J.step) {
    let m0 = m;
    ${load(0)}
    ${store([0])}
  }`;

/** Stores `value` of each row in the map y. */
export const storeRows =
  (value: (j: number) => string, map = "y") =>
  (js: readonly number[]): string =>
    js.map((j) => `A[J.${map} + m${j} * J.${map}ld + q] = ${value(j)};`).join("\n");

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

/** A gradient that a thread stores, and where. */
/**
 * Stores gradients, added to `base` where there is one; it is read before anything is stored, for it may be dx. As in `stores`, what lies beyond an edge may
 * name the last row inside instead.
 */
export const storeInto = (gradients: readonly Target[]): string => `
  ${gradients.map(({ value }, n) => `var g${n} = ${value};`).join("\n")}
  if (J.base >= 0) {
    ${gradients.map(({ row, q }, n) => `g${n} += A[J.base + (${row}) * J.baseld + ${q}];`).join("\n")}
  }
  ${stores({ at: "J.dx", ld: "J.dxld" }, gradients.map((gradient, n) => ({ ...gradient, value: `g${n}` })))}`; // prettier-ignore

/** The same for the rows of an elementwise pass. */
export const storeRowsInto =
  (value: (j: number) => string) =>
  (js: readonly number[]): string =>
    storeInto(js.map((j) => ({ value: value(j), row: `m${j}`, q: "q" })));

/** Threads that sum the rows of few columns by way of workgroup memory; software adapters, slow at barriers, do without. */
export const sharesSums = (tuning: Tuning): boolean => tuning.wideSums;

/** An elementwise pass over a map of `M` rows and `C` channels of A: `text` is `eachRow` with what comes before it. */
export function rowsPass(key: string, { M, C }: { readonly M: number; readonly C: number }, tuning: Tuning, text: () => string, more: Partial<Pass> = {}, unroll = ROWS): Pass {
  const vectors = C / 4;
  const { chunks, ints } = spreadOver(M, vectors, tuning, unroll);
  return {
    key,
    arenas: { A: "vec4f" },
    source: () => ({ body: `${pieceOfThread} ${text()}` }),
    groups: groupsFor(chunks * vectors),
    ...more,
    ints: { vectors, ...ints, ...more.ints },
  };
}
