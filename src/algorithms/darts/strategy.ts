/** One iteration of a differentiable search: what moves α and what moves w, in which order. A strategy keeps nothing that a step needs to know. */
import type { Graph } from "@/nas/graph";
import type { Batch, Executor, ParamStore } from "@/nn/executor";
import type { RunConfig } from "../configKeys";
import { alphaUpdate, firstOrderStep, UnrolledGradient, weightStep, weightUpdate } from "./steps";

export interface Iteration {
  readonly step: number;
  readonly epoch: number;
  readonly epochs: number;
  /** η of this epoch. */
  readonly lr: number;
  readonly alphaLr: number;
  readonly train: Batch;
  readonly validation: Batch;
  /** False while α rests (warm-up epochs). */
  readonly movesAlpha: boolean;
}

/** Losses that the executor reports for the iteration, beside that of the weight step. */
export interface InnerLosses {
  readonly before: number;
  readonly after: number;
}

export interface Strategy {
  run(iteration: Iteration): Promise<InnerLosses> | InnerLosses;
}

export interface StrategyContext {
  readonly executor: Executor;
  readonly store: ParamStore;
  readonly graph: Graph;
  readonly config: RunConfig;
}

export const clipOf = (config: RunConfig): number | null => (config["train.clip"] > 0 ? config["train.clip"] : null);

/** DARTS (spec darts 3.2): α by the validation batch, then w by the training batch with the new α. */
export function dartsStrategy({ executor, store, graph, config }: StrategyContext): Strategy {
  const unrolled = config["darts.order"] === 2 ? new UnrolledGradient(executor, store) : null;
  const decay = config["train.wd"];
  return {
    run: ({ lr, alphaLr, train, validation, movesAlpha }) => {
      const update = alphaUpdate(alphaLr, config["darts.alphaDecay"]);
      if (movesAlpha && unrolled === null) firstOrderStep(executor, store, graph, validation, update);
      if (movesAlpha && unrolled !== null) {
        unrolled.run(graph, train, validation, { eta: lr, weightDecay: decay });
        executor.update(store, [graph], update);
      }
      weightStep(executor, store, graph, train, weightUpdate(lr, decay, clipOf(config)));
      return { before: !movesAlpha ? 0 : unrolled === null ? 1 : UnrolledGradient.passes, after: 0 };
    },
  };
}
