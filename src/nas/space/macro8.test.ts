import { describe, expect, it } from "vitest";
import golden from "@/golden/nas-bench-macro.json";
import { costOf } from "../cost";
import { macro8, macro8Cost } from "./macro8";
import { sizes } from "./types";

const rows: [string, (number | null)[]][] = Object.entries(golden);

function allStrings(): string[] {
  return Array.from({ length: 3 ** 8 }, (_, i) => i.toString(3).padStart(8, "0"));
}

function graphCost(text: string) {
  const space = macro8("full");
  const choices = space.decode(text);
  if (choices === null) throw new Error(text);
  const { params, macs } = costOf(space.graph(choices));
  return { params, macs };
}

describe("macro8 costs (NAS-Bench-Macro)", () => {
  it.each([
    ["00000000", 387_882, 7_713_280],
    ["11111111", 1_588_874, 53_246_464],
    ["22222222", 2_932_586, 105_660_928],
    ["10210210", 1_264_650, 43_790_848],
    ["01201201", 1_283_434, 46_109_184],
    ["01210210", 1_283_434, 46_109_184],
    ["22212220", 1_985_514, 85_164_544],
  ])("%s", (text, params, macs) => {
    expect(graphCost(text)).toEqual({ params, macs });
    expect(macro8Cost(text, "full")).toEqual({ params, macs });
  });

  it.each([
    [0, 8_416, 4_415_488, 21_952, 10_141_696],
    [1, 27_200, 6_733_824, 60_416, 15_040_512],
    [2, 31_168, 4_304_896, 76_672, 9_527_296],
    [3, 103_552, 6_512_640, 219_136, 13_811_712],
    [4, 103_552, 6_512_640, 219_136, 13_811_712],
    [5, 119_680, 4_249_600, 284_416, 9_220_096],
    [6, 403_712, 6_402_048, 831_488, 13_197_312],
    [7, 403_712, 6_402_048, 831_488, 13_197_312],
  ])("additive table, layer %i", (layer, params1, macs1, params2, macs2) => {
    const [op0, op1, op2] = macro8("full").costTable.slots[layer] ?? [];
    if (!op0 || !op1 || !op2) throw new Error("three candidates");
    expect([op1.params - op0.params, op1.macs - op0.macs]).toEqual([params1, macs1]);
    expect([op2.params - op0.params, op2.macs - op0.macs]).toEqual([params2, macs2]);
  });

  it("has the published mean over all strings", () => {
    const costs = allStrings().map((s) => macro8Cost(s, "full"));
    expect(costs.reduce((a, c) => a + c.params, 0) / costs.length).toBeCloseTo(1_636_447.3, 1);
    expect(costs.reduce((a, c) => a + c.macs, 0) / costs.length).toBe(55_540_224);
  });

  it.each([
    ["nano", 7_950, 67_990, 218_688, 2_656_320, 1_093_440],
    ["tiny", 27_474, 221_282, 650_368, 8_327_296, 3_776_128],
    ["small", 101_274, 783_802, 2_152_704, 28_713_216, 13_909_248],
    ["full", 387_882, 2_932_586, 7_713_280, 105_660_928, 53_246_464],
  ] as const)("%s widths", (size, minParams, maxParams, minMacs, maxMacs, ones) => {
    const space = macro8(size);
    for (const metric of ["params", "macs"] as const) {
      const { min, max } = space.extremes(metric);
      expect([min.id, max.id]).toEqual(["00000000", "22222222"]);
      const { min: low, max: high } = { min: space.cost(min.choices)[metric], max: space.cost(max.choices)[metric] };
      expect([low, high]).toEqual(metric === "params" ? [minParams, maxParams] : [minMacs, maxMacs]);
    }
    expect(macro8Cost("11111111", size).macs).toBe(ones);
  });

  it("equals every row of the golden table, from the graph", () => {
    expect(rows.length).toBe(2187);
    let params = 0;
    let macs = 0;
    for (const [text, [, rowParams, rowMacs]] of rows) {
      const cost = graphCost(text);
      if (cost.params !== rowParams || cost.macs !== rowMacs) throw new Error(`${text}: ${JSON.stringify(cost)}`);
      params += cost.params;
      macs += cost.macs;
    }
    expect([params, macs]).toEqual([3_569_777_358, 121_256_783_360]);
  });
});

describe("macro8 identities", () => {
  it("has 3,969 distinct networks of 6,561 strings", () => {
    const space = macro8("nano");
    const ids = new Set<string>();
    for (const text of allStrings()) {
      const choices = space.decode(text);
      if (choices === null) throw new Error(text);
      const arch = space.canonical(choices);
      ids.add(arch.id);
      expect(space.canonical(arch.choices)).toEqual(arch);
      expect(space.cost(arch.choices)).toEqual(space.cost(choices));
    }
    expect(ids.size).toBe(3969);
    expect(space.count).toEqual({ paths: 6561, distinct: 3969 });
  });

  it("moves no-ops to the end of their stage", () => {
    const space = macro8("full");
    const choices = space.decode("01201201");
    expect(choices === null ? "" : space.canonical(choices).id).toBe("01210210");
  });

  it("names parameters by layer and choice", () => {
    const space = macro8("full");
    const choices = space.decode("02000000");
    const graph = choices === null ? null : space.graph(choices);
    const names = graph?.params.map((p) => p.name) ?? [];
    expect(names).toContain("layer.0.identity.conv.weight");
    expect(names).toEqual(
      expect.arrayContaining(["stem.conv.weight", "layer.1.mb6_k5.expand.weight", "layer.1.mb6_k5.dw.weight"]),
    );
    expect(names.slice(-2)).toEqual(["classifier.weight", "classifier.bias"]);
    expect(names.some((n) => n.startsWith("layer.3."))).toBe(false);
    expect(graph?.params.find((p) => p.name === "layer.1.mb6_k5.dw.weight")).toMatchObject({
      shape: [5, 5, 384, 1],
      role: "depthwise",
    });
    expect(graph?.norms.map((n) => n.stats)).toContain("layer.1.mb6_k5.bn2");
    expect(graph?.nodes.filter((n) => n.slot === "layer.2").map((n) => n.name)).toEqual([
      "layer.2.identity.conv",
      "layer.2.identity.bn",
    ]);
  });

  it("refuses text that is no member", () => {
    for (const text of ["", "0000000", "000000000", "00000003", "0000000a", "０0000000"])
      expect(macro8("nano").decode(text)).toBeNull();
    expect(() => macro8Cost("banana", "full")).toThrow(/eight digits/);
  });

  it("gives one object a size", () => {
    for (const size of sizes) expect(macro8(size)).toBe(macro8(size));
  });
});
