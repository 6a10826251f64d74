/**
 * From architecture weights to a genotype (spec darts 4): the paper's rule, NNI's and AutoDL's, and the limit on skips of P-DARTS; and what a
 * reader wants to know about the weights and about the cell that they give (spec darts 5.5). α of a cell: edges × 8, row-major, raw.
 */
import { allNodes, cellPairs, dartsPrimitives, edgeRow, edgesOf, type Cell, type CellInput, type CellNode } from "./genotype";
import { softmaxRows } from "./rows";

const COLUMNS = dartsPrimitives.length;
const NONE = dartsPrimitives.indexOf("none");
const SKIP = dartsPrimitives.indexOf("skip_connect");

/** Nodes of a cell whose α has so many numbers. */
export function nodesOfAlpha(length: number): number {
  let nodes = 0;
  while (edgesOf(nodes + 1) * COLUMNS <= length) nodes++;
  return nodes;
}

/** A rule in two questions: how strong is an op on an edge, and which of two equals goes first. */
interface Rule {
  scores(alpha: ArrayLike<number>): Float64Array;
  /** Whether equal ops are won by the later name of the alphabet, equal edges by the newer state. */
  readonly lastWins: boolean;
}

/**
 * `official`: softmax including `none`; equals to the smaller state and the earlier op. `nni`: raw logits, with Python's descending order of
 * (logit, state, name).
 */
const rules: Readonly<Record<"official" | "nni", Rule>> = {
  official: { scores: (alpha) => softmaxRows(alpha, COLUMNS), lastWins: false },
  nni: { scores: (alpha) => Float64Array.from(alpha), lastWins: true },
};

export type CellRule = keyof typeof rules;

/** What an edge would keep. */
interface Strength {
  readonly from: number;
  readonly column: number;
  readonly value: number;
}

function bestOp(scores: Float64Array, row: number, from: number, lastWins: boolean): Strength {
  let column = -1;
  let value = -Infinity;
  for (let k = 0; k < COLUMNS; k++) {
    const score = scores[row * COLUMNS + k] ?? NaN;
    if (k === NONE) continue;
    const isTie = score === value && lastWins && String(dartsPrimitives[k]) > String(dartsPrimitives[column]);
    if (column < 0 || score > value || isTie) [column, value] = [k, score];
  }
  return { from, column, value };
}

/** Incoming edges of a node by strength, strongest first. */
function rankEdges(scores: Float64Array, node: number, lastWins: boolean): Strength[] {
  const edges = Array.from({ length: node }, (_, from) => bestOp(scores, edgeRow(from, node), from, lastWins));
  return edges.sort((a, b) => b.value - a.value || (lastWins ? b.from - a.from : a.from - b.from));
}

export interface DerivedCell {
  readonly cell: Cell;
  /** By edge: column of the op that it keeps, or −1. */
  readonly kept: readonly number[];
  /** Strength of the weaker kept edge minus that of the best dropped one, the least of all nodes; null where no edge is dropped. */
  readonly margin: number | null;
  /** Edges whose skip the limit took away, in that order. */
  readonly removed: readonly number[];
}

function deriveOnce(scores: Float64Array, nodes: number, lastWins: boolean): Omit<DerivedCell, "removed"> {
  const kept = new Array<number>(edgesOf(nodes)).fill(-1);
  const inputs: CellNode[] = [];
  let margin: number | null = null;
  for (const node of allNodes(nodes)) {
    const [first, second, dropped] = rankEdges(scores, node, lastWins) as [Strength, Strength, Strength | undefined];
    for (const { from, column } of [first, second]) kept[edgeRow(from, node)] = column;
    inputs.push([toInput(first), toInput(second)]);
    if (dropped !== undefined) margin = Math.min(margin ?? Infinity, second.value - dropped.value);
  }
  return { cell: { nodes: inputs, concat: allNodes(nodes) }, kept, margin };
}

function toInput({ column, from }: Strength): CellInput {
  return { op: String(dartsPrimitives[column]), from };
}

/**
 * The cell that α says: per node its two strongest edges, strongest first, each with its best op but `none`. While more than `skipLimit` skips
 * are kept, the weakest of them loses its weight and the cell is derived again (P-DARTS); null = no limit.
 */
export function deriveCell(alpha: ArrayLike<number>, rule: CellRule = "official", skipLimit: number | null = null): DerivedCell {
  const nodes = nodesOfAlpha(alpha.length);
  const { lastWins } = rules[rule];
  const scores = rules[rule].scores(alpha);
  const removed: number[] = [];
  for (;;) {
    const derived = deriveOnce(scores, nodes, lastWins);
    const skips = derived.kept.flatMap((column, row) => (column === SKIP ? [row] : []));
    if (skipLimit === null || skips.length <= Math.max(0, skipLimit)) return { ...derived, removed };
    const weightOf = (row: number): number => scores[row * COLUMNS + SKIP] ?? NaN;
    const weakest = skips.reduce((least, row) => (weightOf(row) < weightOf(least) ? row : least));
    scores[weakest * COLUMNS + SKIP] = -Infinity;
    removed.push(weakest);
  }
}

/** AutoDL's variant: the two strongest pairs (edge, op) of a node by softmax, so that both may come from one state. */
export function deriveTopPairs(alpha: ArrayLike<number>): Cell {
  const nodes = nodesOfAlpha(alpha.length);
  const weights = softmaxRows(alpha, COLUMNS);
  const inputs = allNodes(nodes).map((node): CellNode => {
    const pairs: Strength[] = [];
    for (let from = 0; from < node; from++) {
      const begin = edgeRow(from, node) * COLUMNS;
      for (let column = 0; column < COLUMNS; column++) if (column !== NONE) pairs.push({ from, column, value: weights[begin + column] ?? NaN });
    }
    const [first, second] = pairs.sort((a, b) => b.value - a.value) as [Strength, Strength];
    return [toInput(first), toInput(second)];
  });
  return { nodes: inputs, concat: allNodes(nodes) };
}

/** What a matrix of architecture weights says as a whole. */
export interface AlphaFacts {
  /** −Σ p ln p of a row, averaged over the rows; and by ln of the number of columns, 1 = undecided. */
  readonly entropy: number;
  readonly normalisedEntropy: number;
  /** Mean softmax weight of every column: the mass of `none`, of skips. */
  readonly means: readonly number[];
}

export function alphaFacts(alpha: ArrayLike<number>, columns: number = COLUMNS): AlphaFacts {
  const weights = softmaxRows(alpha, columns);
  const rows = weights.length / columns;
  const means = new Array<number>(columns).fill(0);
  let entropy = 0;
  weights.forEach((p, i) => {
    means[i % columns] = (means[i % columns] ?? 0) + p / rows;
    if (p > 0) entropy -= (p * Math.log(p)) / rows;
  });
  return { entropy, normalisedEntropy: entropy / Math.log(columns), means };
}

export interface CellFacts {
  readonly skips: number;
  /** Edges on the longest path from an input of the cell to its output. */
  readonly depth: number;
  /** Share of the kept edges that come from the cell's inputs, 0–1: collapse makes cells shallow and wide. */
  readonly inputShare: number;
}

/** What a derived cell looks like as a whole. */
export function cellFacts(cell: Cell): CellFacts {
  const pairs = cellPairs(cell);
  const depths = [0, 0];
  for (const node of cell.nodes) depths.push(1 + Math.max(...node.map(({ from }) => depths[from] ?? 0)));
  return {
    skips: pairs.filter(({ op }) => op === "skip_connect").length,
    depth: Math.max(0, ...cell.concat.map((state) => depths[state] ?? 0)),
    inputShare: pairs.length === 0 ? 0 : pairs.filter(({ from }) => from < 2).length / pairs.length,
  };
}
