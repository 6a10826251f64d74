import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { genotypeOfChoices } from "@/nas/cell/choices";
import type { Executor } from "@/nn/executor";
import type { MethodEvent, SavedState } from "../method";
import { advance, tinyConfig, tinyExecutor, tinyRun, type TinyRun } from "../testing/tinyRun";

let executor: Executor;
beforeAll(async () => {
  executor = await tinyExecutor();
});
afterAll(() => executor.dispose());

type Change = Parameters<typeof tinyConfig>[0];
const darts = (change: Change = {}) => tinyConfig({ algorithm: "darts", "train.steps": 6, "retrain.steps": 3, "retrain.width": 4, "darts.alphaLr": 0.05, ...change });

interface Column {
  readonly step: number;
  readonly values: readonly number[];
}

const columnsOf = (events: readonly MethodEvent[]): Column[] => events.flatMap((e) => (e.kind === "alpha" ? [{ step: e.step, values: [...e.values] }] : []));

interface Outcome {
  readonly losses: [number, number][];
  readonly alphas: readonly Column[];
  readonly winner: string;
  readonly gap: unknown;
  readonly test: number;
}

function outcomeOf({ run, losses, events }: TinyRun, before: TinyRun | null = null): Outcome {
  const { winner, test, gap } = run.metrics();
  return { losses: [...(before?.losses() ?? []), ...losses()], alphas: [...columnsOf(before?.events ?? []), ...columnsOf(events)], winner: winner?.id ?? "", gap, test: test?.value ?? Number.NaN };
}

async function whole(config = darts(), clock: "moving" | "still" = "moving"): Promise<Outcome> {
  const tiny = tinyRun(executor, config, null, clock);
  await advance(tiny.run.ticks());
  const outcome = outcomeOf(tiny);
  tiny.run.dispose();
  return outcome;
}

const variants: Readonly<Record<string, Change>> = {
  "first order": {},
  "second order": { "darts.order": 2 },
  GDAS: { algorithm: "gdas" },
  "DARTS on macro8": { space: "macro8" },
  "GDAS on NAS-Bench-201": { algorithm: "gdas", space: "nasbench201-cell" },
};

describe("a whole run", () => {
  it.each(Object.entries(variants))("%s gives the same α, losses, member and accuracies for the same seed, whenever losses are read", async (_, change) => {
    const a = await whole(darts(change), "moving");
    expect(await whole(darts(change), "still")).toEqual(a);
    expect(a.alphas.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(a.losses.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(a.winner).not.toBe("");
    expect(a.gap).not.toBeNull();
    expect(a.test).toBeGreaterThanOrEqual(0);
    const moved = a.alphas[6]?.values.map((v, i) => Math.abs(v - (a.alphas[0]?.values[i] ?? 0))) ?? [];
    expect(Math.max(...moved)).toBeGreaterThan(0.05);
  });

  it("takes another way with second order, and with another seed", async () => {
    const [a, b, c] = [await whole(), await whole(darts({ "darts.order": 2 })), await whole(darts({ seed: 8 }))];
    expect(b.alphas[0]).toEqual(a.alphas[0]);
    expect(b.alphas[6]).not.toEqual(a.alphas[6]);
    expect(c.alphas[0]).not.toEqual(a.alphas[0]);
  });

  it("leaves α alone in warm-up epochs", async () => {
    const { alphas } = await whole(darts({ "darts.warmupEpochs": 1 }));
    expect(alphas.every(({ values }) => String(values) === String(alphas[0]?.values))).toBe(true);
  });

  it("derives a pair of cells that both halves agree on", async () => {
    const tiny = tinyRun(executor, darts());
    await advance(tiny.run.ticks());
    const { winner, derived } = tiny.run.metrics();
    expect(derived?.id).toBe(winner?.id);
    const genotype = genotypeOfChoices(winner?.choices ?? {});
    expect(genotype.ok && genotype.value.normal.nodes.length).toBe(2);
    expect(tiny.space.decode(winner?.id ?? "")).toEqual(winner?.choices);
    tiny.run.dispose();
  });

  it("uses the first half of the records for w and the second for α", () => {
    const { run } = tinyRun(executor, darts());
    const records = run.records;
    expect(records && Math.max(...records.weights)).toBeLessThan(records ? Math.min(...records.validation) : 0);
    expect(records?.weights.length).toBeGreaterThan(0);
    run.dispose();
  });

  it("leaves nothing behind, finished or abandoned anywhere", async () => {
    await whole(darts({ "darts.order": 2 }));
    const { tensors } = executor.memory();
    await whole(darts({ "darts.order": 2 }));
    expect(executor.memory().tensors).toBe(tensors);
    for (const stop of [1, 4, 9, 14, 18]) {
      const { run } = tinyRun(executor, darts({ "darts.order": 2 }), null, "still");
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
    const unbroken = await whole(darts(change), "still");
    const points: Readonly<Record<string, (tiny: TinyRun) => boolean>> = {
      "mid-search": ({ run }) => run.status().step >= 3,
      "mid-derive": ({ run }) => run.status().phase === "search" && run.status().done >= 1,
      "mid-retrain": ({ run }) => run.status().step >= 8,
    };
    for (const [name, reached] of Object.entries(points)) {
      const first = tinyRun(executor, darts(change), null, "still");
      const ticks = first.run.ticks();
      await advance(ticks, () => reached(first));
      const saved = travel(await first.run.save());
      await ticks.return();
      first.run.dispose();
      const second = tinyRun(executor, darts(change), saved, "still");
      await advance(second.run.ticks());
      expect([name, outcomeOf(second, first)]).toEqual([name, unbroken]);
      second.run.dispose();
    }
  });
});

describe("what goes wrong", () => {
  it("says how much memory it wants, and refuses what cannot fit", async () => {
    const notes: string[] = [];
    const tiny = tinyRun(executor, darts({ "darts.order": 2 }));
    await advance(tiny.run.ticks(), ({ boundary }) => boundary === "phase");
    for (const event of tiny.events) if (event.kind === "note") notes.push(event.message);
    expect(notes.join()).toMatch(/Second-order DARTS at nano with batch 4 wants up to \d+ MB of memory\./);
    tiny.run.dispose();
    const small: Executor = Object.create(executor, { maxBytes: { value: 1000 } });
    expect(() => tinyRun(small, darts({ "darts.order": 2 }))).toThrow(/wants up to .* MB of memory, at least .* in one piece/);
  });
});

describe("a given architecture", () => {
  const given = (arch: string, change: Change = {}) => darts({ "retrain.arch": arch, ...change });

  it.each(["DARTS_V2", "DARTS_V1", "NASNet", "AmoebaNet", "PNASNet", "PDARTS", "GDAS_V1", "NNI_TUTORIAL_1", "NNI_TUTORIAL_2", "MMRAZOR_97.32", "MMRAZOR_PAPER_ALIAS"])("%s is trained from scratch without a search", async (name) => {
    const tiny = tinyRun(executor, given(name));
    await advance(tiny.run.ticks());
    expect(tiny.losses().map(([step]) => step)).toEqual([1, 2, 3]);
    expect(tiny.run.metrics().test?.n).toBe(40);
    tiny.run.dispose();
  });

  it("is refused when it is none, or cannot be built", () => {
    expect(() => tinyRun(executor, given("DARTS_V9"))).toThrow(/names no architecture of darts-cell/);
    expect(() => tinyRun(executor, given("SETN"))).toThrow(/conv_3x1_1x3/);
  });
});
