/** Warm-up: run every choice once on throw-away weights, so that no newly sampled path stalls on shader compilation or first allocation. */
import { plainBatches } from "@/data/batcher";
import type { MethodEnv, Tick } from "../method";
import type { GraphCache } from "./graphs";

/** One training step a choice, all slots taking that choice; reports (done, total). Nothing of the run is touched. */
export async function* warmUp(env: MethodEnv, graphs: GraphCache, report: (done: number, total: number) => void): AsyncGenerator<Tick, void, void> {
  const { space, executor, data, config } = env;
  const width = Math.max(...space.mutables.map((m) => m.choices.length));
  report(0, width);
  const store = executor.createStore(space.supernetParams(), space.supernetNorms(), env.key.fold("warm-up"));
  try {
    const batches = plainBatches({ set: data.train, indices: data.weights.subarray(0, config["train.batch"]), batch: config["train.batch"], table: data.table });
    for (let choice = 0; choice < width; choice++) {
      const path = Object.fromEntries(space.mutables.map((m) => [m.id, m.choices[Math.min(choice, m.choices.length - 1)] as string]));
      executor.trainStep(store, [graphs.of(path)], batches.fill(0), {
        optimizer: { kind: "sgd", momentum: 0.9, weightDecay: config["train.wd"], decayNorms: false },
        lr: 0,
        clip: config["train.clip"] > 0 ? config["train.clip"] : null,
        labelSmoothing: 0,
      }, true);
      await executor.takeLosses();
      report(choice + 1, width);
      yield { boundary: "chunk" };
    }
  } finally {
    store.dispose();
  }
}
