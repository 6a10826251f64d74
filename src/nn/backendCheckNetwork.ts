/** The small fixed network of the backend check: every primitive once, SPOS- and macro8-like, 8×8 input, 4 classes. */
import { rootKey } from "@/lib/rng";
import type { Graph, GraphNode, Init, Op, ParamRole, ParamSpec } from "@/nas/graph";
import type { Batch, Executor, TrainOptions } from "./executor";

type Spec = readonly [name: string, attrs: Op, inputs: readonly number[], shape: readonly number[]];

const norm = (stats: string): Op => ({ op: "batchNorm", stats, gamma: `${stats}.weight`, beta: `${stats}.bias`, eps: 1e-5, momentum: 0.1 });
const conv = (name: string, k: number, stride: number, cin: number, cout: number): Op => ({
  op: "conv", k, stride, pad: Math.floor(k / 2), groups: 1, cin, cout, weight: `${name}.weight`,
}); // prettier-ignore
const depthwise = (name: string, k: number, stride: number, dilation: number): Op => ({
  op: "depthwise", k, stride, pad: dilation * Math.floor(k / 2), dilation, weight: `${name}.weight`,
}); // prettier-ignore

const specs: readonly Spec[] = [
  ["input", { op: "input" }, [], [8, 8, 3]],
  ["stem", conv("stem", 3, 1, 3, 8), [0], [8, 8, 8]],
  ["stem.bn", norm("stem.bn"), [1], [8, 8, 8]],
  ["stem.relu", { op: "relu" }, [2], [8, 8, 8]],
  ["keep", { op: "slice", begin: 0, size: 4 }, [3], [8, 8, 4]],
  ["main", { op: "slice", begin: 4, size: 4 }, [3], [8, 8, 4]],
  ["dw1", depthwise("dw1", 3, 1, 2), [5], [8, 8, 4]],
  ["dw1.bn", norm("dw1.bn"), [6], [8, 8, 4]],
  ["joined", { op: "concat" }, [4, 7], [8, 8, 8]],
  ["mixed", { op: "shuffle", groups: 2 }, [8], [8, 8, 8]],
  ["expand", conv("expand", 1, 1, 8, 12), [9], [8, 8, 12]],
  ["expand.bn", norm("expand.bn"), [10], [8, 8, 12]],
  ["expand.relu6", { op: "relu6" }, [11], [8, 8, 12]],
  ["dw2", depthwise("dw2", 5, 1, 1), [12], [8, 8, 12]],
  ["dw2.bn", norm("dw2.bn"), [13], [8, 8, 12]],
  ["dw2.relu", { op: "relu" }, [14], [8, 8, 12]],
  ["project", conv("project", 1, 1, 12, 8), [15], [8, 8, 8]],
  ["project.bn", norm("project.bn"), [16], [8, 8, 8]],
  ["sum", { op: "add" }, [9, 17], [8, 8, 8]],
  ["pool", { op: "maxPool", k: 3, stride: 2, pad: 1 }, [18], [4, 4, 8]],
  ["smooth", { op: "avgPool", k: 3, stride: 1, pad: 1, countPads: false }, [19], [4, 4, 8]],
  ["even", { op: "stridedSlice", begin: 0, step: 2 }, [20], [4, 4, 4]],
  ["mean", { op: "globalAvgPool" }, [21], [4]],
  ["fc", { op: "linear", cin: 4, cout: 4, weight: "fc.weight", bias: "fc.bias" }, [22], [4]],
];

function paramsOf(list: readonly Spec[]): ParamSpec[] {
  const channels = new Map(list.map(([name, , , shape]) => [name, shape[shape.length - 1] ?? 0]));
  const param = (name: string, role: ParamRole, shape: readonly number[], init: Init): ParamSpec => ({ name, role, shape, init });
  return list.flatMap(([name, attrs]): ParamSpec[] => {
    const c = channels.get(name) ?? 0;
    const weight = `${name}.weight`;
    switch (attrs.op) {
      case "conv":
        return [param(weight, "conv", [attrs.k, attrs.k, attrs.cin, attrs.cout], { kind: "normal", std: 0.3 })];
      case "depthwise":
        return [param(weight, "depthwise", [attrs.k, attrs.k, c, 1], { kind: "normal", std: 0.3 })];
      case "batchNorm":
        return [param(weight, "gamma", [c], { kind: "constant", value: 1 }), param(`${name}.bias`, "beta", [c], { kind: "constant", value: 0.2 })];
      case "linear":
        return [param(weight, "linear", [attrs.cin, attrs.cout], { kind: "normal", std: 0.5 }), param(`${name}.bias`, "bias", [attrs.cout], { kind: "constant", value: 0 })];
      default:
        return [];
    }
  });
}

export const checkNetwork: Graph = {
  nodes: specs.map(([name, attrs, inputs, shape], id): GraphNode => ({ id, name, attrs, inputs, shape, slot: null })),
  output: specs.length - 1,
  params: paramsOf(specs),
  norms: specs.flatMap(([name, attrs, , shape]) => (attrs.op === "batchNorm" ? [{ stats: name, channels: shape[2] ?? 0 }] : [])),
};

/** `size` images 8×8×3 of normal noise, brighter in one corner by class. */
export function checkBatch(size: number, seed: number): Batch {
  const rng = rootKey(seed).fold("batch").stream();
  const labels = Uint8Array.from({ length: size }, () => rng.int(4));
  const images = Float32Array.from({ length: size * 192 }, (_, i) => {
    const pixel = Math.floor(i / 3) % 64;
    const corner = (Math.floor(pixel / 8) < 4 ? 0 : 2) + (pixel % 8 < 4 ? 0 : 1);
    return rng.normal() + (corner === labels[Math.floor(i / 192)] ? 1 : 0);
  });
  return { images, labels, size };
}

const shared = { lr: 0.05, clip: 1, labelSmoothing: 0.1 } as const;
const sgd: TrainOptions = { ...shared, optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 1e-3, decayNorms: false } };
// A large eps: where a gradient is nearly zero, plain Adam turns its sign into a full step, and no two backends agree.
const adam: TrainOptions = { ...shared, lr: 0.01, optimizer: { kind: "adam", beta1: 0.5, beta2: 0.999, eps: 1e-2, weightDecay: 1e-3, decayNorms: true } };

export interface CheckResult {
  readonly losses: Float32Array;
  readonly runningLogits: Float32Array;
  readonly recalibratedLogits: Float32Array;
  readonly adamLosses: Float32Array;
}

/** Three SGD steps, both kinds of evaluation, three Adam steps. */
export async function runCheckNetwork(executor: Executor): Promise<CheckResult> {
  const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(5));
  try {
    await executor.takeLosses();
    for (let i = 0; i < 3; i++) executor.trainStep(store, [checkNetwork], checkBatch(8, i), sgd, true);
    const losses = await executor.takeLosses();
    const probe = checkBatch(4, 9);
    const runningLogits = await executor.logits(store, checkNetwork, "running", probe);
    const recalibration = executor.recalibrate(store, checkNetwork);
    recalibration.add(checkBatch(8, 20));
    recalibration.add(checkBatch(5, 21));
    const stats = recalibration.finish();
    const recalibratedLogits = await executor.logits(store, checkNetwork, stats, probe);
    stats.dispose();
    for (let i = 3; i < 6; i++) executor.trainStep(store, [checkNetwork], checkBatch(8, i), adam, true);
    return { losses, runningLogits, recalibratedLogits, adamLosses: await executor.takeLosses() };
  } finally {
    store.dispose();
  }
}
