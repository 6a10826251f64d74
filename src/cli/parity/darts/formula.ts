/** Weights, images and labels that a reference file gives by a rule instead of by value: numbers of mulberry32 (README: formula weights). */
import { sizeOf, type ParamName, type ParamSpec } from "@/nas/graph";

/** Mulberry32 in its counter form; draw k = 1, 2, … of a seed. Numbers in [0, 1). */
export class Mulberry32 {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  next(): number {
    const a = (this.state = (this.state + 0x6d2b79f5) | 0);
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
}

/** Value of a weight from s = 2u − 1, by the role and shape of its parameter; null for architecture parameters, which use no numbers. */
function ruleOf({ role, shape, name }: Pick<ParamSpec, "role" | "shape" | "name">): ((s: number) => number) | null {
  const scaled = (fan: number): ((s: number) => number) => {
    const bound = Math.sqrt(6 / fan);
    return (s) => s * bound;
  };
  switch (role) {
    case "conv":
    case "linear":
      return scaled(sizeOf(shape.slice(0, -1)));
    case "depthwise":
      return scaled(sizeOf(shape.slice(0, 2)));
    case "gamma":
      return (s) => 1 + 0.2 * s;
    case "beta":
      return (s) => 0.2 * s;
    case "bias":
      return (s) => 0.1 * s;
    case "architecture":
      return null;
    default:
      throw new Error(`There is no formula for the parameter ${name}.`);
  }
}

/**
 * One stream over all weights in their order, row-major. The order is that of the file's manifest; `used` counts numbers, so that a list that is
 * not the reference's is found out.
 */
export function formulaWeights(specs: readonly ParamSpec[], seed: number): { readonly values: ReadonlyMap<ParamName, Float32Array>; readonly used: number } {
  const stream = new Mulberry32(seed);
  const values = new Map<ParamName, Float32Array>();
  let used = 0;
  for (const spec of specs) {
    const rule = ruleOf(spec);
    if (rule === null) continue;
    values.set(spec.name, Float32Array.from({ length: sizeOf(spec.shape) }, () => rule(2 * stream.next() - 1)));
    used += sizeOf(spec.shape);
  }
  return { values, used };
}

/** 4u − 2. */
export function formulaImages(seed: number, length: number): Float32Array {
  const stream = new Mulberry32(seed);
  return Float32Array.from({ length }, () => 4 * stream.next() - 2);
}

/** ⌊classes·u⌋. */
export function formulaLabels(seed: number, length: number, classes = 10): Uint8Array {
  const stream = new Mulberry32(seed);
  return Uint8Array.from({ length }, () => Math.floor(classes * stream.next()));
}
