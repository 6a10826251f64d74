/** NodeDefs and weight bytes of a tfjs graph model, one node at a time. */
import { AppError } from "@/lib/appError";
import type { GraphNode } from "@/nas/graph";
import { floatBytes, type Weights } from "./safetensors";

export type Attr = Readonly<Record<string, unknown>>;
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, Attr>>;
}
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
}

export const FLOAT: Attr = { type: "DT_FLOAT" };
export const INT: Attr = { type: "DT_INT32" };
export const LOWEST = -3.4028234663852886e38;

export function text(value: string): Attr {
  return { s: btoa(value) };
}

export function ints(values: readonly number[]): Attr {
  return { list: { i: values.map(String) } };
}

export function dims(shape: readonly number[]): Attr {
  return { shape: { dim: shape.map((size) => ({ size: String(size) })) } };
}

/** Collects NodeDefs and weight bytes; names are made unique and legal for TensorFlow. */
export class ModelWriter {
  readonly nodes: NodeDef[] = [];
  readonly specs: WeightSpec[] = [];
  private readonly chunks: Uint8Array[] = [];
  private readonly taken = new Set<string>();

  add(name: string, op: string, input: readonly string[], attr: Readonly<Record<string, Attr>> = { T: FLOAT }): string {
    const legal = name.replace(/[^A-Za-z0-9_.\-/]/g, "_").replace(/^[^A-Za-z0-9.]/, "n$&");
    let unique = legal;
    for (let i = 1; this.taken.has(unique); i++) unique = `${legal}_${i}`;
    this.taken.add(unique);
    this.nodes.push({ name: unique, op, input, attr });
    return unique;
  }

  floats(name: string, shape: readonly number[], values: Float32Array): string {
    return this.constant(name, shape, "float32", floatBytes(values));
  }

  ints(name: string, shape: readonly number[], values: readonly number[]): string {
    const bytes = new Uint8Array(4 * values.length);
    const view = new DataView(bytes.buffer);
    values.forEach((value, i) => view.setInt32(4 * i, value, true));
    return this.constant(name, shape, "int32", bytes);
  }

  weightBytes(): Uint8Array {
    const all = new Uint8Array(this.chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  private constant(name: string, shape: readonly number[], dtype: WeightSpec["dtype"], bytes: Uint8Array): string {
    const value: Attr = {
      tensor: { dtype: dtype === "float32" ? "DT_FLOAT" : "DT_INT32", tensorShape: dims(shape)["shape"] },
    };
    const unique = this.add(name, "Const", [], { dtype: dtype === "float32" ? FLOAT : INT, value });
    this.specs.push({ name: unique, shape, dtype });
    this.chunks.push(bytes);
    return unique;
  }
}

export interface Context {
  readonly writer: ModelWriter;
  readonly weights: Weights;
  readonly node: GraphNode;
  /** TensorFlow names of the inputs, with the graph nodes that made them. */
  readonly from: readonly { readonly name: string; readonly node: GraphNode }[];
}

export function first({ from, node }: Context): Context["from"][number] {
  const input = from[0];
  if (input === undefined) throw new AppError("bug", `Node ${node.name} has no input.`);
  return input;
}
