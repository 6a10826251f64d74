/**
 * Pointwise products through workgroup memory, for wide maps on hardware: 64 threads compute 64 × 64 outputs and fetch every operand once for all of
 * them, 16 of the summed dimension at a time. On a software adapter barriers cost more than loads, so the register tiles of `products.ts` stay.
 */
import { laneOf, repeat, sumOf, WORKGROUP, type Source, type Tuning } from "./kernelDef";
import { loadValue, storeGradients, stores, type Load, type Target } from "./load";

/** Rows and columns (floats) of a workgroup's tile. */
const TILE = 64;

/** vec4 of the summed dimension in a step. */
const DEPTH = 4;

/** Each thread: 8 rows by 2 vec4 of columns, 8 apart, so that neighbours read neighbours. */
const ROWS = 8;
const COLUMNS = 2;

/** Below this many rows or columns a tile would mostly stick out. */
const LEAST = 64;

/** Whether a product of M rows, `outputs` columns and `sums` summands takes these texts. */
export const isShared = (M: number, outputs: number, sums: number, tuning: Tuning): boolean =>
  tuning.sharedProduct && outputs >= LEAST && sums >= LEAST && M >= LEAST && sharedGroups(M, outputs) * WORKGROUP * 4 >= tuning.threads;

/** Workgroups of a product. */
export const sharedGroups = (M: number, outputs: number): number => Math.ceil(M / TILE) * Math.ceil(outputs / TILE);

/** Tiles in a row of tiles. */
export const sharedAcross = (outputs: number): number => Math.ceil(outputs / TILE);

const helpers = `
var<workgroup> shared_rows: array<vec4f, ${DEPTH * TILE}>;
var<workgroup> shared_weights: array<vec4f, ${DEPTH * TILE}>;`;

/** The tile of a workgroup and the fetching of rows: thread → vec4 `part` of 16 rows, 16 apart. `vectors`: vec4 of the output's columns. */
const place = `
  let top = (group / J.across) * ${TILE};
  let left = (group % J.across) * ${TILE / 4};
  let part = lid % ${DEPTH};
  let lane = lid / ${DEPTH};
  let up = lid / ${ROWS};
  let side = lid % ${ROWS};
  ${repeat(ROWS, (j) => repeat(COLUMNS, (q) => `var a${j}_${q} = vec4f();`))}`;

/** `fetch(row)`: the vec4 of a row at position `k`; zero beyond the summed dimension. */
const fetchRows = (fetch: (row: string) => string): string =>
  repeat(DEPTH, (t) => `{
    let row = min(top + lane + ${t * 16}, J.M - 1);
    shared_rows[part * ${TILE} + lane + ${t * 16}] = select(vec4f(), ${fetch("row")}, k < J.steps);
  }`);

/** A thread's rows and columns lie inside the map, or are not stored. */
const eachRow = (store: (targets: readonly Target[]) => string): string => `
  ${repeat(COLUMNS, (q) => `let n${q} = left + side + ${q * ROWS};`)}
  ${repeat(ROWS, (j) =>
    repeat(COLUMNS, (q) => `{
      let m = top + up + ${j * ROWS};
      if (m < J.M && n${q} < J.vectors) { ${store([{ value: `a${j}_${q}`, row: "m", q: `n${q}` }])} }
    }`),
  )}`;

/** Forward: `steps` vec4 of K are summed; weights [K, N]. */
export function sharedForwardText(load: Load): Source {
  const body = `${place}
  for (var begin = 0; begin < J.steps; begin += ${DEPTH}) {
    let k = begin + part;
    let within = min(k, J.steps - 1);
    ${load.norm ? "let sc = A[J.xcoef + within]; let sh = A[J.xcoef + J.xcs + within];" : ""}
    ${fetchRows((row) => loadValue(load, `A[J.x + ${row} * J.xld + within]`))}
    ${repeat(DEPTH, (t) => `{
      let place = lid + ${t * WORKGROUP};
      let depth = begin * 4 + place / ${TILE / 4};
      let column = min(left + place % ${TILE / 4}, J.vectors - 1);
      shared_weights[place] = select(vec4f(), W[J.w + min(depth, J.steps * 4 - 1) * J.vectors + column], depth < J.steps * 4);
    }`)}
    workgroupBarrier();
    for (var d = 0; d < ${DEPTH}; d++) {
      ${repeat(ROWS, (j) => `let v${j} = shared_rows[d * ${TILE} + up + ${j * ROWS}];`)}
      ${repeat(COLUMNS, (q) => `{
        ${repeat(4, (r) => `let w${r} = shared_weights[(d * 4 + ${r}) * ${TILE / 4} + side + ${q * ROWS}];`)}
        ${repeat(ROWS, (j) => `a${j}_${q} += ${sumOf(4, (r) => `v${j}.${laneOf(r)} * w${r}`)};`)}
      }`)}
    }
    workgroupBarrier();
  }
  if (J.bias >= 0) {
    ${repeat(COLUMNS, (q) => `let b${q} = W[J.bias + min(left + side + ${q * ROWS}, J.vectors - 1)];`)}
    ${repeat(ROWS, (j) => repeat(COLUMNS, (q) => `a${j}_${q} += b${q};`))}
  }
  ${eachRow((targets) => stores({ at: "J.y", ld: "J.yld" }, targets))}`;
  return { helpers, body };
}

/** Gradient of the input: `steps` vec4 of N are summed; weights [K, N], of which a tile takes 64 rows. */
export function sharedGradInputText(): Source {
  const body = `${place}
  for (var begin = 0; begin < J.steps; begin += ${DEPTH}) {
    let k = begin + part;
    let within = min(k, J.steps - 1);
    ${fetchRows((row) => `A[J.dy + ${row} * J.dyld + within]`)}
    ${repeat(DEPTH, (t) => `{
      let channel = min(left * 4 + lane + ${t * 16}, J.vectors * 4 - 1);
      shared_weights[part * ${TILE} + lane + ${t * 16}] = W[J.w + channel * J.steps + within];
    }`)}
    workgroupBarrier();
    for (var d = 0; d < ${DEPTH}; d++) {
      ${repeat(ROWS, (j) => `let v${j} = shared_rows[d * ${TILE} + up + ${j * ROWS}];`)}
      ${repeat(COLUMNS, (q) => `{
        ${repeat(4, (r) => `let w${r} = shared_weights[d * ${TILE} + (side + ${q * ROWS}) * 4 + ${r}];`)}
        ${repeat(ROWS, (j) => `a${j}_${q} += vec4f(dot(v${j}, w0), dot(v${j}, w1), dot(v${j}, w2), dot(v${j}, w3));`)}
      }`)}
    }
    workgroupBarrier();
  }
  ${eachRow(storeGradients)}`;
  return { helpers, body };
}
