/** Softmax cross entropy: one thread a row, then the step's metrics from all rows in a fixed order. Class counts are no multiples of 4, hence floats. */
import type { Call } from "../../isa/isa";
import { groupsFor, WORKGROUP, type KernelTable, type Pass, type Tuning } from "./kernelDef";
import { hyper1 } from "./hyper";
import { sharesSums } from "./rows";

type Loss = Call<"softmaxLoss">["args"];

/** Declares of the `p` logits at `at`: largest (the first of equals at `best`), and the sum of exponentials above it. */
const softmaxOf = (p: string): string => `
  var ${p}Top = A[${p}At]; var ${p}Best = 0;
  for (var c = 1; c < J.classes; c++) {
    let value = A[${p}At + c];
    if (value > ${p}Top) { ${p}Top = value; ${p}Best = c; }
  }
  var ${p}Total = 0.0;
  for (var c = 0; c < J.classes; c++) { ${p}Total += exp(A[${p}At + c] - ${p}Top); }`;

/** By mode: what is known of a row's target, the target of class c, and the right answer. */
const targets = [
  {
    before: `let smoothing = ${hyper1("smoothing")}; let label = A[J.t + i];`,
    of: "select(0.0, 1.0 - smoothing, f32(c) == label) + smoothing / f32(J.classes)",
    isRight: "f32(zBest) == label",
  },
  { before: `let tAt = J.t + i * J.tld; ${softmaxOf("t")}`, of: "A[tAt + c]", isRight: "zBest == tBest" },
  { before: `let tAt = J.t + i * J.tld; ${softmaxOf("t")}`, of: "exp(A[tAt + c] - tTop) / tTotal", isRight: "zBest == tBest" },
] as const;

/** Loss and rightness of row i at tmp + 2i. */
function rowText(mode: number): string {
  const target = targets[mode];
  if (target === undefined) throw new RangeError(`There is no loss of mode ${mode}.`);
  return `
  if (i >= J.B) { return; }
  let zAt = J.z + i * J.zld;
  ${softmaxOf("z")}
  ${target.before}
  let logTotal = log(zTotal);
  let scale = J.gradScale * ${hyper1("gradWeight")};
  var loss = 0.0;
  for (var c = 0; c < J.classes; c++) {
    let z = A[zAt + c] - zTop;
    let wanted = ${target.of};
    loss -= wanted * (z - logTotal);
    if (J.dz >= 0) { A[J.dz + i * J.dzld + c] = (exp(z) / zTotal - wanted) * scale; }
  }
  if (J.dz >= 0) {
    for (var c = J.classes; c < ((J.classes + 3) & ~3); c++) { A[J.dz + i * J.dzld + c] = 0.0; }
  }
  A[J.tmp + 2 * i] = loss;
  A[J.tmp + 2 * i + 1] = select(0.0, 1.0, ${target.isRight});`;
}

const addMetrics = `
    let metrics = J.metrics + 4 * i32(${hyper1("slot")});
    S[metrics] += loss * J.lossScale * ${hyper1("lossWeight")};
    S[metrics + 1] += right;
    S[metrics + 2] += f32(J.B);`;

const sumRows = (begin: string, step: string): string => `
  var loss = 0.0; var right = 0.0;
  for (var b = ${begin}; b < J.B; b += ${step}) { loss += A[J.tmp + 2 * b]; right += A[J.tmp + 2 * b + 1]; }`;

const metricsAlone = `
  if (i > 0) { return; }
  ${sumRows("0", "1")}
  ${addMetrics}`;

const metricsShared = `
  ${sumRows("lid", String(WORKGROUP))}
  shared_rows[lid] = vec2f(loss, right);
  workgroupBarrier();
  if (lid == 0) {
    for (var t = 1; t < ${WORKGROUP}; t++) { loss += shared_rows[t].x; right += shared_rows[t].y; }
    ${addMetrics}
  }`;

function lossPasses({ B, mode }: Loss, tuning: Tuning): Pass[] {
  const arenas = { A: "f32", S: "f32" } as const;
  const isShared = sharesSums(tuning);
  const helpers = `var<workgroup> shared_rows: array<vec2f, ${WORKGROUP}>;`;
  return [
    { key: `softmaxLoss ${mode}`, arenas, source: () => ({ body: rowText(mode) }), groups: groupsFor(B) },
    { key: "softmaxLoss metrics", arenas, source: () => (isShared ? { helpers, body: metricsShared } : { body: metricsAlone }), groups: 1 },
  ];
}

/** The loss. */
export const loss: KernelTable = {
  softmaxLoss: { passes: lossPasses, scratchFloats: ({ B }) => 2 * B },
};
