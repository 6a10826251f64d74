/** A search network on a store, and what can be read of it between the method's steps. */
import { plainLoss } from "@/algorithms/darts/steps";
import type { ParamName } from "@/nas/graph";
import type { Batch, Executor, ParamStore, Part } from "@/nn/executor";
import { digest } from "../compare";
import { only } from "./manifest";
import type { SearchSetup } from "./searchSetup";
import type { Values } from "./values";

export interface SearchRun extends SearchSetup {
  readonly executor: Executor;
  readonly store: ParamStore;
}

/** Gradients of one pass and its loss, read and cleared again; running statistics move when `updateStats`. */
export async function gradientsAt({ executor, store, graph }: SearchRun, batch: Batch, part: Part, updateStats: boolean): Promise<{ readonly loss: number; readonly gradients: Values }> {
  executor.accumulate(store, [graph], batch, { ...plainLoss, part }, updateStats);
  const loss = (await executor.takeLosses()).at(-1) ?? Number.NaN;
  const vectors = executor.vectors(store);
  const gradients = await vectors.read("gradients");
  vectors.clear("gradients", "all");
  return { loss, gradients };
}

/** ‖·‖₂ over all weights. */
export function normOf(gradients: Values, { weights }: Pick<SearchSetup, "weights">): number {
  return digest(only(gradients, weights).values())[1];
}

/** Values of a store by name. */
export async function readAll(store: ParamStore, names: readonly ParamName[]): Promise<Values> {
  return new Map(await Promise.all(names.map(async (name) => [name, await store.read(name)] as const)));
}
