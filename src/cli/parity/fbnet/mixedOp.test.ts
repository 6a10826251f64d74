/** Weights, joint losses and their gradients: green on the copies in the repository, red when one number of them is another. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import gumbelGolden from "@/golden/fbnet/gumbel.json";
import lossGolden from "@/golden/fbnet/latency_loss.json";
import mixedGolden from "@/golden/fbnet/mixed_op.json";
import { type Bench, changed, more, openBench } from "../darts/testing";
import type { Handler } from "../types";
import { gumbel } from "./gumbel";
import { latencyLoss } from "./latencyLoss";
import { mixedOp } from "./mixedOp";

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
    name: "gumbel",
    handler: gumbel,
    file: gumbelGolden,
    cases: gumbelGolden.cases.length + gumbelGolden.perSample.length + 1,
    changes: [
      ["cases/0/gumbel/data/3", more(0.01)],
      ["cases/1/m/data/0", more(0.01)],
      ["cases/2/argmax", more(1)],
      ["cases/3/softmaxTheta/data/0", more(0.01)],
      ["cases/4/gradTheta/data/2", more(0.01)],
      ["cases/5/tau", 0.3],
      ["perSample/0/gradTheta/data/1", more(0.01)],
      ["schedule/tauExp/4", more(0.01)],
      ["schedule/tau0956/4", more(0.01)],
      ["schedule/cosineLr/4", more(0.001)],
    ],
  },
  {
    name: "latency_loss",
    handler: latencyLoss,
    file: lossGolden,
    cases: lossGolden.cases.length,
    changes: [
      ["cases/0/lat", more(1)],
      ["cases/0/fixedMicroseconds", more(1)],
      ["cases/0/ce", more(0.01)],
      ["cases/1/beta", 0.7],
      ["cases/1/losses/paper/loss", more(0.01)],
      ["cases/1/losses/inner/dLossDce", more(0.01)],
      ["cases/2/losses/additive/dLossDlat", more(0.01)],
      ["cases/2/losses/paper/gradLogits/data/0", more(0.01)],
      ["cases/2/losses/additiveLog/gradTheta/data/5", more(0.01)],
    ],
  },
  {
    name: "mixed_op",
    handler: mixedOp,
    file: mixedGolden,
    cases: 1,
    changes: [
      ["layerOut/0/data/5", more(0.01)],
      ["layerOut/1/data/5", more(0.01)],
      ["logits/data/5", more(0.01)],
      ["ce", more(0.01)],
      ["gradThetaCeOnly/data/0", more(0.01)],
      ["losses/paper/gradTheta/data/7", more(0.001)],
      ["losses/inner/grad.fc/data/0", more(0.001)],
      ["losses/additive/grad.l1.k5_e3.dw/data/0", more(0.001)],
      ["losses/additiveLog/grad.l0.k3_e1_g2.pwl/data/0", more(0.001)],
      ["layers/0/k3_e1/pw/data/0", more(0.1)],
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

it("takes candidates by any name, in any order of columns", async () => {
  interface Columns {
    readonly shape: readonly number[];
    readonly data: readonly number[];
  }
  const turned = ({ shape, data }: Columns): Columns => {
    const count = shape[1] ?? 1;
    return { shape, data: data.map((_, i) => data[i - (i % count) + ((i + 1) % count)] ?? NaN) };
  };
  const other = structuredClone(mixedGolden) as unknown as Record<string, Columns> & { layers: Record<string, unknown>[]; losses: Record<string, Record<string, unknown>> };
  for (const key of ["theta", "gumbel", "lutMicroseconds", "m", "gradThetaCeOnly"]) other[key] = turned(other[key] as Columns);
  other.layers = other.layers.map((layer) => {
    const [first, ...rest] = Object.entries(layer);
    return Object.fromEntries([...rest, ["other", first?.[1]]]);
  });
  for (const loss of Object.values(other.losses)) {
    loss["gradTheta"] = turned(loss["gradTheta"] as Columns);
    loss["grad.l0.other.pw"] = loss["grad.l0.k3_e1.pw"];
    delete loss["grad.l0.k3_e1.pw"];
  }
  expect((await bench.run(mixedOp, other)).map(({ status, note }) => [status, note])).toEqual([["pass", expect.any(String)]]);
});
