/** FBNetV2's space: counts of the reference, its members, the rows of its search, and an expected cost that is the members' at one-hot weights. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import golden from "@/golden/fbnet/cifar_spaces.json";
import { costOf } from "../cost";
import { isIndexMutable, fromGenes, type IndexMutable } from "../mutator";
import { expectedCost } from "../relaxation/costModel";
import { weightsOf } from "../weightCounts";
import { fbnetV2, type FbnetV2Space } from "./fbnetV2";
import { blocksOf, midWidth } from "./fbnetV2Layout";
import { sizes, type MaskShare } from "./types";

const named = sizes.map((size) => [size, fbnetV2(size)] as const);
const shares: readonly MaskShare[] = ["stage", "block"];

const genesOf = (space: FbnetV2Space) => fc.tuple(...space.mutables.map((m) => fc.nat((m as IndexMutable).choices.length - 1)));
const memberOf = (space: FbnetV2Space, genes: readonly number[]) => fromGenes(space.mutables.filter(isIndexMutable), genes);
const picksOf = (space: FbnetV2Space, share: MaskShare) => fc.tuple(...space.masked.rows(share).map(({ options }) => fc.nat(options.length - 1)));

describe.each(named)("fbnet-v2 %s", (size, space) => {
  const want = golden.v2[size === "nano" ? "tiny" : size];

  it("has the counts of the reference", () => {
    expect(Math.abs(space.count.paths / want.archCount - 1)).toBeLessThan(1e-12);
    for (const metric of ["macs", "params"] as const) {
      const { min, max } = space.extremes(metric);
      expect([min, max].map(({ choices }) => [weightsOf(space.graph(choices)), space.cost(choices).macs])).toEqual([want.minPath, want.maxPath]);
    }
    expect(space.layout).toMatchObject({ resolutions: want.space.res, stem: want.space.stem, last: want.space.last, divisor: want.space.divisor });
  });

  it("encodes and decodes one character a decision, its own canonical form", () => {
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        const choices = memberOf(space, genes);
        const text = space.encode(choices);
        expect(text).toBe(genes.join(""));
        expect(space.decode(text)).toEqual(choices);
        expect(space.canonical(choices)).toEqual({ choices, id: text });
        expect(space.cost(choices)).toEqual(costOf(space.graph(choices)));
      }),
      { numRuns: 12 },
    );
    const zero = "0".repeat(space.mutables.length);
    expect([zero.slice(1), `${zero}0`, `9${zero.slice(1)}`, `-${zero.slice(1)}`, zero.slice(1).padEnd(zero.length)].map((text) => space.decode(text))).toEqual(Array.from({ length: 5 }, () => null));
  });

  it("knows its extremes", () => {
    fc.assert(
      fc.property(genesOf(space), fc.constantFrom("macs", "params"), (genes, metric) => {
        const { min, max } = space.extremes(metric);
        const [least, value, most] = [min.choices, memberOf(space, genes), max.choices].map((choices) => space.cost(choices)[metric]);
        expect(value).toBeGreaterThanOrEqual(least ?? NaN);
        expect(value).toBeLessThanOrEqual(most ?? NaN);
      }),
      { numRuns: 12 },
    );
  });

  it("takes every parameter of a member from the widest network's corner", () => {
    const wide = new Map(space.supernetParams().map((p) => [p.name, p]));
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        for (const { name, shape, role } of space.graph(memberOf(space, genes)).params) {
          expect(wide.get(name)?.role).toBe(role);
          shape.forEach((n, axis) => expect(n).toBeLessThanOrEqual(wide.get(name)?.shape[axis] ?? 0));
        }
      }),
      { numRuns: 6 },
    );
  });

  describe.each(shares)("shared by %s", (share) => {
    const rows = space.masked.rows(share);

    it("decides every mutable once", () => {
      expect(rows.flatMap(({ mutables }) => mutables).sort()).toEqual(space.mutables.map(({ id }) => id).sort());
      expect(rows[0]?.id).toBe("resolution");
      expect(rows.every(({ options }) => options.length > 1)).toBe(true);
      expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    });

    it("has the same parameters at every resolution, read under the names of its rows", () => {
      const graphs = [null, 0, space.layout.resolutions.length - 1].map((resolution) => space.masked.searchGraph(share, resolution));
      for (const graph of graphs) expect(graph.params).toEqual(graphs[0]?.params);
      const own = graphs[0]?.params.filter(({ role }) => role === "architecture").map(({ name, shape }) => [name, shape[0]]);
      expect(own).toEqual(rows.map(({ id, widths, options }) => (widths ? [`mask.${id}`, widths.at(-1)] : [`weights.${id}`, options.length])));
      expect(space.masked.searchGraph(share, 0)).toBe(space.masked.searchGraph(share, 0));
    });

    it.each(["macs", "params"] as const)("expects the members' %s at one-hot weights, exactly", (metric) => {
      const { model, max } = space.masked.cost(share, metric);
      expect(max).toBe(space.cost(space.extremes(metric).max.choices)[metric]);
      fc.assert(
        fc.property(picksOf(space, share), (picks) => {
          const weights = rows.map(({ options }, row) => options.map((_, i) => Number(i === picks[row])));
          expect(expectedCost(model, weights).total).toBe(space.cost(space.masked.choicesOf(share, picks))[metric]);
        }),
        { numRuns: 25 },
      );
    });
  });

  it("gives all blocks of a stage one width when they share it, so that every one but the first adds its input", () => {
    fc.assert(
      fc.property(picksOf(space, "stage"), (picks) => {
        const added = space.graph(space.masked.choicesOf("stage", picks)).nodes.flatMap(({ attrs, name }) => (attrs.op === "add" ? [name] : []));
        expect(added).toEqual(blocksOf(space.layout).filter(({ block }) => block > 0).map(({ at }) => `${at}.add`)); // prettier-ignore
      }),
      { numRuns: 5 },
    );
  });
});

describe("members", () => {
  const space = fbnetV2("tiny");
  const { min, max } = space.extremes("macs");

  it("see images of 32 × 32 and sub-sample them", () => {
    const small = space.graph(min.choices).nodes;
    expect(small[0]?.shape).toEqual([32, 32, 3]);
    expect(small[1]).toMatchObject({ attrs: { op: "subsample", side: 16 }, slot: "resolution" });
    expect(space.graph(max.choices).nodes[1]?.attrs.op).toBe("conv");
  });

  it("name what may be chosen, and nothing that may not", () => {
    expect(space.mutables.slice(0, 4)).toEqual([
      { kind: "value", id: "resolution", choices: [16, 24, 32] },
      { kind: "value", id: "stem", choices: [8, 12] },
      { kind: "value", id: "stage.0.block.0.expansion", choices: [1, 2] },
      { kind: "value", id: "stage.0.block.0.channels", choices: [8, 12] },
    ]);
    expect(space.slots.map(({ mutable }) => mutable)).toEqual(space.mutables.map(({ id }) => id));
  });

  it("add no input where widths differ", () => {
    const last = { "stage.2.block.0.channels": 16, "stage.2.block.1.channels": 24 };
    expect(space.graph({ ...min.choices, ...last }).nodes.some(({ attrs }) => attrs.op === "add")).toBe(false);
    expect(space.graph({ ...min.choices, "stage.2.block.1.channels": 16 }).nodes.some(({ attrs }) => attrs.op === "add")).toBe(true);
  });

  it("refuse values that are no options", () => {
    expect(() => space.graph({ ...min.choices, stem: 9 })).toThrow(/stem cannot be 9/);
    expect(() => space.masked.choicesOf("stage", [9])).toThrow(/resolution has no option 9/);
  });
});

describe("mid widths", () => {
  it("are multiples of the divisor, rounded half up, at least one", () => {
    expect([midWidth(12, 2, 4), midWidth(20, 1, 8), midWidth(24, 0.75, 8), midWidth(10, 1, 4), midWidth(1, 1, 8)]).toEqual([24, 24, 16, 12, 8]);
  });
});
