/** FBNetV3's space: counts of the reference, its members, and strings that mean the same network. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import golden from "@/golden/fbnet/cifar_spaces.json";
import { rootKey } from "@/lib/rng";
import { costOf } from "../cost";
import { fromGenes, isIndexMutable, type IndexMutable } from "../mutator";
import { weightsOf } from "../weightCounts";
import { fbnetV3, fbnetV3Space, type FbnetV3Space } from "./fbnetV3";
import { sizes } from "./types";

const named = sizes.map((size) => [size, fbnetV3(size)] as const);
const genesOf = (space: FbnetV3Space) => fc.tuple(...space.mutables.map((m) => fc.nat((m as IndexMutable).choices.length - 1)));
const memberOf = (space: FbnetV3Space, genes: readonly number[]) => fromGenes(space.mutables.filter(isIndexMutable), genes);

describe.each(named)("fbnet-v3 %s", (size, space) => {
  const want = golden.v3[size === "nano" ? "tiny" : size];

  it("has the counts of the reference", () => {
    expect([space.count.paths, space.mutables.length]).toEqual([want.archCount, want.archDims]);
    for (const metric of ["macs", "params"] as const) {
      const { min, max } = space.extremes(metric);
      expect([min, max].map(({ choices }) => [weightsOf(space.graph(choices)), space.cost(choices).macs])).toEqual([want.minPath, want.maxPath]);
    }
  });

  it("encodes and decodes; equivalent strings have one canonical form and one cost", () => {
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        const choices = memberOf(space, genes);
        const text = space.encode(choices);
        expect(space.decode(text)).toEqual(choices);
        const arch = space.canonical(choices);
        expect(space.canonical(arch.choices)).toEqual(arch);
        expect(space.encode(arch.choices)).toBe(arch.id);
        expect(space.graph(arch.choices)).toEqual(space.graph(choices));
        expect(space.cost(choices)).toEqual(costOf(space.graph(choices)));
      }),
      { numRuns: 15 },
    );
  });

  it("knows its extremes", () => {
    fc.assert(
      fc.property(genesOf(space), fc.constantFrom("macs", "params"), (genes, metric) => {
        const { min, max } = space.extremes(metric);
        const [least, value, most] = [min.choices, memberOf(space, genes), max.choices].map((choices) => space.cost(choices)[metric]);
        expect(value).toBeGreaterThanOrEqual(least ?? NaN);
        expect(value).toBeLessThanOrEqual(most ?? NaN);
      }),
      { numRuns: 15 },
    );
  });
});

describe("members", () => {
  const space = fbnetV3("tiny");
  const { min, max } = space.extremes("macs");

  it("average 32 × 32 images down first", () => {
    const small = space.graph(min.choices).nodes;
    expect([small[0]?.shape, small[1]?.attrs, small[1]?.shape]).toEqual([[32, 32, 3], { op: "resize", side: 16 }, [16, 16, 3]]);
    expect(space.graph(max.choices).nodes[1]?.attrs.op).toBe("conv");
  });

  it("have h-swish and no ReLU", () => {
    const ops = space.graph(max.choices).nodes.map(({ attrs }) => attrs.op);
    expect([ops.includes("relu"), ops.filter((op) => op === "hswish").length]).toEqual([false, 2 + 2 * 6]);
  });

  it("widen by their input's channels exactly", () => {
    const graph = space.graph({ ...min.choices, stem: 12, "stage.0.firstExpansion": 2, "stage.1.repeats": 2, "stage.1.expansion": 3 });
    const channels = (name: string): number | undefined => graph.nodes.find((node) => node.name === name)?.shape[2];
    expect([channels("stage.0.block.0.expand"), channels("stage.1.block.0.expand"), channels("stage.1.block.1.expand")]).toEqual([24, 16, 36]);
  });

  it("add the input where stride and widths allow", () => {
    const added = (over: Readonly<Record<string, number>>): string[] => space.graph({ ...min.choices, ...over }).nodes.flatMap(({ attrs, name }) => (attrs.op === "add" ? [name] : []));
    expect(added({ stem: 8, "stage.0.channels": 8 })).toEqual(["stage.0.block.0.add"]);
    expect(added({ stem: 12, "stage.1.repeats": 2 })).toEqual(["stage.1.block.1.add"]);
  });

  it("of one block a stage are the same with any later expansion", () => {
    const ids = [2, 3].map((expansion) => space.canonical({ ...min.choices, "stage.1.expansion": expansion }).id);
    expect(ids[0]).toBe(ids[1]);
    const deep = [2, 3].map((expansion) => space.canonical({ ...min.choices, "stage.1.repeats": 2, "stage.1.expansion": expansion }).id);
    expect(deep[0]).not.toBe(deep[1]);
  });

  it("are counted once", () => {
    const narrow = fbnetV3Space({ ...space.layout, resolutions: [16], stem: [8], stages: space.layout.stages.slice(0, 1).map((stage) => ({ ...stage, channels: [8], kernels: [3] })) }, "nano");
    const mutables = narrow.mutables.filter(isIndexMutable);
    const all = mutables.reduce<number[][]>((found, { choices }) => found.flatMap((genes) => choices.map((_, i) => [...genes, i])), [[]]);
    expect([all.length, new Set(all.map((genes) => narrow.canonical(memberOf(narrow, genes)).id)).size]).toEqual([narrow.count.paths, narrow.count.distinct]);
  });

  it("sample within a space", () => {
    const rng = rootKey(1).stream();
    for (let i = 0; i < 20; i++) expect(() => space.graph(space.mutator.sample(rng))).not.toThrow();
  });
});
