/**
 * Our own kernels in tfjs's registry: names, typed access to inputs and attributes, and registration for several backends.
 * Every name here has a plain TypeScript reference (`reference/`), and what a backend does better registered over it.
 */
import { engine, registerKernel, type NamedTensorMap, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { AppError } from "@/lib/appError";

export type KernelName =
  | "NasConv"
  | "NasConvInputGrad"
  | "NasConvFilterGrad"
  | "NasDepthwise"
  | "NasDepthwiseInputGrad"
  | "NasDepthwiseFilterGrad"
  | "NasBatchNormTrain"
  | "NasBatchNormGrad"
  | "NasBatchNormEval"
  | "NasPool"
  | "NasPoolGrad"
  | "NasSoftmaxCrossEntropy"
  | "NasClipFactor"
  | "NasBlend"
  | "NasSgd"
  | "NasAdam";

export type TfBackend = "cpu" | "wasm" | "webgpu" | "webgl";

/** Attributes are flat numbers, so that a kernel's parameters can be printed and compared. */
export type Attrs = Readonly<Record<string, number>>;

/** Inputs by name as a kernel sees them. */
export class Inputs {
  private readonly map: Readonly<Record<string, TensorInfo | undefined>>;
  constructor(map: Readonly<Record<string, TensorInfo | undefined>>) {
    this.map = map;
  }
  get(name: string): TensorInfo {
    const info = this.map[name];
    if (info === undefined) throw new AppError("bug", `kernel input "${name}" is missing`);
    return info;
  }
  find(name: string): TensorInfo | null {
    return this.map[name] ?? null;
  }
  all(): TensorInfo[] {
    return Object.values(this.map).filter((info) => info !== undefined);
  }
}

/** Reads a numeric attribute. */
export function attr(attrs: Attrs, name: string): number {
  const value = attrs[name];
  if (value === undefined) throw new AppError("bug", `kernel attribute "${name}" is missing`);
  return value;
}

export type KernelBody = (inputs: Inputs, attrs: Attrs, backend: object) => TensorInfo | TensorInfo[];

const registered = new Set<string>();

/** Registers a kernel for one backend; the first registration of a name wins, so register the special before the general. */
export function defineKernel(name: KernelName, backendName: TfBackend, body: KernelBody): void {
  const key = `${backendName}:${name}`;
  if (registered.has(key)) return;
  registered.add(key);
  registerKernel({
    kernelName: name,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => body(new Inputs(inputs), (attrs ?? {}) as Attrs, backend),
  });
}

/** Runs a kernel with one output on the current backend. */
export function runOne(name: KernelName, inputs: NamedTensorMap, attrs: Attrs): Tensor {
  return engine().runKernel<Tensor>(name, inputs, { ...attrs });
}

/** Runs a kernel with several outputs. */
export function runMany(name: KernelName, inputs: NamedTensorMap, attrs: Attrs): Tensor[] {
  return engine().runKernel<Tensor[]>(name, inputs, { ...attrs });
}

/** Element `i` of a kernel's outputs or of what a gradient saved. */
export function at<T>(list: readonly T[], i: number): T {
  const item = list[i];
  if (item === undefined) throw new AppError("bug", `no tensor at ${i} of ${list.length}`);
  return item;
}
