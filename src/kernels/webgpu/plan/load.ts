/** WGSL of the loads and stores that many kernels share: maps with a folded norm and clamp, gradients with mask and base. */
import { UNBOUNDED } from "../../isa/isa";

/** How a map is loaded; part of the key of a text. `norm`: x·scale + shift first; `lo`, `hi`: bounds that can bite. */
export interface Load {
  readonly key: string;
  readonly norm: boolean;
  readonly lo: boolean;
  readonly hi: boolean;
}

/** The flavour of a loaded map, from its mode and bounds. */
export function loadOf(mode: number, lo: number, hi: number): Load {
  const norm = mode === 2;
  const hasLo = mode !== 0 && lo > -UNBOUNDED;
  const hasHi = mode !== 0 && hi < UNBOUNDED;
  return { key: `${norm ? "n" : "s"}${hasLo ? "l" : ""}${hasHi ? "h" : ""}`, norm, lo: hasLo, hi: hasHi };
}

/** Declares `sc` and `sh`, scale and shift of the channels at index `q` (of vec4f), where the load needs them. */
export const loadFactors = (load: Load, q: string): string =>
  load.norm ? `let sc = A[J.xcoef + ${q}]; let sh = A[J.xcoef + J.xcs + ${q}];` : "";

/** The loaded value of the stored vec4f `value`; NaN stays NaN. */
export function loadValue(load: Load, value: string): string {
  const z = load.norm ? `(${value} * sc + sh)` : value;
  if (load.lo && load.hi) return `bounded(${z}, J.xlo, J.xhi)`;
  if (load.lo) return `atLeast(${z}, J.xlo)`;
  if (load.hi) return `atMost(${z}, J.xhi)`;
  return z;
}

/** A vec4f that a thread stores: its value, and row and channels (in vec4f) of the map. */
export interface Target {
  readonly value: string;
  readonly row: string;
  readonly q: string;
}

/**
 * Stores of a thread's block. Targets beyond the edge of the map may name the last row or channel inside instead: stores run from the last to the
 * first, so the right value is the one that stays. That spares a branch a store.
 */
export const stores = (map: { readonly at: string; readonly ld: string }, targets: readonly Target[]): string =>
  [...targets]
    .reverse()
    .map(({ value, row, q }) => `A[${map.at} + (${row}) * ${map.ld} + ${q}] = ${value};`)
    .join("\n");

/** Stores of gradients with respect to a map: with the mask of a clamped load, and added to `base` (read before anything is stored: it may be dx). */
export const storeGradients = (targets: readonly Target[]): string => `
  ${targets.map(({ value }, n) => `var g${n} = ${value};`).join("\n")}
  if (J.mask != 0) {
    ${targets.map(({ row, q }, n) => `g${n} = masked(g${n}, A[J.x + (${row}) * J.xld + ${q}], J.lo, J.hi);`).join("\n")}
  }
  if (J.base >= 0) {
    ${targets.map(({ row, q }, n) => `g${n} += A[J.base + (${row}) * J.baseld + ${q}];`).join("\n")}
  }
  ${stores({ at: "J.dx", ld: "J.dxld" }, targets.map((target, n) => ({ ...target, value: `g${n}` })))}`; // prettier-ignore
