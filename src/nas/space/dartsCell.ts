/**
 * The cell space of DARTS (Liu et al., arXiv 1806.09055; spec darts 1, 2, 9) in four sizes, `full` being the paper's: per cell and node two ops
 * and two different states that they read. It is searched by mixtures (`mixed`) or member by member (`graph`), and a member is trained from
 * scratch as the wider, deeper network of the size. Imported genotypes of other node counts are members too, where only the network is asked for.
 */
import { AppError } from "@/lib/appError";
import { choicesOfGenotype, genotypeOfChoices, inputKey, opKey } from "../cell/choices";
import { deriveCell } from "../cell/derive";
import { allNodes, cellKinds, dartsPrimitives, edgeList, isAllNodes, type CellKind, type Genotype } from "../cell/genotype";
import { dedupeId, formatCellId, parseCellId } from "../cell/id";
import { leafOutputFloats } from "../cell/leafFloats";
import { alphaName, derivedNetwork, gatesSpec, sampledNetwork, searchNetwork, subnetNetwork, type NetworkShape, type SearchShape } from "../cell/networks";
import { cellPrices, type CellPrices } from "../cell/price";
import type { Graph, ParamSpec } from "../graph";
import type { Choices } from "../mutable";
import type { IndexMutable } from "../mutator";
import { extremeCells } from "./dartsCellExtremes";
import { makeCellMutator } from "./dartsCellMutator";
import { sizes, type AlphaGroup, type MixedSpace, type NetworkOptions, type SizeId, type Space } from "./types";

/** Ops that a member may hold, in the order of the columns of α: all but `none`. */
export const dartsCellOps: readonly string[] = dartsPrimitives.slice(1);

interface Geometry {
  readonly search: SearchShape;
  /** The network that is trained from scratch. */
  readonly retrain: NetworkShape;
}

function geometry(side: 16 | 32, search: { channels: number; cells: number; nodes: number }, retrain: { channels: number; cells: number }): Geometry {
  const image = { side, halve: side === 16 };
  return { search: { ...search, ...image }, retrain: { ...retrain, ...image } };
}

const geometries: Readonly<Record<SizeId, Geometry>> = {
  nano: geometry(16, { channels: 4, cells: 3, nodes: 2 }, { channels: 8, cells: 3 }),
  tiny: geometry(16, { channels: 4, cells: 3, nodes: 2 }, { channels: 8, cells: 5 }),
  small: geometry(32, { channels: 8, cells: 5, nodes: 4 }, { channels: 16, cells: 8 }),
  full: geometry(32, { channels: 16, cells: 8, nodes: 4 }, { channels: 36, cells: 20 }),
};

export interface DartsCellSpace extends Space {
  readonly mutables: readonly IndexMutable[];
  readonly mixed: MixedSpace;
  /** Nodes of a member of this size. */
  readonly nodes: number;
  readonly retrain: NetworkShape;
  network(choices: Choices, options?: NetworkOptions): Graph;
  /** Throws `bug` for choices that are no pair of cells. */
  genotype(choices: Choices): Genotype;
}

/** Per cell and node: op and input of slot 0, then of slot 1; the order of the genes. */
function makeMutables(nodes: number): IndexMutable[] {
  return cellKinds.flatMap((kind) =>
    allNodes(nodes).flatMap((node) =>
      [0, 1].flatMap((slot): IndexMutable[] => [
        { kind: "op", id: opKey(kind, node, slot), choices: dartsCellOps },
        { kind: "value", id: inputKey(kind, node, slot), choices: Array.from({ length: node }, (_, state) => state) },
      ]),
    ),
  );
}

function genotypeOf(choices: Choices): Genotype {
  const genotype = genotypeOfChoices(choices);
  if (!genotype.ok) throw new AppError("bug", genotype.problem.message);
  return genotype.value;
}

const labels: Readonly<Record<CellKind, string>> = { normal: "Normal cell", reduce: "Reduction cell" };

function makeMixed(shape: SearchShape): MixedSpace {
  const rows = edgeList(shape.nodes).map(({ from, to }) => ({ label: `${to}←${from}`, from, to }));
  const groups = cellKinds.map(
    (kind): AlphaGroup => ({ id: kind, label: labels[kind], param: alphaName(kind), rows, ops: dartsPrimitives, none: dartsPrimitives.indexOf("none") }),
  );
  let search: Graph | null = null;
  const searchOf = (): Graph => (search ??= searchNetwork(shape));
  return {
    groups,
    get params() {
      const { params } = searchOf();
      const isAlpha = (p: ParamSpec): boolean => p.role === "architecture";
      return [...params.filter(isAlpha), ...cellKinds.map((kind) => gatesSpec(kind, rows.length)), ...params.filter((p) => !isAlpha(p))];
    },
    get norms() {
      return searchOf().norms;
    },
    get searchGraph() {
      return searchOf();
    },
    sampledGraph: ([normal = [], reduce = []]) => sampledNetwork(shape, { normal, reduce }),
    derive: ([normal = new Float32Array(), reduce = new Float32Array()], { rule, skipLimit }) => {
      const cells = [deriveCell(normal, rule, skipLimit), deriveCell(reduce, rule)] as const;
      const skip = dartsPrimitives.indexOf("skip_connect");
      return {
        choices: choicesOfGenotype({ normal: cells[0].cell, reduce: cells[1].cell }),
        kept: cells.map((c) => c.kept),
        margin: cells.map((c) => c.margin),
        skips: cells.map((c) => c.kept.filter((column) => column === skip).length),
      };
    },
    get activationFloats() {
      return leafOutputFloats(searchOf());
    },
  };
}

/** Cells of this many nodes: per node an unordered pair of states and an op for each; strings also tell the two slots apart. */
function countOf(nodes: number): { readonly paths: number; readonly distinct: number } {
  const ops = dartsCellOps.length ** 2;
  const pairs = allNodes(nodes).reduce((n, node) => n * ((node * (node - 1)) / 2) * ops, 1);
  return { paths: (pairs * 2 ** nodes) ** 2, distinct: pairs ** 2 };
}

function makeDartsCell(size: SizeId): DartsCellSpace {
  const { search, retrain } = geometries[size];
  const mutables = makeMutables(search.nodes);
  const mixed = makeMixed(search);
  let prices: CellPrices | null = null;
  const pricesOf = (): CellPrices => (prices ??= cellPrices(retrain));

  const checkMember = (genotype: Genotype): Genotype => {
    const fits = cellKinds.every((kind) => {
      const cell = genotype[kind];
      return cell.nodes.length === search.nodes && isAllNodes(cell) && cell.nodes.flat().every(({ op }) => dartsCellOps.includes(op));
    });
    if (!fits)
      throw new AppError("config.invalid", `This genotype is not inside the search network, whose cells have ${search.nodes} nodes, all concatenated, and the ops of DARTS.`, {
        hint: "It can be trained from scratch all the same.",
      });
    return genotype;
  };
  const canonical = (choices: Choices): { readonly choices: Choices; readonly id: string } => {
    const genotype = genotypeOf(choices);
    return { choices: choicesOfGenotype(genotype), id: dedupeId(genotype) };
  };
  return {
    id: "darts-cell",
    name: "DARTS cells",
    size,
    params: { channels: search.channels, cells: search.cells, nodes: search.nodes, side: search.side, retrainChannels: retrain.channels, retrainCells: retrain.cells },
    capabilities: ["opChoice", "mix"],
    mutables,
    mutator: makeCellMutator(mutables),
    slots: [],
    count: countOf(search.nodes),
    independent: false,
    mixed,
    side: search.side,
    nodes: search.nodes,
    retrain,
    genotype: genotypeOf,
    network: (choices, { width, cells, dropPath, auxiliary } = {}) =>
      derivedNetwork(genotypeOf(choices), {
        ...retrain,
        ...(width === undefined ? {} : { channels: width }),
        ...(cells === undefined ? {} : { cells }),
        ...(dropPath === undefined ? {} : { dropPath }),
        ...(auxiliary === undefined ? {} : { auxiliary }),
      }),
    graph: (choices) => subnetNetwork(checkMember(genotypeOf(choices)), search),
    supernetParams: () => mixed.searchGraph.params.filter((p) => p.role !== "architecture"),
    supernetNorms: () => mixed.norms,
    canonical,
    encode: (choices) => formatCellId(genotypeOf(choices)),
    decode: (text) => {
      const genotype = parseCellId(text);
      return genotype.ok ? choicesOfGenotype(genotype.value) : null;
    },
    cost: (choices) => pricesOf().of(genotypeOf(choices)),
    extremes: (metric) => {
      const { min, max } = extremeCells(pricesOf(), search.nodes, dartsCellOps, metric);
      return { min: canonical(choicesOfGenotype(min)), max: canonical(choicesOfGenotype(max)) };
    },
  };
}

const made = new Map<SizeId, DartsCellSpace>(sizes.map((size) => [size, makeDartsCell(size)]));

/** The cell space of a size; equal sizes give the same object. */
export function dartsCell(size: SizeId): DartsCellSpace {
  return made.get(size) ?? makeDartsCell(size);
}

