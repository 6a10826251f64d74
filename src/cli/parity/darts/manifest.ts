/** Buffers of many tensors, the weights of whole networks by value or by formula, and the digests that stand for what is too long to list. */
import { sizeOf, type Graph, type ParamName, type ParamSpec } from "@/nas/graph";
import type { ParamStore } from "@/nn/executor";
import { digest, type Comparison } from "../compare";
import type { Fields, Tensor } from "./fields";
import { formulaWeights } from "./formula";
import { ourName, renamed, weightsFor, type Values } from "./values";

interface Row {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
}

function rowsOf(file: Fields, key: string): readonly Row[] {
  return file.list(key).map((row, i) => {
    const [name, shape, offset] = Array.isArray(row) ? (row as readonly unknown[]) : [];
    if (typeof name !== "string" || !Array.isArray(shape) || !shape.every((v) => typeof v === "number") || typeof offset !== "number")
      return file.fail(key, `has no [name, shape, offset] in row ${i}`);
    return { name, shape, offset };
  });
}

/** The tensors of a buffer by their names in the file. */
export function unpack(buffer: Tensor, rows: readonly Row[]): ReadonlyMap<string, Tensor> {
  return new Map(
    rows.map(({ name, shape, offset }) => {
      const data = buffer.data.subarray(offset, offset + sizeOf(shape));
      if (data.length !== sizeOf(shape)) throw new Error(`The buffer ends before ${name}.`);
      return [name, { shape, data }];
    }),
  );
}

/** Parameters in the order in which a formula fills them: that of the file's manifest, or that of our network where there is none. */
function formulaOrder(file: Fields, graph: Graph): readonly ParamSpec[] {
  const trained = graph.params.filter((spec) => spec.role !== "architecture");
  if (!file.has("weights_manifest")) return trained;
  const byName = new Map(trained.map((spec) => [spec.name, spec]));
  const rows = rowsOf(file, "weights_manifest");
  if (rows.length !== trained.length) throw new Error(`The file lists ${rows.length} weights, our network has ${trained.length}.`);
  return rows.map(({ name, shape }) => {
    const spec = byName.get(ourName(name));
    if (spec === undefined) throw new Error(`Our network has no weight ${name}.`);
    if (spec.shape.join() !== shape.join()) throw new Error(`${name} is ${shape.join("×")} in the file, ${spec.shape.join("×")} in our network.`);
    return spec;
  });
}

/** Weights by formula; `used` is the number that the file says the formula gives. */
export function weightsByFormula(file: Fields, graph: Graph, seed: number, used: number): Values {
  const made = formulaWeights(formulaOrder(file, graph), seed);
  if (made.used !== used) throw new Error(`The formula gives ${used} weights in the file, our network has ${made.used}.`);
  return made.values;
}

/** Weights of a network file: `weights` with a manifest, or `weights_formula`. */
export function networkWeights(file: Fields, graph: Graph): Values {
  if (file.has("weights")) return weightsFor(graph, renamed(unpack(file.tensor("weights"), rowsOf(file, "weights_manifest"))));
  const formula = file.fields("weights_formula");
  return weightsByFormula(file, graph, formula.number("seed"), formula.number("values_used"));
}

/** Names of a graph's weights, architecture parameters left out. */
export function weightNames(graph: Graph): readonly ParamName[] {
  return graph.params.filter((spec) => spec.role !== "architecture").map((spec) => spec.name);
}

/** Running statistics of all norms by name: means and variances. */
export async function statisticsOf(store: ParamStore, graph: Graph): Promise<ReadonlyMap<string, Float32Array>> {
  const names = graph.norms.flatMap(({ stats }) => [`${stats}.mean`, `${stats}.var`]);
  return new Map(await Promise.all(names.map(async (name) => [name, await store.read(name)] as const)));
}

/** A field that is a digest `[Σ, ‖·‖₂, Σ|·|]`, or a buffer with a manifest and then compared tensor by tensor. */
export function compareGroup(
  compare: Comparison,
  what: string,
  got: ReadonlyMap<string, Float32Array>,
  want: Fields,
  key: string,
  manifest: readonly [Fields, string],
  tolerances: { readonly tensor: number; readonly digest: number },
): void {
  if (Array.isArray(want.raw(key))) return compare.tensor(`digest of ${what}`, digest(got.values()), want.numbers(key), tolerances.digest);
  for (const [name, { data }] of renamed(unpack(want.tensor(key), rowsOf(...manifest)))) compare.tensor(`${what} ${name}`, got.get(name) ?? [], data, tolerances.tensor);
}

/** A record of `[Σ, ‖·‖₂]` by tensor name. */
export function comparePerTensor(compare: Comparison, what: string, got: ReadonlyMap<string, Float32Array>, want: Fields, tolerance: number): void {
  for (const theirs of want.keys()) {
    const values = got.get(ourName(theirs));
    if (values === undefined) compare.problem(`our network has no weight ${theirs}`);
    else compare.tensor(`${what} ${theirs}`, digest([values]).slice(0, 2), want.numbers(theirs), tolerance);
  }
}

/** The part of a map with these names. */
export function only(all: ReadonlyMap<ParamName, Float32Array>, names: readonly ParamName[]): ReadonlyMap<ParamName, Float32Array> {
  return new Map(names.map((name) => [name, all.get(name) ?? new Float32Array()]));
}
