/** Second passes of split reductions: partial results in `tmp` are added up in a fixed order, so that runs repeat to the bit. */
import { groupsFor, WORKGROUP, type Pass, type Tuning } from "./kernelDef";

/** Partials beyond this many are shared by the threads of a workgroup. */
const MANY = 32;

/** Partial sums of one workgroup: 4 columns by 16 threads. */
const COLUMNS = 4;

const narrow = `
  if (i >= J.size) { return; }
  var sum = vec4f();
  for (var c = 0; c < J.chunks; c++) { sum += A[J.from + c * J.size + i]; }
  G[J.to + i] += sum;`;

const wide = `
  let column = group * ${COLUMNS} + (lid & ${COLUMNS - 1});
  var sum = vec4f();
  if (column < J.size) {
    for (var c = lid / ${COLUMNS}; c < J.chunks; c += ${WORKGROUP / COLUMNS}) { sum += A[J.from + c * J.size + column]; }
  }
  shared_sums[lid] = sum;
  workgroupBarrier();
  if (lid < ${COLUMNS} && column < J.size) {
    var all = vec4f();
    for (var t = lid; t < ${WORKGROUP}; t += ${COLUMNS}) { all += shared_sums[t]; }
    G[J.to + column] += all;
  }`;

/** G[to + j] += Σ over `chunks` of A[from + chunk · floats + j] for j < floats (all multiples of 4). */
export function addPartials(from: number, to: number, floats: number, chunks: number, tuning: Tuning): Pass {
  const isWide = tuning.wideSums && chunks > MANY;
  const size = floats / 4;
  return {
    key: isWide ? "sumWide" : "sum",
    arenas: { A: "vec4f", G: "vec4f" },
    source: () => (isWide ? { helpers: `var<workgroup> shared_sums: array<vec4f, ${WORKGROUP}>;`, body: wide } : { body: narrow }),
    groups: isWide ? Math.ceil(size / COLUMNS) : groupsFor(size),
    ints: { from: from / 4, to: to / 4, size, chunks },
  };
}

/** How rows are split for a reduction: `chunks` pieces of `rows` rows. */
export interface Split {
  readonly chunks: number;
  readonly rows: number;
}

/** Pieces of at least `least` rows so that `tiles` threads a piece make about `tuning.splitThreads`. */
export function splitRows(total: number, tiles: number, least: number, tuning: Tuning): Split {
  const wanted = Math.max(1, Math.ceil(tuning.splitThreads / Math.max(1, tiles)));
  const most = Math.max(1, Math.ceil(total / least));
  const rows = Math.max(1, Math.ceil(total / Math.min(wanted, most)));
  return { rows, chunks: Math.max(1, Math.ceil(total / rows)) };
}

/** Floats of the partials; 0 where one piece adds directly. */
export const partialFloats = (split: Split, floats: number): number => (split.chunks > 1 ? split.chunks * floats : 0);

/** The text that stores a partial or, where there is one piece, adds to G: `at` is the offset inside the tensor. */
export const storePartial = (isDirect: boolean, at: string, value: string): string =>
  isDirect ? `G[J.to + ${at}] += ${value};` : `A[J.from + chunk * J.size + ${at}] = ${value};`;
