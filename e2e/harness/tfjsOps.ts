/**
 * The plan's kernels from plain tfjs code, with tf.grads, against tfjs's own ops on the same device; and tensors that share a buffer with an arena.
 *
 *   npx tsx e2e/harness/run.ts /e2e/harness/tfjsOps.ts --software-gpu
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { initBackend } from "@/kernels/backends";
import { hyperFields, instructions } from "@/kernels/isa/isa";
import { createWebgpuMachine } from "@/kernels/webgpu/plan/machine";
import { arenaOfTensor, kernelNameOf, registerInstructions, releaseInstructions, runInstruction, tensorOfArena } from "@/kernels/webgpu/tfjs/bridge";
import { planActivation, planBatchNorm, planConv, planDepthwise, planMix, planPool, planRectangularConv } from "@/kernels/webgpu/tfjs/ops";
import { rootKey } from "@/lib/rng";
import type { Args, Log } from "./types";

type Op = (...xs: tf.Tensor[]) => tf.Tensor;

function random(name: string, shape: number[], scale = 1): tf.Tensor {
  const rng = rootKey(5).fold(name).stream();
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, n) => a * n, 1) }, () => scale * rng.normal()), shape);
}

const relative = (got: Float32Array, want: Float32Array): number => {
  let [worst, scale] = [got.length === want.length ? 0 : Infinity, 1e-30];
  want.forEach((v, i) => {
    worst = Math.max(worst, Math.abs(v - (got[i] ?? NaN)));
    scale = Math.max(scale, Math.abs(v));
  });
  return Number.isNaN(worst) ? Infinity : worst / scale;
};

const norm: Op = (x, g, b) => {
  const { mean, variance } = tf.moments(x as tf.Tensor, [0, 1, 2]);
  return tf.add(tf.mul(tf.mul(tf.sub(x as tf.Tensor, mean), tf.rsqrt(tf.add(variance, 1e-5))), g as tf.Tensor), b as tf.Tensor);
};

/** Name, ours, tfjs's own, operands. Channels of 6 and 10 are padded inside. */
const cases: [string, Op, Op, () => tf.Tensor[]][] = [
  ["conv 3×3 stride 2", (x, w) => planConv(x as tf.Tensor, w as tf.Tensor, { stride: 2, pad: 1 }), (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 1), () => [random("x", [2, 7, 9, 6]), random("w", [3, 3, 6, 10], 0.3)]],
  ["conv 1×1", (x, w) => planConv(x as tf.Tensor, w as tf.Tensor, { stride: 1, pad: 0 }), (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 0), () => [random("x", [2, 5, 5, 8]), random("w", [1, 1, 8, 12], 0.3)]],
  // tfjs has no padding of its own on each axis: zeros around the map are the same.
  ["conv 1×7 stride 1, 2", (x, w) => planRectangularConv(x as tf.Tensor, w as tf.Tensor, { strides: [1, 2], pads: [0, 3] }), (x, w) => tf.conv2d(framed(x as tf.Tensor4D, 0, 3), w as tf.Tensor4D, [1, 2], "valid"), () => [random("x", [2, 5, 9, 6]), random("w", [1, 7, 6, 10], 0.3)]],
  ["conv 7×1 stride 2, 1", (x, w) => planRectangularConv(x as tf.Tensor, w as tf.Tensor, { strides: [2, 1], pads: [3, 0] }), (x, w) => tf.conv2d(framed(x as tf.Tensor4D, 3, 0), w as tf.Tensor4D, [2, 1], "valid"), () => [random("x", [2, 9, 4, 8]), random("w", [7, 1, 8, 4], 0.3)]],
  ["depthwise 5×5", (x, w) => planDepthwise(x as tf.Tensor, w as tf.Tensor, { stride: 1, pad: 2 }), (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 2), () => [random("x", [2, 8, 6, 6]), random("w", [5, 5, 6, 1], 0.3)]],
  // tfjs has no gradient of a dilated depthwise convolution: its filter spread with zeros has.
  ["depthwise 3×3 dilation 2", (x, w) => planDepthwise(x as tf.Tensor, w as tf.Tensor, { stride: 1, pad: 2, dilation: 2 }), (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, spread(w as tf.Tensor4D), 1, 2), () => [random("x", [2, 7, 7, 8]), random("w", [3, 3, 8, 1], 0.3)]],
  ["batch norm", (x, g, b) => planBatchNorm(x as tf.Tensor, g as tf.Tensor, b as tf.Tensor), norm, () => [random("x", [3, 5, 5, 10]), random("g", [10]), random("b", [10])]],
  ["batch norm, ReLU", (x, g, b) => planBatchNorm(x as tf.Tensor, g as tf.Tensor, b as tf.Tensor, 1e-5, true), (...xs) => tf.relu(norm(...xs)), () => [random("x", [3, 5, 5, 8]), random("g", [8]), random("b", [8])]],
  ["hard swish", (x) => planActivation(x as tf.Tensor, "hswish"), (x) => tf.mul(x as tf.Tensor, tf.div(tf.relu6(tf.add(x as tf.Tensor, 3)), 6)), () => [random("x", [2, 3, 5, 6], 2)]],
  ["max pool", (x) => planPool(x as tf.Tensor, "max", 3, { stride: 2, pad: 1 }), (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 1), () => [random("x", [2, 7, 7, 6])]],
  ["mixed op", (u, w) => planMix(u as tf.Tensor, w as tf.Tensor), mixed, () => [random("u", [2, 5, 5, 12]), random("w", [3])]],
];

const framed = (x: tf.Tensor4D, down: number, right: number): tf.Tensor4D => tf.pad(x, [[0, 0], [down, down], [right, right], [0, 0]]);

/** y + lr / √(Σ norms) · x by the two instructions of vectors. */
async function vectorSum(): Promise<number[]> {
  const hyper = tf.tensor(hyperFields.map((name) => (name === "lr" ? 0.5 : name === "power" ? -1 : 0)));
  const [scale] = runInstruction("vectorScale", { hyper, norms: tf.tensor([9, 7]) }, { numbers: { count: 2 }, outputs: { out: [1] } });
  const [y] = runInstruction("axpy", { y: tf.range(0, 64), x: tf.fill([64], 8), scale: scale as tf.Tensor }, { numbers: { n: 64 }, outputs: { y: [64] } });
  return Array.from(await (y as tf.Tensor).data());
}

function spread(w: tf.Tensor4D): tf.Tensor4D {
  const [k = 0, , c = 0] = w.shape;
  const rows = (t: tf.Tensor, n: number, rest: number): tf.Tensor => tf.slice(tf.reshape(tf.concat([tf.reshape(t, [k, 1, rest]), tf.zeros([k, 1, rest])], 1), [2 * k, rest]), [0, 0], [n, rest]);
  const tall = tf.reshape(rows(w, 2 * k - 1, k * c), [2 * k - 1, k, c]);
  const turned = tf.transpose(tall, [1, 0, 2]);
  const wide = tf.reshape(rows(turned, 2 * k - 1, (2 * k - 1) * c), [2 * k - 1, 2 * k - 1, c]);
  return tf.reshape(tf.transpose(wide, [1, 0, 2]), [2 * k - 1, 2 * k - 1, c, 1]);
}

function mixed(u: tf.Tensor, w: tf.Tensor): tf.Tensor {
  const c = (u.shape[3] ?? 0) / w.size;
  const parts = Array.from({ length: w.size }, (_, s) => {
    const part = tf.slice(u, [0, 0, 0, s * c], [-1, -1, -1, c]);
    return tf.mul(norm(part, tf.ones([c]), tf.zeros([c])), tf.slice(w, [s], [1]));
  });
  return parts.slice(1).reduce((sum, part) => tf.add(sum, part), parts[0] as tf.Tensor);
}

export default async function tfjsOps(_args: Args, log: Log): Promise<unknown> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("There is no WebGPU adapter; add --software-gpu.");
  const device = await adapter.requestDevice({ requiredLimits: { maxStorageBuffersPerShaderStage: adapter.limits.maxStorageBuffersPerShaderStage } });
  const complaints: string[] = [];
  device.addEventListener("uncapturederror", (event) => void complaints.push(event.error.message));
  await initBackend("tfjs-webgpu", { webgpu: { device, adapterInfo: adapter.info } });
  const machine = createWebgpuMachine(device);
  registerInstructions(machine);
  let worst = 0;
  for (const [name, ours, own, operands] of cases) {
    const xs = operands();
    const dy = random("dy", own(...xs).shape);
    const both = await Promise.all([ours, own].map(async (op) => {
      const { value, grads } = tf.valueAndGrads((...args: tf.Tensor[]) => tf.sum(tf.mul(op(...args), dy)))(xs);
      return [op(...xs), value, ...grads];
    }));
    const [got, want] = await Promise.all(both.map((list) => Promise.all(list.map(async (t) => Float32Array.from(await t.data<"float32">())))));
    const errors = (want ?? []).map((values, i) => relative(got?.[i] ?? new Float32Array(), values));
    log(`${name}: ${errors.map((e) => e.toExponential(1)).join(" ")}`);
    worst = Math.max(worst, ...errors);
  }
  const single = await tf.grad((x: tf.Tensor) => tf.sum(planActivation(x, "relu")))(tf.tensor([-1, 2, -3, 4])).data();
  if (String(Array.from(single)) !== "0,1,0,1") throw new Error(`tf.grad gave ${String(Array.from(single))}`);

  const missing = instructions.filter((op) => tf.getKernel(kernelNameOf(op), "webgpu") === undefined);
  if (missing.length > 0) throw new Error(`not registered: ${missing.join(", ")}`);
  const summed = await vectorSum();
  if (!summed.every((value, i) => Math.abs(value - i - 1) < 1e-5)) throw new Error(`vectors: ${String(summed)}`);

  // One buffer, two views: what either writes the other reads.
  const memory = machine.createArena("A", 64);
  const shared = tensorOfArena(machine, memory);
  machine.write(memory, 0, Float32Array.of(1, 2, 3, 4));
  const doubled = Array.from(await tf.mul(shared, 2).data()).slice(0, 4);
  const t = tf.add(tf.tensor([1, 2, 3, 4]), 1);
  const adopted = arenaOfTensor(machine, tf.backend() as WebGPUBackend, "A", t);
  const seen = Array.from(await machine.read(adopted, 0, 4));
  if (String(doubled) !== "2,4,6,8" || String(seen) !== "2,3,4,5") throw new Error(`shared buffers: ${String(doubled)} and ${String(seen)}`);
  releaseInstructions();
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  if (!(worst < 1e-4)) throw new Error(`worst relative error ${worst}`);
  return { worst, cases: cases.length };
}
