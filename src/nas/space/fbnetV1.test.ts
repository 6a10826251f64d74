import { describe, expect, it } from "vitest";
import golden from "@/golden/fbnet/cifar_spaces.json";
import { nodeCosts } from "../cost";
import { weightsOf } from "../weightCounts";
import { blockName, fbnetChoices, fbnetLayouts, fbnetV1, parseBlock } from "./fbnetV1";
import type { SinglePathSpace } from "./singlePath";

const sized = ["tiny", "small", "full"] as const;
/** As the reference counts: weights alone. */
const pairOf = (space: SinglePathSpace, id: string): [number, number] => {
  const choices = space.decode(id);
  if (choices === null) throw new Error(id);
  const graph = space.graph(choices);
  return [weightsOf(graph), space.cost(choices).macs];
};

describe("the sizes of FBNet's space", () => {
  it.each(sized)("%s is the reference's", (size) => {
    const want = golden.v1[size];
    const { resolution, stem, stemStride, stages, last, choices } = fbnetLayouts[size];
    expect({ res: resolution, stem, stem_stride: stemStride, stages, last, ops: choices }).toEqual(want.space);
    const space = fbnetV1(size);
    expect(space.count.paths / want.archCount).toBeCloseTo(1, 12);
    const { min, max } = space.extremes("macs");
    expect([pairOf(space, max.id), pairOf(space, min.id)]).toEqual([want.maxPath, want.minPath]);
    expect(weightsOf({ params: space.supernetParams() })).toBe(want.supernetParams);
    const supernet = space.mixed?.searchGraph;
    expect(supernet && nodeCosts(supernet).reduce((sum, { macs }) => sum + macs, 0)).toBe(want.supernetMacs);
  });

  it("nano is tiny by another name", () => {
    expect(fbnetLayouts.nano).toBe(fbnetLayouts.tiny);
    expect([fbnetV1("nano").size, fbnetV1("nano").capabilities]).toEqual(["nano", ["opChoice", "mix", "latency"]]);
  });
});

describe("equal networks of FBNet's space", () => {
  it.each([
    // 16 → 16 alone | 16 → 24, one more | 24 → 40, two more | 40 → 80, two more
    ["800880088", "800800808"],
    ["010818012", "010810812"],
  ])("small %s has one form", (text) => {
    const space = fbnetV1("small");
    const choices = space.decode(text);
    const { id } = space.canonical(choices ?? {});
    for (const [first, end] of [[1, 3], [3, 6], [6, 9]] as const) {
      const rest = id.slice(first + 1, end);
      expect(rest).toMatch(/^[0-7]*8*$/);
      expect([...rest].sort()).toEqual([...text.slice(first + 1, end)].sort());
      expect(id[first]).toBe(text[first]);
    }
    expect(id[0]).toBe(text[0]);
    expect(space.canonical(space.decode(id) ?? {}).id).toBe(id);
    expect(space.cost(space.decode(id) ?? {})).toEqual(space.cost(choices ?? {}));
  });

  it("are counted once", () => {
    const space = fbnetV1("tiny");
    const ids = new Set(Array.from({ length: 5 ** 5 }, (_, i) => space.canonical(space.decode(i.toString(5).padStart(5, "0")) ?? {}).id));
    expect(space.count).toEqual({ paths: 3125, distinct: ids.size });
    // Runs of one layer are never reordered; in `full` those of three are.
    expect(fbnetV1("full").count.distinct).toBe((9 * (1 + 8 + 64 + 512)) ** 5 * 9 * 9);
  });

  it("keep a skip that changes the shape where it is", () => {
    const space = fbnetV1("tiny");
    const graph = space.graph(space.decode("44444") ?? {});
    expect(graph.nodes.filter(({ attrs }) => attrs.op === "conv").map(({ name }) => name)).toEqual(["stem.conv", "layer.0.skip.conv", "layer.1.skip.conv", "layer.3.skip.conv", "last.conv"]);
    expect(graph.nodes.filter(({ name }) => name === "layer.0.skip.relu").length).toBe(1);
  });
});

describe("blocks of FBNet", () => {
  it("are named by kernel, expansion and groups", () => {
    for (const choice of fbnetChoices) {
      const block = parseBlock(choice);
      expect(block === null ? "skip" : blockName(block)).toBe(choice);
    }
    expect(parseBlock("k5_e1_g2")).toEqual({ k: 5, e: 1, g: 2 });
  });

  it("shuffle between the first 1×1's ReLU and the depthwise convolution", () => {
    const space = fbnetV1("small");
    const graph = space.graph(space.decode("100000000") ?? {});
    const ops = graph.nodes.filter(({ slot }) => slot === "layer.0").map(({ attrs }) => attrs.op);
    expect(ops).toEqual(["conv", "batchNorm", "relu", "shuffle", "depthwise", "batchNorm", "relu", "conv", "batchNorm", "add"]);
    const convs = graph.nodes.flatMap(({ slot, attrs }) => (slot === "layer.0" && attrs.op === "conv" ? [attrs.groups] : []));
    expect(convs).toEqual([2, 2]);
  });
});
