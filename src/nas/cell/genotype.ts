/**
 * A derived pair of cells in DARTS's words (Liu et al., arXiv 1806.09055): per node two ops, each with the state that it reads.
 * States are numbered as in every published genotype: 0 = cell k−2, 1 = cell k−1, 2 … = the cell's own nodes.
 */
import { ok, refuse, type Result } from "@/lib/result";

/** Names of ops as published; which of them can be built is `cellOps`' to say. */
export type CellOpName = string;

/** One input of a node: (op, state). */
export interface CellInput {
  readonly op: CellOpName;
  readonly from: number;
}

/** Both inputs of a node in slot order: strongest edge first where the search says so. */
export type CellNode = readonly [CellInput, CellInput];

export interface Cell {
  /** Node i + 2 at index i. */
  readonly nodes: readonly CellNode[];
  /** States whose channels make the output, ascending. */
  readonly concat: readonly number[];
}

export interface Genotype {
  readonly normal: Cell;
  readonly reduce: Cell;
}

export const cellKinds = ["normal", "reduce"] as const;
export type CellKind = (typeof cellKinds)[number];

/** The eight primitives of the search, in the order of the columns of α (spec 1.1). */
export const dartsPrimitives = ["none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"] as const;

/** Ops that occur in published genotypes beside them. The last can be read, drawn and written, but not built. */
export const extraCellOps = ["sep_conv_7x7", "conv_7x1_1x7", "conv_3x1_1x3"] as const;

/** Short names of ids and small pictures. */
export const opShort: Readonly<Record<string, string>> = {
  none: "no",
  max_pool_3x3: "mp",
  avg_pool_3x3: "ap",
  skip_connect: "sk",
  sep_conv_3x3: "s3",
  sep_conv_5x5: "s5",
  sep_conv_7x7: "s7",
  dil_conv_3x3: "d3",
  dil_conv_5x5: "d5",
  conv_7x1_1x7: "c7",
  conv_3x1_1x3: "c3",
};

/** Rows of α of a cell with this many nodes: 2 + 3 + … */
export function edgesOf(nodes: number): number {
  return (nodes * (nodes + 3)) / 2;
}

/** Row of edge from → to (to ≥ 2): to·(to − 1)/2 − 1 + from. */
export function edgeRow(from: number, to: number): number {
  return (to * (to - 1)) / 2 - 1 + from;
}

/** Every edge in the order of the rows. */
export function edgeList(nodes: number): { readonly from: number; readonly to: number }[] {
  return Array.from({ length: nodes }, (_, n) => Array.from({ length: n + 2 }, (__, from) => ({ from, to: n + 2 }))).flat();
}

/** States 2 … nodes + 1. */
export function allNodes(nodes: number): number[] {
  return Array.from({ length: nodes }, (_, i) => i + 2);
}

/** A cell may have this many nodes: states then are single digits. Published cells have four or five. */
export const MOST_NODES = 8;

const derivable = new Set<CellOpName>([...dartsPrimitives.slice(1), ...extraCellOps]);

/** Ops that a derived cell may hold: every known one but `none`. */
export function isDerivable(op: CellOpName): boolean {
  return derivable.has(op);
}

export function isAllNodes(cell: Cell): boolean {
  return cell.concat.length === cell.nodes.length;
}

/** Inputs of a cell in slot order, node by node: pair 2n and 2n + 1 belong to node n + 2. */
export function cellPairs(cell: Cell): CellInput[] {
  return cell.nodes.flat();
}

/** A cell from its pairs, concatenating every node unless told. An odd pair at the end is dropped. */
export function cellOfPairs(pairs: readonly CellInput[], concat?: readonly number[]): Cell {
  const nodes: CellNode[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) nodes.push([pairs[i] as CellInput, pairs[i + 1] as CellInput]);
  return { nodes, concat: concat ?? allNodes(nodes.length) };
}

const listed = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);

function problemOf(kind: CellKind, { nodes, concat }: Cell): string | null {
  if (nodes.length < 1 || nodes.length > MOST_NODES) return `The ${kind} cell has ${nodes.length} nodes; 1 to ${MOST_NODES} are possible.`;
  for (const [n, inputs] of nodes.entries()) {
    for (const { op, from } of inputs) {
      if (!derivable.has(op)) return `Node ${n + 2} of the ${kind} cell has the op ${listed(op)}, which a derived cell cannot hold.`;
      if (!Number.isInteger(from) || from < 0 || from > n + 1)
        return `Node ${n + 2} of the ${kind} cell reads state ${from}; it can read 0 to ${n + 1}.`;
    }
  }
  if (concat.length === 0) return `The ${kind} cell concatenates no node.`;
  const fits = concat.every((c, i) => Number.isInteger(c) && c >= 2 && c <= nodes.length + 1 && c > (concat[i - 1] ?? 1));
  return fits ? null : `The ${kind} cell concatenates ${listed(concat.join(", "))}; nodes 2 to ${nodes.length + 1} are possible, in ascending order.`;
}

/**
 * The genotype itself when it is one: known ops and no `none`, inputs that come before their node, equally many nodes (1–8) in both cells,
 * a valid concat. Else `import.unreadable` and what is wrong.
 */
export function checkGenotype(genotype: Genotype): Result<Genotype> {
  const problem = problemOf("normal", genotype.normal) ?? problemOf("reduce", genotype.reduce);
  if (problem !== null) return refuse("import.unreadable", problem);
  const [normal, reduce] = [genotype.normal.nodes.length, genotype.reduce.nodes.length];
  if (normal !== reduce) return refuse("import.unreadable", `The normal cell has ${normal} nodes, the reduce cell ${reduce}.`);
  return ok(genotype);
}
