/**
 * Compares the running backend with the reference: every primitive with its gradients against the plain TypeScript kernels,
 * and a small network through three training steps and an evaluation against stored results of the cpu executor.
 */
import { engine, tensor, tidy, type Tensor } from "@tensorflow/tfjs-core";
import { windowOf, type WindowAttrs } from "@/kernels/geometry";
import { batchNormTrain, type Activation } from "@/kernels/ops/batchNorm";
import { shuffleChannels, sliceChannels, strideChannels } from "@/kernels/ops/channels";
import { conv } from "@/kernels/ops/conv";
import { depthwise } from "@/kernels/ops/depthwise";
import { avgPool, maxPool } from "@/kernels/ops/pool";
import { moments, normalise, normGrad } from "@/kernels/reference/batchNorm";
import { convFilterGrad, convForward, convInputGrad } from "@/kernels/reference/conv";
import { depthwiseFilterGrad, depthwiseForward, depthwiseInputGrad } from "@/kernels/reference/depthwise";
import { poolForward, poolGrad } from "@/kernels/reference/pool";
import { rootKey } from "@/lib/rng";
import { runCheckNetwork } from "./backendCheckNetwork";
import { checkNetworkGolden } from "./backendCheckGolden";
import type { Executor } from "./executor";

export interface CheckRow {
  readonly name: string;
  /** max |got − wanted| / max |wanted|; Infinity when a value is not a number. */
  readonly relError: number;
  readonly tolerance: number;
  readonly pass: boolean;
}

interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** One primitive: inputs, the op, and what value and gradients should be for a given dy. */
interface PrimitiveCase {
  readonly name: string;
  readonly inputs: readonly Values[];
  readonly op: (...xs: Tensor[]) => Tensor;
  readonly want: (inputs: readonly Float32Array[], dy: Float32Array | null, size: number) => readonly Float32Array[];
}

const TOLERANCE = 1e-4;

function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Infinity;
  let [worst, scale] = [0, 1e-12];
  for (let i = 0; i < want.length; i++) {
    const distance = Math.abs((got[i] as number) - (want[i] as number));
    if (!(distance <= worst)) worst = distance;
    scale = Math.max(scale, Math.abs(want[i] as number));
  }
  return Number.isNaN(worst) ? Infinity : worst / scale;
}

function row(name: string, relError: number): CheckRow {
  return { name, relError, tolerance: TOLERANCE, pass: relError <= TOLERANCE };
}

function values(name: string, shape: readonly number[], shift = 0): Values {
  const rng = rootKey(3).fold(name).stream();
  return { shape, data: Float32Array.from({ length: shape.reduce((a, n) => a * n, 1) }, () => rng.normal() + shift) };
}

const part = (inputs: readonly Float32Array[], i: number): Float32Array => inputs[i] ?? new Float32Array(0);

/** Output [b, oh, ow, channels] first, then the gradients once dy is known. */
function convCase(name: string, shape: readonly [number, number, number, number], cout: number, k: number, attrs: WindowAttrs): PrimitiveCase {
  const g = windowOf(shape, k, k, attrs);
  const inputs = [values("x", shape), values("w", [k, k, g.c, cout])];
  return {
    name,
    inputs,
    op: (x, w) => conv(x as Tensor, w as Tensor, attrs),
    want: (given, dy, size) => {
      const [y, dx, dw] = [new Float32Array(size), new Float32Array(part(given, 0).length), new Float32Array(part(given, 1).length)];
      convForward(part(given, 0), part(given, 1), y, g, cout);
      if (dy === null) return [y];
      convInputGrad(dy, part(given, 1), dx, g, cout);
      convFilterGrad(part(given, 0), dy, dw, g, cout);
      return [y, dx, dw];
    },
  };
}

function depthwiseCase(name: string, shape: readonly [number, number, number, number], k: number, attrs: WindowAttrs): PrimitiveCase {
  const g = windowOf(shape, k, k, attrs);
  return {
    name,
    inputs: [values("x", shape), values("w", [k, k, g.c, 1])],
    op: (x, w) => depthwise(x as Tensor, w as Tensor, attrs),
    want: (given, dy, size) => {
      const [y, dx, dw] = [new Float32Array(size), new Float32Array(part(given, 0).length), new Float32Array(part(given, 1).length)];
      depthwiseForward(part(given, 0), part(given, 1), y, g);
      if (dy === null) return [y];
      depthwiseInputGrad(dy, part(given, 1), dx, g);
      depthwiseFilterGrad(part(given, 0), dy, dw, g);
      return [y, dx, dw];
    },
  };
}

function poolCase(name: string, isMax: boolean, stride: number): PrimitiveCase {
  const shape = [2, 7, 8, 5] as const;
  const attrs = { k: 3, stride, pad: 1, countPads: false };
  const [g, kind] = [windowOf(shape, 3, 3, attrs), isMax ? "max" : "mean"] as const;
  return {
    name,
    inputs: [values("x", shape)],
    op: (x) => (isMax ? maxPool : avgPool)(x as Tensor, attrs),
    want: (given, dy, size) => {
      const [y, dx] = [new Float32Array(size), new Float32Array(part(given, 0).length)];
      poolForward(part(given, 0), y, g, kind);
      if (dy === null) return [y];
      poolGrad(dy, part(given, 0), dx, g, kind);
      return [y, dx];
    },
  };
}

function normCase(name: string, activation: Activation, cap: number): PrimitiveCase {
  const [rows, channels, eps] = [2 * 9 * 9, 6, 1e-5];
  const size = { rows, channels, eps, cap };
  return {
    name,
    inputs: [values("x", [2, 9, 9, channels], 3), values("gamma", [channels], 2), values("beta", [channels])],
    op: (x, gamma, beta) => batchNormTrain(x as Tensor, gamma as Tensor, beta as Tensor, eps, activation).y,
    want: (given, dy) => {
      const [x, gamma, beta] = [part(given, 0), part(given, 1), part(given, 2)];
      const [y, mean, variance] = [new Float32Array(x.length), new Float32Array(channels), new Float32Array(channels)];
      moments(x, mean, variance, size);
      normalise(x, mean, variance, gamma, beta, y, size);
      if (dy === null) return [y];
      const [dx, dgamma, dbeta] = [new Float32Array(x.length), new Float32Array(channels), new Float32Array(channels)];
      normGrad({ dy, x, mean, variance, gamma, beta, dx, dgamma, dbeta }, size);
      return [y, dx, dgamma, dbeta];
    },
  };
}

/** Channels in a given order: the value gathers, the gradient scatters. */
function orderCase(name: string, op: (x: Tensor) => Tensor, order: readonly number[]): PrimitiveCase {
  const [pixels, channels] = [2 * 4 * 4, 8];
  return {
    name,
    inputs: [values("x", [2, 4, 4, channels])],
    op: (x) => op(x as Tensor),
    want: (given, dy) => {
      const [y, dx] = [new Float32Array(pixels * order.length), new Float32Array(pixels * channels)];
      for (let p = 0; p < pixels; p++)
        order.forEach((c, i) => {
          y[p * order.length + i] = part(given, 0)[p * channels + c] as number;
          if (dy !== null) dx[p * channels + c] = dy[p * order.length + i] as number;
        });
      return dy === null ? [y] : [y, dx];
    },
  };
}

function primitiveCases(): PrimitiveCase[] {
  return [
    convCase("conv 1×1", [2, 8, 8, 12], 20, 1, { stride: 1, pad: 0 }),
    convCase("conv 1×1 stride 2", [2, 8, 8, 8], 12, 1, { stride: 2, pad: 0 }),
    convCase("conv 3×3", [2, 9, 8, 3], 4, 3, { stride: 1, pad: 1 }),
    convCase("conv 3×3 stride 2", [2, 8, 9, 5], 7, 3, { stride: 2, pad: 1 }),
    depthwiseCase("depthwise 3×3", [2, 8, 8, 12], 3, { stride: 1, pad: 1 }),
    depthwiseCase("depthwise 5×5 stride 2", [2, 8, 8, 12], 5, { stride: 2, pad: 2 }),
    depthwiseCase("depthwise 7×7", [1, 9, 8, 6], 7, { stride: 1, pad: 3 }),
    depthwiseCase("depthwise 3×3 dilation 2", [2, 9, 8, 6], 3, { stride: 1, pad: 2, dilation: 2 }),
    depthwiseCase("depthwise 5×5 dilation 2 stride 2", [2, 10, 9, 5], 5, { stride: 2, pad: 4, dilation: 2 }),
    poolCase("max pool 3×3", true, 1),
    poolCase("max pool 3×3 stride 2", true, 2),
    poolCase("average pool 3×3", false, 1),
    poolCase("average pool 3×3 stride 2", false, 2),
    normCase("batch norm", "none", 0),
    normCase("batch norm + ReLU", "relu", -1),
    normCase("batch norm + ReLU6", "relu6", 6),
    orderCase("shuffle", (x) => shuffleChannels(x, 2), [0, 4, 1, 5, 2, 6, 3, 7]),
    orderCase("slice", (x) => sliceChannels(x, 2, 3), [2, 3, 4]),
    orderCase("even channels", (x) => strideChannels(x, 0, 2), [0, 2, 4, 6]),
  ];
}

async function checkPrimitive(test: PrimitiveCase): Promise<CheckRow> {
  const xs = test.inputs.map((v) => tensor(v.data.slice(), [...v.shape]));
  const shapeOf = tidy(() => test.op(...xs).shape);
  const dy = values("dy", shapeOf);
  const found = tidy(() => {
    const { value, grads } = engine().gradients(() => test.op(...xs), xs, tensor(dy.data.slice(), [...shapeOf]));
    return [value, ...grads];
  });
  const got = await Promise.all(found.map((t) => t.data<"float32">()));
  [...xs, ...found].forEach((t) => t.dispose());
  const want = test.want(test.inputs.map((v) => v.data), dy.data, dy.data.length);
  const worst = Math.max(...want.map((w, i) => relativeError(got[i] ?? [], w)));
  return row(test.name, worst);
}

/** Runs everything on the executor's backend, one row a check. Takes seconds on a software GPU. */
export async function compareBackend(executor: Executor): Promise<readonly CheckRow[]> {
  const rows: CheckRow[] = [];
  for (const test of primitiveCases()) rows.push(await checkPrimitive(test));
  const got = await runCheckNetwork(executor);
  rows.push(row("network: losses of 3 SGD steps", relativeError(got.losses, checkNetworkGolden.losses)));
  rows.push(row("network: logits, running statistics", relativeError(got.runningLogits, checkNetworkGolden.runningLogits)));
  rows.push(row("network: logits, recalibrated statistics", relativeError(got.recalibratedLogits, checkNetworkGolden.recalibratedLogits)));
  rows.push(row("network: losses of 3 Adam steps", relativeError(got.adamLosses, checkNetworkGolden.adamLosses)));
  return rows;
}
