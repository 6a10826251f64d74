/** FBNetV1's relaxation: one row a layer, every candidate times its Gumbel-softmax weight (arXiv 1812.03443 eq. 5; spec fbnet 1.3). */
import { AppError } from "@/lib/appError";
import type { Rng } from "@/lib/rng";
import { gumbelGradient, softGumbel } from "@/nas/cell/gumbel";
import type { Graph } from "@/nas/graph";
import { geneOf, type IndexMutable } from "@/nas/mutator";
import { clampedNoise, topTwo } from "@/nas/relaxation/draws";
import type { Space } from "@/nas/space/types";
import type { Draw, Relaxed } from "./relaxed";
import type { Theta } from "./theta";

/** `paths` "top2": two candidates a layer, drawn by P_θ, share the layer between them. */
export function relaxedLayers(space: Space, paths: "all" | "top2"): Relaxed {
  const { mixed } = space;
  const group = mixed?.groups[0];
  if (!mixed?.weightedGraph || !group) throw new AppError("bug", `${space.id} has no weighted mixtures`);
  const rows = group.rows.map(() => group.ops.length);
  const every = rows.map((count) => Array.from({ length: count }, (_, i) => i));
  const graphOf = (columns: readonly (readonly number[])[]): Graph => mixed.weightedGraph?.(columns) ?? missing(space.id);
  const whole = graphOf(every);
  const name = `weights.${group.id}`;
  const mutables = space.mutables as readonly IndexMutable[];
  // Overwritten by every draw: a step takes the numbers over before the next.
  const values = new Float32Array(rows.length * group.ops.length);
  const writes = new Map([[name, values]]);

  const columns = group.ops.length;
  const of = (weights: Float64Array, row: number): Float64Array => weights.subarray(row * columns, (row + 1) * columns);

  const drawAll = (theta: Theta, tau: number, rng: Rng): Pick<Draw, "graph"> & { readonly weights: Float64Array } => ({
    graph: whole,
    weights: softGumbel(theta.flat(), clampedNoise(values.length, rng), columns, tau),
  });

  const drawPairs = (theta: Theta, tau: number, rng: Rng): Pick<Draw, "graph"> & { readonly weights: Float64Array } => {
    const pairs = theta.map((logits) => topTwo(logits, clampedNoise(columns, rng), tau));
    return { graph: graphOf(pairs.map((pair) => pair.columns)), weights: Float64Array.from(pairs.flatMap((pair) => [...pair.weights])) };
  };

  const sample = paths === "all" ? drawAll : drawPairs;
  const draw = (theta: Theta, tau: number, rng: Rng): Draw => {
    const { graph, weights } = sample(theta, tau, rng);
    values.set(weights);
    return {
      graph,
      weights: rows.map((_, row) => of(weights, row)),
      writes,
      backward: (measured, cost) => {
        const at = measured.get(name) ?? missing(name);
        return rows.map((_, row) => {
          const upstream = Float64Array.from({ length: columns }, (_, i) => (at[row * columns + i] ?? Number.NaN) + (cost[row]?.[i] ?? Number.NaN));
          // Candidates that did not run have weight 0, which leaves them out.
          return gumbelGradient(of(weights, row), upstream, columns, tau);
        });
      },
    };
  };

  return {
    rows,
    groups: mixed.groups,
    params: whole.params,
    norms: whole.norms,
    draw,
    graphs: paths === "all" ? [whole] : [],
    choicesOf: (picks) => Object.fromEntries(mutables.map((mutable, i) => [mutable.id, mutable.choices[picks[i] ?? -1] ?? missing(mutable.id)])),
    picksOf: (choices) => mutables.map((mutable) => geneOf(mutable, choices)),
    // A member's parameters are some of the search network's, by the same names.
    inherit: (store, choices) => Promise.resolve({ graph: space.graph(choices), store, dispose: () => undefined }),
  };
}

function missing(what: string): never {
  throw new AppError("bug", `${what} has no value`);
}
