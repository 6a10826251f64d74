import { describe, expect, it } from "vitest";
import { macro8 } from "@/nas/space/macro8";
import { makeSpace } from "@/nas/space/registry";
import { segmentsOf } from "./segments";

const graphOf = (arch: string) => {
  const space = macro8("nano");
  return space.graph(space.decode(arch) ?? {});
};

describe("segmentsOf", () => {
  it("cuts a path into stem, one segment a layer, and head; a skipped layer has none", () => {
    expect(segmentsOf(graphOf("11111111")).length).toBe(10);
    expect(segmentsOf(graphOf("10111111")).map((s) => s.label)).not.toContain("layer.1");
  });

  it("gives the same layer and choice the same key on every path that enters it the same way", () => {
    const keyOf = (arch: string, label: string) => segmentsOf(graphOf(arch)).find((s) => s.label === label)?.key;
    expect(keyOf("11111111", "layer.3")).toBe(keyOf("22112222", "layer.3"));
    expect(keyOf("11111111", "layer.3")).not.toBe(keyOf("11121111", "layer.3"));
    // Layer 1 is skipped: layer 2 reads what layer 0 wrote.
    expect(keyOf("11111111", "layer.2")).not.toBe(keyOf("10111111", "layer.2"));
  });

  it("covers every node once and every parameter", () => {
    const space = makeSpace("spos", "nano");
    const graph = space.graph(Object.fromEntries(space.mutables.map((m, i) => [m.id, m.choices[i % m.choices.length] as string])));
    const segments = segmentsOf(graph);
    expect(segments.flatMap((s) => [...s.members]).sort((a, b) => a - b)).toEqual(graph.nodes.slice(1).map((n) => n.id));
    expect(new Set(segments.flatMap((s) => s.params))).toEqual(new Set(graph.params.map((p) => p.name)));
  });

  it("keeps a graph whole when a value has readers in several segments", () => {
    const graph = graphOf("11111111");
    const early = graph.nodes.findLast((node) => node.slot === "layer.5")?.id ?? 0;
    const nodes = graph.nodes.map((node) => (node.attrs.op === "add" && node.slot === "layer.7" ? { ...node, inputs: [node.inputs[0] ?? 0, early] } : node));
    expect(segmentsOf({ ...graph, nodes }).length).toBe(1);
  });
});
