/**
 * Reference of the products: pointwise, dense, grouped and depthwise convolution and their gradients. All are one thing: pairs of
 * rows that meet in a tap, and a relation of channels within a tap. Forward and both gradients read the same list of pairs.
 */
import {
  type Args,
  add,
  type Definitions,
  eachTap,
  get,
  type Load,
  loadX,
  maskedBy,
  type Memory,
  put,
  stored,
  storeInto,
  sum,
  Sums,
  times,
} from "./maps";

/** A linear map: pairs of rows by tap, and in each tap pairs of channels with the weight's index. */
interface Relation {
  readonly inRows: number;
  readonly outRows: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Visit (output row, input row, tap). */
  rows(visit: (out: number, input: number, tap: number) => void): void;
  /** Visit (input channel, output channel, index in the weight). */
  channels(tap: number, visit: (k: number, n: number, at: number) => void): void;
}

function forward(
  memory: Memory,
  relation: Relation,
  x: Load,
  f: { w: number; bias: number; y: number; yld: number },
): void {
  const y = new Sums(relation.outRows, relation.outChannels);
  relation.rows((out, input, tap) =>
    relation.channels(tap, (k, n, at) => y.add(out, n, x(input, k) * get(memory.W, f.w + at))),
  );
  times(relation.outRows, (row) =>
    times(relation.outChannels, (n) =>
      put(memory.A, f.y + row * f.yld + n, y.at(row, n) + (f.bias >= 0 ? get(memory.W, f.bias + n) : 0)),
    ),
  );
}

type GradInput = Pick<
  Args<"pointwiseGradInput">,
  "dy" | "dyld" | "w" | "dx" | "dxld" | "base" | "baseld" | "mask" | "x" | "xld" | "lo" | "hi"
>;

function gradInput(memory: Memory, relation: Relation, f: GradInput): void {
  const dy = stored(memory.A, f.dy, f.dyld);
  const dx = new Sums(relation.inRows, relation.inChannels);
  relation.rows((out, input, tap) =>
    relation.channels(tap, (k, n, at) => dx.add(input, k, dy(out, n) * get(memory.W, f.w + at))),
  );
  storeInto(memory, f, relation.inRows, relation.inChannels, maskedBy(memory, f, dx.at));
}

function gradWeight(
  memory: Memory,
  relation: Relation,
  weights: number,
  x: Load,
  f: { dy: number; dyld: number; dw: number },
): void {
  const dy = stored(memory.A, f.dy, f.dyld);
  const dw = new Float64Array(weights);
  relation.rows((out, input, tap) => relation.channels(tap, (k, n, at) => add(dw, at, x(input, k) * dy(out, n))));
  times(weights, (i) => add(memory.G, f.dw + i, get(dw, i)));
}

function pointwise({ M, K, N }: { M: number; K: number; N: number }): Relation {
  return {
    inRows: M,
    outRows: M,
    inChannels: K,
    outChannels: N,
    rows: (visit) => times(M, (m) => visit(m, m, 0)),
    channels: (_tap, visit) => times(K, (k) => times(N, (n) => visit(k, n, k * N + n))),
  };
}

type Shape = Pick<Args<"conv">, "B" | "H" | "W" | "Ho" | "Wo" | "k" | "s" | "p">;

function windowed(f: Shape, dilation: number, inChannels: number, outChannels: number): Omit<Relation, "channels"> {
  return {
    inRows: f.B * f.H * f.W,
    outRows: f.B * f.Ho * f.Wo,
    inChannels,
    outChannels,
    rows: (visit) => eachTap(f, dilation, visit),
  };
}

function dense(f: Shape & { K: number; N: number }): Relation {
  const { K, N } = f;
  const channels: Relation["channels"] = (tap, visit) =>
    times(K, (k) => times(N, (n) => visit(k, n, (tap * K + k) * N + n)));
  return { ...windowed(f, 1, K, N), channels };
}

/** Only real channels are related: pad lanes of the result are 0 (plus base or bias). */
function grouped(f: Shape & { cin: number; cout: number; groups: number; N: number }): Relation {
  const [width, height] = [f.cin / f.groups, f.cout / f.groups];
  const channels: Relation["channels"] = (tap, visit) =>
    times(f.cout, (n) =>
      times(width, (i) => {
        const k = Math.floor(n / height) * width + i;
        visit(k, n, (tap * width + i) * f.N + n);
      }),
    );
  return { ...windowed(f, 1, Math.ceil(f.cin / 4) * 4, f.N), channels };
}

function depthwise(f: Shape & { d: number; C: number }): Relation {
  return { ...windowed(f, f.d, f.C, f.C), channels: (tap, visit) => times(f.C, (c) => visit(c, c, tap * f.C + c)) };
}

type Products =
  | "pointwise"
  | "pointwiseGradInput"
  | "pointwiseGradWeight"
  | "conv"
  | "convGradInput"
  | "convGradWeight"
  | "groupConv"
  | "groupConvGradInput"
  | "groupConvGradWeight"
  | "depthwise"
  | "depthwiseGradInput"
  | "depthwiseGradWeight"
  | "biasGrad";

export const products: Definitions<Products> = {
  pointwise: (f, memory) => forward(memory, pointwise(f), loadX(memory, f), f),
  pointwiseGradInput: (f, memory) => gradInput(memory, pointwise(f), f),
  pointwiseGradWeight: (f, memory) => gradWeight(memory, pointwise(f), f.K * f.N, loadX(memory, f), f),

  conv: (f, memory) => forward(memory, dense(f), loadX(memory, f), f),
  convGradInput: (f, memory) => gradInput(memory, dense(f), f),
  convGradWeight: (f, memory) => gradWeight(memory, dense(f), f.k * f.k * f.K * f.N, loadX(memory, f), f),

  groupConv: (f, memory) => forward(memory, grouped(f), loadX(memory, f), f),
  groupConvGradInput: (f, memory) => gradInput(memory, grouped(f), f),
  groupConvGradWeight: (f, memory) =>
    gradWeight(memory, grouped(f), f.k * f.k * (f.cin / f.groups) * f.N, loadX(memory, f), f),

  depthwise: (f, memory) => forward(memory, depthwise(f), loadX(memory, f), { ...f, bias: -1 }),
  depthwiseGradInput: (f, memory) => gradInput(memory, depthwise(f), f),
  depthwiseGradWeight: (f, memory) => gradWeight(memory, depthwise(f), f.k * f.k * f.C, loadX(memory, f), f),

  biasGrad: (f, memory) => {
    const dy = stored(memory.A, f.dy, f.dyld);
    times(f.N, (n) =>
      add(
        memory.G,
        f.db + n,
        sum(f.M, (m) => dy(m, n)),
      ),
    );
  },
};
