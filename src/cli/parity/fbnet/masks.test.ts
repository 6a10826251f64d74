/** Masks, resolutions and effective cost: green on the copies in the repository, red when one number of them is another. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import spacesGolden from "@/golden/fbnet/cifar_spaces.json";
import dmaskGolden from "@/golden/fbnet/dmask.json";
import costGolden from "@/golden/fbnet/effective_cost.json";
import resolutionGolden from "@/golden/fbnet/resolution.json";
import { type Bench, changed, more, openBench } from "../darts/testing";
import type { Handler } from "../types";
import { compareV2, compareV3 } from "./cifarV2V3";
import { dmask } from "./dmask";
import { effectiveCosts } from "./effectiveCost";
import { resolution } from "./resolution";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench("cpu");
});
afterAll(() => bench.dispose());

interface Family {
  readonly name: string;
  readonly handler: Handler;
  readonly file: unknown;
  readonly cases: number;
  readonly changes: readonly (readonly [path: string, change: unknown])[];
}

const families: readonly Family[] = [
  {
    name: "dmask",
    handler: dmask,
    file: dmaskGolden,
    cases: dmaskGolden.cases.length,
    changes: [
      ["cases/0/mask/data/7", more(0.01)],
      ["cases/0/tau", 4],
      ["cases/1/effectiveChannels", more(0.01)],
      ["cases/1/y/data/3", more(0.01)],
      ["cases/0/grad/alpha/data/1", more(0.01)],
      ["cases/0/grad/x/data/1", more(0.01)],
      ["cases/1/gradBnReluMask/alpha/data/0", more(0.01)],
      ["cases/1/gradBnReluMask/beta/data/0", more(0.01)],
      ["cases/1/bn/gamma/data/0", more(0.1)],
    ],
  },
  {
    name: "effective_cost",
    handler: effectiveCosts,
    file: costGolden,
    cases: costGolden.cases.length,
    changes: [
      ["cases/0/perLayer/1/h", more(0.01)],
      ["cases/0/perLayer/2/params", more(1)],
      ["cases/1/flops", more(1)],
      ["cases/1/resolutions/0", 25],
      ["cases/0/gradFlops/resolution/data/0", more(100)],
      ["cases/0/gradParams/b1.mid/data/0", more(1)],
      ["cases/0/blocks/2/stride", 1],
    ],
  },
  {
    name: "resolution",
    handler: resolution,
    file: resolutionGolden,
    cases: resolutionGolden.indexMaps.length + resolutionGolden.ops.length + resolutionGolden.aggregate.length,
    changes: [
      ["indexMaps/3/index/2", more(1)],
      ["ops/1/sub/data/4", more(0.001)],
      ["ops/1/interleaved/data/4", more(0.001)],
      ["aggregate/0/optionOut/1/data/4", more(0.01)],
      ["aggregate/0/y/data/4", more(0.01)],
      ["aggregate/1/z/data/4", more(0.01)],
      ["aggregate/1/grad/alpha/data/4", more(0.01)],
      ["aggregate/1/grad/w2/data/4", more(0.01)],
      ["aggregate/1/stride", 1],
    ],
  },
  { name: "v2 spaces", handler: compareV2, file: spacesGolden.v2, cases: 3, changes: [["tiny/archCount", more(1)], ["small/maxPath/1", more(1)], ["full/minPath/0", more(1)], ["small/space/divisor", 64], ["tiny/resolutionOverhead", more(0.1)]] },
  { name: "v3 spaces", handler: compareV3, file: spacesGolden.v3, cases: 3, changes: [["tiny/archDims", more(1)], ["small/maxPath/0", more(1)], ["full/minPath/1", more(1)], ["small/space/last", 64], ["tiny/space/stages/0/0", [1]]] },
];

describe.each(families)("$name", ({ handler, file, cases, changes }) => {
  it("is green as it is", async () => {
    const results = await bench.run(handler, file);
    expect(results.filter(({ status }) => status !== "pass")).toEqual([]);
    expect(results.length).toBe(cases);
  });

  it.each(changes.map(([path, change]) => ({ path, change })))("is red with another value at $path", async ({ path, change }) => {
    const results = await bench.run(handler, changed(file, path, change));
    expect(results.filter(({ status }) => status === "fail").length).toBe(1);
  });
});
