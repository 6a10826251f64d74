import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AppError } from "@/lib/appError";
import type { Candidate } from "@/nas/candidate";
import type { Executor } from "@/nn/executor";
import type { SavedState } from "../method";
import { advance, tinyConfig, tinyExecutor, tinyRun, type TinyRun } from "../testing/tinyRun";

let executor: Executor;
beforeAll(async () => {
  executor = await tinyExecutor();
});
afterAll(() => executor.dispose());

interface Outcome {
  readonly candidates: readonly Candidate[];
  readonly losses: [number, number][];
  readonly winner: string;
  readonly test: number;
  readonly counts: number[];
  readonly lossSum: number[];
}

function outcomeOf({ run, losses }: TinyRun, before: [number, number][] = []): Outcome {
  const { winner, test } = run.metrics();
  const { counts, lossSum } = run.paths();
  return { candidates: [...run.candidates()], losses: [...before, ...losses()], winner: winner?.id ?? "", test: test?.value ?? Number.NaN, counts: [...counts], lossSum: [...lossSum] };
}

async function whole(config = tinyConfig(), clock: "moving" | "still" = "moving"): Promise<Outcome> {
  const tiny = tinyRun(executor, config, null, clock);
  await advance(tiny.run.ticks());
  const outcome = outcomeOf(tiny);
  tiny.run.dispose();
  return outcome;
}

describe("a whole run", () => {
  it("gives the same pool, losses, winner and test accuracy for the same seed, whenever losses are read", async () => {
    const a = await whole(tinyConfig(), "moving");
    const b = await whole(tinyConfig(), "still");
    expect(b).toEqual(a);
    expect(a.candidates.filter((c) => c.arm === "evolution")).toHaveLength(8);
    expect(a.losses.map(([step]) => step)).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
    expect(a.losses.every(([, loss]) => loss > 0)).toBe(true);
  });

  it("differs with the seed", async () => {
    const [a, b] = [await whole(), await whole(tinyConfig({ seed: 8 }))];
    expect(b.candidates.map((c) => c.id)).not.toEqual(a.candidates.map((c) => c.id));
    expect(b.losses).not.toEqual(a.losses);
  });

  it("scores as many random candidates as evolved ones, each arm without doubles", async () => {
    const { candidates } = await whole();
    const ids = (arm: string): string[] => candidates.filter((c) => c.arm === arm).map((c) => c.id);
    expect(ids("random")).toHaveLength(ids("evolution").length);
    for (const arm of ["random", "evolution"]) expect(new Set(ids(arm)).size).toBe(ids(arm).length);
    expect(candidates.map((c) => c.index)).toEqual(candidates.map((_, i) => i));
    expect(candidates.every((c) => c.accuracy?.n === 20)).toBe(true);
    // What both arms drew has one score.
    const scores = new Map<string, number>();
    for (const c of candidates) {
      const value = c.accuracy?.value as number;
      expect(scores.get(c.id) ?? value).toBe(value);
      scores.set(c.id, value);
    }
  });

  it("leaves no tensor behind, finished or abandoned anywhere", async () => {
    await whole();
    const { tensors } = executor.memory();
    await whole();
    expect(executor.memory().tensors).toBe(tensors);
    for (const stop of [1, 5, 9, 14, 25, 60, 95]) {
      const { run } = tinyRun(executor, tinyConfig(), null, "still");
      const ticks = run.ticks();
      let left = stop;
      await advance(ticks, () => --left === 0);
      await ticks.return();
      run.dispose();
      expect([stop, executor.memory().tensors]).toEqual([stop, tensors]);
    }
  });

  it("keeps the number of tensors flat over 30 steps", async () => {
    const { run } = tinyRun(executor, tinyConfig({ "train.steps": 60 }), null);
    const ticks = run.ticks();
    const at = async (step: number): Promise<number> => {
      await advance(ticks, () => run.status().step >= step);
      return executor.memory().tensors;
    };
    // Every choice has been met by then, so that no momentum is new.
    const early = await at(28);
    expect(await at(58)).toBe(early);
    await ticks.return();
    run.dispose();
  });
});

describe("save and resume", () => {
  /** JSON and tensors travel through a file in between. */
  const travel = ({ json, tensors }: SavedState): SavedState => ({ json: JSON.parse(JSON.stringify(json)), tensors: new Map([...tensors].map(([k, v]) => [k, v.slice()])) });

  it("continues bit-equal from any point, with every loss", async () => {
    const unbroken = await whole(tinyConfig(), "still");
    const points: Record<string, (tiny: TinyRun) => boolean> = {
      "warm-up": () => true,
      "mid-supernet": ({ run }) => run.status().step >= 3,
      "mid-candidate": ({ run }) => run.candidates().length >= 2,
      "second generation": ({ run }) => run.candidates().some((c) => c.generation === 1),
      "mid-retrain": ({ run }) => run.status().step >= 8,
      "before the test": ({ run }) => run.status().phase === "test",
    };
    for (const [name, reached] of Object.entries(points)) {
      const first = tinyRun(executor, tinyConfig(), null, "still");
      const ticks = first.run.ticks();
      let extra = name === "mid-candidate" ? 2 : 1;
      await advance(ticks, () => reached(first) && --extra <= 0);
      const saved = travel(await first.run.save());
      await ticks.return();
      first.run.dispose();
      const second = tinyRun(executor, tinyConfig(), saved, "still");
      await advance(second.run.ticks());
      expect([name, outcomeOf(second, first.losses())]).toEqual([name, unbroken]);
      second.run.dispose();
    }
  });

  it("refuses weights of another network and keeps no tensor of the attempt", async () => {
    const { run } = tinyRun(executor, tinyConfig());
    const saved = await run.save();
    run.dispose();
    const { tensors } = executor.memory();
    const [name] = [...saved.tensors.keys()];
    const broken = new Map(saved.tensors);
    broken.delete(name as string);
    expect(() => tinyRun(executor, tinyConfig(), { ...saved, tensors: broken })).toThrow(AppError);
    expect(executor.memory().tensors).toBe(tensors);
  });
});

describe("limits", () => {
  it("are inclusive: the cost of the cheapest member is a limit that can be met", () => {
    for (const metric of ["macs", "params"] as const) {
      const { run, space } = tinyRun(executor, tinyConfig({ "evo.metric": metric }));
      run.dispose();
      const [low, high] = [space.cost(space.extremes(metric).min.choices)[metric], space.cost(space.extremes(metric).max.choices)[metric]];
      for (const range of [{ "evo.limit": low }, { "evo.min": high }]) tinyRun(executor, tinyConfig({ "evo.metric": metric, ...range })).run.dispose();
      for (const range of [{ "evo.limit": low - 1 }, { "evo.min": high + 1 }]) expect(() => tinyRun(executor, tinyConfig({ "evo.metric": metric, ...range }))).toThrow(AppError);
    }
  });

  it("that only one in thousands meets stop the search with a sentence", async () => {
    const { run, space } = tinyRun(executor, tinyConfig({ "train.steps": 0 }));
    run.dispose();
    const { macs } = space.cost(space.extremes("macs").min.choices);
    const rare = tinyRun(executor, tinyConfig({ "train.steps": 0, "evo.limit": macs }));
    await expect(advance(rare.run.ticks())).rejects.toMatchObject({ code: "search.infeasible", hint: "Raise the limit." });
    expect(rare.events).toContainEqual(expect.objectContaining({ kind: "note", level: "warning", message: expect.stringContaining("0.0 %") }));
    rare.run.dispose();
  });

  it("hold for every candidate of both arms", async () => {
    const { candidates } = await whole(tinyConfig({ "evo.metric": "params", "evo.min": 14_000, "evo.limit": 20_000, "train.steps": 1, "retrain.steps": 1, "evo.generations": 2 }));
    expect(candidates.length).toBeGreaterThan(8);
    for (const { params } of candidates) expect(params >= 14_000 && params <= 20_000).toBe(true);
  });

  it("that nothing can meet name the cheapest cost before a weight is made", () => {
    const { run, space } = tinyRun(executor, tinyConfig());
    run.dispose();
    const { macs } = space.cost(space.extremes("macs").min.choices);
    const { tensors } = executor.memory();
    const start = () => tinyRun(executor, tinyConfig({ "evo.limit": macs - 1 }));
    expect(start).toThrow(expect.objectContaining({ code: "search.infeasible", message: expect.stringContaining(String(macs)) }));
    expect(executor.memory().tensors).toBe(tensors);
  });

  it("changed while searching bind later proposals only", async () => {
    const { run, space } = tinyRun(executor, tinyConfig({ "evo.generations": 3, "train.steps": 1, "retrain.steps": 1 }));
    const { macs } = space.cost(space.decode("10010010") as never);
    await advance(run.ticks(), () => {
      if (run.candidates().length === 1) run.setLive({ "evo.limit": macs });
      return false;
    });
    const of = (generation: number, arm: string) => run.candidates().filter((c) => c.generation === generation && c.arm === arm);
    expect(Math.max(...of(0, "evolution").map((c) => c.macs))).toBeGreaterThan(macs);
    expect(run.candidates().filter((c) => c.generation > 0).length).toBeGreaterThan(0);
    for (const c of run.candidates()) if (c.generation > 0 || c.arm === "random") expect(c.macs).toBeLessThanOrEqual(macs);
    run.dispose();
  });

  it("are the only settings that change live", async () => {
    const { run } = tinyRun(executor, tinyConfig({ "train.steps": 1, "retrain.steps": 1 }));
    await advance(run.ticks(), () => {
      run.setLive({ "evo.metric": "params", "evo.pool": 1 });
      return false;
    });
    expect(run.candidates().filter((c) => c.generation === 0 && c.arm === "evolution")).toHaveLength(4);
    run.dispose();
  });
});

describe("what ends early", () => {
  it("a loss that is not finite ends the run at its step, whoever asks first", async () => {
    const { run, losses } = tinyRun(executor, tinyConfig({ "train.steps": 40 }), null, "still");
    run.setLive({ "train.lr": 1e30 });
    const ticks = run.ticks();
    await advance(ticks, () => run.status().step >= 20);
    await expect(run.save()).rejects.toMatchObject({ code: "train.nan", recoverable: true });
    const bad = losses().at(-1) as [number, number];
    expect(Number.isFinite(bad[1])).toBe(false);
    // The save saw it first; training must not go on as if nothing had been.
    await expect(advance(ticks)).rejects.toMatchObject({ code: "train.nan", step: bad[0] });
    run.dispose();
  });

  it("skipping a phase starts the next one at the next boundary", async () => {
    const tiny = tinyRun(executor, tinyConfig());
    const { run, events } = tiny;
    await advance(run.ticks(), () => {
      const { phase, done } = run.status();
      if (phase === "supernet" && done === 2) run.skipPhase();
      if (phase === "retrain" && done === 1) run.skipPhase();
      return false;
    });
    expect(tiny.losses().map(([step]) => step)).toEqual([1, 2, 3]);
    expect(events.flatMap((e) => (e.kind === "phase" ? [e.phase] : []))).toEqual(["supernet", "recalibrate", "search", "retrain", "test"]);
    expect(run.metrics().test?.n).toBe(40);
    run.dispose();
  });

  it("a search that is skipped at once still has something to retrain", async () => {
    const { run } = tinyRun(executor, tinyConfig({ "train.steps": 1, "retrain.steps": 1 }));
    await advance(run.ticks(), () => {
      if (run.status().phase === "search") run.skipPhase();
      return false;
    });
    expect(run.candidates()).toHaveLength(1);
    expect(run.metrics().winner?.index).toBe(0);
    run.dispose();
  });
});

describe("a step", () => {
  it("moves the sampled path's weights, momenta and statistics, and nothing else", async () => {
    const { run, space } = tinyRun(executor, tinyConfig({ "train.wd": 0.1 }));
    const ticks = run.ticks();
    await advance(ticks, () => run.status().step === 2);
    const before = (await run.save()).tensors;
    await advance(ticks, () => run.status().step === 3);
    const after = (await run.save()).tensors;
    const path = [...run.paths().path].join("");
    const graph = space.graph(space.decode(path) as never);
    const active = new Set(["params", "norms"].flatMap((kind) => (kind === "params" ? graph.params.map((p) => p.name) : graph.norms.flatMap((n) => [`${n.stats}.mean`, `${n.stats}.var`]))));
    const changed = [...after].filter(([name, values]) => !before.has(name) || values.some((v, i) => v !== before.get(name)?.[i])).map(([name]) => name.replace("supernet/", "").replace("#momentum", ""));
    expect(changed.filter((name) => !active.has(name))).toEqual([]);
    expect(new Set(changed)).toEqual(active);
    expect(graph.params.length).toBeLessThan(space.supernetParams().length);
    await ticks.return();
    run.dispose();
  });

  it("takes a forced choice once", async () => {
    const { run } = tinyRun(executor, tinyConfig({ "train.steps": 40 }));
    const ticks = run.ticks();
    const chosen: number[] = [];
    run.force(3, 2);
    await advance(ticks, (tick) => {
      if (tick.boundary === "step") chosen.push(run.paths().path[3] as number);
      return chosen.length === 12;
    });
    expect(chosen[0]).toBe(2);
    expect(new Set(chosen).size).toBe(3);
    await ticks.return();
    run.dispose();
  });
});

describe("weights", () => {
  it("are null before there are any, inherited once a candidate is scored, retrained after the first step", async () => {
    const { run } = tinyRun(executor, tinyConfig());
    const ticks = run.ticks();
    expect([await run.weights("inherited"), await run.weights("retrained")]).toEqual([null, null]);
    await advance(ticks, () => run.candidates().length > 0);
    expect((await run.weights("inherited"))?.stats).not.toBe("running");
    expect(await run.weights("retrained")).toBeNull();
    await advance(ticks, () => run.status().phase === "retrain" && run.status().done > 0);
    expect((await run.weights("retrained"))?.stats).toBe("running");
    await ticks.return();
    run.dispose();
  });
});
