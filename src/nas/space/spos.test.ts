import { describe, expect, it } from "vitest";
import { costOf } from "../cost";
import type { SinglePathSpace } from "./singlePath";
import { sposImageNet, spos } from "./spos";
import { sposMobilenet } from "./sposMobilenet";

const razor = sposImageNet({ layout: "razor" });
const megvii = sposImageNet({ layout: "megvii" });

function price(space: SinglePathSpace, genes: readonly number[]) {
  const choices = space.fromGenes(genes);
  const cost = costOf(space.graph(choices));
  expect(space.cost(choices)).toEqual(cost);
  return cost;
}

const all = (space: SinglePathSpace, gene: number): number[] => space.mutables.map(() => gene);

/** Exact mean and standard deviation of an additive cost over uniform paths. */
function moments(space: SinglePathSpace, metric: "macs" | "params" | "razorFlops") {
  let mean = space.costTable.base[metric];
  let variance = 0;
  for (const slot of space.costTable.slots) {
    const values = slot.map((c) => c[metric]);
    const m = values.reduce((a, b) => a + b, 0) / values.length;
    mean += m;
    variance += values.reduce((a, v) => a + (v - m) ** 2, 0) / values.length;
  }
  return { mean, std: Math.sqrt(variance) };
}

describe("spos scaled to 32×32", () => {
  it.each([
    [
      "nano",
      6,
      [521_984, 638_720, 813_824, 581_632],
      [510_464, 814_592],
      [639_040, 58_672],
      [9_418, 14_218, 12_810],
      11_946,
    ],
    [
      "tiny",
      6,
      [1_006_208, 1_192_576, 1_472_128, 1_094_528],
      [951_424, 1_483_648],
      [1_191_360, 93_391],
      [25_058, 33_058, 32_406],
      29_695,
    ],
    [
      "small",
      10,
      [15_125_504, 16_903_168, 19_569_664, 16_886_784],
      [13_217_792, 20_998_144],
      [17_121_280, 989_067],
      [294_746, 336_346, 393_218],
      333_924,
    ],
    [
      "full",
      20,
      [93_049_856, 98_866_176, 107_590_656, 115_188_736],
      [84_810_752, 126_606_336],
      [103_673_856, 3_846_868],
      [2_140_618, 2_283_338, 2_856_554],
      2_369_554,
    ],
  ] as const)("%s", (size, slots, macs, range, [mean, std], params, meanParams) => {
    const space = spos(size);
    expect(space.mutables.length).toBe(slots);
    expect(space.count.paths).toBe(4 ** slots);
    expect([0, 1, 2, 3].map((g) => price(space, all(space, g)).macs)).toEqual(macs);
    expect([0, 2, 3].map((g) => price(space, all(space, g)).params)).toEqual(params);
    const { min, max } = space.extremes("macs");
    expect([space.cost(min.choices).macs, space.cost(max.choices).macs]).toEqual(range);
    const law = moments(space, "macs");
    expect([Math.round(law.mean), Math.round(law.std)]).toEqual([mean, std]);
    expect(Math.abs(moments(space, "params").mean - meanParams)).toBeLessThanOrEqual(0.5);
  });

  it("initialises as the authors", () => {
    const params = new Map(
      spos("tiny")
        .supernetParams()
        .map((p) => [p.name, p.init]),
    );
    expect(params.get("stem.conv.weight")).toEqual({ kind: "normal", std: 0.01 });
    expect(params.get("layers.0.0.shuffle_3x3.proj.pw1.weight")).toEqual({ kind: "normal", std: 1 / 8 });
    expect(params.get("layers.0.0.shuffle_3x3.main.dw1.weight")).toEqual({ kind: "normal", std: 1 });
    expect(params.get("layers.0.0.shuffle_3x3.main.bn1.bias")).toEqual({ kind: "constant", value: 0.0001 });
    expect(params.get("classifier.weight")).toEqual({ kind: "normal", std: 0.01 });
  });

  it("mixes channels as MMRazor: keep the first half, shuffle at the end", () => {
    const space = spos("tiny");
    const { nodes } = space.graph(space.fromGenes(all(space, 0)));
    const block = nodes.filter((n) => n.slot === "layers.0.1").map((n) => n.attrs);
    expect(block.slice(0, 2)).toEqual([
      { op: "slice", begin: 0, size: 8 },
      { op: "slice", begin: 8, size: 8 },
    ]);
    expect(block.at(-1)).toEqual({ op: "shuffle", groups: 2 });
  });
});

describe("spos blocks at 224² (razor)", () => {
  it.each([
    ["layers.0.0", [12_594_176, 15_002_624, 18_615_296, 12_343_296], [2_768, 3_536, 4_688, 4_384]],
    ["layers.0.1", [7_325_696, 8_931_328, 11_339_776, 12_343_296], [2_528, 3_040, 3_808, 4_320]],
    ["layers.1.0", [26_104_064, 27_910_400, 30_619_904, 20_095_488], [18_704, 21_008, 24_464, 26_848]],
    ["layers.1.1", [10_599_680, 11_603_200, 13_108_480, 16_746_240], [14_000, 15_280, 17_200, 22_320]],
    ["layers.2.0", [30_670_080, 31_673_600, 33_178_880, 21_199_360], [81_280, 86_400, 94_080, 110_720]],
    ["layers.2.1", [10_317_440, 10_819_200, 11_571_840, 15_899_520], [53_600, 56_160, 60_000, 83_040]],
    ["layers.3.0", [30_387_840, 30_889_600, 31_642_240, 20_634_880], [316_160, 326_400, 341_760, 426_240]],
    ["layers.3.1", [10_176_320, 10_427_200, 10_803_520, 15_476_160], [209_600, 214_720, 222_400, 319_680]],
  ])("%s", (id, macs, params) => {
    const costs = razor.costTable.slots[razor.mutables.findIndex((m) => m.id === id)] ?? [];
    expect(costs.map((c) => c.macs)).toEqual(macs);
    expect(costs.map((c) => c.params)).toEqual(params);
  });
});

describe("published totals at 224², 1,000 classes", () => {
  const subnet = [2, 0, 2, 0, 3, 1, 1, 0, 0, 1, 0, 1, 0, 3, 1, 2, 2, 0, 1, 3];
  const paper = [2, 1, 0, 1, 2, 0, 2, 0, 2, 0, 2, 3, 0, 0, 0, 0, 3, 2, 3, 3];
  const detnas = [1, 0, 0, 0, 3, 0, 3, 2, 2, 2, 3, 3, 0, 2, 1, 3, 2, 2, 2, 1];
  const coco = [2, 1, 2, 0, 2, 1, 1, 2, 3, 3, 1, 3, 0, 0, 3, 1, 3, 1, 3, 2];
  const dsnas = [0, 2, 0, 1, 0, 0, 0, 2, 3, 0, 0, 1, 0, 1, 2, 2, 3, 0, 2, 0];
  it.each([
    ["SPOS_SUBNET", razor, subnet, 3_353_592, 316_019_520, 327_544_320],
    ["SPOS_SUBNET", megvii, subnet, 3_353_104, 317_023_040, 328_547_840],
    ["PAPER", razor, paper, 3_558_952, 321_915_200, 333_668_928],
    ["PAPER", megvii, paper, 3_558_464, 322_918_720, 334_672_448],
    ["DETNAS_SUBNET", razor, detnas, 3_348_600, 324_919_488, 337_212_608],
    ["DETNAS_SUBNET", megvii, detnas, 3_348_112, 325_923_008, 338_216_128],
    ["DETNAS_340M_COCO", razor, coco, 3_531_560, 320_215_488, 332_235_776],
    ["DETNAS_340M_COCO", megvii, coco, 3_531_072, 321_219_008, 333_239_296],
    ["DSNAS_SUBNET", razor, dsnas, 3_330_600, 287_883_328, 299_135_296],
    ["DSNAS_SUBNET", megvii, dsnas, 3_330_112, 288_886_848, 300_138_816],
  ])("%s", (_, space, genes, params, macs, razorFlops) => {
    expect(price(space, genes)).toEqual({ params, macs, razorFlops });
  });

  it.each([
    [4, 50_025_472, 14_016],
    [8, 103_927_040, 85_424],
    [16, 215_160_960, 585_424],
    [20, 282_882_880, 1_671_184],
  ])("SPOS_SUBNET after %i blocks", (blocks, macs, params) => {
    // Stem: 3×3×3×16 weights at 112², and γ, β of its norm.
    let sum = { macs: 432 * 112 * 112, params: 432 + 32 };
    subnet.slice(0, blocks).forEach((gene, i) => {
      const cost = razor.costTable.slots[i]?.[gene];
      sum = { macs: sum.macs + (cost?.macs ?? NaN), params: sum.params + (cost?.params ?? NaN) };
    });
    expect(sum).toEqual({ macs, params });
  });

  it.each([
    [0, 3_154_880, 295_842_496],
    [1, 3_211_968, 313_654_976],
    [2, 3_297_600, 340_373_696],
    [3, 3_870_816, 358_825_920],
  ])("all blocks %i in the authors' layout", (gene, params, macs) => {
    expect(price(megvii, all(megvii, gene))).toMatchObject({ params, macs });
  });

  it("prices the block search of the paper's channel experiment", () => {
    const genes = [0, 0, 3, 1, 1, 1, 0, 0, 2, 0, 2, 1, 1, 0, 2, 0, 2, 1, 3, 2];
    expect(price(megvii, genes)).toMatchObject({ macs: 318_729_024, params: 3_345_088 });
  });

  it("has the stated law over uniform paths", () => {
    const { min, max } = razor.extremes("macs");
    expect([razor.cost(min.choices).macs, razor.cost(max.choices).macs]).toEqual([269_355_840, 397_605_696]);
    const [params, macs, flops] = (["params", "macs", "razorFlops"] as const).map((m) => moments(razor, m));
    expect([params, macs, flops].map((m) => [Math.round(m?.mean ?? 0), Math.round(m?.std ?? 0)])).toEqual([
      [3_384_304, 95_750],
      [326_170_752, 11_830_934],
      [338_702_992, 12_250_096],
    ]);
  });

  it("prices AngleNAS's SPOS_MOBILENET_490M", () => {
    const space = sposMobilenet();
    const names =
      "k3e1 | k5e3 k5e3 id k3e3 | k3e3 id id k3e3 | k7e6 id k7e3 k7e3 | k3e3 k3e3 k7e3 k5e3 | k5e6 k7e3 k7e3 k7e3 | k5e6".match(
        /\w+/g,
      ) ?? [];
    const choices = Object.fromEntries(
      space.mutables.map((m, i) => [m.id, names[i] === "id" ? "identity" : `mb_${names[i]}`]),
    );
    expect(names.length).toBe(22);
    expect(costOf(space.graph(choices))).toEqual({ params: 5_936_776, macs: 470_792_064, razorFlops: 490_136_480 });
    expect(space.cost(choices).macs).toBe(470_792_064);
  });

  it("refuses a resolution that does not divide", () => {
    expect(() => sposImageNet({ layout: "razor", resolution: 100 })).toThrow(/multiple of 32/);
  });
});
