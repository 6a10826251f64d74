/**
 * Where the states of a cell stand and how its edges bend. Places are fixed for a number of nodes and never made anew while a search goes
 * on, so that the eye stays on target; a general layouter would jump whenever an edge goes. Pure geometry, no React, no spaces.
 */
import { type CellPlan, plan201, plans } from "./cellPlans";

export interface CellSize {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface CellNodeMark {
  /** State as genotypes number it: 0 = cell k−2, 1 = cell k−1, 2 … = nodes; the output has `nodeCount + 2`. */
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly r: number;
  readonly label: string;
}

/** A cubic from the middle of one state to the middle of another, drawn below both. */
export interface CellCurve {
  readonly path: string;
  /** Where its label stands: kept clear of the other labels and of the states. */
  readonly mid: Point;
  /** x and y of its four control points. */
  readonly points: readonly number[];
}

export interface CellGeometry {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly CellNodeMark[];
  /** A ribbon of the search. `slot`: only where a node reads this state twice; its two curves then bow to either side. */
  edge(from: number, to: number, slot?: 0 | 1): CellCurve;
  /** The same edge of a derived cell: as straight as the states in between allow. */
  chord(from: number, to: number, slot?: 0 | 1): CellCurve;
}

/** Width of a ribbon: what two edges keep between them. */
export const ribbonWidth = 10;

const margin = { x: 32, y: 24 };
/** Half the height of a state, and what an edge keeps from a state that it does not touch. */
const nodeRadius = 12;
const clearance = nodeRadius + ribbonWidth / 2 + 2;
/** An edge that bows more than this goes round others: the further round, the more of its bow it keeps once derived. */
const aroundBow = 0.15;
/** How far the two curves of a state that is read twice bow apart, each. */
const twinBow = 17;

/** Bow and place of the label; where the plan has none, long edges bow more, those of odd and even states to different sides. */
function planned(plan: CellPlan, from: number, to: number): readonly [bow: number, at: number] {
  const found = plan.edges[`${from} ${to}`];
  if (found) return found;
  const span = to - from;
  return [(from % 2 === 0 ? -0.07 : 0.07) * (span - 1), 0.5];
}

function bezier(p: readonly number[], t: number): Point {
  const u = 1 - t;
  const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  const on = (k: 0 | 1): number =>
    a * (p[k] as number) + b * (p[k + 2] as number) + c * (p[k + 4] as number) + d * (p[k + 6] as number);
  return { x: on(0), y: on(1) };
}

/** Point of a curve at t in 0–1. */
export function pointAt(curve: CellCurve, t: number): Point {
  return bezier(curve.points, t);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The path of a cubic given by its control points. */
export function cubicPath(points: readonly number[]): string {
  const [x0 = 0, y0 = 0, ...rest] = points.map(round);
  return `M${x0},${y0}C${rest.join(",")}`;
}

function makeCurve(points: readonly number[], at: number): CellCurve {
  return { path: cubicPath(points), mid: bezier(points, at), points };
}

/** Control points with both inner ones moved by `by` pixels to the left of the direction of travel. */
function moved(points: readonly number[], by: number): number[] {
  const [x0 = 0, y0 = 0, , , , , x1 = 0, y1 = 0] = points;
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [dx, dy] = [((y0 - y1) / length) * by, ((x1 - x0) / length) * by];
  return points.map((value, i) => (i < 2 || i > 5 ? value : value + (i % 2 === 0 ? dx : dy)));
}

const steps = 24;

/** Whether a curve stays clear of every state but its own two. */
function isClear(points: readonly number[], nodes: readonly CellNodeMark[], from: number, to: number): boolean {
  for (let i = 1; i < steps; i++) {
    const { x, y } = bezier(points, i / steps);
    for (const node of nodes)
      if (node.id !== from && node.id !== to && Math.hypot(x - node.x, y - node.y) < clearance) return false;
  }
  return true;
}

function makeGeometry(plan: CellPlan, labels: readonly string[], { width, height }: CellSize): CellGeometry {
  const inner = { width: Math.max(1, width - 2 * margin.x), height: Math.max(1, height - 2 * margin.y) };
  const nodes = labels.map((label, id): CellNodeMark => {
    const [x = 0, y = 0.5] = plan.states[id] ?? [];
    return { id, x: margin.x + x * inner.width, y: margin.y + y * inner.height, r: nodeRadius, label };
  });
  /** `ease` takes the bow away: 1 as planned, 0 a straight line. */
  const pointsOf = (from: number, to: number, ease: number): number[] => {
    const [a, b] = [nodes[from], nodes[to]];
    if (!a || !b) throw new RangeError(`A cell of ${nodes.length} states has no edge ${from} → ${to}.`);
    const bow = planned(plan, from, to)[0] * ease * inner.height;
    const y = (t: number): number => a.y + (b.y - a.y) * t;
    const x = (t: number): number => a.x + (b.x - a.x) * t;
    return [a.x, a.y, x(1 / 3), y(1 / 3) + bow, x(2 / 3), y(2 / 3) + bow, b.x, b.y];
  };
  const made = (from: number, to: number, ease: number, slot?: 0 | 1): CellCurve => {
    const points = pointsOf(from, to, ease);
    const at = planned(plan, from, to)[1];
    return slot === undefined ? makeCurve(points, at) : makeCurve(moved(points, slot === 0 ? twinBow : -twinBow), at);
  };
  return {
    ...{ width, height, nodes },
    edge: (from, to, slot) => made(from, to, 1, slot),
    chord: (from, to, slot) => {
      const least = 3 * (Math.abs(planned(plan, from, to)[0]) - aroundBow);
      const ease = [0, 0.25, 0.5, 0.75].find((e) => e >= least && isClear(pointsOf(from, to, e), nodes, from, to)) ?? 1;
      return made(from, to, ease, slot);
    },
  };
}

/** Even steps from left to right, up and down in turn: for cells of more nodes than any published one. */
function zigzag(nodeCount: number): CellPlan {
  const states = Array.from({ length: nodeCount + 3 }, (_, id): readonly [number, number] => {
    if (id < 2) return [0, id === 0 ? 0.14 : 0.9];
    if (id === nodeCount + 2) return [1, 0.55];
    return [(id - 1) / (nodeCount + 1), id % 2 === 0 ? 0.3 + 0.04 * id : 0.78 + 0.04 * (id - 3)].map((v) =>
      Math.min(1, v),
    ) as [number, number];
  });
  return { states, edges: {} };
}

/**
 * A cell of DARTS with this many nodes (≥ 1): both inputs left, its nodes between, the output right.
 *
 * @param size Pixels of the whole picture; below about 360 × 200 labels touch.
 */
export function cellGeometry(nodeCount: number, size: CellSize): CellGeometry {
  const inner = Array.from({ length: nodeCount }, (_, i) => String(i + 2));
  return makeGeometry(plans[nodeCount] ?? zigzag(nodeCount), ["c(k−2)", "c(k−1)", ...inner, "c(k)"], size);
}

/** A cell of NAS-Bench-201: one input (state 0), three nodes, the last of which is the output. */
export function cellGeometry201(size: CellSize): CellGeometry {
  return makeGeometry(plan201, ["0", "1", "2", "3"], size);
}
