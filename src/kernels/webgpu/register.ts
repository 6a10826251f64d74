/** Hangs the WGSL kernels into tfjs-webgpu; partial sums are freed here, tfjs never sees them. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AppError } from "@/lib/appError";
import { dim, windowOf, type WindowGeometry } from "../geometry";
import { attr, defineKernel, type Attrs, type Inputs, type KernelName } from "../kernel";
import { runShader, type Shader } from "./program";
import {
  columnSumShader, convFilterGradShader, convInputGradShader, convShader, depthwiseFilterGradShader, depthwiseInputGradShader,
  depthwiseShader, normaliseShader, normGradShader, normGradSumShader, squareSumShader, sumChunksShader,
} from "./shaders"; // prettier-ignore

type Body = (backend: WebGPUBackend, inputs: Inputs, attrs: Attrs) => TensorInfo | TensorInfo[];

function define(name: KernelName, body: Body): void {
  defineKernel(name, "webgpu", (inputs, attrs, backend) => body(backend as WebGPUBackend, inputs, attrs));
}

function geometry(shape: readonly number[], attrs: Attrs): WindowGeometry {
  const k = attr(attrs, "k");
  return windowOf(shape, k, k, { stride: attr(attrs, "stride"), pad: attr(attrs, "pad"), dilation: attrs["dilation"] ?? 1 });
}

function uniformsOf(g: WindowGeometry): Record<string, number> {
  return { gh: g.h, gw: g.w, gc: g.c, goh: g.oh, gow: g.ow, gk: g.kh, gs: g.stride, gp: g.pad, gd: g.dilation };
}

function inputShape(dy: TensorInfo, attrs: Attrs, channels: number): number[] {
  return [dim(dy.shape, 0), attr(attrs, "h"), attr(attrs, "w"), channels];
}

/** How to cut a long sum: enough threads to fill a GPU, at most `rows` chunks. */
function chunksOf(rows: number, width: number): { readonly chunks: number; readonly chunkRows: number } {
  const wanted = Math.max(1, Math.min(rows, 512, Math.ceil(16384 / width)));
  const chunkRows = Math.ceil(rows / wanted);
  return { chunks: Math.ceil(rows / chunkRows), chunkRows };
}

/** A sum over rows in two passes, in a fixed order. `parts` cuts its columns into outputs. */
function reduce(
  backend: WebGPUBackend,
  shader: Shader,
  inputs: readonly TensorInfo[],
  size: { readonly rows: number; readonly width: number; readonly scale: number },
  values: Readonly<Record<string, number>>,
  parts: readonly (readonly number[])[],
): TensorInfo[] {
  const { chunks, chunkRows } = chunksOf(size.rows, size.width);
  const partials = runShader(backend, shader, inputs, [chunks, size.width], { ...values, rows: size.rows, chunkRows });
  let offset = 0;
  const outputs = parts.map((shape) => {
    const sum = runShader(backend, sumChunksShader, [partials], shape, { chunks, width: size.width, offset, scale: size.scale });
    offset += shape.reduce((a, n) => a * n, 1);
    return sum;
  });
  backend.disposeData(partials.dataId);
  return outputs;
}

function first(list: readonly TensorInfo[]): TensorInfo {
  const [item] = list;
  if (item === undefined) throw new AppError("bug", "a reduction without outputs");
  return item;
}

function registerConvs(): void {
  define("NasConv", (backend, inputs, attrs) => {
    const [x, w] = [inputs.get("x"), inputs.get("w")];
    const [g, cout] = [geometry(x.shape, attrs), dim(w.shape, 3)];
    return runShader(backend, convShader, [x, w], [g.b, g.oh, g.ow, cout], { ...uniformsOf(g), cout });
  });
  define("NasConvInputGrad", (backend, inputs, attrs) => {
    const [dy, w] = [inputs.get("dy"), inputs.get("w")];
    const shape = inputShape(dy, attrs, dim(w.shape, 2));
    return runShader(backend, convInputGradShader, [dy, w], shape, { ...uniformsOf(geometry(shape, attrs)), cout: dim(w.shape, 3) });
  });
  define("NasConvFilterGrad", (backend, inputs, attrs) => {
    const [x, dy] = [inputs.get("x"), inputs.get("dy")];
    const [g, cout] = [geometry(x.shape, attrs), dim(dy.shape, 3)];
    const size = { rows: g.b * g.oh, width: g.kh * g.kw * g.c * cout, scale: 1 };
    return first(reduce(backend, convFilterGradShader, [x, dy], size, { ...uniformsOf(g), cout }, [[g.kh, g.kw, g.c, cout]]));
  });
}

function registerDepthwise(): void {
  define("NasDepthwise", (backend, inputs, attrs) => {
    const x = inputs.get("x");
    const g = geometry(x.shape, attrs);
    return runShader(backend, depthwiseShader, [x, inputs.get("w")], [g.b, g.oh, g.ow, g.c], uniformsOf(g));
  });
  define("NasDepthwiseInputGrad", (backend, inputs, attrs) => {
    const dy = inputs.get("dy");
    const shape = inputShape(dy, attrs, dim(dy.shape, 3));
    return runShader(backend, depthwiseInputGradShader, [dy, inputs.get("w")], shape, uniformsOf(geometry(shape, attrs)));
  });
  define("NasDepthwiseFilterGrad", (backend, inputs, attrs) => {
    const [x, dy] = [inputs.get("x"), inputs.get("dy")];
    const g = geometry(x.shape, attrs);
    const size = { rows: g.b * g.oh, width: g.kh * g.kw * g.c, scale: 1 };
    return first(reduce(backend, depthwiseFilterGradShader, [x, dy], size, uniformsOf(g), [[g.kh, g.kw, g.c, 1]]));
  });
}

function rowsAndChannels(x: TensorInfo): [number, number] {
  return [x.shape.slice(0, -1).reduce((a, n) => a * n, 1), dim(x.shape, x.shape.length - 1)];
}

function registerBatchNorm(): void {
  define("NasBatchNormTrain", (backend, inputs, attrs) => {
    const x = inputs.get("x");
    const [rows, c] = rowsAndChannels(x);
    const size = { rows, width: c, scale: 1 / rows };
    const mean = first(reduce(backend, columnSumShader, [x], size, { gc: c }, [[c]]));
    const variance = first(reduce(backend, squareSumShader, [x, mean], size, { gc: c }, [[c]]));
    const operands = [x, mean, variance, inputs.get("gamma"), inputs.get("beta")];
    const y = runShader(backend, normaliseShader, operands, x.shape, { gc: c, eps: attr(attrs, "eps"), cap: attr(attrs, "cap") });
    return [y, mean, variance];
  });
  define("NasBatchNormEval", (backend, inputs, attrs) => {
    const x = inputs.get("x");
    const operands = ["x", "mean", "variance", "gamma", "beta"].map((name) => inputs.get(name));
    const [, c] = rowsAndChannels(x);
    return runShader(backend, normaliseShader, operands, x.shape, { gc: c, eps: attr(attrs, "eps"), cap: attr(attrs, "cap") });
  });
  define("NasBatchNormGrad", (backend, inputs, attrs) => {
    const x = inputs.get("x");
    const [rows, c] = rowsAndChannels(x);
    const values = { gc: c, rows, eps: attr(attrs, "eps"), cap: attr(attrs, "cap") };
    const operands = ["dy", "x", "mean", "variance", "gamma", "beta"].map((name) => inputs.get(name));
    const size = { rows, width: 2 * c, scale: 1 };
    const [sums, dbeta, dgamma] = splitSums(backend, operands, size, values, c);
    const dx = runShader(backend, normGradShader, [...operands, sums], x.shape, values);
    backend.disposeData(sums.dataId);
    return [dx, dgamma, dbeta];
  });
}

/** The two sums together for dx, and each on its own as gradient of β and γ. */
function splitSums(
  backend: WebGPUBackend,
  operands: readonly TensorInfo[],
  size: { readonly rows: number; readonly width: number; readonly scale: number },
  values: Readonly<Record<string, number>>,
  c: number,
): [TensorInfo, TensorInfo, TensorInfo] {
  const sums = first(reduce(backend, normGradSumShader, operands, size, values, [[2 * c]]));
  const column = (offset: number): TensorInfo => runShader(backend, sumChunksShader, [sums], [c], { chunks: 1, width: 2 * c, offset, scale: 1 });
  return [sums, column(0), column(c)];
}

/** Registers the WGSL kernels; the rest is composed. */
export function registerWebgpuKernels(): void {
  registerConvs();
  registerDepthwise();
  registerBatchNorm();
}
