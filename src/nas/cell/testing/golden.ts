/** Only for tests: tensors of the golden files, parameters under our names, genotypes of lists. */
import { readFileSync } from "node:fs";
import { cellOfPairs, type Cell, type Genotype } from "../genotype";

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Inputs of the golden files are float32: the printed decimals stand for the nearest one. */
export function exact(data: readonly number[]): Float64Array {
  return Float64Array.from(Float32Array.from(data));
}

/** A golden file. Read, not imported: the compiler need not know megabytes of numbers. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../golden/darts/${name}.json`, import.meta.url), "utf8")) as T;
}

type Pairs = readonly (readonly (string | number)[])[];

export function cellOf(pairs: Pairs, concat?: readonly number[]): Cell {
  return cellOfPairs(pairs.map(([op, from]) => ({ op: String(op), from: Number(from) })), concat);
}

export function genotypeOfList(list: { readonly normal: Pairs; readonly normal_concat: readonly number[]; readonly reduce: Pairs; readonly reduce_concat: readonly number[] }): Genotype {
  return { normal: cellOf(list.normal, list.normal_concat), reduce: cellOf(list.reduce, list.reduce_concat) };
}

/** `bn.gamma` → `bn.weight`, `bn.beta` → `bn.bias`, `classifier.kernel` and a bare convolution → `.weight`; a name that ends in `.bias` stays. */
export function ourName(name: string): string {
  if (name.endsWith(".gamma") || name.endsWith(".kernel")) return name.replace(/\.\w+$/, ".weight");
  if (name.endsWith(".beta")) return name.replace(/\.beta$/, ".bias");
  return name.endsWith(".bias") ? name : `${name}.weight`;
}

/** A golden `weights` record by our names. */
export function paramsOf(weights: Readonly<Record<string, GoldenTensor>>, rename: (name: string) => string = ourName): Map<string, Float64Array> {
  return new Map(Object.entries(weights).map(([name, tensor]) => [rename(name), exact(tensor.data)]));
}

/** Largest absolute difference by the largest absolute value of the reference. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [most, worst] = [0, got.length === want.length ? 0 : Infinity];
  for (let i = 0; i < want.length; i++) {
    most = Math.max(most, Math.abs(want[i] ?? NaN));
    worst = Math.max(worst, Math.abs((got[i] ?? NaN) - (want[i] ?? NaN)));
  }
  return most === 0 ? worst : worst / most;
}
