/**
 * What the two stochastic searches (FBNetV1 over layers, FBNetV2 over masks) have in common, so that one run serves both: rows of logits θ, a draw
 * of Gumbel-softmax weights that a graph of the space reads, an expected cost, and the way from the weights' gradients back to θ.
 */
import type { Rng } from "@/lib/rng";
import type { Graph, ParamName, ParamSpec } from "@/nas/graph";
import type { Choices } from "@/nas/mutable";
import type { AlphaGroup } from "@/nas/space/types";
import type { ParamStore } from "@/nn/executor";

/** One draw: what runs in a step, and how its gradients reach θ. */
export interface Draw {
  readonly graph: Graph;
  /** By row: the distribution that the expected cost sees. */
  readonly weights: readonly ArrayLike<number>[];
  /** What the graph reads, written before the step. */
  readonly writes: ReadonlyMap<ParamName, Float32Array>;
  /**
   * ∂L/∂θ by row. `measured`: gradients of the cross entropy with respect to `writes`, already in the loss's scale; `cost`: ∂L/∂weights of the
   * cost term by row.
   */
  backward(measured: ReadonlyMap<ParamName, Float32Array>, cost: readonly ArrayLike<number>[]): Float64Array[];
}

export interface Relaxed {
  /** Options of every row. */
  readonly rows: readonly number[];
  /** The same rows as the history of architecture weights has them. */
  readonly groups: readonly AlphaGroup[];
  /** Of the store that serves every graph of the search. */
  readonly params: readonly ParamSpec[];
  readonly norms: Graph["norms"];
  draw(theta: readonly (readonly number[])[], tau: number, rng: Rng): Draw;
  /** Graphs that are sure to run, for compiling ahead. */
  readonly graphs: readonly Graph[];
  choicesOf(picks: readonly number[]): Choices;
  /** Options of every row that a member has; null where it takes none of them. */
  picksOf(choices: Choices): readonly number[];
  /** The member with the search network's weights, in a store that knows its graph. Dispose what is handed out. */
  inherit(store: ParamStore, choices: Choices): Promise<Inherited>;
}

export interface Inherited {
  readonly graph: Graph;
  readonly store: ParamStore;
  dispose(): void;
}
