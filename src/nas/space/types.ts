/** What a search space offers: mutables, a graph for any choices, canonical ids, prices. Spaces are pure and know no strategy. */
import type { Cost } from "../cost";
import type { Graph, ParamSpec } from "../graph";
import type { Choices, Mutable, Mutator } from "../mutable";

export const sizes = ["nano", "tiny", "small", "full"] as const;
export type SizeId = (typeof sizes)[number];

/** What a space can be searched with; strategies state what they need and legality is computed from the two. */
export type Capability = "opChoice" | "mix" | "minMax" | "gates" | "tabular";

export type ArchId = string;

/** One concrete member: all choices, and the id that equivalent members share. */
export interface Arch {
  readonly choices: Choices;
  readonly id: ArchId;
}

/** A column of the path picture: one mutable with what a reader wants to know about it. */
export interface SlotInfo {
  readonly mutable: string;
  /** "Layer 1", short label of the column. */
  readonly label: string;
  readonly stage: number;
  readonly stride: number;
  readonly cin: number;
  readonly cout: number;
  /** Input and output map side lengths. */
  readonly hin: number;
  readonly hout: number;
}

export interface Space {
  readonly id: string;
  readonly name: string;
  readonly size: SizeId;
  /** Parameters of this instance, written to architecture files. */
  readonly params: Readonly<Record<string, number>>;
  readonly capabilities: readonly Capability[];
  readonly mutables: readonly Mutable[];
  readonly mutator: Mutator;
  readonly slots: readonly SlotInfo[];
  /** Number of strings, and of distinct networks. */
  readonly count: { readonly paths: number; readonly distinct: number };
  /** Graph of one member. Equal choices ⇒ deeply equal graphs; parameter names carry slot and choice. */
  graph(choices: Choices): Graph;
  /** Every parameter of the supernet, in a stable order. */
  supernetParams(): readonly ParamSpec[];
  /** Batch-norm tables of the supernet. */
  supernetNorms(): readonly { readonly stats: string; readonly channels: number }[];
  /** Equivalent choices give the same canonical choices; the id is their gene string. */
  canonical(choices: Choices): Arch;
  /** Gene string of the choices as they are, without canonicalisation. */
  encode(choices: Choices): string;
  /** Inverse of `encode`; null when the text is not a member. */
  decode(text: string): Choices | null;
  /** Cost of a member from an additive table over slots; equal to `costOf(graph(choices))`. */
  cost(choices: Choices): Cost;
  /** Cheapest and dearest member by a metric (exact). */
  extremes(metric: "macs" | "params"): { readonly min: Arch; readonly max: Arch };
}
