/**
 * Sums over the rows of a map, column by column: the rows are cut into pieces, each thread sums 4 channels of one piece, and a second pass joins the pieces in
 * a fixed order. Where the rows are few one pass does both. Two sums are made at a time, `s0` and `s1`.
 */
import { groupsFor, WORKGROUP, type Source, type Tuning } from "./kernelDef";
import { splitRows } from "./sums";

/** How the rows of a sum are cut. */
export interface Pieces {
  readonly chunks: number;
  /** What the texts read: rows begin at chunk · start, lie `step` apart and end before start + span and M. */
  readonly ints: { readonly chunks: number; readonly start: number; readonly step: number; readonly span: number };
}

/** Up to this many rows one pass sums and finishes; by a thread alone or by a workgroup. */
const FEW = { alone: 64, shared: 1024 };

/** Whether a map has so few rows that a column is summed in one go. */
export const isFew = (M: number, tuning: Tuning): boolean => M <= (tuning.wideSums ? FEW.shared : FEW.alone);

/**
 * Pieces of M rows of `tiles` threads each. On hardware neighbouring pieces take turns, so that all threads together read one stretch of
 * memory; a CPU wants each thread to walk through its own.
 */
export function piecesOf(M: number, tiles: number, tuning: Tuning): Pieces {
  const { rows, chunks } = splitRows(M, tiles, 8, tuning);
  const ints = tuning.wideSums ? { chunks, start: 1, step: chunks, span: M } : { chunks, start: rows, step: 1, span: rows };
  return { chunks, ints };
}

/** Runs through the rows of a piece four at a time: `load(j)` declares what row `m` (an expression) gives, `add(js)` adds those of several j. */
export const walkRows = (begin: string, end: string, step: string, load: (j: number, m: string) => string, add: (js: readonly number[]) => string): string => `
  var m = ${begin};
  for (; m + 3 * ${step} < ${end}; m += 4 * ${step}) {
    ${[0, 1, 2, 3].map((j) => load(j, j === 0 ? "m" : `(m + ${j} * ${step})`)).join("\n")}
    ${add([0, 1, 2, 3])}
  }
  for (; m < ${end}; m += ${step}) {
    ${load(0, "m")}
    ${add([0])}
  }`;

/** Declares the piece `chunk` of a thread's columns `q` of J.vectors, its first row and its end. */
export const pieceOfThread = `
  let q = i % J.vectors;
  let chunk = i / J.vectors;
  if (chunk >= J.chunks) { return; }
  let first = chunk * J.start;
  let end = min(first + J.span, J.M);`;

/** Rows of a piece, as an expression of its number. */
export const rowsOfPiece = (chunk: string): string => `f32((min(${chunk} * J.start + J.span, J.M) - ${chunk} * J.start + J.step - 1) / J.step)`;

/** Adds the sums of all threads of the workgroup in a fixed order; thread 0's `s0` and `s1` then hold all, and so do `shared0[0]` and `shared1[0]`. */
const joinThreads = `
  shared0[lid] = s0; shared1[lid] = s1;
  workgroupBarrier();
  for (var half = ${WORKGROUP / 2}; half > 0; half = half >> 1) {
    if (lid < half) { shared0[lid] += shared0[lid + half]; shared1[lid] += shared1[lid + half]; }
    workgroupBarrier();
  }
  s0 = shared0[0]; s1 = shared1[0];`;

const sharedSums = `var<workgroup> shared0: array<vec4f, ${WORKGROUP}>; var<workgroup> shared1: array<vec4f, ${WORKGROUP}>;`;

/** A text that sums into the variables `s0` and `s1` for columns `q`, then does something with them. */
export interface ColumnText {
  /** Declarations that depend on q alone. */
  readonly before?: string;
  /** Loops from `begin` in steps of `step` and adds to s0 and s1. */
  sum(begin: string, step: string): string;
  /** What one thread of the columns does with the sums. */
  readonly finish?: string;
  /** What follows for each row `m`, divided among the threads of the columns. */
  after?(begin: string, step: string): string;
}

/** One thread, or the threads of a workgroup (`isShared`), for each q of J.vectors. */
export function columnSource(isShared: boolean, { before = "", sum, finish = "", after }: ColumnText): Source {
  if (!isShared) {
    const body = `
  let q = i;
  if (q >= J.vectors) { return; }
  var s0 = vec4f(); var s1 = vec4f();
  ${before}
  ${sum("0", "1")}
  ${finish}
  ${after?.("0", "1") ?? ""}`;
    return { body };
  }
  const body = `
  let q = group;
  var s0 = vec4f(); var s1 = vec4f();
  ${before}
  ${sum("lid", String(WORKGROUP))}
  ${joinThreads}
  if (lid == 0) { ${finish} }
  ${after?.("lid", String(WORKGROUP)) ?? ""}`;
  return { helpers: sharedSums, body };
}

/** Workgroups of a `columnSource` for `vectors` columns of vec4. */
export const columnGroups = (isShared: boolean, vectors: number): number => (isShared ? vectors : groupsFor(vectors));

/** Floats of the partial sums of a map of C channels. */
export const pieceFloats = (pieces: Pieces, C: number): number => 2 * pieces.chunks * C;

/** Stores the two sums of a piece at `tmp`. */
export const storePiece = (first: string, second: string): string => `
  A[J.tmp + 2 * chunk * J.vectors + q] = ${first};
  A[J.tmp + (2 * chunk + 1) * J.vectors + q] = ${second};`;

/** Loops over the pieces at `tmp`: `p0` and `p1` are the sums of piece `c`. */
export const eachPiece = (begin: string, step: string, add: string): string => `
  for (var c = ${begin}; c < J.chunks; c += ${step}) {
    let p0 = A[J.tmp + 2 * c * J.vectors + q];
    let p1 = A[J.tmp + (2 * c + 1) * J.vectors + q];
    ${add}
  }`;
