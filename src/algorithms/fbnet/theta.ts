/** θ as the search holds it: rows of double-precision logits on the host, and what is read off them. */
import { softmaxRows } from "@/nas/cell/rows";

export type Theta = readonly (readonly number[])[];

/** P_θ by row: softmax without noise or temperature. */
export function probabilities(theta: Theta): Float64Array[] {
  return theta.map((row) => softmaxRows(row, row.length));
}

/** Largest option of every row, the first of equals. */
export function argmaxOf(theta: Theta): number[] {
  return theta.map((row) => row.indexOf(Math.max(...row)));
}

/** All rows one after the other, as the history of architecture weights keeps them. */
export function columnOf(theta: Theta): Float32Array {
  return Float32Array.from(theta.flat());
}
