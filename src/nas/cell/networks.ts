/**
 * Networks of cells (spec darts 2): stem, cells with two reductions, head; as the search network, a sampled or fixed part of it, and the
 * network that a genotype is trained in from scratch. Parameters come in the order of the golden manifests.
 */
import { AppError } from "@/lib/appError";
import type { Graph, Init, ParamName, ParamSpec } from "../graph";
import { graphBuilder, type GraphBuilder } from "../graphBuilder";
import { torchDefaultInit } from "../space/init";
import { addDerivedCell, addMixedEdge, addSampledCell, addSearchCell, addSubnetCell, EDGE_COLUMNS, type CellPlace } from "./cells";
import { cellKinds, edgesOf, type Cell, type CellKind, type Genotype } from "./genotype";

export interface NetworkShape {
  /** C: channels of the first cells. */
  readonly channels: number;
  readonly cells: number;
  /** Side of the map that the stem sees. */
  readonly side: number;
  /** Whether an image of twice that side is averaged down first (2×2 mean). */
  readonly halve?: boolean;
  /** 10 when absent. */
  readonly classes?: number;
  /** Channels of the stem by C; 3 when absent. */
  readonly stemMultiplier?: number;
}

export interface SearchShape extends NetworkShape {
  /** Nodes of a cell. */
  readonly nodes: number;
}

export interface DerivedShape extends NetworkShape {
  /** Drop-path probability at the end of the ramp; 0 or absent: none. */
  readonly dropPath?: number;
  /** Weight of the auxiliary classifier's loss; 0 or absent: no such classifier. */
  readonly auxiliary?: number;
}

/** As the paper: 10⁻³ times a standard normal. */
export const alphaInit: Init = { kind: "normal", std: 1e-3 };

export function alphaName(kind: CellKind): ParamName {
  return `alpha.${kind}`;
}

export function gatesName(group: string): ParamName {
  return `gates.${group}`;
}

/** Gates of a sampled graph: ones, whose gradients say what α should know. */
export function gatesSpec(group: string, rows: number): ParamSpec {
  return { name: gatesName(group), shape: [rows], role: "architecture", init: { kind: "constant", value: 1 } };
}

/** Kind of every cell: reductions at ⌊L/3⌋ and ⌊2L/3⌋. */
export function cellKindsOf(cells: number): CellKind[] {
  const at = [Math.floor(cells / 3), Math.floor((2 * cells) / 3)];
  return Array.from({ length: cells }, (_, i) => (at.includes(i) ? "reduce" : "normal"));
}

/** Where every cell stands; C doubles at each reduction. */
export function cellPlaces({ channels, cells }: NetworkShape): CellPlace[] {
  let width = channels;
  return cellKindsOf(cells).map((kind, i) => {
    if (kind === "reduce") width *= 2;
    return { path: `cells.${i}`, channels: width, kind };
  });
}

/** Input and stem: the 2×2 mean where it is asked for, 3×3 convolution, norm with scale and offset, no ReLU. */
export function addStem(b: GraphBuilder, halve: boolean, cout: number): number {
  const image = halve ? b.node("input.half", { op: "avgPool", k: 2, stride: 2, pad: 0 }, [b.input]) : b.input;
  return b.batchNorm("stem.bn", b.conv("stem.conv", image, { cout, k: 3 }));
}

/** A builder for images that the stem sees at `side`. */
export function imageBuilder({ side, halve = false }: { readonly side: number; readonly halve?: boolean }): GraphBuilder {
  const input = halve ? 2 * side : side;
  return graphBuilder([input, input, 3], torchDefaultInit);
}

export function addHead(b: GraphBuilder, from: number, classes: number): number {
  return b.linear("classifier", b.node("mean", { op: "globalAvgPool" }, [from]), classes);
}

/** Side of the map behind the auxiliary head; its 2×2 convolution fits no other. */
const AUXILIARY_SIDE = 8;

/** ReLU, 5×5 mean at stride 3 (8×8 → 2×2), 1×1 → 128, norm, ReLU, 2×2 → 768, norm, ReLU, dense. Throws `config.invalid` unless the map is 8×8. */
function addAuxiliary(b: GraphBuilder, from: number, classes: number): number {
  const [h = 0, w = 0] = b.shapeOf(from);
  if (h !== AUXILIARY_SIDE || w !== AUXILIARY_SIDE)
    throw new AppError("config.invalid", `The auxiliary classifier needs maps of 8×8 at two thirds of the depth; here they are ${h}×${w}.`, {
      hint: "Leave it out, or train on images of side 32.",
    });
  const pool = b.node("aux.pool", { op: "avgPool", k: 5, stride: 3, pad: 0, countPads: false }, [b.relu("aux.relu1", from)]);
  const narrow = b.relu("aux.relu2", b.batchNorm("aux.bn1", b.conv("aux.conv1", pool, { cout: 128 })));
  const wide = b.relu("aux.relu3", b.batchNorm("aux.bn2", b.conv("aux.conv2", narrow, { cout: 768, k: 2, pad: 0 })));
  // The map is one pixel: its mean is the flattening.
  return b.linear("aux.dense", b.node("aux.flatten", { op: "globalAvgPool" }, [wide]), classes);
}

function chainCells(
  b: GraphBuilder,
  shape: NetworkShape,
  addCell: (place: CellPlace, s0: number, s1: number) => number,
  auxiliary = 0,
): Graph {
  const { cells, classes = 10, stemMultiplier = 3, halve = false, channels } = shape;
  const stem = addStem(b, halve, stemMultiplier * channels);
  let [s0, s1] = [stem, stem];
  let second = stem;
  cellPlaces(shape).forEach((place, i) => {
    [s0, s1] = [s1, addCell(place, s0, s1)];
    if (i === Math.floor((2 * cells) / 3)) second = s1;
  });
  const aux = auxiliary > 0 ? addAuxiliary(b, second, classes) : null;
  const graph = b.finish(addHead(b, s1, classes));
  return aux === null ? graph : { ...graph, auxiliary: { output: aux, weight: auxiliary } };
}

/** Kinds of cells that a network of this depth has, in the order of the groups. */
function kindsIn(cells: number): CellKind[] {
  const kinds = cellKindsOf(cells);
  return cellKinds.filter((kind) => kinds.includes(kind));
}

/** Every edge a mixture by softmax(α). `alpha.normal` and `alpha.reduce` hold one row of eight an edge; one that no cell reads is not declared. */
export function searchNetwork(shape: SearchShape): Graph {
  const b = imageBuilder(shape);
  for (const kind of kindsIn(shape.cells)) b.architecture(alphaName(kind), edgesOf(shape.nodes) * EDGE_COLUMNS, alphaInit);
  return chainCells(b, shape, (place, s0, s1) => addSearchCell(b, place, s0, s1, shape.nodes, alphaName(place.kind)));
}

/** The part of the search network that runs when edge `row` of the cells of a kind takes op `columns[kind][row]` (a primitive's index) alone. */
export function sampledNetwork(shape: SearchShape, columns: Readonly<Record<CellKind, readonly number[]>>): Graph {
  const b = imageBuilder(shape);
  for (const kind of kindsIn(shape.cells)) {
    const { name, init } = gatesSpec(kind, edgesOf(shape.nodes));
    b.architecture(name, edgesOf(shape.nodes), init);
  }
  return chainCells(b, shape, (place, s0, s1) => addSampledCell(b, place, s0, s1, shape.nodes, columns[place.kind], gatesName(place.kind)));
}

/** A genotype inside the search network: only its edges and ops run, under the search network's names, unweighted. */
export function subnetNetwork(genotype: Genotype, shape: NetworkShape): Graph {
  const b = imageBuilder(shape);
  return chainCells(b, shape, (place, s0, s1) => addSubnetCell(b, place, s0, s1, genotype[place.kind]));
}

/**
 * The network that is trained from scratch. Throws `config.invalid` for an op that cannot be built, and for an auxiliary classifier where the
 * map at two thirds of the depth is not 8×8.
 */
export function derivedNetwork(genotype: Genotype, shape: DerivedShape): Graph {
  const b = imageBuilder(shape);
  return chainCells(b, shape, (place, s0, s1) => addDerivedCell(b, place, s0, s1, genotype[place.kind], shape.dropPath), shape.auxiliary);
}

export interface CellGraphOptions {
  readonly kind: CellKind;
  readonly channels: number;
  /** Side of s1. */
  readonly side: number;
  /** Channels of the two inputs. */
  readonly s0: number;
  readonly s1: number;
  /** Whether s0 is twice as large as s1: what the cell after a reduction sees. */
  readonly larger?: boolean;
  /** A search cell of so many nodes, or a derived cell. */
  readonly body: { readonly nodes: number } | { readonly cell: Cell; readonly dropPath?: number };
}

/**
 * One cell alone, names at the root (`pre0.conv.weight`, `edges.0.…`, `ops.0.…`), α in `alpha.<kind>`. The input [h, w, s0 + s1] has s0 in its
 * first channels and s1 in the others; where s0 is twice as large, s1 sits on the pixels of even row and column.
 */
export function cellGraph({ kind, channels, side, s0, s1, larger = false, body }: CellGraphOptions): Graph {
  const outer = larger ? 2 * side : side;
  const b = graphBuilder([outer, outer, s0 + s1], torchDefaultInit);
  const place: CellPlace = { path: "", channels, kind };
  if ("nodes" in body) b.architecture(alphaName(kind), edgesOf(body.nodes) * EDGE_COLUMNS, alphaInit);
  const first = b.node("s0", { op: "slice", begin: 0, size: s0 }, [b.input]);
  let second = b.node(larger ? "s1.sparse" : "s1", { op: "slice", begin: s0, size: s1 }, [b.input]);
  if (larger) second = b.node("s1", { op: "subsample", side }, [second]);
  return b.finish(
    "nodes" in body
      ? addSearchCell(b, place, first, second, body.nodes, alphaName(kind))
      : addDerivedCell(b, place, first, second, body.cell, body.dropPath),
  );
}

/** One mixed edge alone, ops at the root (`sep_conv_3x3.dw1.weight`); parameter `alpha` has its eight weights: before the softmax when `soft`. */
export function mixedEdgeGraph(options: { readonly channels: number; readonly side: number; readonly stride: number; readonly soft: boolean }): Graph {
  const { channels, side, stride, soft } = options;
  const b = graphBuilder([side, side, channels], torchDefaultInit);
  const weights = b.architecture("alpha", EDGE_COLUMNS, alphaInit);
  return b.finish(addMixedEdge(b, "", b.input, stride, weights, 0, soft));
}
