/** From bytes to the numbers a network sees: (v ÷ 255 − mean) ÷ std through one table per channel. */
import type { DatasetManifest, Rgb } from "./manifest";

export interface Normalisation {
  readonly mean: Rgb;
  readonly std: Rgb;
}

/** The constants of NNI and DARTS, used even for partial copies so that results compare. */
export const CIFAR10_NORMALISATION: Normalisation = {
  mean: [0.49139968, 0.48215827, 0.44653124],
  std: [0.24703233, 0.24348505, 0.26158768],
};

export function normalisationOf(manifest: Pick<DatasetManifest, "id" | "normalisation">): Normalisation {
  return manifest.id === "cifar10" ? CIFAR10_NORMALISATION : manifest.normalisation;
}

/** 3 × 256 floats: the normalised value of byte v in channel c is `table[c * 256 + v]`. */
export function makeTable(mean: Rgb, std: Rgb): Float32Array {
  const table = new Float32Array(768);
  for (let c = 0; c < 3; c++) {
    for (let v = 0; v < 256; v++) table[c * 256 + v] = (v / 255 - (mean[c] as number)) / (std[c] as number);
  }
  return table;
}
