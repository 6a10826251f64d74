/**
 * Latency tables: what every block of a space takes on one device (spec fbnet 1.6). The sum over the blocks of a member predicts its latency; `fit`
 * says how well, from whole networks that were measured too. Times are microseconds. Tables of different devices, settings or spaces never mix.
 */
import type { LatencySpace, SizeId } from "../space/types";

export interface LatencyDevice {
  /** What a reader calls it, e.g. `apple metal-3 webgpu`; tables are chosen by it. */
  readonly label: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly backend: string;
  readonly executor: string;
  readonly threads: number;
  /** How the entries were timed. */
  readonly timer: "timestamp" | "wall";
  /** Step of the device's timestamps in µs; with timer `wall` the step that was too coarse to use. 0: none, not known, or finer than 1. */
  readonly quantumUs: number;
}

export interface LatencySettings {
  readonly batch: number;
  readonly dtype: "float32";
  readonly warmup: number;
  /** Readings an entry. */
  readonly runs: number;
  readonly bnFolded: boolean;
  readonly keepPw: boolean;
  readonly layout: "NHWC";
}

export interface LatencyReading {
  readonly key: string;
  /** Median. */
  readonly us: number;
  readonly p10: number;
  readonly p90: number;
  /** How the number came to be, where it was not measured by these settings. */
  readonly source?: "edited" | "estimated";
}

/** measured ≈ a + b·sum over n random members; r is Pearson's. */
export interface LatencyFit {
  readonly a: number;
  readonly b: number;
  readonly r: number;
  readonly n: number;
  /** Members behind it, sum and measured latency in µs. */
  readonly points?: readonly { readonly id: string; readonly sum: number; readonly measured: number }[];
}

export interface LatencyTable {
  readonly app: string;
  readonly device: LatencyDevice;
  readonly settings: LatencySettings;
  readonly space: { readonly id: string; readonly size: SizeId };
  readonly entries: readonly LatencyReading[];
  readonly fixed: readonly LatencyReading[];
  readonly fit: LatencyFit;
}

/** The table by slot and choice, as searches read it. */
export interface LatencyCosts {
  /** Sum of the fixed parts, µs. */
  readonly fixed: number;
  /** By slot, then choice, µs; 0 for an identity. */
  readonly slots: readonly (readonly number[])[];
}

/** Keys that the space needs, each once, in the order of the network. */
export function neededKeys({ fixed, slots }: LatencySpace): { readonly entries: readonly string[]; readonly fixed: readonly string[] } {
  const entries = new Set(slots.flatMap((choices) => choices.flatMap((block) => (block === null ? [] : [block.key]))));
  return { entries: [...entries], fixed: [...new Set(fixed.map(({ key }) => key))] };
}

/** The costs by slot and choice; null when a needed entry is missing. */
export function costsOf(table: Pick<LatencyTable, "entries" | "fixed">, space: LatencySpace): LatencyCosts | null {
  const times = new Map([...table.entries, ...table.fixed].map(({ key, us }) => [key, us]));
  const of = (key: string): number => times.get(key) ?? Number.NaN;
  const fixed = space.fixed.reduce((sum, { key }) => sum + of(key), 0);
  const slots = space.slots.map((choices) => choices.map((block) => (block === null ? 0 : of(block.key))));
  return [fixed, ...slots.flat()].every(Number.isFinite) ? { fixed, slots } : null;
}

/** Predicted latency of a member by its genes, µs. */
export function sumOf({ fixed, slots }: LatencyCosts, genes: readonly number[]): number {
  return genes.reduce((sum, gene, slot) => sum + (slots[slot]?.[gene] ?? Number.NaN), fixed);
}
