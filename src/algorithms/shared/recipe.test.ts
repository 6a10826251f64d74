import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import type { Recipe } from "@/nas/candidate";
import type { Graph } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { defaultRecipe, settingsOf } from "@/nas/joint/recipe";
import { torchDefaultInit } from "@/nas/space/init";
import { makeSpace } from "@/nas/space/registry";
import type { Executor, ParamStore } from "@/nn/executor";
import { tinyExecutor } from "../testing/tinyRun";
import { decayAt, RecipeTrainer } from "./recipe";
import { recipeDrops, recipeGraph } from "./recipeGraph";

let executor: Executor;
beforeAll(async () => {
  executor = await tinyExecutor();
});
afterAll(() => executor.dispose());

const size = 8;

/** conv → norm, twice, the second beside an identity; pooled, classified. */
function plainGraph(): Graph {
  const b = graphBuilder([4, 4, 3], torchDefaultInit);
  const first = b.relu("relu", b.batchNorm("bn1", b.conv("conv1", b.input, { cout: 5 })));
  const branch = b.batchNorm("bn2", b.conv("conv2", first, { cout: 5 }));
  const sum = b.node("sum", { op: "add" }, [branch, first]);
  return b.finish(b.linear("fc", b.node("pool", { op: "globalAvgPool" }, [sum]), 3));
}

function viewOf(seed: number) {
  const rng = rootKey(seed).stream();
  return { images: Float32Array.from({ length: size * 48 }, () => rng.normal()), labels: Uint8Array.from({ length: size }, (_, i) => i % 3), size };
}

interface Bench {
  readonly graph: Graph;
  readonly store: ParamStore;
  readonly trainer: RecipeTrainer;
  step(n: number): void;
}

function bench(change: Recipe): Bench {
  const recipe = { ...defaultRecipe, ...change };
  const graph = recipeGraph(plainGraph(), settingsOf(recipe));
  const store = executor.createStore(graph.params, graph.norms, rootKey(1));
  const trainer = new RecipeTrainer(executor, store, graph, recipe, rootKey(2));
  const step = (n: number): void => {
    const { batch, options } = trainer.stepOf(viewOf(n), n);
    executor.trainStep(store, [graph], batch, { ...options, lr: trainer.settings.lr, clip: null }, true);
    trainer.after(n);
  };
  return { graph, store, trainer, step };
}

const values = async (graph: Graph, store: ParamStore): Promise<Map<string, Float32Array>> => new Map(await Promise.all(graph.params.map(async ({ name }) => [name, await store.read(name)] as const)));

function near(got: ReadonlyMap<string, ArrayLike<number>>, want: ReadonlyMap<string, ArrayLike<number>>): void {
  for (const [name, numbers] of want) {
    const found = got.get(name) ?? [];
    expect(found.length, name).toBe(numbers.length);
    for (let i = 0; i < numbers.length; i++) expect(Math.abs((found[i] as number) - (numbers[i] as number)), `${name} ${i}`).toBeLessThan(1e-5);
  }
}

describe("the moving average", () => {
  it("is the recurrence e ← d·e + (1 − d)·w with d = min(0.99, (1 + t)/(10 + t))", async () => {
    const { graph, store, trainer, step } = bench({ ema: "on", lr: 0.2 });
    const average = new Map([...(await values(graph, store))].map(([name, v]) => [name, Float64Array.from(v)]));
    for (let t = 0; t < 6; t++) {
      step(t);
      const d = Math.min(0.99, (1 + t) / (10 + t));
      for (const [name, w] of await values(graph, store)) average.set(name, (average.get(name) as Float64Array).map((e, i) => d * e + (1 - d) * (w[i] as number)));
    }
    const saved = await trainer.snapshot();
    near(new Map([...average].map(([name]) => [name, saved.get(`${name}#ema`) ?? []])), average);
    // It is another than the weights.
    expect(Math.abs((average.get("fc.weight")?.[0] ?? 0) - (saved.get("fc.weight")?.[0] ?? 0))).toBeGreaterThan(1e-3);
    store.dispose();
  });

  it("forgets soon at first, and slowly later", () => {
    expect([0, 1, 8].map(decayAt)).toEqual([0.1, 2 / 11, 0.5]);
    expect([890, 891, 10_000].map(decayAt)).toEqual([891 / 900, 0.99, 0.99]);
  });

  it("takes the weights' place and gives it back; a snapshot does not depend on which is there", async () => {
    const { graph, store, trainer, step } = bench({ ema: "on" });
    for (let t = 0; t < 3; t++) step(t);
    const [weights, saved] = [await values(graph, store), await trainer.snapshot()];
    trainer.swap(true);
    trainer.swap(true);
    const swapped = await values(graph, store);
    near(swapped, new Map(graph.params.map(({ name }) => [name, saved.get(`${name}#ema`) ?? []])));
    expect(swapped.get("fc.weight")).not.toEqual(weights.get("fc.weight"));
    expect(await trainer.snapshot()).toEqual(saved);
    trainer.swap(false);
    expect(await values(graph, store)).toEqual(weights);
    store.dispose();
  });

  it("stays in the weights' place when the training is over, with the statistics that belong to it", async () => {
    const { graph, store, trainer, step } = bench({ ema: "on" });
    for (let t = 0; t < 3; t++) step(t);
    const saved = await trainer.snapshot();
    trainer.swap(true);
    const recalibration = executor.recalibrate(store, graph);
    recalibration.add(viewOf(9));
    const stats = recalibration.finish();
    const wanted = await stats.read();
    await trainer.settle(stats);
    stats.dispose();
    near(await values(graph, store), new Map(graph.params.map(({ name }) => [name, saved.get(`${name}#ema`) ?? []])));
    for (const [name, numbers] of wanted) expect(await store.read(name)).toEqual(numbers);
    expect(wanted.size).toBe(4);
    store.dispose();
  });

  it("is not kept where the recipe does not ask for one", async () => {
    const { graph, store, trainer, step } = bench({});
    step(0);
    const before = await values(graph, store);
    trainer.swap(true);
    expect(await values(graph, store)).toEqual(before);
    expect([...(await trainer.snapshot()).keys()].filter((name) => name.includes("#ema"))).toEqual([]);
    store.dispose();
  });
});

describe("snapshot and restore", () => {
  it.each([{ ema: "on" }, { ema: "off", optimizer: "adam" }, { ema: "on", dropout: 0.3, dropConnect: 0.2, mixup: 0.4 }])("with %o goes on bit-equal in another store", async (change) => {
    const first = bench(change);
    for (let t = 0; t < 3; t++) first.step(t);
    const saved = new Map([...(await first.trainer.snapshot())].map(([name, v]) => [name, v.slice()]));
    const second = bench(change);
    second.step(7);
    second.trainer.restore(saved);
    expect(await second.trainer.snapshot()).toEqual(saved);
    for (const one of [first, second]) for (let t = 3; t < 6; t++) one.step(t);
    expect(await second.trainer.snapshot()).toEqual(await first.trainer.snapshot());
    expect(await first.trainer.snapshot()).not.toEqual(saved);
    [first, second].forEach(({ store }) => store.dispose());
  });
});

describe("what is dropped", () => {
  const [dropout, dropConnect] = [0.3, 0.2];

  it("is the branch beside an identity, and units of the vector that the classifier reads", () => {
    const { graph, store } = bench({ dropout, dropConnect });
    expect(recipeDrops(graph)).toEqual([{ scope: "recipe.sum", rate: dropConnect, width: 1 }, { scope: "recipe.fc", rate: dropout, width: 5 }]);
    const named = (name: string) => graph.nodes.find((node) => node.name === name);
    expect(named("sum")?.inputs.map((id) => graph.nodes[id]?.name)).toEqual(["sum.drop", "relu"]);
    expect(graph.nodes[named("sum.drop")?.inputs[0] ?? -1]?.name).toBe("bn2");
    expect(named("fc")?.inputs.map((id) => graph.nodes[id]?.name)).toEqual(["fc.drop"]);
    store.dispose();
  });

  it("is nothing where nothing is asked for", () => {
    const graph = plainGraph();
    expect(recipeGraph(graph, { dropout: 0, dropConnect: 0 })).toBe(graph);
    expect([recipeDrops(recipeGraph(graph, { dropout, dropConnect: 0 })).length, recipeDrops(recipeGraph(graph, { dropout: 0, dropConnect })).length]).toEqual([1, 1]);
  });

  it("is every residual branch of a member of FBNetV3's space", () => {
    const space = makeSpace("fbnet-v3", "nano");
    const { choices } = space.extremes("macs").max;
    const sums = space.graph(choices).nodes.filter(({ attrs }) => attrs.op === "add").length;
    expect(sums).toBeGreaterThan(0);
    expect(recipeDrops(recipeGraph(space.graph(choices), { dropout, dropConnect })).map(({ rate }) => rate)).toEqual([...Array<number>(sums).fill(dropConnect), dropout]);
  });

  it("has multipliers of 0 or 1/(1 − rate), as many noughts as the rate says, and so a mean of one", () => {
    const { store, trainer } = bench({ dropout, dropConnect });
    const drawn = { "recipe.sum": [] as number[], "recipe.fc": [] as number[] };
    for (let step = 0; step < 500; step++) {
      const { masks } = trainer.stepOf(viewOf(1), step).batch;
      expect([...(masks?.keys() ?? [])]).toEqual(["recipe.sum", "recipe.fc"]);
      drawn["recipe.sum"].push(...(masks?.get("recipe.sum") ?? []).slice(0, size));
      drawn["recipe.fc"].push(...(masks?.get("recipe.fc") ?? []).slice(0, size * 5));
    }
    for (const [scope, rate] of [["recipe.sum", dropConnect], ["recipe.fc", dropout]] as const) {
      const all = drawn[scope];
      expect([...new Set(all)].sort()).toEqual([0, Math.fround(1 / (1 - rate))]);
      const error = 4 * Math.sqrt((rate * (1 - rate)) / all.length);
      expect(Math.abs(all.filter((v) => v === 0).length / all.length - rate)).toBeLessThan(error);
      expect(Math.abs(all.reduce((a, b) => a + b, 0) / all.length - 1)).toBeLessThan(error / (1 - rate));
    }
    store.dispose();
  });

  it("is the same at the same step, another at another, and beside masks that are not the recipe's", () => {
    const { store, trainer } = bench({ dropout, dropConnect });
    const at = (step: number): number[] => [...(trainer.stepOf(viewOf(1), step).batch.masks?.get("recipe.fc") ?? [])];
    expect(at(3)).toEqual(at(3));
    expect(at(4)).not.toEqual(at(3));
    const other = new Map([["cell", Float32Array.of(1, 2)]]);
    expect([...(trainer.stepOf(viewOf(1), 0, other).batch.masks?.keys() ?? [])]).toEqual(["cell", "recipe.sum", "recipe.fc"]);
    store.dispose();
  });
});

describe("optimizer and mixup", () => {
  it("are what the recipe says; Adam's rate is a fortieth", () => {
    const [sgd, adam] = [bench({ lr: 0.1, weightDecay: 3e-4 }), bench({ lr: 0.1, weightDecay: 3e-4, optimizer: "adam" })];
    expect(sgd.trainer.stepOf(viewOf(1), 0).options).toEqual({ optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 3e-4, decayNorms: true }, labelSmoothing: 0 });
    expect(adam.trainer.stepOf(viewOf(1), 0).options).toEqual({ optimizer: { kind: "adam", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 3e-4, decayNorms: true }, labelSmoothing: 0 });
    expect([sgd.trainer.settings.lr, adam.trainer.settings.lr]).toEqual([0.1, 0.0025]);
    [sgd, adam].forEach(({ store }) => store.dispose());
  });

  it("blend images and labels by one λ a step, the same at the same step", () => {
    const { store, trainer } = bench({ mixup: 0.4 });
    const at = (step: number) => {
      const view = viewOf(1);
      const { options } = trainer.stepOf(view, step);
      return { images: [...view.images], teacher: [...(options.teacher ?? [])] };
    };
    expect(at(5)).toEqual(at(5));
    const plain = viewOf(1).images;
    const mirror = (size - 1) * 48;
    const lambdas = Array.from({ length: 20 }, (_, step) => {
      const { images, teacher } = at(step);
      // λ by the labels of the first example (its class 0, its mirror's 1) is that of its first pixel.
      const lambda = Math.exp(teacher[0] as number);
      expect(Math.exp(teacher[1] as number)).toBeCloseTo(1 - lambda, 6);
      expect(images[0]).toBeCloseTo(lambda * (plain[0] as number) + (1 - lambda) * (plain[mirror] as number), 5);
      return lambda;
    });
    expect(new Set(lambdas).size).toBe(20);
    expect(lambdas.filter((v) => v > 0.05 && v < 0.95).length).toBeGreaterThan(3);
    store.dispose();
  });
});
