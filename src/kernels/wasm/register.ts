/** Hangs the SIMD kernels into tfjs-wasm: allocates outputs and scratch, passes addresses. Arithmetic is in the C files. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { dim, windowOf, type WindowGeometry } from "../geometry";
import { attr, defineKernel, type Attrs, type Inputs, type KernelName } from "../kernel";
import { wasmModuleOf, type WasmKernels } from "./instance";

/** What a kernel body works with; `at` must be asked after everything is allocated only for scratch, tensors never move. */
interface Frame {
  readonly kernels: WasmKernels;
  make(shape: readonly number[]): TensorInfo;
  at(info: TensorInfo): number;
  scratch(floats: number): number;
}

function frameOf(backend: BackendWasm): Frame {
  const { kernels, scratch } = wasmModuleOf(backend);
  return {
    kernels,
    scratch,
    make: (shape) => backend.makeOutput([...shape], "float32"),
    at: (info) => backend.getMemoryOffset(info.dataId),
  };
}

type Body = (frame: Frame, inputs: Inputs, attrs: Attrs) => TensorInfo | TensorInfo[];

function define(name: KernelName, body: Body): void {
  defineKernel(name, "wasm", (inputs, attrs, backend) => body(frameOf(backend as BackendWasm), inputs, attrs));
}

const align = (floats: number): number => (floats + 3) & ~3;
const packedSize = (k: number, n: number): number => align(k * 8 * Math.ceil(n / 8));
const paddedSize = (g: WindowGeometry): number => align((g.h + 2 * g.pad) * (g.w + 2 * g.pad) * g.c);

function geometry(shape: readonly number[], attrs: Attrs): WindowGeometry {
  const k = attr(attrs, "k");
  return windowOf(shape, k, k, { stride: attr(attrs, "stride"), pad: attr(attrs, "pad"), dilation: attrs["dilation"] ?? 1 });
}

function isPointwise(g: WindowGeometry): boolean {
  return g.kh === 1 && g.stride === 1 && g.pad === 0;
}

function inputShape(dy: TensorInfo, attrs: Attrs, channels: number): number[] {
  return [dim(dy.shape, 0), attr(attrs, "h"), attr(attrs, "w"), channels];
}

/** y = patches(x) · w, image by image; pointwise without patches in one product. */
function conv(f: Frame, inputs: Inputs, attrs: Attrs): TensorInfo {
  const [x, w] = [inputs.get("x"), inputs.get("w")];
  const [g, cout] = [geometry(x.shape, attrs), dim(w.shape, 3)];
  const depth = g.kh * g.kw * g.c;
  const y = f.make([g.b, g.oh, g.ow, cout]);
  const pixels = g.oh * g.ow;
  if (isPointwise(g)) {
    const packed = f.scratch(packedSize(depth, cout));
    f.kernels.pack(f.at(w), packed, depth, cout, 0);
    f.kernels.matmul(f.at(x), packed, f.at(y), g.b * pixels, depth, cout);
    return y;
  }
  const packed = f.scratch(packedSize(depth, cout) + paddedSize(g) + align(pixels * depth));
  const padded = packed + 4 * packedSize(depth, cout);
  const rows = padded + 4 * paddedSize(g);
  f.kernels.pack(f.at(w), packed, depth, cout, 0);
  for (let b = 0; b < g.b; b++) {
    f.kernels.patches(f.at(x) + 4 * b * g.h * g.w * g.c, padded, rows, g.h, g.w, g.c, g.kh, g.stride, g.pad, g.oh, g.ow);
    f.kernels.matmul(rows, packed, f.at(y) + 4 * b * pixels * cout, pixels, depth, cout);
  }
  return y;
}

/** dx = unpatches(dy · wᵀ). */
function convInputGrad(f: Frame, inputs: Inputs, attrs: Attrs): TensorInfo {
  const [dy, w] = [inputs.get("dy"), inputs.get("w")];
  const shape = inputShape(dy, attrs, dim(w.shape, 2));
  const [g, cout] = [geometry(shape, attrs), dim(w.shape, 3)];
  const depth = g.kh * g.kw * g.c;
  const pixels = g.oh * g.ow;
  const dx = f.make(shape);
  if (isPointwise(g)) {
    const packed = f.scratch(packedSize(cout, depth));
    f.kernels.pack(f.at(w), packed, cout, depth, 1);
    f.kernels.matmul(f.at(dy), packed, f.at(dx), g.b * pixels, cout, depth);
    return dx;
  }
  const packed = f.scratch(packedSize(cout, depth) + paddedSize(g) + align(pixels * depth));
  const padded = packed + 4 * packedSize(cout, depth);
  const rows = padded + 4 * paddedSize(g);
  f.kernels.pack(f.at(w), packed, cout, depth, 1);
  for (let b = 0; b < g.b; b++) {
    f.kernels.matmul(f.at(dy) + 4 * b * pixels * cout, packed, rows, pixels, cout, depth);
    f.kernels.unpatches(rows, padded, f.at(dx) + 4 * b * g.h * g.w * g.c, g.h, g.w, g.c, g.kh, g.stride, g.pad, g.oh, g.ow);
  }
  return dx;
}

/** dw = patches(x)ᵀ · dy, summed over images in order. */
function convFilterGrad(f: Frame, inputs: Inputs, attrs: Attrs): TensorInfo {
  const [x, dy] = [inputs.get("x"), inputs.get("dy")];
  const [g, cout] = [geometry(x.shape, attrs), dim(dy.shape, 3)];
  const depth = g.kh * g.kw * g.c;
  const pixels = g.oh * g.ow;
  const dw = f.make([g.kh, g.kw, g.c, cout]);
  f.kernels.clear(f.at(dw), depth * cout);
  if (isPointwise(g)) {
    f.kernels.outer(f.at(x), f.at(dy), f.at(dw), g.b * pixels, depth, cout);
    return dw;
  }
  const padded = f.scratch(paddedSize(g) + align(pixels * depth));
  const rows = padded + 4 * paddedSize(g);
  for (let b = 0; b < g.b; b++) {
    f.kernels.patches(f.at(x) + 4 * b * g.h * g.w * g.c, padded, rows, g.h, g.w, g.c, g.kh, g.stride, g.pad, g.oh, g.ow);
    f.kernels.outer(rows, f.at(dy) + 4 * b * pixels * cout, f.at(dw), pixels, depth, cout);
  }
  return dw;
}

function depthwise(f: Frame, inputs: Inputs, attrs: Attrs): TensorInfo {
  const [x, w] = [inputs.get("x"), inputs.get("w")];
  const g = geometry(x.shape, attrs);
  const y = f.make([g.b, g.oh, g.ow, g.c]);
  f.kernels.depthwise(
    f.at(x), f.at(w), f.at(y), f.scratch(paddedSize(g)), g.b, g.h, g.w, g.c, g.kh, g.stride, g.pad, g.dilation, g.oh, g.ow,
  ); // prettier-ignore
  return y;
}

function depthwiseInputGrad(f: Frame, inputs: Inputs, attrs: Attrs): TensorInfo {
  const [dy, w] = [inputs.get("dy"), inputs.get("w")];
  const shape = inputShape(dy, attrs, dim(dy.shape, 3));
  const g = geometry(shape, attrs);
  const dx = f.make(shape);
  const reach = g.dilation * (g.kh - 1);
  const border = Math.max(paddedSize(g), align((g.oh + 2 * reach) * (g.ow + 2 * reach) * g.c));
  const flipped = f.scratch(align(g.kh * g.kw * g.c) + border);
  const padded = flipped + 4 * align(g.kh * g.kw * g.c);
  f.kernels.depthwiseInputGrad(
    f.at(dy), f.at(w), f.at(dx), padded, flipped, g.b, g.h, g.w, g.c, g.kh, g.stride, g.pad, g.dilation, g.oh, g.ow,
  ); // prettier-ignore
  return dx;
}

function depthwiseFilterGrad(f: Frame, inputs: Inputs, attrs: Attrs): TensorInfo {
  const [x, dy] = [inputs.get("x"), inputs.get("dy")];
  const g = geometry(x.shape, attrs);
  const dw = f.make([g.kh, g.kw, g.c, 1]);
  f.kernels.depthwiseFilterGrad(
    f.at(x), f.at(dy), f.at(dw), f.scratch(paddedSize(g)), g.b, g.h, g.w, g.c, g.kh, g.stride, g.pad, g.dilation, g.oh, g.ow,
  ); // prettier-ignore
  return dw;
}

function rowsAndChannels(x: TensorInfo): [number, number] {
  return [x.shape.slice(0, -1).reduce((a, n) => a * n, 1), dim(x.shape, x.shape.length - 1)];
}

function registerBatchNorm(): void {
  define("NasBatchNormTrain", (f, inputs, attrs) => {
    const x = inputs.get("x");
    const [rows, c] = rowsAndChannels(x);
    const [y, mean, variance] = [f.make(x.shape), f.make([c]), f.make([c])];
    const params = [f.at(inputs.get("gamma")), f.at(inputs.get("beta"))];
    const outputs = [f.at(y), f.at(mean), f.at(variance)];
    f.kernels.batchNormTrain(f.at(x), ...params, ...outputs, f.scratch(c), rows, c, attr(attrs, "eps"), attr(attrs, "cap"));
    return [y, mean, variance];
  });
  define("NasBatchNormGrad", (f, inputs, attrs) => {
    const x = inputs.get("x");
    const [rows, c] = rowsAndChannels(x);
    const [dx, dgamma, dbeta] = [f.make(x.shape), f.make([c]), f.make([c])];
    const operands = ["dy", "x", "mean", "variance", "gamma", "beta"].map((name) => f.at(inputs.get(name)));
    const outputs = [f.at(dx), f.at(dgamma), f.at(dbeta)];
    f.kernels.batchNormGrad(...operands, ...outputs, f.scratch(5 * c), rows, c, attr(attrs, "eps"), attr(attrs, "cap"));
    return [dx, dgamma, dbeta];
  });
  define("NasBatchNormEval", (f, inputs, attrs) => {
    const x = inputs.get("x");
    const [rows, c] = rowsAndChannels(x);
    const y = f.make(x.shape);
    const operands = ["x", "mean", "variance", "gamma", "beta"].map((name) => f.at(inputs.get(name)));
    f.kernels.batchNormEval(...operands, f.at(y), f.scratch(c), rows, c, attr(attrs, "eps"), attr(attrs, "cap"));
    return y;
  });
}

function sgd(f: Frame, inputs: Inputs, attrs: Attrs): TensorInfo[] {
  const [p, buf] = [inputs.get("p"), inputs.find("buf")];
  const [p2, buf2] = [f.make(p.shape), f.make(p.shape)];
  const n = p.shape.reduce((a, size) => a * size, 1);
  const operands = [f.at(p), f.at(inputs.get("g")), buf === null ? 0 : f.at(buf), f.at(inputs.get("factor"))];
  const rates = [attr(attrs, "lr"), attr(attrs, "momentum"), attr(attrs, "decay"), attr(attrs, "nesterov")];
  f.kernels.sgd(...operands, f.at(p2), f.at(buf2), n, ...rates);
  return [p2, buf2];
}

/** Registers the SIMD kernels for tfjs-wasm; what has none falls to the reference kernels on the same memory. */
export function registerWasmKernels(): void {
  define("NasConv", conv);
  define("NasConvInputGrad", convInputGrad);
  define("NasConvFilterGrad", convFilterGrad);
  define("NasDepthwise", depthwise);
  define("NasDepthwiseInputGrad", depthwiseInputGrad);
  define("NasDepthwiseFilterGrad", depthwiseFilterGrad);
  registerBatchNorm();
  define("NasSgd", sgd);
}
