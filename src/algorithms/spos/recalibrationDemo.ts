/** Recalibrate phase: what recomputed batch-norm statistics do, once, on a few random paths. The search recalibrates every candidate anew. */
import { rootKey } from "@/lib/rng";
import type { MethodEnv, Tick } from "../method";
import type { Evaluator } from "../shared/evaluator";
import type { GraphCache } from "../shared/graphs";
import type { SposState } from "./state";

/** Score `total` random paths with the supernet's running statistics and with recalibrated ones. */
export async function* recalibrationDemo(env: MethodEnv, state: SposState, evaluator: Evaluator, graphs: GraphCache, total: number, skipped: () => boolean): AsyncGenerator<Tick, void, void> {
  const { recalibration } = state;
  // A fixed seed, not the run's: the same paths are shown whatever is searched.
  const key = rootKey(0).fold("recalibration");
  while (recalibration.next < total && !skipped()) {
    const arch = env.space.canonical(env.space.mutator.sample(key.fold(recalibration.next).stream()));
    const graph = graphs.of(arch.choices);
    const without = yield* evaluator.score(graph, false);
    const calibrated = yield* evaluator.score(graph, true);
    recalibration.paths.push({ id: arch.id, without: without.value, with: calibrated.value });
    recalibration.n = calibrated.n;
    recalibration.next++;
    yield { boundary: "step" };
  }
}
