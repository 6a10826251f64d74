/** Graphs that are nothing but their input (a skip connection alone): there is nothing to compile or to differentiate, but they may be asked. */
import type { Graph } from "@/nas/graph";
import type { Batch, Probe } from "./executor";

export function isIdentity(graph: Graph): boolean {
  return graph.nodes[graph.output]?.attrs.op === "input";
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, n) => a * n, 1);

/** The value of the output. */
export function identityOutput(graph: Graph, { images, size }: Batch): Float32Array {
  return images.slice(0, size * sizeOf(graph.nodes[graph.output]?.shape ?? []));
}

/** Value and gradients: those of parameters are zero. */
export function identityProbe(graph: Graph, batch: Batch, upstream: Float32Array): Probe {
  const gradients = new Map(graph.params.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
  return { output: identityOutput(graph, batch), inputGradient: upstream.slice(), gradients };
}
