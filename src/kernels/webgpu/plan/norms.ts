/**
 * Batch normalisation. Statistics come from pieces of the rows (mean and squared deviations of each, about its first row, so that a mean far above the deviation costs no digits), joined by Chan's
 * formula. The backward pass sums likewise, then rewrites the map once with three coefficients a channel.
 */
import { UNBOUNDED, type Call } from "../../isa/isa";
import { columnGroups, columnSource, eachPiece, isFew, pieceFloats, pieceOfThread, piecesOf, rowsOfPiece, storePiece, walkRows, type ColumnText } from "./columns";
import { hyper } from "./hyper";
import { groupsFor, type KernelTable, type Pass, type Tuning } from "./kernelDef";
import { eachRow, rowsPass, sharesSums, storeRows } from "./rows";

type Stats = Call<"normStats">["args"];
type Grad = Call<"normGrad">["args"];

/** Writes the four vectors of channels `q` from `mean` and `r`; `cs` is the distance of the vectors. */
const storeCoef = (cs: string): string => `
  var scale = r;
  if (J.gamma >= 0) { scale *= W[J.gamma + q]; }
  var shift = -mean * scale;
  if (J.beta >= 0) { shift += W[J.beta + q]; }
  A[J.coef + q] = scale;
  A[J.coef + ${cs} + q] = shift;
  A[J.coef + 2 * ${cs} + q] = mean;
  A[J.coef + 3 * ${cs} + q] = r;`;

/** Moves the bank's channels `q` towards `mean` and `variance`. A factor of 0 hides whatever was there, NaN too. */
const moveBank = `
  var keep = J.keep;
  var gain = J.gain;
  if (J.dynamic == 1) { keep = ${hyper("keep")}; gain = ${hyper("gain")}; }
  let bankMean = J.bank + q;
  let bankVariance = bankMean + J.vectors;
  S[bankMean] = select(S[bankMean] * keep, vec4f(), keep == 0.0) + mean * gain;
  S[bankVariance] = select(S[bankVariance] * keep, vec4f(), keep == 0.0) + variance * J.unbias * gain;`;

const addDeviations = (js: readonly number[]): string => `
  s0 += ${js.map((j) => `d${j}`).join(" + ")};
  s1 += ${js.map((j) => `d${j} * d${j}`).join(" + ")};`;

const deviation = (j: number, m: string): string => `let d${j} = A[J.u + ${m} * J.uld + q] - center;`;

const finishStats = `
  let count = f32(J.M);
  let mean = center + s0 / count;
  let variance = atLeast((s1 - s0 * s0 / count) / count, 0.0);
  let r = 1.0 / sqrt(variance + J.eps);
  ${storeCoef("J.vectors")}
  if (J.bank >= 0) { ${moveBank} }`;

const wholeStats: ColumnText = {
  before: "let center = A[J.u + q];",
  sum: (begin, step) => walkRows(begin, "J.M", step, deviation, addDeviations),
  finish: finishStats,
};

const pieceStats = `${pieceOfThread}
  let center = A[J.u + first * J.uld + q];
  var s0 = vec4f(); var s1 = vec4f();
  ${walkRows("first", "end", "J.step", deviation, addDeviations)}
  let n = ${rowsOfPiece("chunk")};
  ${storePiece("center + s0 / n", "s1 - s0 * s0 / n")}`;

const joinStats: ColumnText = {
  before: "let center = A[J.tmp + q];",
  sum: (begin, step) =>
    eachPiece(begin, step, `let n = ${rowsOfPiece("c")}; let d = p0 - center; s0 += n * d; s1 += p1 + n * d * d;`),
  finish: finishStats,
};

function statsPasses(args: Stats, tuning: Tuning): Pass[] {
  const vectors = args.C / 4;
  const isShared = sharesSums(tuning);
  const arenas = { A: "vec4f", W: "vec4f", S: "vec4f" } as const;
  const groups = columnGroups(isShared, vectors);
  if (isFew(args.M, tuning)) {
    return [{ key: "normStats whole", arenas, source: () => columnSource(isShared, wholeStats), groups, ints: { vectors } }];
  }
  const { chunks, ints } = piecesOf(args.M, vectors, tuning);
  return [
    { key: "normStats pieces", arenas: { A: "vec4f" }, source: () => ({ body: pieceStats }), groups: groupsFor(vectors * chunks), ints: { vectors, ...ints } },
    { key: "normStats join", arenas, source: () => columnSource(isShared, joinStats), groups, ints: { vectors, ...ints } },
  ];
}

/** Declares of row `m` the value `u` above the mean and the gradient `g` behind the clamp; before: `gradFactors`. */
const gradAt = (isClamped: boolean) => (j: number, m: string): string => `
  let u${j} = A[J.u + ${m} * J.uld + q];
  let g${j} = A[J.dz + ${m} * J.dzld + q]${isClamped ? ` * inside(u${j} * scale + shift, J.lo, J.hi)` : ""};
  let d${j} = u${j} - mean;`;

const gradFactors = (isClamped: boolean): string => `
  let scale = A[J.coef + q];
  ${isClamped ? "let shift = A[J.coef + J.vectors + q];" : ""}
  let mean = A[J.coef + 2 * J.vectors + q];`;

const addGradients = (js: readonly number[]): string => `
  s0 += ${js.map((j) => `g${j}`).join(" + ")};
  s1 += ${js.map((j) => `g${j} * d${j}`).join(" + ")};`;

/** From s0 = Σ g and s1 = Σ g·(u − mean): the gradients of γ and β, and du = scale·g + slope·(u − mean) + offset. */
const gradParameters = `
  if (J.dgamma >= 0) { G[J.dgamma + q] += s1 * A[J.coef + 3 * J.vectors + q]; }
  if (J.dbeta >= 0) { G[J.dbeta + q] += s0; }`;

const slopeAndOffset = `
  let r = A[J.coef + 3 * J.vectors + q];
  let slope = -scale * r * r * s1 / f32(J.M);
  let offset = -scale * s0 / f32(J.M);`;

const duOf = (j: number): string => `scale * g${j} + slope * d${j} + offset`;

const wholeGrad = (isClamped: boolean): ColumnText => ({
  before: gradFactors(isClamped),
  sum: (begin, step) => walkRows(begin, "J.M", step, gradAt(isClamped), addGradients),
  finish: gradParameters,
  after: (begin, step) => `${slopeAndOffset}
  for (var row = ${begin}; row < J.M; row += ${step}) { ${gradAt(isClamped)(0, "row")} A[J.du + row * J.duld + q] = ${duOf(0)}; }`,
});

const pieceGrad = (isClamped: boolean): string => `${pieceOfThread}
  ${gradFactors(isClamped)}
  var s0 = vec4f(); var s1 = vec4f();
  ${walkRows("first", "end", "J.step", gradAt(isClamped), addGradients)}
  ${storePiece("s0", "s1")}`;

const joinGrad: ColumnText = {
  before: "let scale = A[J.coef + q];",
  sum: (begin, step) => eachPiece(begin, step, "s0 += p0; s1 += p1;"),
  finish: `${gradParameters} ${slopeAndOffset}
  A[J.tmp + 2 * J.pieces * J.vectors + q] = slope;
  A[J.tmp + (2 * J.pieces + 1) * J.vectors + q] = offset;`,
};

const rewriteGrad = (isClamped: boolean): string => `
  ${gradFactors(isClamped)}
  let slope = A[J.tmp + 2 * J.pieces * J.vectors + q];
  let offset = A[J.tmp + (2 * J.pieces + 1) * J.vectors + q];
  ${eachRow((j) => gradAt(isClamped)(j, `m${j}`), storeRows(duOf, "du"))}`;

function gradPasses(args: Grad, tuning: Tuning): Pass[] {
  const vectors = args.C / 4;
  const isShared = sharesSums(tuning);
  const isClamped = args.lo > -UNBOUNDED || args.hi < UNBOUNDED;
  const clamp = isClamped ? " clamped" : "";
  const arenas = { A: "vec4f", G: "vec4f" } as const;
  const groups = columnGroups(isShared, vectors);
  if (isFew(args.M, tuning)) {
    return [{ key: `normGrad whole${clamp}`, arenas, source: () => columnSource(isShared, wholeGrad(isClamped)), groups, ints: { vectors } }];
  }
  const { chunks, ints } = piecesOf(args.M, vectors, tuning);
  return [
    { key: `normGrad pieces${clamp}`, arenas: { A: "vec4f" }, source: () => ({ body: pieceGrad(isClamped) }), groups: groupsFor(vectors * chunks), ints: { vectors, ...ints } },
    { key: "normGrad join", arenas, source: () => columnSource(isShared, joinGrad), groups, ints: { vectors, pieces: chunks, ...ints } },
    rowsPass(`normGrad rewrite${clamp}`, args, tuning, () => rewriteGrad(isClamped), { ints: { pieces: chunks } }),
  ];
}

const fixedBody = `
  let q = i;
  if (q >= J.vectors) { return; }
  let mean = S[J.bank + q];
  let r = 1.0 / sqrt(S[J.bank + J.vectors + q] + J.eps);
  ${storeCoef("J.cs")}`;

const bankMoveBody = `
  let q = i;
  if (q >= J.vectors) { return; }
  let mean = A[J.coef + 2 * J.cs + q];
  let r = A[J.coef + 3 * J.cs + q];
  let variance = 1.0 / (r * r) - J.eps;
  ${moveBank}`;

/** Norms: statistics, backward, banks. */
export const norms: KernelTable = {
  normStats: {
    passes: statsPasses,
    scratchFloats: ({ M, C }, tuning) => (isFew(M, tuning) ? 0 : pieceFloats(piecesOf(M, C / 4, tuning), C)),
  },
  normGrad: {
    passes: gradPasses,
    scratchFloats: ({ M, C }, tuning) => (isFew(M, tuning) ? 0 : pieceFloats(piecesOf(M, C / 4, tuning), C) + 2 * C),
  },
  normFixed: {
    passes: ({ C }) => [
      { key: "normFixed", arenas: { A: "vec4f", W: "vec4f", S: "vec4f" }, source: () => ({ body: fixedBody }), groups: groupsFor(C / 4), ints: { vectors: C / 4 } },
    ],
  },
  bankMove: {
    passes: ({ C }) => [
      { key: "bankMove", arenas: { A: "vec4f", S: "vec4f" }, source: () => ({ body: bankMoveBody }), groups: groupsFor(C / 4), ints: { vectors: C / 4 } },
    ],
  },
};
