/** The end of a step: the gradients' norm, the clipping factor, PyTorch's optimizers, and sums of vectors. Four threads share a block of 64 floats. */
import { BLOCK, type Call } from "../../isa/isa";
import { hyper, hyper1 } from "./hyper";
import { groupsFor, repeat, WORKGROUP, type KernelTable, type Pass, type Tuning } from "./kernelDef";
import { sharesSums } from "./rows";
import { splitRows, type Split } from "./sums";

type Norm = Call<"gradNorm">["args"];

/** Gradients up to this many floats are summed in one pass: by one thread, or by a workgroup. */
const SMALL = { alone: 1024, shared: 16384 };

const isSmall = (n: number, tuning: Tuning): boolean => n <= (sharesSums(tuning) ? SMALL.shared : SMALL.alone);

/** About as many pieces as threads, each of at least 16 vec4. */
const normSplit = (n: number, tuning: Tuning): Split => splitRows(n / 4, 1, 16, tuning);

const squares = (begin: string, end: string, step: string): string => `
  var sum = 0.0;
  var at = ${begin};
  for (; at + 3 * ${step} < ${end}; at += 4 * ${step}) {
    ${repeat(4, (j) => `let g${j} = G[J.g + at + ${j} * ${step}];`)}
    sum += (dot(g0, g0) + dot(g1, g1)) + (dot(g2, g2) + dot(g3, g3));
  }
  for (; at < ${end}; at += ${step}) { let g = G[J.g + at]; sum += dot(g, g); }`;

const helpersOf = (isShared: boolean): string => (isShared ? `var<workgroup> shared_squares: array<f32, ${WORKGROUP}>;` : "");

const shareText = (store: string): string => `
  shared_squares[lid] = sum;
  workgroupBarrier();
  if (lid == 0) {
    for (var t = 1; t < ${WORKGROUP}; t++) { sum += shared_squares[t]; }
    ${store}
  }`;

const storeNorm = "S[J.out] = sum;";

const smallNorm = (isShared: boolean): string =>
  isShared
    ? `${squares("lid", "J.vectors", String(WORKGROUP))} ${shareText(storeNorm)}`
    : `if (i > 0) { return; } ${squares("0", "J.vectors", "1")} ${storeNorm}`;

const piecesNorm = `
  if (i >= J.chunks) { return; }
  ${squares("(i * J.rows)", "min((i + 1) * J.rows, J.vectors)", "1")}
  A[J.tmp + i] = sum;`;

const joinNorm = (isShared: boolean): string => {
  const add = (begin: string, step: string): string => `var sum = 0.0; for (var c = ${begin}; c < J.chunks; c += ${step}) { sum += A[J.tmp + c]; }`;
  return isShared ? `${add("lid", String(WORKGROUP))} ${shareText(storeNorm)}` : `if (i > 0) { return; } ${add("0", "1")} ${storeNorm}`;
};

function normPasses({ n }: Norm, tuning: Tuning): Pass[] {
  const isShared = sharesSums(tuning);
  const helpers = helpersOf(isShared);
  const vectors = n / 4;
  if (isSmall(n, tuning)) {
    return [{ key: "gradNorm whole", arenas: { G: "vec4f", S: "f32" }, source: () => ({ helpers, body: smallNorm(isShared) }), groups: 1, ints: { vectors } }];
  }
  const split = normSplit(n, tuning);
  return [
    { key: "gradNorm pieces", arenas: { G: "vec4f", A: "f32" }, source: () => ({ body: piecesNorm }), groups: groupsFor(split.chunks), ints: { vectors, ...split } },
    { key: "gradNorm join", arenas: { A: "f32", S: "f32" }, source: () => ({ helpers, body: joinNorm(isShared) }), groups: 1, ints: { chunks: split.chunks } },
  ];
}

const finishBody = `
  if (i > 0) { return; }
  let clip = ${hyper1("clip")};
  var sum = 0.0;
  for (var t = 0; t < J.count; t++) { sum += S[J.norms + t]; S[J.norms + t] = 0.0; }
  var factor = 1.0;
  if (clip > 0.0) { let wanted = clip / (sqrt(sum) + 1e-6); factor = select(wanted, 1.0, wanted > 1.0); }
  ${hyper1("factor")} = factor;
  let next = J.metrics + 4 * ((i32(${hyper1("slot")}) + 1) % J.ring);
  ${repeat(4, (j) => `S[next + ${j}] = 0.0;`)}`;

/** Declares the thread's `block` and its first vec4 `at`; the others lie 4 apart. */
const blockOfThread = `
  let block = i >> 2;
  if (block >= J.blocks) { return; }
  let at = block * ${BLOCK / 4} + (i & 3);
  let factor = ${hyper("factor")};
  let decay = ${hyper("weightDecay")} * S[(J.decays + block) >> 2][(J.decays + block) & 3];
  let lr = ${hyper("lr")};`;

/** For each vec4 of a thread: the parameter `p`, and `d`, its clipped gradient with decay, of which 0 remains. */
const eachVector = (text: string): string =>
  repeat(
    4,
    (j) => `{
    let a = at + ${4 * j};
    let p = W[J.w + a];
    let d = G[J.g + a] * factor + decay * p;
    G[J.g + a] = vec4f();
    ${text}
  }`,
  );

const sgdBody = `${blockOfThread}
  let momentum = ${hyper("momentum")};
  let isNesterov = ${hyper("nesterov")} != 0.0;
  ${eachVector(`
    let velocity = momentum * S[J.m + a] + d;
    S[J.m + a] = velocity;
    W[J.w + a] = p - lr * select(velocity, d + momentum * velocity, isNesterov);`)}`;

/** 1 − β^t to float32: ln β by its series about 1 where log(β) loses digits, then expm1. */
const correction = `
fn one_minus_power(beta: f32, t: f32) -> f32 {
  if (beta <= 0.0) { return 1.0; }
  let s = (beta - 1.0) / (beta + 1.0);
  let q = s * s;
  let series = 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q / 13.0))))));
  let y = t * select(log(beta), series, beta > 0.5);
  if (y < -1.0) { return 1.0 - exp(y); }
  var tail = 1.0;
  for (var k = 11.0; k > 1.0; k -= 1.0) { tail = 1.0 + tail * y / k; }
  return -y * tail;
}`;

const stepsBody = "if (i < J.blocks) { S[J.steps + i] += 1.0; }";

const adamBody = `${blockOfThread}
  let t = S[(J.counters + block) >> 2][(J.counters + block) & 3];
  let beta1 = ${hyper("beta1")};
  let beta2 = ${hyper("beta2")};
  let rate = lr / one_minus_power(beta1, t);
  let unbias = one_minus_power(beta2, t);
  let eps = ${hyper("eps")};
  ${eachVector(`
    let first = beta1 * S[J.m + a] + (1.0 - beta1) * d;
    let second = beta2 * S[J.v + a] + (1.0 - beta2) * d * d;
    S[J.m + a] = first;
    S[J.v + a] = second;
    W[J.w + a] = p - rate * (first / (sqrt(second / unbias) + eps));`)}`;

const updateArenas = { W: "vec4f", G: "vec4f", S: "vec4f" } as const;

const scaleBody = (isShared: boolean): string => {
  const add = (begin: string, step: string): string => `
  var sum = 0.0;
  for (var t = ${begin}; t < J.count; t += ${step}) { sum += S[J.norms + t]; S[J.norms + t] = 0.0; }`;
  const store = `
    let power = ${hyper1("power")};
    var scale = ${hyper1("lr")};
    if (power > 0.0) { scale *= sqrt(sum); }
    if (power < 0.0) { scale /= sqrt(sum); }
    S[J.out] = scale;`;
  return isShared ? `${add("lid", String(WORKGROUP))} ${shareText(store)}` : `if (i > 0) { return; } ${add("0", "1")} ${store}`;
};

const axpyBody = `
  if (i >= J.threads) { return; }
  let at = (i >> 2) * ${BLOCK / 4} + (i & 3);
  let scale = S[J.scale];
  ${repeat(4, (j) => `W[J.y + at + ${4 * j}] += scale * G[J.x + at + ${4 * j}];`)}`;

/** Norm, clipping, optimizers, and vectors. */
export const update: KernelTable = {
  gradNorm: {
    passes: normPasses,
    scratchFloats: ({ n }, tuning) => (isSmall(n, tuning) ? 0 : normSplit(n, tuning).chunks),
  },
  stepFinish: {
    passes: () => [{ key: "stepFinish", arenas: { S: "f32" }, source: () => ({ body: finishBody }), groups: 1 }],
  },
  sgd: {
    passes: ({ n, decay }) => {
      const blocks = n / BLOCK;
      return [{ key: "sgd", arenas: updateArenas, writesW: true, source: () => ({ body: sgdBody }), groups: groupsFor(4 * blocks), ints: { blocks, decays: decay } }];
    },
  },
  adam: {
    // The counters go first and apart: the threads of a block all read theirs, and counters of several blocks share a vec4.
    passes: ({ n, decay, steps }) => {
      const blocks = n / BLOCK;
      const ints = { blocks, decays: decay, counters: steps };
      return [
        { key: "adam steps", arenas: { S: "f32" }, source: () => ({ body: stepsBody }), groups: groupsFor(blocks), ints: { blocks } },
        { key: "adam", arenas: updateArenas, writesW: true, source: () => ({ helpers: correction, body: adamBody }), groups: groupsFor(4 * blocks), ints },
      ];
    },
  },
  vectorScale: {
    passes: (_, tuning) => {
      const isShared = sharesSums(tuning);
      return [{ key: `vectorScale ${isShared ? "shared" : "alone"}`, arenas: { S: "f32" }, source: () => ({ helpers: helpersOf(isShared), body: scaleBody(isShared) }), groups: 1 }];
    },
  },
  axpy: {
    passes: ({ n }) => {
      const threads = n / 16;
      return [{ key: "axpy", arenas: { W: "vec4f", G: "vec4f", S: "f32" }, writesW: true, source: () => ({ body: axpyBody }), groups: groupsFor(threads), ints: { threads } }];
    },
  },
};
