/**
 * A member of a masked space with the search network's weights: every parameter is the corner of the search network's that its channels keep, since a
 * mask keeps the first channels (arXiv 2004.05565 section 3.1).
 */
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import { type Graph, sizeOf } from "@/nas/graph";
import type { Executor, ParamStore } from "@/nn/executor";
import type { Inherited } from "./relaxed";

/** The leading corner of a row-major tensor. Throws `bug` when it is not one. */
export function cornerOf(values: Float32Array, from: readonly number[], to: readonly number[]): Float32Array {
  if (from.length !== to.length || to.some((n, i) => n > (from[i] ?? 0))) throw new AppError("bug", `${to.join("×")} is no corner of ${from.join("×")}`);
  const out = new Float32Array(sizeOf(to));
  const last = to.at(-1) ?? 1;
  const rows = out.length / last;
  for (let row = 0; row < rows; row++) {
    let rest = row;
    let at = 0;
    let stride = from.at(-1) ?? 1;
    for (let axis = to.length - 2; axis >= 0; axis--) {
      const side = to[axis] ?? 1;
      at += (rest % side) * stride;
      rest = Math.floor(rest / side);
      stride *= from[axis] ?? 1;
    }
    out.set(values.subarray(at, at + last), row * last);
  }
  return out;
}

/** `shapes`: of the search network's parameters by name. */
export async function inheritMasked(executor: Executor, from: ParamStore, shapes: ReadonlyMap<string, readonly number[]>, graph: Graph, key: RngKey): Promise<Inherited> {
  const store = executor.createStore(graph.params, graph.norms, key);
  try {
    for (const { name, shape } of graph.params) {
      const whole = shapes.get(name);
      if (!whole) throw new AppError("bug", `the search network has no ${name}`);
      store.write(name, cornerOf(await from.read(name), whole, shape));
    }
  } catch (cause) {
    store.dispose();
    throw cause;
  }
  return { graph, store, dispose: () => store.dispose() };
}
