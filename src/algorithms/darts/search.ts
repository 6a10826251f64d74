/** The bilevel phase: iterations of the strategy, a column of α now and then, and the mixture's accuracy at the end of every epoch. */
import { trainBatcher } from "@/data/batcher";
import type { Graph } from "@/nas/graph";
import type { AlphaGroup } from "@/nas/space/types";
import type { ParamStore } from "@/nn/executor";
import type { MethodEnv, Tick } from "../method";
import type { Evaluator } from "../shared/evaluator";
import type { LossReader } from "../shared/losses";
import { augmentation } from "../shared/retrain";
import { type SearchLengths, weightRate } from "./lengths";
import type { DartsState } from "./state";
import type { Strategy } from "./strategy";

export interface SearchControls {
  readonly losses: LossReader;
  readonly skipped: () => boolean;
  readonly lr: () => number;
  readonly alphaLr: () => number;
}

/** α of every group as it stands once everything submitted is done. */
export function readAlphas(store: ParamStore, groups: readonly AlphaGroup[]): Promise<Float32Array[]> {
  return Promise.all(groups.map(({ param }) => store.read(param)));
}

export async function* searchMixture(env: MethodEnv, state: DartsState, store: ParamStore, graph: Graph, strategy: Strategy, check: Evaluator, lengths: SearchLengths, controls: SearchControls): AsyncGenerator<Tick, void, void> {
  const { config, data, space } = env;
  const groups = space.mixed?.groups ?? [];
  const shared = { set: data.train, batch: config["train.batch"], table: data.table, augment: augmentation(space, 0) };
  const weights = trainBatcher({ ...shared, indices: data.weights, key: env.key.fold("weights") });
  const validation = trainBatcher({ ...shared, indices: data.architecture, key: env.key.fold("architecture") });
  const { losses } = controls;
  if (state.supernetStep === 0) losses.addAlpha(0, readAlphas(store, groups));
  while (state.supernetStep < lengths.steps && !controls.skipped()) {
    const step = state.supernetStep;
    // Before the next epoch, not after the last: a run that was saved in between checks too.
    if (endsEpoch(state, lengths)) yield* checkEpoch(env, state, graph, check);
    const epoch = Math.floor(step / lengths.epochSteps);
    const started = env.now();
    const train = weights.fill(step);
    // A fresh draw every step, as the official loader is shuffled anew and only its first batch used: the first batch of epoch `step`.
    const held = validation.fill(step * validation.stepsPerEpoch);
    const filled = env.now();
    env.spend("data", filled - started);
    const lr = weightRate(controls.lr(), step, lengths);
    const { before, after } = await strategy.run({
      step,
      epoch,
      epochs: lengths.epochs,
      lr,
      alphaLr: controls.alphaLr(),
      train,
      validation: held,
      movesAlpha: epoch >= config["darts.warmupEpochs"],
    });
    env.spend("submit", env.now() - filled);
    const done = step + 1;
    losses.addInner("supernet", done, before);
    losses.add("supernet", done, lr);
    losses.addInner("supernet", done, after);
    if (done % lengths.alphaEvery === 0 || done === lengths.steps) losses.addAlpha(done, readAlphas(store, groups));
    state.supernetStep = done;
    if (losses.due() || done === lengths.steps) await losses.read();
    yield { boundary: "step" };
  }
  await losses.read();
  if (endsEpoch(state, lengths)) yield* checkEpoch(env, state, graph, check);
}

function endsEpoch({ supernetStep, checkedStep }: DartsState, { epochSteps }: SearchLengths): boolean {
  return supernetStep > 0 && supernetStep % epochSteps === 0 && checkedStep !== supernetStep;
}

/** Accuracy of the mixture, its statistics recalibrated: the running ones lag behind α. */
async function* checkEpoch(env: MethodEnv, state: DartsState, graph: Graph, check: Evaluator): AsyncGenerator<Tick, void, void> {
  const accuracy = yield* check.score(graph, env.config["bn.recal"] > 0);
  state.checkedStep = state.supernetStep;
  env.emit({ kind: "accuracy", step: state.supernetStep, phase: "supernet", split: "validation", accuracy });
}
