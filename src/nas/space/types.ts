/** What a search space offers: mutables, a graph for any choices, canonical ids, prices. Spaces are pure and know no strategy. */
import type { Cost } from "../cost";
import type { Graph, ParamName, ParamSpec } from "../graph";
import type { Choices, Mutable, MutableId, Mutator } from "../mutable";
import type { CostModel } from "../relaxation/costModel";

export const sizes = ["nano", "tiny", "small", "full"] as const;
export type SizeId = (typeof sizes)[number];

/** What a space can be searched with; strategies state what they need and legality is computed from the two. */
export type Capability = "opChoice" | "mix" | "latency" | "masks" | "minMax" | "gates" | "tabular";

export type ArchId = string;

/** One row of architecture weights: an edge of a cell, or a layer. */
export interface AlphaRow {
  /** "2←0", "Layer 3". */
  readonly label: string;
  /** Of an edge: the states that it joins. */
  readonly from?: number;
  readonly to?: number;
}

/** One matrix of architecture weights (α): rows × ops numbers, row-major, in one architecture parameter of the search network. */
export interface AlphaGroup {
  /** `normal`, `reduce`; `cell` of one cell alone; `layers` where every layer has a row. */
  readonly id: string;
  readonly label: string;
  readonly param: ParamName;
  readonly rows: readonly AlphaRow[];
  /** Names of the columns. */
  readonly ops: readonly string[];
  /** Column of `none` where the derivation leaves it out; null where every column can be derived. */
  readonly none: number | null;
  /** Where the public channel counts the rows otherwise than by group: the number of the first. Absent: 0, and the group is this one's index. */
  readonly firstRow?: number;
}

/** Which rule turns α into a member: the paper's or NNI's (spec darts 4). Spaces without edges to choose know only one. */
export type DeriveRule = "official" | "nni";

export interface DeriveOptions {
  readonly rule: DeriveRule;
  /** Most skip connections that the normal cell may keep; null = any number. */
  readonly skipLimit: number | null;
}

/** What α means as it stands. */
export interface Derivation {
  readonly choices: Choices;
  /** By group and row: column of the op that the row would keep, or −1 where the row is dropped. */
  readonly kept: readonly (readonly number[])[];
  /** By group: smallest strength of a kept row minus the largest of a dropped one of the same node; null where nothing is dropped. */
  readonly margin: readonly (number | null)[];
  /** By group: skip connections among the kept ops. */
  readonly skips: readonly number[];
}

/** The differentiable side of a space: one network in which every edge is a mixture of all its candidates. */
export interface MixedSpace {
  readonly groups: readonly AlphaGroup[];
  /**
   * Every parameter (α included, and the gates of sampled graphs) and every norm, for one store that serves all graphs here. The weights of
   * `weightedGraph` are not among them: its graph of all columns lists its own.
   */
  readonly params: readonly ParamSpec[];
  readonly norms: Graph["norms"];
  /** Mixture by softmax(α); the same object on every call. */
  readonly searchGraph: Graph;
  /** Only op `columns[group][row]` runs on an edge, times number `row` of parameter `gates.<group id>` (kept at 1): GDAS. */
  sampledGraph(columns: readonly (readonly number[])[]): Graph;
  /**
   * Mixture by numbers that are given from outside: in row r the candidates `columns[r]` run, candidate k times number r·ops + k of parameter
   * `weights.<group id>` (role architecture). Absent where rows are no layers. Equal columns give the same object while it is in use.
   */
  weightedGraph?(columns: readonly (readonly number[])[]): Graph;
  /** Raw α by group → member. */
  derive(alphas: readonly Float32Array[], options: DeriveOptions): Derivation;
  /** Numbers that all activations of one image take in training: leaf outputs of the search network (spec darts 9). */
  readonly activationFloats: number;
}

/** A part of the network whose time is measured by itself. */
export interface LatencyBlock {
  /** `<op>_e<e>_g<g>_s<stride>_i<in>_o<out>_h<input side>`, as spec fbnet 1.6; equal keys, equal work. */
  readonly key: string;
  /** Multiply–adds of one example, from the graph. */
  readonly macs: number;
  /** The part alone, its input the map that it gets in the network; built when first asked for. */
  graph(): Graph;
}

/** What an additive latency table of the space holds. */
export interface LatencySpace {
  /** Parts of every member: stem, last convolution, head. */
  readonly fixed: readonly LatencyBlock[];
  /** By slot, then choice; null for an identity, which costs nothing. */
  readonly slots: readonly (readonly (LatencyBlock | null)[])[];
}

/** One decision of a masking search (FBNetV2): a row of logits α, whose Gumbel-softmax weighs the options. */
export interface MaskedRow {
  /** `resolution`, `stem`, `stage.1.channels`, `stage.1.block.0.expansion`… */
  readonly id: string;
  readonly label: string;
  readonly kind: "resolution" | "channels" | "expansion" | "kernel";
  /** Sides of the input, channels, expansions, kernel sides; ascending. */
  readonly options: readonly number[];
  /** Channels that each option keeps (of `channels` and `expansion`). */
  readonly widths?: readonly number[];
  /** Mutables that it decides: several where blocks of a stage share their channels. */
  readonly mutables: readonly MutableId[];
  /** Stage in the network, −1 for resolution and stem. */
  readonly stage: number;
}

/** How blocks decide about their channels: one α a stage, or one each. */
export type MaskShare = "stage" | "block";

/** The masking side of a space: one network of the largest widths whose channels, kernels and resolutions are weighed. */
export interface MaskedSpace {
  /** Decisions, in the order of the network; resolution first. A row with one option is left out. */
  rows(share: MaskShare): readonly MaskedRow[];
  /**
   * The search network. Architecture parameters: `mask.<row id>` [widest] for channels and expansion, `weights.<row id>` [options] for kernel and
   * resolution. `resolution` null: every input resolution runs and is summed on the full grid (spec 2.2); else only that option runs, and what is pooled
   * is multiplied by its number of `weights.resolution`. All graphs of a share have the same parameters; equal arguments give the same object.
   */
  searchGraph(share: MaskShare, resolution: number | null): Graph;
  /** Effective cost over the rows of a share (spec 2.3). `max`: of the largest member. */
  cost(share: MaskShare, metric: "macs" | "params"): { readonly model: CostModel; readonly max: number };
  /** The member with option `picks[row]` in every row. */
  choicesOf(share: MaskShare, picks: readonly number[]): Choices;
}

/** How the network that is trained from scratch may differ from the size's. */
export interface NetworkOptions {
  /** C of the first cells, and the number of cells; of cell spaces only. */
  readonly width?: number;
  readonly cells?: number;
  /** Largest drop-path probability; 0 or absent: none. */
  readonly dropPath?: number;
  /** Weight of the auxiliary classifier's loss; 0 or absent: none. Needs maps of 8×8 at two thirds of the depth. */
  readonly auxiliary?: number;
}

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
  /** Whether every combination of the mutables' choices is a member: what strictly fair sampling needs. */
  readonly independent: boolean;
  /** What differentiable search needs; absent where the space has no mixtures. */
  readonly mixed?: MixedSpace;
  /** What a latency table holds; absent where layers are not measured one by one. */
  readonly latency?: LatencySpace;
  /** What a masking search needs. */
  readonly masked?: MaskedSpace;
  /** Side of the maps that the network computes on, where images are averaged down first; absent: 32. */
  readonly side?: number;
  /** The member as it is trained from scratch; absent: `graph`. Throws `config.invalid` for a member that cannot be built. */
  network?(choices: Choices, options?: NetworkOptions): Graph;
  /** Graph of one member. Equal choices ⇒ deeply equal graphs; parameter names carry slot and choice. */
  graph(choices: Choices): Graph;
  /** Every parameter of the supernet, in a stable order. */
  supernetParams(): readonly ParamSpec[];
  /** Batch-norm tables of the supernet. */
  supernetNorms(): readonly { readonly stats: string; readonly channels: number }[];
  /**
   * Equivalent choices give the same id, and canonicalising again changes nothing. Op-choice spaces give equivalent choices the same form, whose
   * gene string is the id; cells keep the order of a node's slots, which `encode` writes and the id sorts away.
   */
  canonical(choices: Choices): Arch;
  /** Gene string of the choices as they are, without canonicalisation. */
  encode(choices: Choices): string;
  /** Inverse of `encode`; null when the text is not a member. */
  decode(text: string): Choices | null;
  /** Cost of a member from an additive table; equal to `costOf` of the network that is trained from scratch. */
  cost(choices: Choices): Cost;
  /** Cheapest and dearest member by a metric (exact). */
  extremes(metric: "macs" | "params"): { readonly min: Arch; readonly max: Arch };
}
