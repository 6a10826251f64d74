/** A case as data for the PyTorch peer: nodes, shapes and sizes; values are its own, since only time is asked for. */
import type { BenchCase } from "./cases";
import { EVALUATION } from "./cases";

export function graphForTorch({ name, kind, graph, batch }: BenchCase): object {
  return { name, kind, batch, evaluation: EVALUATION, nodes: graph.nodes.map(({ attrs, inputs, shape }) => ({ attrs, inputs, shape })), output: graph.output, params: graph.params };
}
