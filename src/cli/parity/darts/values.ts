/** Moves reference values into stores: the names of the files against those of our graphs, and a check that neither has more. */
import { rootKey } from "@/lib/rng";
import { sizeOf, type Graph, type ParamName, type ParamSpec } from "@/nas/graph";
import type { Executor, ParamStore } from "@/nn/executor";
import type { Tensor } from "./fields";

export type Values = ReadonlyMap<ParamName, Float32Array>;

/** Name of a parameter or statistic of ours for one of the files: `bn.gamma` → `bn.weight`, `conv` → `conv.weight`; means and variances keep theirs. */
export function ourName(theirs: string): ParamName {
  const [, head = theirs, tail = ""] = /^(?:(.*)\.)?([^.]+)$/.exec(theirs) ?? [];
  const owner = head === theirs ? "" : head;
  switch (tail) {
    case "gamma":
    case "kernel":
      return `${owner}.weight`;
    case "beta":
      return `${owner}.bias`;
    case "bias":
    case "mean":
    case "var":
      return theirs;
    default:
      return `${theirs}.weight`;
  }
}

/** A file's tensors under our names. */
export function renamed(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  return new Map([...tensors].map(([name, tensor]) => [ourName(name), tensor]));
}

const trained = (graph: Pick<Graph, "params">): readonly ParamSpec[] => graph.params.filter((spec) => spec.role !== "architecture");

/** Values of every weight of a graph. Throws a sentence when the file has one too few, one too many, or another shape. */
export function weightsFor(graph: Pick<Graph, "params">, tensors: ReadonlyMap<string, Tensor>): Values {
  const values = new Map<ParamName, Float32Array>();
  for (const { name, shape } of trained(graph)) {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`The file has no weight for ${name}.`);
    if (found.shape.join() !== shape.join()) throw new Error(`${name} is ${found.shape.join("×")} in the file, ${shape.join("×")} in our network.`);
    values.set(name, Float32Array.from(found.data));
  }
  const alien = [...tensors.keys()].find((name) => !values.has(name));
  if (alien !== undefined) throw new Error(`Our network has no weight ${alien}.`);
  return values;
}

/** Number of weights, architecture parameters left out. */
export function weightCount(graph: Pick<Graph, "params">): number {
  return trained(graph).reduce((sum, spec) => sum + sizeOf(spec.shape), 0);
}

/** Runs `body` on a store that holds these values of a graph's parameters, and disposes it. */
export async function withStore<T>(executor: Executor, graph: Pick<Graph, "params" | "norms">, values: Values, body: (store: ParamStore) => Promise<T>): Promise<T> {
  const store = executor.createStore(graph.params, graph.norms, rootKey(0));
  try {
    for (const { name, shape } of graph.params) {
      const value = values.get(name);
      if (value === undefined) throw new Error(`There is no value for the parameter ${name}.`);
      if (value.length !== sizeOf(shape)) throw new Error(`${name} has ${value.length} numbers, ${sizeOf(shape)} are needed.`);
      store.write(name, value);
    }
    return await body(store);
  } finally {
    store.dispose();
  }
}
