/** Only for tests: sets of tensors by name: comparison, central differences, and optimizers in plain arrays. */
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import type { Executor, ParamStore, UpdateOptions } from "../executor";
import type { Params64, Slope64 } from "./forward64";

export type Tensors = ReadonlyMap<string, Float32Array>;

/** ‖all‖₂ over the tensors that the filter names. */
export function normOf(all: Tensors, filter: (name: string) => boolean): number {
  return Math.sqrt([...all].reduce((sum, [name, g]) => (filter(name) ? g.reduce((s, v) => s + v * v, sum) : sum), 0));
}

/** One SGD or Adam step in plain arrays; `moments` is the state by name and moves. */
export function plainStep(values: Tensors, gradients: Tensors, moments: Map<string, number[][]>, { optimizer, lr, clip }: UpdateOptions, step: number, filter: (name: string) => boolean): Map<string, Float32Array> {
  const factor = clip === null ? 1 : Math.min(1, clip / (normOf(gradients, filter) + 1e-6));
  return new Map([...values].map(([name, p]) => {
    if (!filter(name)) return [name, p];
    const d = Array.from(gradients.get(name) as Float32Array, (g, i) => g * factor + optimizer.weightDecay * (p[i] as number));
    const [m0 = d.map(() => 0), v0 = d.map(() => 0)] = moments.get(name) ?? [];
    if (optimizer.kind === "sgd") {
      const m = d.map((g, i) => optimizer.momentum * (m0[i] as number) + g);
      moments.set(name, [m]);
      return [name, p.map((w, i) => w - lr * (m[i] as number))];
    }
    const { beta1, beta2, eps } = optimizer;
    const [m, v] = [d.map((g, i) => beta1 * (m0[i] as number) + (1 - beta1) * g), d.map((g, i) => beta2 * (v0[i] as number) + (1 - beta2) * g * g)];
    moments.set(name, [m, v]);
    return [name, p.map((w, i) => w - (lr * (m[i] as number)) / (1 - beta1 ** step) / (Math.sqrt((v[i] as number) / (1 - beta2 ** step)) + eps))];
  }));
}

/** Largest difference of two sets of tensors, against the largest number. */
export function distance(got: Tensors, want: Tensors): number {
  const scale = Math.max(...[...want.values()].map((t) => t.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30)));
  return Math.max(...[...want].map(([name, t]) => {
    const mine = got.get(name);
    return mine?.length === t.length ? t.reduce((m, v, i) => Math.max(m, Math.abs(v - (mine[i] as number))), 0) / scale : Infinity;
  }));
}

export const only = (all: Tensors, filter: (name: string) => boolean): Map<string, Float32Array> => new Map([...all].filter(([name]) => filter(name)));
export const zeroOf = (all: Tensors): boolean => [...all.values()].every((t) => t.every((v) => v === 0));

/** What is wrong about gradients against central differences along a random direction of each tensor; [] where all agree. */
export function wrongSlopes(gradients: Tensors, slope: Slope64, tolerance = 1e-3): unknown[] {
  const rows = [...gradients].map(([name, g]) => {
    const rng = rootKey(5).fold(name).stream();
    const direction = Float64Array.from(g, () => rng.normal());
    return { name, got: g.reduce((sum, v, i) => sum + v * (direction[i] as number), 0), want: slope(name, direction), size: Math.hypot(...g) };
  });
  // Where a gradient is nought in theory, rounding of the larger ones is all there is.
  const floor = 1e-2 * Math.max(...rows.map((row) => row.size));
  return rows.filter((row) => !(Math.abs(row.got - row.want) < tolerance * Math.max(row.size, floor)));
}

export const as64 = (all: Tensors): Params64 => new Map([...all].map(([name, values]) => [name, Float64Array.from(values)]));

export function upstreamFor(graph: Graph, size: number): Float32Array {
  const rng = rootKey(9).stream();
  return Float32Array.from({ length: (graph.nodes[graph.output]?.shape ?? []).reduce((a, n) => a * n, size) }, () => rng.normal());
}

/** A place of the store's vectors. */
export function readPlace(executor: Executor, store: ParamStore, place: "values" | "gradients" | "momenta" = "values"): Promise<Tensors> {
  return executor.vectors(store).read(place);
}
