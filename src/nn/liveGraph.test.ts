import { describe, expect, it } from "vitest";
import { checkNetwork } from "./backendCheckNetwork";
import { scoringGraph, trainingGraph } from "./liveGraph";
import { auxiliaryGraph } from "./testing/searchGraphs";

describe("trainingGraph and scoringGraph", () => {
  it("are the graph itself where nothing is left out", () => {
    expect(trainingGraph(checkNetwork)).toBe(checkNetwork);
    expect(scoringGraph(checkNetwork)).toBe(checkNetwork);
    const graph = auxiliaryGraph(1);
    expect(trainingGraph(graph)).toBe(graph);
  });

  it("scoring loses the auxiliary classifier with its parameters and norms; ids stay indices", () => {
    const graph = auxiliaryGraph(1);
    const scored = scoringGraph(graph);
    expect(scoringGraph(graph)).toBe(scored);
    expect(scored.auxiliary).toBeUndefined();
    const main = <T>(list: readonly T[], nameOf: (item: T) => string): T[] => list.filter((item) => !nameOf(item).startsWith("aux"));
    expect(scored.nodes.map((node) => node.name)).toEqual(main(graph.nodes, (node) => node.name).map((node) => node.name));
    expect(scored.params).toEqual(main(graph.params, (spec) => spec.name));
    expect(scored.norms).toEqual(main(graph.norms, (norm) => norm.stats));
    scored.nodes.forEach((node, i) => {
      expect(node.id).toBe(i);
      const before = graph.nodes.find((other) => other.name === node.name);
      expect(node.inputs.map((id) => scored.nodes[id]?.name)).toEqual(before?.inputs.map((id) => graph.nodes[id]?.name));
    });
    expect(scored.nodes[scored.output]?.name).toBe(graph.nodes[graph.output]?.name);
  });

  it("training loses what neither classifier needs, and parameters that nobody reads", () => {
    const graph = auxiliaryGraph(1);
    const spare = { name: "spare", shape: [3], role: "bias", init: { kind: "constant", value: 0 } } as const;
    const dead = { id: graph.nodes.length, name: "dead", attrs: { op: "relu" }, inputs: [1], shape: graph.nodes[1]?.shape ?? [], slot: null } as const;
    const trained = trainingGraph({ ...graph, nodes: [...graph.nodes, dead], params: [...graph.params, spare] });
    expect(trained).toEqual(graph);
  });
});
