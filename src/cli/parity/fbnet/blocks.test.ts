/** FBNet's parts and counts: green on the copy in the repository, red when one number of it is another. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import countsGolden from "@/golden/fbnet/arch_counts.json";
import blocksGolden from "@/golden/fbnet/blocks.json";
import shuffleGolden from "@/golden/fbnet/channel_shuffle.json";
import spacesGolden from "@/golden/fbnet/cifar_spaces.json";
import { type Bench, changed, more, openBench } from "../darts/testing";
import type { Handler } from "../types";
import { archCounts } from "./archCounts";
import { blocks } from "./blocks";
import { channelShuffle } from "./channelShuffle";
import { cifarSpaces } from "./cifarSpaces";

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
  /** Where a value is changed and to what: each breaks one case. */
  readonly changes: readonly (readonly [path: string, change: unknown])[];
}

const families: readonly Family[] = [
  {
    name: "blocks",
    handler: blocks,
    file: blocksGolden,
    cases: blocksGolden.cases.length,
    changes: [
      ["cases/0/yEval/data/7", more(0.01)],
      ["cases/1/yTrain/data/3", more(0.01)],
      ["cases/1/grad/pwl/data/0", more(0.1)],
      ["cases/2/runningAfter/bn2/runningVar/data/1", more(0.01)],
      ["cases/3/bn1/runningMean/data/2", more(0.5)],
      ["cases/3/config/residual", false],
      ["cases/4/config/stride", 1],
      ["cases/5/grad/x/data/9", more(0.1)],
      ["cases/6/config/keepPw", true],
      ["cases/7/grad/bn.beta/data/0", more(0.1)],
    ],
  },
  { name: "channel_shuffle", handler: channelShuffle, file: shuffleGolden, cases: shuffleGolden.cases.length, changes: [["cases/0/y/data/1", more(1e-5)], ["cases/1/sourceChannel/data/0", more(1)], ["cases/0/groups", 4]] },
  {
    name: "arch_counts",
    handler: archCounts,
    file: countsGolden,
    cases: 9,
    changes: [
      ["archs/fbnet_a/released/rows/3/macs", more(1)],
      ["archs/fbnet_b/keepPw/params", more(1)],
      ["archs/fbnet_c/released/macsPlusPool", more(1)],
      ["published/fbnet_b/top1", more(1)],
    ],
  },
  {
    name: "cifar_spaces",
    handler: cifarSpaces,
    file: spacesGolden,
    cases: 9,
    changes: [
      ["v1/tiny/layers/2/paramsMacs/skip/0", more(1)],
      ["v1/small/supernetMacs", more(1)],
      ["v1/full/maxPath/1", more(1)],
      ["v1/full/archCount", 1e21],
      ["v1/tiny/space/last", 65],
      ["v2/small/minPath/0", more(1)],
      ["v3/full/archDims", more(1)],
    ],
  },
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
