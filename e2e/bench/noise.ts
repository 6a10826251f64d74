/** Input values of the bench: a hash of the index, so that millions of them cost nothing and every peer has the same. */
import { rootKey } from "@/lib/rng";

/** About normal (a sum of four uniform bytes), mean 0, standard deviation `std`; never 0, where the gradients of ReLU differ between libraries. */
export function noise(length: number, name: string, std = 1): Float32Array {
  const [seed] = rootKey(7).fold(name).words;
  const scale = std / 148; // four bytes have a standard deviation of 147.8
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let h = Math.imul(i ^ seed, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    values[i] = ((h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 509.5) * scale;
  }
  return values;
}

/** Labels 0 … classes − 1. */
export function noiseLabels(length: number, classes: number): Uint8Array {
  const rng = rootKey(7).fold("labels").stream();
  return Uint8Array.from({ length }, () => rng.int(classes));
}
