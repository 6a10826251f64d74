/** Where everything of a cell stands at a size and a beat: ribbons of strands, labels, the lines into the output. Pure geometry. */
import { placeLabels } from "@/viz/cellLabels";
import {
  type CellCurve,
  type CellGeometry,
  cellGeometry,
  cellGeometry201,
  cubicPath,
  type Point,
  pointAt,
  ribbonWidth,
} from "@/viz/cellLayout";
import { opStyle } from "@/viz/palette";
import type { DerivedCell, DerivedInput } from "./derived";
import { isSingleInput, type SearchCell, type SearchEdge } from "./model";
import type { Beat } from "./story";

export interface StrandMark {
  readonly key: string;
  readonly op: string;
  readonly d: string;
  readonly width: number;
  /** Not what this edge keeps, and the story has got so far. */
  readonly isGone: boolean;
}

export interface LabelMark {
  readonly x: number;
  readonly y: number;
  readonly op: string;
  readonly text: string;
}

export interface EdgeMark {
  readonly key: string;
  readonly row: number;
  readonly from: number;
  readonly to: number;
  /** Middle line, for pointing and pins. */
  readonly line: string;
  /** Of all that is still seen of it. */
  readonly width: number;
  readonly strands: readonly StrandMark[];
  /** The derived cell has this edge. */
  readonly isKept: boolean;
  /** Dropped, and the story has got so far. */
  readonly isGone: boolean;
  readonly label: LabelMark | null;
}

export interface ConcatMark {
  readonly key: string;
  readonly d: string;
}

/** From the middle of a state to the numbers of its inputs. */
const slotDistance = 24;
const slotSize = 16;
/** Width of an edge of a derived cell. */
const derivedWidth = 4;

/** Geometry of a cell by what it is. */
export function geometryOf(
  { id, nodes }: { readonly id: string; readonly nodes: number },
  size: { readonly width: number; readonly height: number },
): CellGeometry {
  return isSingleInput(id) ? cellGeometry201(size) : cellGeometry(nodes, size);
}

type Vector = readonly [x: number, y: number];

function normal([x0, y0]: Vector, [x1, y1]: Vector): Vector {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  return [(y0 - y1) / length, (x1 - x0) / length];
}

/** Where two legs of a polygon meet once both are moved by one along their normals. */
function joint(a: Vector, b: Vector): Vector {
  const scale = 1 / Math.max(0.3, 1 + a[0] * b[0] + a[1] * b[1]);
  return [(a[0] + b[0]) * scale, (a[1] + b[1]) * scale];
}

/** A cubic beside another, `by` pixels to one side (Tiller and Hanson, 1984: the control polygon is moved); good to half a pixel here. */
export function besideCubic(points: readonly number[], by: number): number[] {
  const at = (i: number): Vector => [points[2 * i] as number, points[2 * i + 1] as number];
  const [first, middle, last] = [normal(at(0), at(1)), normal(at(1), at(2)), normal(at(2), at(3))];
  const moves = [first, joint(first, middle), joint(middle, last), last];
  return moves.flatMap((move, i) => [at(i)[0] + move[0] * by, at(i)[1] + move[1] * by]);
}

/** `max3 31 %`. */
function weightLabel(op: string, weight: number): string {
  return `${opStyle(op).code} ${Math.round(100 * weight)} %`;
}

/** What stays of an edge: the op that is kept, or the strongest of an edge that is dropped. */
function survivor({ kept, leading }: SearchEdge): string {
  return kept[0]?.op ?? leading.op;
}

/** The edge of a derived cell that an input is. */
function chordOf({ node, slot, from, isTwin }: DerivedInput, geometry: CellGeometry): CellCurve {
  return geometry.chord(from, node, isTwin ? (slot === 0 ? 0 : 1) : undefined);
}

/** A ribbon: its strands side by side, less those that the beat has taken away. */
function searchEdge(edge: SearchEdge, geometry: CellGeometry, beat: Beat, isUniform: boolean): EdgeMark {
  const { row, from, to, kept } = edge;
  const isDone = beat === 3 && kept.length > 0;
  const curve = isDone ? geometry.chord(from, to) : geometry.edge(from, to);
  const stays = survivor(edge);
  const weight = edge.strands.find(({ op }) => op === stays)?.weight ?? 0;
  let at = -ribbonWidth / 2;
  const strands = edge.strands.map((strand): StrandMark => {
    const { op } = strand;
    const width = ribbonWidth * strand.weight;
    const middle = at + width / 2;
    at += width;
    return {
      ...{ key: op, op },
      d: isDone ? curve.path : cubicPath(besideCubic(curve.points, middle)),
      width: isDone && op === stays ? derivedWidth : width,
      isGone: beat > 0 && op !== stays,
    };
  });
  return {
    ...{ key: `${from} ${to}`, row, from, to, strands },
    line: curve.path,
    width: isDone ? derivedWidth : beat === 0 ? ribbonWidth : ribbonWidth * weight,
    isKept: kept.length > 0,
    isGone: beat > 1 && kept.length === 0,
    label: isUniform ? null : { ...curve.mid, op: stays, text: weightLabel(stays, weight) },
  };
}

function derivedEdge(input: DerivedInput, geometry: CellGeometry): EdgeMark {
  const { node, slot, op, from, row } = input;
  const { path } = chordOf(input, geometry);
  return {
    ...{ key: `${node} ${slot}`, row, from, to: node },
    line: path,
    width: derivedWidth,
    strands: [{ key: op, op, d: path, width: derivedWidth, isGone: false }],
    isKept: true,
    isGone: false,
    label: null,
  };
}

/** Codes of the ops on the edges of a derived cell, clear of one another. */
function derivedLabels(derived: DerivedCell, geometry: CellGeometry): LabelMark[] {
  const texts = derived.inputs.map(({ op }) => opStyle(op).code);
  const curves = derived.inputs.map((input, i) => ({ curve: chordOf(input, geometry), text: texts[i] ?? "" }));
  const places = placeLabels(curves, geometry.nodes, slotMarks(derived, geometry));
  return derived.inputs.map(({ op }, i) => ({ x: 0, y: 0, ...places[i], op, text: texts[i] ?? "" }));
}

/** Labels of ribbons clear of one another, wherever the weights go: each place is made for the longest text. */
function ribbonPlaces(search: SearchCell, geometry: CellGeometry): Point[] {
  return placeLabels(
    search.edges.map(({ from, to }) => ({ curve: geometry.edge(from, to), text: "max3 100 %" })),
    geometry.nodes,
  );
}

/** The edges of a cell at a beat; without a search, or where a node reads a state twice, the derived cell by itself. */
export function edgeMarks(
  search: SearchCell | null,
  derived: DerivedCell | null,
  geometry: CellGeometry,
  beat: Beat,
): EdgeMark[] {
  if (search && (beat < 3 || derived === null)) {
    const places = ribbonPlaces(search, geometry);
    return search.edges.map((edge, i) => {
      const mark = searchEdge(edge, geometry, beat, search.isUniform);
      return { ...mark, label: mark.label && { ...mark.label, ...places[i] } };
    });
  }
  if (derived === null) return [];
  const labels = derivedLabels(derived, geometry);
  const labelOf = (from: number, to: number): LabelMark | null =>
    labels[derived.inputs.findIndex((input) => input.from === from && input.node === to)] ?? null;
  if (search && !derived.inputs.some(({ isTwin }) => isTwin))
    return search.edges.map((edge) => ({
      ...searchEdge(edge, geometry, beat, search.isUniform),
      label: labelOf(edge.from, edge.to),
    }));
  return derived.inputs.map((input, i) => ({ ...derivedEdge(input, geometry), label: labels[i] ?? null }));
}

/** Lines into the output: every node while the search goes on, then those that the derived cell joins. */
export function concatMarks(
  search: SearchCell | null,
  derived: DerivedCell | null,
  geometry: CellGeometry,
  beat: Beat,
): ConcatMark[] {
  const cell = search ?? derived;
  if (cell === null || isSingleInput(cell.id)) return [];
  const all = Array.from({ length: cell.nodes }, (_, i) => i + 2);
  const joined = (beat === 3 ? derived?.concat : null) ?? all;
  return joined.map((state) => ({ key: String(state), d: geometry.edge(state, cell.nodes + 2).path }));
}

export interface SlotMark extends Point {
  readonly key: string;
  readonly slot: number;
}

/** Small numbers at the ends of a derived cell's edges: which of its node's inputs each is. None lies on another. */
export function slotMarks(derived: DerivedCell, geometry: CellGeometry): SlotMark[] {
  const marks: SlotMark[] = [];
  if (isSingleInput(derived.id)) return marks;
  for (const input of derived.inputs) {
    const { node, slot } = input;
    const curve = chordOf(input, geometry);
    const end = pointAt(curve, 1);
    const isFree = (p: Point): boolean =>
      Math.hypot(p.x - end.x, p.y - end.y) >= slotDistance &&
      marks.every((other) => Math.hypot(p.x - other.x, p.y - other.y) >= slotSize);
    const places = Array.from({ length: 30 }, (_, i) => pointAt(curve, 1 - (i + 1) / 50));
    marks.push({ ...(places.find(isFree) ?? pointAt(curve, 0.8)), key: `${node} ${slot}`, slot: slot + 1 });
  }
  return marks;
}
