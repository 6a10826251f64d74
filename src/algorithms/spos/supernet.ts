/** Supernet phase: one sampled path a step (or one fair set of paths), ordinary SGD on that path alone. */
import { trainBatcher } from "@/data/batcher";
import type { Choices } from "@/nas/mutable";
import type { ParamStore } from "@/nn/executor";
import { linearToZero } from "@/nn/schedule";
import type { MethodEnv, Tick } from "../method";
import type { GraphCache } from "../shared/graphs";
import { LossReader } from "../shared/losses";
import { makeSampler } from "./sampler";
import { choicesPerSlot, type SposState } from "./state";

export interface SupernetControls {
  /** Whoever saves the run must be able to read what is pending; without one, the phase keeps its own. */
  readonly losses?: LossReader;
  readonly skipped: () => boolean;
  readonly lr: () => number;
  /** Forced choice by slot for the next step; cleared by the call. */
  takeForced(): ReadonlyMap<number, number>;
}

/** Label smoothing of the supernet (SPOS: ε = 0.1). */
export const supernetSmoothing = 0.1;

/** Train from `state.supernetStep` to `total`; one tick an update. */
export async function* trainSupernet(env: MethodEnv, state: SposState, store: ParamStore, graphs: GraphCache, total: number, controls: SupernetControls): AsyncGenerator<Tick, void, void> {
  const { config, space, executor, data } = env;
  const width = choicesPerSlot(space);
  const sampler = makeSampler(space, config["spos.sampler"], config["evo.metric"], env.key.fold("path"));
  state.shares = sampler.shares;
  const batcher = trainBatcher({
    set: data.train,
    indices: data.weights,
    batch: config["train.batch"],
    table: data.table,
    key: env.key.fold("supernet"),
    augment: { crop: 4, flip: true, cutout: 0 },
  });
  const losses = controls.losses ?? new LossReader(env, (loss, cells) => bookLoss(state, loss, cells));
  while (state.supernetStep < total && !controls.skipped()) {
    const step = state.supernetStep;
    const started = env.now();
    const batch = batcher.fill(step);
    const filled = env.now();
    env.spend("data", filled - started);
    const paths = applyForced(sampler.paths(step), controls.takeForced(), space.mutables);
    const lr = linearToZero(controls.lr(), step, total);
    executor.trainStep(store, paths.map((p) => graphs.of(p)), batch, {
      optimizer: { kind: "sgd", momentum: 0.9, weightDecay: config["train.wd"], decayNorms: false },
      lr,
      clip: config["train.clip"] > 0 ? config["train.clip"] : null,
      labelSmoothing: supernetSmoothing,
    }, true);
    env.spend("submit", env.now() - filled);
    const cells = record(state, paths, space.mutables, width);
    state.supernetStep = step + 1;
    losses.add("supernet", step + 1, lr, cells);
    if (losses.due() || state.supernetStep === total) await losses.read();
    yield { boundary: "step" };
  }
  await losses.read();
}

/**
 * A step whose loss has been read, booked on every choice that took part. Counts wait for it too, so that a mean loss is never a sum over
 * fewer steps than it is divided by.
 */
export function bookLoss(state: SposState, loss: number, cells: readonly number[]): void {
  for (const cell of cells) {
    state.counts[cell] = (state.counts[cell] as number) + 1;
    state.lossSum[cell] = (state.lossSum[cell] as number) + loss;
    state.lossSquares[cell] = (state.lossSquares[cell] as number) + loss * loss;
  }
  const paths = cells.length / Math.max(1, state.path.length);
  for (const [cell, share] of state.shares.entries()) state.expected[cell] = (state.expected[cell] as number) + paths * share;
}

type Mutables = MethodEnv["space"]["mutables"];

function applyForced(paths: Choices[], forced: ReadonlyMap<number, number>, mutables: Mutables): Choices[] {
  if (forced.size === 0) return paths;
  return paths.map((path) => {
    const next: Record<string, Choices[string]> = { ...path };
    for (const [slot, choice] of forced) {
      const mutable = mutables[slot];
      const value = mutable?.choices[choice];
      if (mutable && value !== undefined) next[mutable.id] = value;
    }
    return next;
  });
}

/** Note what was sampled; returns the cells (slot × width + choice) that the step's loss belongs to. */
function record(state: SposState, paths: readonly Choices[], mutables: Mutables, width: number): number[] {
  const cells: number[] = [];
  const slots = mutables.length;
  for (const path of paths) {
    const genes = Int8Array.from(mutables, (m) => (m.choices as readonly unknown[]).indexOf(path[m.id]));
    for (let slot = 0; slot < slots; slot++) {
      const cell = slot * width + (genes[slot] as number);
      cells.push(cell);
      if (slot + 1 < slots) {
        const pair = cell * width + (genes[slot + 1] as number);
        state.pairs[pair] = (state.pairs[pair] as number) + 1;
      }
    }
    state.path = genes;
  }
  return cells;
}
