/**
 * The cell space of NAS-Bench-201 (Dong and Yang, ICLR 2020; spec darts 10): 5⁶ cells, one op an edge, in four sizes; `full` has the published
 * widths and depth, so that params and MACs equal the benchmark's.
 */
import { AppError } from "@/lib/appError";
import {
  formatNasBench201,
  nasBench201Alpha,
  nasBench201CellGraph,
  nasBench201Edges,
  nasBench201Gates,
  nasBench201Key,
  nasBench201Network,
  nasBench201Ops,
  parseNasBench201,
  type NasBench201Shape,
} from "../cell/nasbench201";
import { addCost, costOf, zeroCost, type Cost } from "../cost";
import type { Graph } from "../graph";
import type { Choices, OpMutable } from "../mutable";
import { fromGenes, makeMutator, toGenes } from "../mutator";
import { rowMixed } from "./rowMixed";
import { sizes, type Arch, type MixedSpace, type NetworkOptions, type SizeId, type Space } from "./types";

const shapes: Readonly<Record<SizeId, NasBench201Shape>> = {
  nano: { channels: 4, cells: 1, side: 16, halve: true },
  tiny: { channels: 8, cells: 1, side: 16, halve: true },
  small: { channels: 16, cells: 1, side: 32 },
  full: { channels: 16, cells: 5, side: 32 },
};

export interface NasBench201Space extends Space {
  readonly mutables: readonly OpMutable[];
  readonly mixed: MixedSpace;
  network(choices: Choices, options?: NetworkOptions): Graph;
  /** Ops by edge, in the order of the rows. */
  ops(choices: Choices): readonly string[];
}

const mutables = nasBench201Edges.map((edge): OpMutable => ({ kind: "op", id: nasBench201Key(edge), choices: nasBench201Ops }));

function opsOf(choices: Choices): string[] {
  return toGenes(mutables, choices).map((gene) => nasBench201Ops[gene] ?? "none");
}

function choicesOf(ops: readonly string[]): Choices {
  return fromGenes(mutables, ops.map((op) => (nasBench201Ops as readonly string[]).indexOf(op)));
}

/** Price of a network as a sum: without any op, and of one edge's op in all cells together. */
function pricesOf(shape: NasBench201Shape): { readonly base: Cost; readonly byOp: ReadonlyMap<string, Cost> } {
  const empty = nasBench201Edges.map(() => "none");
  const base = costOf(nasBench201Network(shape, { kind: "fixed", ops: empty, mode: "derived" }));
  const opPrice = (op: string): Cost =>
    [0, 1, 2]
      .map((stage) => costOf(nasBench201CellGraph({ channels: shape.channels * 2 ** stage, side: shape.side / 2 ** stage }, { kind: "fixed", ops: empty.with(0, op), mode: "derived" })))
      .reduce((sum, { macs, params, razorFlops }) => addCost(sum, { macs: shape.cells * macs, params: shape.cells * params, razorFlops: shape.cells * razorFlops }), zeroCost);
  return { base, byOp: new Map(nasBench201Ops.map((op) => [op, opPrice(op)])) };
}

/** Of ops of equal price a skip is named first: an end of the range is then a network that sees its image. */
const bySkip = ["skip_connect", ...nasBench201Ops.filter((op) => op !== "skip_connect")];

function makeNasBench201(size: SizeId): NasBench201Space {
  const shape = shapes[size];
  let prices: ReturnType<typeof pricesOf> | null = null;
  const tableOf = (): ReturnType<typeof pricesOf> => (prices ??= pricesOf(shape));
  const fixed = (ops: readonly string[]): Graph => nasBench201Network(shape, { kind: "fixed", ops, mode: "search" });
  const mixed = rowMixed({
    id: "cell",
    label: "Cell",
    rows: nasBench201Edges.map(({ from, to }) => ({ label: `${to}←${from}`, from, to })),
    ops: nasBench201Ops,
    searchGraph: () => nasBench201Network(shape, { kind: "mixed", weights: nasBench201Alpha, soft: true }),
    sampledGraph: (columns) => nasBench201Network(shape, { kind: "sampled", weights: nasBench201Gates, columns }),
    choicesOf: (columns) => fromGenes(mutables, columns),
  });
  const canonical = (choices: Choices): Arch => {
    const ops = opsOf(choices);
    return { choices: choicesOf(ops), id: formatNasBench201(ops) };
  };
  const extreme = (metric: "macs" | "params", sign: 1 | -1): Arch => {
    const priceOf = (op: string): number => sign * (tableOf().byOp.get(op)?.[metric] ?? NaN);
    const best = bySkip.reduce((a, b) => (priceOf(b) < priceOf(a) ? b : a));
    return canonical(choicesOf(nasBench201Edges.map(() => best)));
  };
  const paths = nasBench201Ops.length ** nasBench201Edges.length;
  return {
    id: "nasbench201-cell",
    name: "NAS-Bench-201",
    size,
    params: { channels: shape.channels, cells: shape.cells, side: shape.side },
    capabilities: ["opChoice", "mix"],
    mutables,
    mutator: makeMutator(mutables),
    slots: [],
    count: { paths, distinct: paths },
    independent: true,
    mixed,
    side: shape.side,
    ops: opsOf,
    // `cells` is N: the cells of each of the three stages.
    network: (choices, { width = shape.channels, cells = shape.cells, dropPath = 0, auxiliary = 0 } = {}) => {
      if (dropPath > 0 || auxiliary > 0) throw new AppError("config.invalid", "Networks of NAS-Bench-201 have neither drop path nor an auxiliary classifier.");
      return nasBench201Network({ ...shape, channels: width, cells }, { kind: "fixed", ops: opsOf(choices), mode: "derived" });
    },
    graph: (choices) => fixed(opsOf(choices)),
    supernetParams: () => mixed.searchGraph.params.filter((p) => p.role !== "architecture"),
    supernetNorms: () => mixed.norms,
    canonical,
    encode: (choices) => formatNasBench201(opsOf(choices)),
    decode: (text) => {
      const ops = parseNasBench201(text);
      return ops === null ? null : choicesOf(ops);
    },
    cost: (choices) => {
      const { base, byOp } = tableOf();
      return opsOf(choices).reduce((sum, op) => addCost(sum, byOp.get(op) ?? zeroCost), base);
    },
    extremes: (metric) => ({ min: extreme(metric, 1), max: extreme(metric, -1) }),
  };
}

const made = new Map<SizeId, NasBench201Space>(sizes.map((size) => [size, makeNasBench201(size)]));

/** The space of a size; equal sizes give the same object. */
export function nasbench201(size: SizeId): NasBench201Space {
  return made.get(size) ?? makeNasBench201(size);
}
