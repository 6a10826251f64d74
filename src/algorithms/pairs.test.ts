/** Every pair of method and space: legal ones search, test and retrain by id; the others say what is missing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { genotypeOfChoices } from "@/nas/cell/choices";
import type { Executor } from "@/nn/executor";
import { algorithmIds, ownSpace, spaceIds } from "./configKeys";
import { pairProblem } from "./pairs";
import { advance, tinyConfig, tinyExecutor, tinyRun } from "./testing/tinyRun";

let executor: Executor;
beforeAll(async () => {
  executor = await tinyExecutor();
});
afterAll(() => executor.dispose());

const pairs = algorithmIds.flatMap((algorithm) => spaceIds.map((space) => [algorithm, space] as const));
const legal = pairs.filter(([algorithm, space]) => pairProblem(algorithm, space) === null);

describe("legal pairs", () => {
  it("are these", () => {
    const spacesOf = Object.fromEntries(algorithmIds.map((id) => [id, legal.flatMap(([algorithm, space]) => (algorithm === id ? [space] : []))]));
    const layers = ["macro8", "spos", "darts-cell", "nasbench201-cell", "fbnet-v1"];
    expect(spacesOf).toEqual({
      spos: layers,
      darts: layers,
      gdas: layers,
      "fbnet-v1": ["macro8", "spos", "fbnet-v1"],
      "fbnet-v2": ["fbnet-v2"],
      "fbnet-v3": ["macro8", "spos", "nasbench201-cell", "fbnet-v1", "fbnet-v2", "fbnet-v3"],
    });
  });

  it("hold every method's own space", () => {
    for (const algorithm of algorithmIds) expect(pairProblem(algorithm, ownSpace[algorithm])).toBeNull();
  });

  it("say what is missing where they are none", () => {
    expect(pairProblem("fbnet-v2", "macro8")).toBe("fbnet-v2 needs channel masks and input resolutions, which macro8 does not offer.");
    expect(pairProblem("fbnet-v1", "darts-cell")).toMatch(/measured one by one/);
    expect(pairProblem("fbnet-v3", "darts-cell")).toMatch(/free of one another/);
  });

  it.each(legal)("%s searches %s to a tested network, which can be retrained by its id", async (algorithm, space) => {
    const short = { algorithm, space, "train.steps": 2, "retrain.steps": 2, "evo.generations": 0, "evo.random": false, "fbnet.samples": 1, "fbnet3.m": 2, "fbnet3.rounds": 1, "fbnet3.pool": 20 };
    const tiny = tinyRun(executor, tinyConfig(short));
    await advance(tiny.run.ticks());
    const { winner, test } = tiny.run.metrics();
    expect(test?.n).toBe(40);
    tiny.run.dispose();
    const again = tinyRun(executor, tinyConfig({ ...short, "retrain.arch": winner?.id ?? "" }));
    await advance(again.run.ticks());
    const same = again.run.metrics().winner?.choices ?? {};
    expect(tiny.space.canonical(same).id).toBe(tiny.space.canonical(winner?.choices ?? {}).id);
    again.run.dispose();
    // A joint search retrains by the recipe that it found, not by the configuration's.
    if (algorithm === "fbnet-v3") return;
    // The same network from the same fresh weights on the same batches. Evolution names cells by the id that sorts a node's two inputs: there
    // the network is the same, but its ops are numbered, and so drawn, in another order.
    if (tiny.space.encode(winner?.choices ?? {}) === winner?.id) {
      expect(again.losses().map(([, loss]) => loss)).toEqual(tiny.losses().slice(-2).map(([, loss]) => loss));
      expect(again.run.metrics().test).toEqual(test);
    } else expect([algorithm, space]).toEqual(["spos", "darts-cell"]);
  });

  it("evolution over single paths yields whole cells", async () => {
    const tiny = tinyRun(executor, tinyConfig({ space: "darts-cell", "retrain.width": 4 }));
    await advance(tiny.run.ticks());
    const { winner, test } = tiny.run.metrics();
    expect(genotypeOfChoices(winner?.choices ?? {}).ok).toBe(true);
    expect(test?.n).toBe(40);
    expect(tiny.run.candidates().length).toBeGreaterThan(4);
    tiny.run.dispose();
  });
});
