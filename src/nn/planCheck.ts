/**
 * Compares a plan executor with the reference: networks of one primitive each, logits and every gradient against tfjs in plain JavaScript,
 * and the small network of the backend check against its stored results.
 */
import { initBackend } from "@/kernels/backends";
import { rootKey } from "@/lib/rng";
import type { Graph, GraphNode, Init, Op, ParamRole, ParamSpec, Shape } from "@/nas/graph";
import type { CheckRow } from "./backendCheck";
import { checkNetworkGolden } from "./backendCheckGolden";
import { checkBatch, runCheckNetwork } from "./backendCheckNetwork";
import type { Executor, TrainOptions } from "./executor";
import { createTfjsExecutor } from "./tfjsExecutor/executor";

const TOLERANCE = 1e-4;

/** One step of plain gradient descent with rate 1: parameters move by their gradients. */
const descent: TrainOptions = { optimizer: { kind: "sgd", momentum: 0, weightDecay: 0, decayNorms: false }, lr: 1, clip: null, labelSmoothing: 0 };

function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [worst, scale] = [got.length === want.length ? 0 : Infinity, 1e-12];
  for (let i = 0; i < want.length; i++) {
    const distance = Math.abs((got[i] as number) - (want[i] as number));
    if (!(distance <= worst)) worst = distance;
    scale = Math.max(scale, Math.abs(want[i] as number));
  }
  return Number.isNaN(worst) ? Infinity : worst / scale;
}

/** Stem 3 → `channels`, the nodes to be checked one after the other, global pool, 4 classes; input 8×8×3. */
class Chain {
  readonly nodes: GraphNode[] = [];
  readonly params: ParamSpec[] = [];
  readonly norms: { stats: string; channels: number }[] = [];

  constructor(channels: number) {
    this.add({ op: "input" }, [8, 8, 3]);
    this.conv(1, 1, 3, channels);
  }

  private get last(): GraphNode {
    return this.nodes[this.nodes.length - 1] as GraphNode;
  }

  private side(stride: number): number {
    return Math.ceil((this.last.shape[0] ?? 0) / stride);
  }

  private get channels(): number {
    return this.last.shape[2] ?? 0;
  }

  add(attrs: Op, shape: Shape, inputs?: readonly number[]): this {
    const id = this.nodes.length;
    this.nodes.push({ id, name: `n${id}`, attrs, inputs: inputs ?? (id === 0 ? [] : [id - 1]), shape, slot: null });
    return this;
  }

  private param(name: string, role: ParamRole, shape: readonly number[], init: Init = { kind: "normal", std: 0.4 }): string {
    this.params.push({ name, role, shape, init });
    return name;
  }

  conv(k: number, stride: number, cin: number, cout: number): this {
    const weight = this.param(`n${this.nodes.length}.weight`, "conv", [k, k, cin, cout]);
    const side = this.side(stride);
    return this.add({ op: "conv", k, stride, pad: (k - 1) / 2, groups: 1, cin, cout, weight }, [side, side, cout]);
  }

  /** 1×k, then k×1, the second at half the height and all of the width. */
  rectangular(k: number, channels: number): this {
    const [height = 0, width = 0] = this.last.shape;
    const [pad, none] = [(k - 1) / 2, { k: 1, stride: 1, pad: 0 }];
    const common = { op: "conv", groups: 1, cin: channels, cout: channels } as const;
    const wide = this.param(`n${this.nodes.length}.weight`, "conv", [1, k, channels, channels]);
    this.add({ ...common, ...none, across: { k, stride: 1, pad }, weight: wide }, [height, width, channels]);
    const tall = this.param(`n${this.nodes.length}.weight`, "conv", [k, 1, channels, channels]);
    return this.add({ ...common, k, stride: 2, pad, across: none, weight: tall }, [Math.ceil(height / 2), width, channels]);
  }

  depthwise(k: number, stride: number, dilation: number): this {
    const weight = this.param(`n${this.nodes.length}.weight`, "depthwise", [k, k, this.channels, 1]);
    const side = this.side(stride);
    return this.add({ op: "depthwise", k, stride, dilation, pad: (dilation * (k - 1)) / 2, weight }, [side, side, this.channels]);
  }

  pool(op: "maxPool" | "avgPool", stride: number): this {
    const side = this.side(stride);
    return this.add({ op, k: 3, stride, pad: 1 }, [side, side, this.channels]);
  }

  norm(activation?: "relu" | "relu6" | "hswish"): this {
    const stats = `n${this.nodes.length}`;
    const { shape } = this.last;
    const gamma = this.param(`${stats}.weight`, "gamma", [this.channels], { kind: "constant", value: 1.2 });
    const beta = this.param(`${stats}.bias`, "beta", [this.channels], { kind: "constant", value: 0.3 });
    this.norms.push({ stats, channels: this.channels });
    this.add({ op: "batchNorm", gamma, beta, stats, eps: 1e-5, momentum: 0.1 }, shape);
    return activation ? this.add({ op: activation }, shape) : this;
  }

  /** The value before the last node and the last node's together. */
  join(op: "add" | "concat"): this {
    const { id, shape } = this.last;
    const [height = 0, width = 0, channels = 0] = shape;
    return this.add({ op }, [height, width, op === "add" ? channels : 2 * channels], [id - 1, id]);
  }

  graph(): Graph {
    const channels = this.channels;
    this.add({ op: "globalAvgPool" }, [channels]);
    const weight = this.param("head.weight", "linear", [channels, 4]);
    const bias = this.param("head.bias", "bias", [4], { kind: "constant", value: 0.1 });
    this.add({ op: "linear", cin: channels, cout: 4, weight, bias }, [4]);
    return { nodes: this.nodes, output: this.nodes.length - 1, params: this.params, norms: this.norms };
  }
}

const cases: readonly (readonly [name: string, channels: number, build: (chain: Chain) => Chain])[] = [
  ["conv 1×1", 12, (c) => c.conv(1, 1, 12, 20)],
  ["conv 1×1 stride 2", 8, (c) => c.conv(1, 2, 8, 12)],
  ["conv 3×3", 6, (c) => c.conv(3, 1, 6, 4)],
  ["conv 3×3 stride 2", 5, (c) => c.conv(3, 2, 5, 7)],
  ["conv 1×5, 5×1", 6, (c) => c.rectangular(5, 6)],
  ["depthwise 3×3", 12, (c) => c.depthwise(3, 1, 1)],
  ["depthwise 5×5 stride 2", 12, (c) => c.depthwise(5, 2, 1)],
  ["depthwise 7×7", 6, (c) => c.depthwise(7, 1, 1)],
  ["depthwise 3×3 dilation 2", 6, (c) => c.depthwise(3, 1, 2)],
  ["depthwise 5×5 dilation 2 stride 2", 5, (c) => c.depthwise(5, 2, 2)],
  ["max pool 3×3", 5, (c) => c.pool("maxPool", 1)],
  ["max pool 3×3 stride 2", 5, (c) => c.pool("maxPool", 2)],
  ["average pool 3×3", 5, (c) => c.pool("avgPool", 1)],
  ["average pool 3×3 stride 2", 5, (c) => c.pool("avgPool", 2)],
  // A norm's mean would hide its own gradient: a convolution makes pixels count differently.
  ["batch norm", 6, (c) => c.norm().depthwise(3, 1, 1)],
  ["batch norm + ReLU", 6, (c) => c.norm("relu").depthwise(3, 1, 1)],
  ["batch norm + ReLU6", 6, (c) => c.norm("relu6").depthwise(3, 1, 1)],
  ["batch norm + h-swish", 6, (c) => c.norm("hswish").depthwise(3, 1, 1)],
  ["shuffle", 8, (c) => c.add({ op: "shuffle", groups: 2 }, [8, 8, 8])],
  ["slice", 8, (c) => c.add({ op: "slice", begin: 2, size: 3 }, [8, 8, 3])],
  ["even channels", 8, (c) => c.add({ op: "stridedSlice", begin: 0, step: 2 }, [8, 8, 4])],
  ["sum", 6, (c) => c.depthwise(3, 1, 1).join("add")],
  ["concatenation", 6, (c) => c.depthwise(3, 1, 1).join("concat")],
];

/** Logits and parameters after one step, as lists in a fixed order. */
async function resultsOf(executor: Executor, graph: Graph): Promise<Float32Array[]> {
  const store = executor.createStore(graph.params, graph.norms, rootKey(11));
  try {
    const logits = await executor.logits(store, graph, "batch", checkBatch(5, 3));
    const before = await Promise.all(graph.params.map(({ name }) => store.read(name)));
    executor.trainStep(store, [graph], checkBatch(6, 4), descent, false);
    const losses = await executor.takeLosses();
    const moved = await Promise.all(graph.params.map(async ({ name }, i) => (await store.read(name)).map((value, j) => value - (before[i]?.[j] as number))));
    return [logits, losses, ...moved];
  } finally {
    store.dispose();
  }
}

function row(name: string, relError: number): CheckRow {
  return { name, relError, tolerance: TOLERANCE, pass: relError <= TOLERANCE };
}

/** One row a check. Between two ticks of a run; what it makes is freed. */
export async function comparePlan(executor: Executor): Promise<readonly CheckRow[]> {
  await initBackend("tfjs-cpu");
  const reference = createTfjsExecutor("tfjs-cpu");
  const rows: CheckRow[] = [];
  try {
    for (const [name, channels, build] of cases) {
      const graph = build(new Chain(channels)).graph();
      const [got, want] = [await resultsOf(executor, graph), await resultsOf(reference, graph)];
      rows.push(row(name, Math.max(...want.map((values, i) => relativeError(got[i] ?? [], values)))));
    }
  } finally {
    reference.dispose();
  }
  const got = await runCheckNetwork(executor);
  rows.push(row("network: losses of 3 SGD steps", relativeError(got.losses, checkNetworkGolden.losses)));
  rows.push(row("network: logits, running statistics", relativeError(got.runningLogits, checkNetworkGolden.runningLogits)));
  rows.push(row("network: logits, recalibrated statistics", relativeError(got.recalibratedLogits, checkNetworkGolden.recalibratedLogits)));
  rows.push(row("network: losses of 3 Adam steps", relativeError(got.adamLosses, checkNetworkGolden.adamLosses)));
  return rows;
}
