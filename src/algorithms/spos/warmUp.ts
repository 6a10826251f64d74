/**
 * Warm-up: everything that the supernet's phases run is compiled before the first step, so that no newly sampled path stalls. The tfjs
 * executor compiles when a kernel first runs: there every choice runs once, on throw-away weights.
 */
import { plainBatches } from "@/data/batcher";
import type { Graph } from "@/nas/graph";
import type { ParamStore, PrepareWork } from "@/nn/executor";
import type { MethodEnv, Tick } from "../method";
import { batchSizes, prepareTicks } from "../shared/preparation";
import { evaluationChunk } from "../shared/evaluator";
import type { GraphCache } from "../shared/graphs";
import { lengthsOf } from "./lengths";

/** Members that are compiled ahead in a space whose choices are not free of one another. */
const dependentSamples = 8;

type Report = (done: number, total: number) => void;

/** Nothing of the run is touched. Reports what is done of all. */
export async function* warmUp(env: MethodEnv, graphs: GraphCache, store: ParamStore, report: Report): AsyncGenerator<Tick, void, void> {
  if (env.executor.kind === "tfjs") yield* tryEveryChoice(env, graphs, report);
  else yield* prepareTicks(env.executor, store, supernetWork(env, graphs), report);
  report(1, 1);
}

/** One path a choice, all slots taking that choice; a few members where choices depend on one another. */
function pathOfEveryChoice({ space, key }: MethodEnv, graphs: GraphCache): Graph[] {
  if (!space.independent) {
    const rng = key.fold("warm-up").stream();
    return Array.from({ length: dependentSamples }, () => graphs.of(space.mutator.sample(rng)));
  }
  const width = Math.max(...space.mutables.map((m) => m.choices.length));
  return Array.from({ length: width }, (_, choice) => graphs.of(Object.fromEntries(space.mutables.map((m) => [m.id, m.choices[Math.min(choice, m.choices.length - 1)] as string]))));
}

/** Training, recalibration and scoring of every choice, with the batches that there will be. */
function supernetWork(env: MethodEnv, graphs: GraphCache): PrepareWork[] {
  const { config, data } = env;
  const { recalibrationImages, evaluationImages } = lengthsOf(config, data);
  const batch = config["train.batch"];
  return pathOfEveryChoice(env, graphs).flatMap((graph): PrepareWork[] => [
    { graph, batch: Math.min(batch, data.weights.length), mode: "train", optimizer: "sgd" },
    ...batchSizes(recalibrationImages, batch).map((size): PrepareWork => ({ graph, batch: size, mode: "recalibrate" })),
    ...batchSizes(evaluationImages, evaluationChunk).map((size): PrepareWork => ({ graph, batch: size, mode: "evaluate" })),
  ]);
}

async function* tryEveryChoice(env: MethodEnv, graphs: GraphCache, report: Report): AsyncGenerator<Tick, void, void> {
  const { space, executor, data, config } = env;
  const paths = pathOfEveryChoice(env, graphs);
  report(0, paths.length);
  const store = executor.createStore(space.supernetParams(), space.supernetNorms(), env.key.fold("warm-up"));
  try {
    const batches = plainBatches({ set: data.train, indices: data.weights.subarray(0, config["train.batch"]), batch: config["train.batch"], table: data.table });
    for (const [choice, graph] of paths.entries()) {
      executor.trainStep(store, [graph], batches.fill(0), {
        optimizer: { kind: "sgd", momentum: 0.9, weightDecay: config["train.wd"], decayNorms: false },
        lr: 0,
        clip: config["train.clip"] > 0 ? config["train.clip"] : null,
        labelSmoothing: 0,
      }, true);
      await executor.takeLosses();
      report(choice + 1, paths.length);
      yield { boundary: "chunk" };
    }
  } finally {
    store.dispose();
  }
}
