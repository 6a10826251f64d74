/**
 * Mixed ops on one wide map: `slots` candidates of C channels side by side. Forward one pass; backward one reduction that serves the norms and the mixture's
 * weights alike, then one pass over the map. A thread takes several slots, since they share the gradient.
 */
import type { Call } from "../../isa/isa";
import { columnGroups, columnSource, eachPiece, pieceFloats, piecesOf, walkRows, type ColumnText, type Pieces } from "./columns";
import { groupsFor, repeat, type KernelTable, type Pass, type Tuning } from "./kernelDef";
import { eachRow, rowsPass, sharesSums, storeRows } from "./rows";

type Mix = Call<"mix">["args"];
type MixGrad = Call<"mixGrad">["args"];

/** Slots that a thread of the backward reduction sums at a time. */
const SLOTS = 4;

/** Rows of a thread of the forward pass, which loads factors for each slot. */
const MIX_ROWS = 8;

/** The weight of slot `s`, at any address. */
const weightOf = (s: string): string => `A[(J.weights + ${s}) >> 2][(J.weights + ${s}) & 3]`;

const mixText = (): string =>
  eachRow(
    (j) => `let r${j} = J.u + m${j} * J.uld + q; var y${j} = vec4f();`,
    (js) => `
    var constant = vec4f();
    for (var s = 0; s < J.slots; s++) {
      let at = s * J.vectors;
      let weight = ${weightOf("s")};
      let factor = A[J.coef + at + q] * weight;
      constant += A[J.coef + J.wide + at + q] * weight;
      ${js.map((j) => `y${j} += A[r${j} + at] * factor;`).join("\n")}
    }
    ${storeRows((j) => `y${j} + constant`)(js)}`,
    MIX_ROWS,
  );

const isPlain = (s: string): string => `((select(J.plain1, J.plain0, ${s} < 32) >> u32(${s} & 31)) & 1) == 1`;

/** Declares the four coefficients of wide channels `q` in slot `s`; plain slots have those of the identity. */
const coefficients = `
  let isPlain = ${isPlain("s")};
  var scale = vec4f(1.0); var shift = vec4f(); var mean = vec4f(); var r = vec4f(1.0);
  if (!isPlain) { scale = A[J.coef + q]; shift = A[J.coef + J.wide + q]; mean = A[J.coef + 2 * J.wide + q]; r = A[J.coef + 3 * J.wide + q]; }`;

/** Pieces of dy (Σ dy) and of each slot (Σ dy · (u − mean)): slots beyond the last repeat it. */
const pieceText = `
  let c = i % J.lanes;
  let parts = (J.slots + ${SLOTS - 1}) / ${SLOTS};
  let part = (i / J.lanes) % parts;
  let chunk = i / (J.lanes * parts);
  if (chunk >= J.chunks) { return; }
  let first = chunk * J.start;
  let end = min(first + J.span, J.M);
  var s0 = vec4f();
  ${repeat(SLOTS, (t) => `
  let slot${t} = min(part * ${SLOTS} + ${t}, J.slots - 1);
  let q${t} = slot${t} * J.lanes + c;
  let mean${t} = select(A[J.coef + 2 * J.wide + q${t}], vec4f(), ${isPlain(`slot${t}`)});
  var s1_${t} = vec4f();`)}
  ${walkRows(
    "first",
    "end",
    "J.step",
    (j, m) => `let g${j} = A[J.dy + ${m} * J.dyld + c]; let at${j} = J.u + ${m} * J.uld;
    ${repeat(SLOTS, (t) => `let d${j}_${t} = A[at${j} + q${t}] - mean${t};`)}`,
    (js) => `s0 += ${js.map((j) => `g${j}`).join(" + ")};
    ${repeat(SLOTS, (t) => `s1_${t} += ${js.map((j) => `g${j} * d${j}_${t}`).join(" + ")};`)}`,
  )}
  ${repeat(SLOTS, (t) => {
    const store = `
    A[J.tmp + 2 * chunk * J.wide + q${t}] = s0;
    A[J.tmp + (2 * chunk + 1) * J.wide + q${t}] = s1_${t};`;
    return t === 0 ? store : `if (part * ${SLOTS} + ${t} < J.slots) { ${store} }`;
  })}`;

/** Sums of a wide channel, what they give its slot's weight, and du = level·dy + slope·(u − mean) + offset. */
const joinText: ColumnText = {
  before: `let s = q / J.lanes; ${coefficients}`,
  sum: (begin, step) => eachPiece(begin, step, "s0 += p0; s1 += p1;"),
  finish: `
  let h1 = s1 * r;
  A[J.sums + q] = s0;
  A[J.sums + J.wide + q] = h1;
  let weight = ${weightOf("s")};
  let results = J.tmp + 2 * J.chunks * J.wide + q;
  let isNormed = select(1.0, 0.0, isPlain);
  A[results] = scale / r * h1 + (shift + mean * scale) * s0;
  A[results + J.wide] = weight * scale;
  A[results + 2 * J.wide] = -isNormed * weight * scale * r * h1 / f32(J.M);
  A[results + 3 * J.wide] = -isNormed * weight * scale * s0 / f32(J.M);`,
};

const rewriteText = (): string => `
  let c = q % J.lanes;
  let mean = select(A[J.coef + 2 * J.wide + q], vec4f(), ${isPlain("(q / J.lanes)")});
  let results = J.tmp + 2 * J.pieces * J.wide + q;
  let level = A[results + J.wide];
  let slope = A[results + 2 * J.wide];
  let offset = A[results + 3 * J.wide];
  ${eachRow((j) => `let v${j} = level * A[J.dy + m${j} * J.dyld + c] + slope * (A[J.u + m${j} * J.uld + q] - mean) + offset;`, storeRows((j) => `v${j}`, "du"))}`;

/** One slot a thread: the sum over its channels, float by float since the slots' results share vec4. */
const weightsText = `
  if (i >= J.slots) { return; }
  let at = J.results + i * J.C;
  var sum = 0.0;
  for (var c = 0; c < J.C; c += 4) { sum += (A[at + c] + A[at + c + 1]) + (A[at + c + 2] + A[at + c + 3]); }
  A[J.dwv + i] = sum;`;

const gradPieces = ({ M, slots, C }: MixGrad, tuning: Tuning): Pieces => piecesOf(M, (C / 4) * Math.ceil(slots / SLOTS), tuning);

function gradPasses(args: MixGrad, tuning: Tuning): Pass[] {
  const { M, slots, C } = args;
  const [lanes, wide] = [C / 4, (slots * C) / 4];
  const pieces = gradPieces(args, tuning);
  const isShared = sharesSums(tuning);
  const arenas = { A: "vec4f" } as const;
  const ints = { lanes, wide, vectors: wide, weights: args.wv, ...pieces.ints };
  return [
    { key: "mixGrad pieces", arenas, source: () => ({ body: pieceText }), groups: groupsFor(lanes * Math.ceil(slots / SLOTS) * pieces.chunks), ints },
    { key: "mixGrad join", arenas, source: () => columnSource(isShared, joinText), groups: columnGroups(isShared, wide), ints },
    rowsPass("mixGrad rewrite", { M, C: slots * C }, tuning, rewriteText, { ints: { lanes, wide, pieces: pieces.chunks } }),
    {
      key: "mixGrad weights",
      arenas: { A: "f32" },
      source: () => ({ body: weightsText }),
      groups: groupsFor(slots),
      ints: { results: args.tmp + pieceFloats(pieces, slots * C) },
    },
  ];
}

function mixPass(args: Mix, tuning: Tuning): Pass {
  return rowsPass("mix", args, tuning, mixText, { ints: { wide: (args.slots * args.C) / 4, weights: args.wv } }, MIX_ROWS);
}

/** Number `n` of up to sixteen that share two words of eight nibbles. */
const nibbles = `
fn nibble(n: i32, low: i32, high: i32) -> i32 { return i32((bitcast<u32>(select(high, low, n < 8)) >> u32((n & 7) * 4)) & 15u); }`;

const weightsBody = `
  if (i > 0) { return; }
  var top = W[J.alpha];
  for (var t = 1; t < J.n; t++) { top = max(top, W[J.alpha + t]); }
  var total = 0.0;
  for (var t = 0; t < J.n; t++) { total += exp(W[J.alpha + t] - top); }
  for (var t = 0; t < J.n; t++) {
    let alpha = W[J.alpha + t];
    A[J.prob + t] = select(alpha, exp(alpha - top) / total, J.soft == 1);
  }
  for (var t = 0; t < J.count; t++) { A[J.wv + t] = A[J.prob + nibble(t, J.index0, J.index1)]; }`;

/** dprob is summed anew for each number: at most sixteen of sixteen, and no array. */
const weightsGradBody = `
  if (i > 0) { return; }
  var mean = 0.0;
  for (var t = 0; t < J.count; t++) { mean += A[J.prob + nibble(t, J.index0, J.index1)] * A[J.dwv + t]; }
  for (var k = 0; k < J.n; k++) {
    var dprob = 0.0;
    for (var t = 0; t < J.count; t++) { dprob += select(0.0, A[J.dwv + t], nibble(t, J.index0, J.index1) == k); }
    G[J.dalpha + k] += select(dprob, A[J.prob + k] * (dprob - mean), J.soft == 1);
  }`;

const plainBody = `
  if (i >= J.n) { return; }
  let at = J.coef + J.from + i;
  A[at] = 1.0; A[at + J.cs] = 0.0; A[at + 2 * J.cs] = 0.0; A[at + 3 * J.cs] = 1.0;`;

const affineBody = `
  if (i >= J.C) { return; }
  let at = J.coef + J.from + i;
  if (J.gamma >= 0) { let gamma = W[J.gamma + i]; A[at] *= gamma; A[at + J.cs] *= gamma; }
  if (J.beta >= 0) { A[at + J.cs] += W[J.beta + i]; }`;

const affineGradBody = `
  if (i >= J.C) { return; }
  let weight = A[J.wv];
  if (J.dgamma >= 0) { G[J.dgamma + i] += weight * A[J.sums + J.cs + J.from + i]; }
  if (J.dbeta >= 0) { G[J.dbeta + i] += weight * A[J.sums + J.from + i]; }`;

/** Mixed ops. */
export const mix: KernelTable = {
  mix: { passes: (args, tuning) => [mixPass(args, tuning)] },
  mixGrad: {
    passes: gradPasses,
    scratchFloats: (args, tuning) => pieceFloats(gradPieces(args, tuning), args.slots * args.C) + 4 * args.slots * args.C,
  },
  mixWeights: {
    passes: () => [{ key: "mixWeights", arenas: { A: "f32", W: "f32" }, source: () => ({ helpers: nibbles, body: weightsBody }), groups: 1 }],
  },
  mixWeightsGrad: {
    passes: () => [{ key: "mixWeightsGrad", arenas: { A: "f32", G: "f32" }, source: () => ({ helpers: nibbles, body: weightsGradBody }), groups: 1 }],
  },
  plainCoef: {
    passes: ({ n }) => [{ key: "plainCoef", arenas: { A: "f32" }, source: () => ({ body: plainBody }), groups: groupsFor(n) }],
  },
  affineCoef: {
    passes: ({ C }) => [{ key: "affineCoef", arenas: { A: "f32", W: "f32" }, source: () => ({ body: affineBody }), groups: groupsFor(C) }],
  },
  affineMixGrad: {
    passes: ({ C }) => [{ key: "affineMixGrad", arenas: { A: "f32", G: "f32" }, source: () => ({ body: affineGradBody }), groups: groupsFor(C) }],
  },
};
