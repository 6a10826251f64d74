import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Executor } from "@/nn/executor";
import type { MethodEvent, SavedState } from "../method";
import { advance, tinyConfig, tinyExecutor, tinyRun, type TinyRun } from "../testing/tinyRun";

let executor: Executor;
beforeAll(async () => {
  executor = await tinyExecutor();
});
afterAll(() => executor.dispose());

type Change = Parameters<typeof tinyConfig>[0];
/** Two epochs of 16 steps of weights, one pass of 4 steps of θ; no table is measured, so that equal seeds are equal runs. */
const fbnet = (change: Change = {}) =>
  tinyConfig({ algorithm: "fbnet-v1", "fbnet.metric": "macs", "train.batch": 10, "train.steps": 20, "fbnet.warmupEpochs": 1, "fbnet.thetaLr": 0.5, "fbnet.samples": 2, "retrain.steps": 3, ...change });

const columnsOf = (events: readonly MethodEvent[]) => events.flatMap((e) => (e.kind === "alpha" ? [{ step: e.step, values: [...e.values] }] : []));

interface Outcome {
  readonly losses: [number, number][];
  readonly columns: ReturnType<typeof columnsOf>;
  readonly candidates: unknown;
  readonly winner: string;
  readonly test: number;
}

function outcomeOf({ run, losses, events }: TinyRun, before: TinyRun | null = null): Outcome {
  const { winner, test } = run.metrics();
  return {
    losses: [...(before?.losses() ?? []), ...losses()],
    columns: [...columnsOf(before?.events ?? []), ...columnsOf(events)],
    candidates: run.candidates(),
    winner: winner?.id ?? "",
    test: test?.value ?? Number.NaN,
  };
}

async function whole(config = fbnet(), clock: "moving" | "still" = "moving"): Promise<Outcome> {
  const tiny = tinyRun(executor, config, null, clock);
  await advance(tiny.run.ticks());
  const outcome = outcomeOf(tiny);
  tiny.run.dispose();
  return outcome;
}

const variants: Readonly<Record<string, Change>> = {
  "V1": {},
  "V1 with two candidates a layer": { "fbnet.paths": "top2" },
  "V1 with the weights' own loss": { "fbnet.wLoss": "ce", "fbnet.loss": "additive" },
  "V1 on macro8": { space: "macro8" },
  "V2, one resolution a step": { algorithm: "fbnet-v2" },
  "V2, all resolutions at once": { algorithm: "fbnet-v2", "fbnet2.mode": "full" },
  "V2 with widths of its own for every block": { algorithm: "fbnet-v2", "fbnet2.share": "block", "fbnet.loss": "paper" },
};

describe("a whole run", () => {
  it.each(Object.entries(variants))("%s gives the same θ, losses, samples and accuracy for the same seed, whenever losses are read", async (_, change) => {
    const a = await whole(fbnet(change), "moving");
    expect(await whole(fbnet(change), "still")).toEqual(a);
    // 20 steps of weights report their loss, 4 of θ only count.
    expect(a.losses.map(([step]) => step)).toEqual([...Array.from({ length: 20 }, (_, i) => i + 1), 25, 26, 27]);
    expect(a.columns.map(({ step }) => step)).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(a.test).toBeGreaterThanOrEqual(0);
    const [first, warm, last] = [a.columns[0], a.columns[20], a.columns[24]].map((column) => column?.values ?? []);
    expect(warm).toEqual(first);
    const moved = last?.map((v, i) => Math.abs(v - (first?.[i] ?? 0))) ?? [];
    expect(Math.max(...moved)).toBeGreaterThan(0.4);
  });

  it("takes another way with another seed, loss or weight", async () => {
    const [a, b, c, d] = [await whole(), await whole(fbnet({ seed: 8 })), await whole(fbnet({ "fbnet.loss": "additive" })), await whole(fbnet({ "fbnet.weight": 3 }))];
    for (const other of [b, c, d]) expect(other.columns[24]).not.toEqual(a.columns[24]);
    expect(a.losses[0]).toEqual(c.losses[0]);
  });

  it("leans to the cheap candidates the more, the more the cost weighs", async () => {
    const expected = async (weight: number): Promise<number> => {
      const tiny = tinyRun(executor, fbnet({ "fbnet.weight": weight, "fbnet.loss": "normalised", "train.steps": 48 }));
      await advance(tiny.run.ticks(), ({ boundary }) => boundary === "phase" && tiny.run.status().phase === "search");
      const costs = tiny.events.flatMap((e) => (e.kind === "cost" ? [e.expected] : []));
      tiny.run.dispose();
      return costs.at(-1) ?? Number.NaN;
    };
    const [none, much] = [await expected(0), await expected(50)];
    expect(much).toBeLessThan(0.9 * none);
  });

  it("scores the argmax first, then samples, each with its cost and probability", async () => {
    const tiny = tinyRun(executor, fbnet());
    await advance(tiny.run.ticks());
    const all = tiny.run.candidates();
    expect(all.length).toBe(3);
    expect(all[0]?.origin).toEqual({ kind: "derived", rule: "official" });
    for (const c of all) {
      expect(c.macs).toBe(tiny.space.cost(c.choices).macs);
      expect(c.logProbability).toBeLessThan(0);
      expect(c.accuracy?.n).toBe(20);
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    tiny.run.dispose();
  });

  it("leaves nothing behind, finished or abandoned anywhere", async () => {
    const config = fbnet({ algorithm: "fbnet-v2" });
    await whole(config);
    const { tensors } = executor.memory();
    await whole(config);
    expect(executor.memory().tensors).toBe(tensors);
    for (const stop of [1, 4, 12, 24, 30]) {
      const { run } = tinyRun(executor, config, null, "still");
      const ticks = run.ticks();
      let left = stop;
      await advance(ticks, () => --left === 0);
      await ticks.return();
      run.dispose();
      expect([stop, executor.memory().tensors]).toEqual([stop, tensors]);
    }
  });
});

describe("save and resume", () => {
  const travel = ({ json, tensors }: SavedState): SavedState => ({ json: JSON.parse(JSON.stringify(json)), tensors: new Map([...tensors].map(([k, v]) => [k, v.slice()])) });

  it.each(Object.entries(variants))("%s continues bit-equal from any point", async (_, change) => {
    const unbroken = await whole(fbnet(change), "still");
    const points: Readonly<Record<string, (tiny: TinyRun) => boolean>> = {
      "among the weights": ({ run }) => run.status().step >= 3,
      "in the pass of θ": ({ run }) => run.status().step >= 22,
      "between two samples": ({ run }) => run.status().phase === "search" && run.status().done >= 1,
      "while retraining": ({ run }) => run.status().step >= 26,
    };
    for (const [name, reached] of Object.entries(points)) {
      const first = tinyRun(executor, fbnet(change), null, "still");
      const ticks = first.run.ticks();
      await advance(ticks, () => reached(first));
      const saved = travel(await first.run.save());
      await ticks.return();
      first.run.dispose();
      const second = tinyRun(executor, fbnet(change), saved, "still");
      await advance(second.run.ticks());
      expect([name, outcomeOf(second, first)]).toEqual([name, unbroken]);
      second.run.dispose();
    }
  });
});

describe("members of the masked network", () => {
  it("score with inherited weights what the search network scores when its masks are that member", async () => {
    const tiny = tinyRun(executor, fbnet({ algorithm: "fbnet-v2" }));
    await advance(tiny.run.ticks(), ({ boundary }) => boundary === "phase" && tiny.run.status().phase === "retrain");
    const [first] = tiny.run.candidates();
    const again = await tiny.run.evaluate(first?.choices ?? {});
    expect(again.accuracy).toEqual(first?.accuracy);
    const inherited = await tiny.run.weights("inherited");
    expect(inherited?.graph.params.some(({ role }) => role === "architecture")).toBe(false);
    tiny.run.dispose();
  });
});

describe("what goes wrong", () => {
  it("a target below the cheapest network names that network's cost", async () => {
    const tiny = tinyRun(executor, fbnet({ "fbnet.target": 0.01 }));
    await expect(advance(tiny.run.ticks())).rejects.toThrow(/target of 0\.0100 M MACs cannot be reached: the cheapest network of this space costs 0\.124 M MACs/);
    tiny.run.dispose();
  });

  it("a network that is nearly all skips is said to be one", async () => {
    const tiny = tinyRun(executor, fbnet({ "fbnet.weight": 500, "fbnet.loss": "normalised", "train.steps": 64 }));
    await advance(tiny.run.ticks());
    expect(tiny.events.flatMap((e) => (e.kind === "note" ? [e.message] : [])).join()).toMatch(/[45] of the 5 layers of the likeliest network are skips/);
    tiny.run.dispose();
  });

  it("a target that the likeliest network misses is kept by the winner", async () => {
    const tiny = tinyRun(executor, fbnet({ "fbnet.target": 0.14, "fbnet.weight": 0 }));
    await advance(tiny.run.ticks());
    expect(tiny.run.metrics().winner?.macs).toBeLessThanOrEqual(0.14e6);
    tiny.run.dispose();
  });
});
