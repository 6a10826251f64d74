/**
 * Small WGSL programs for tfjs-webgpu: one thread an output element, every tensor flat, all sizes as uniforms (so the shader
 * text, and with it the pipeline, is one per kernel), no barriers. What is not written here is composed of stock ops.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";

/** A program's text: names of its inputs and integer uniforms, `f32` uniforms last, and the body that computes `out` at index `i`. */
export interface Shader {
  readonly key: string;
  readonly inputs: readonly string[];
  readonly ints: readonly string[];
  readonly floats?: readonly string[];
  readonly body: string;
  /** Functions before main. */
  readonly helpers?: string;
}

const WORKGROUP = 64;

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, n) => a * n, 1);

function programOf(shader: Shader, size: number): WebGPUProgram {
  const uniforms = [...shader.ints.map((name) => `${name} : i32`), ...(shader.floats ?? []).map((name) => `${name} : f32`)];
  return {
    variableNames: [...shader.inputs],
    outputShape: [size],
    workgroupSize: [WORKGROUP, 1, 1],
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(size / WORKGROUP), 1, 1],
    uniforms: uniforms.map((u) => `${u}, `).join(""),
    size: true,
    shaderKey: `nas_${shader.key}`,
    getUserCode: () => `
      ${shader.helpers ?? ""}
      fn main(i : i32) {
        if (i >= uniforms.size) { return; }
        ${shader.body}
        result[i] = out;
      }`,
  };
}

/** Runs a shader; `shape` is the output's. Values of uniforms by name. */
export function runShader(
  backend: WebGPUBackend,
  shader: Shader,
  inputs: readonly TensorInfo[],
  shape: readonly number[],
  values: Readonly<Record<string, number>>,
): TensorInfo {
  const uniforms = [
    ...shader.ints.map((name) => ({ type: "int32", data: [values[name] ?? 0] })),
    ...(shader.floats ?? []).map((name) => ({ type: "float32", data: [values[name] ?? 0] })),
  ];
  const flat = inputs.map((info) => ({ dataId: info.dataId, shape: [sizeOf(info.shape)], dtype: info.dtype }));
  const made = backend.runWebGPUProgram(programOf(shader, sizeOf(shape)), flat, "float32", uniforms);
  return { dataId: made.dataId, shape: [...shape], dtype: "float32" };
}
