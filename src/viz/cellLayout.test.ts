/** Places that hold still, edges that can be told apart, labels that can be read: for every number of nodes and every size of a panel. */
import { describe, expect, it } from "vitest";
import {
  type CellCurve,
  type CellGeometry,
  cellGeometry,
  cellGeometry201,
  cubicPath,
  pointAt,
  ribbonWidth,
} from "./cellLayout";

/** Half a panel of 820 × 330, of 820 × 550, and the one panel of a projector. */
const sizes = [
  { width: 400, height: 240 },
  { width: 410, height: 460 },
  { width: 968, height: 440 },
];

interface TestEdge {
  readonly from: number;
  readonly to: number;
  readonly curve: CellCurve;
}

function edgesOf(geometry: CellGeometry, draw: "edge" | "chord", isSingle = false): TestEdge[] {
  const last = isSingle ? geometry.nodes.length - 1 : geometry.nodes.length - 2;
  const edges: TestEdge[] = [];
  for (let to = isSingle ? 1 : 2; to <= last; to++)
    for (let from = 0; from < to; from++) edges.push({ from, to, curve: geometry[draw](from, to) });
  return edges;
}

const steps = 60;
const points = (curve: CellCurve) => Array.from({ length: steps + 1 }, (_, i) => pointAt(curve, i / steps));

/** Pixels of `a` that run closer to `b` than `limit`, ends at a common state left out. */
function closeLength(geometry: CellGeometry, a: TestEdge, b: TestEdge, limit: number, end: number): number {
  const shared = [a.from, a.to].filter((id) => id === b.from || id === b.to).map((id) => geometry.nodes[id]);
  const others = points(b.curve);
  const own = points(a.curve);
  let length = 0;
  own.forEach((p, i) => {
    const next = own[i + 1];
    if (!next || shared.some((node) => node && Math.hypot(p.x - node.x, p.y - node.y) < end)) return;
    if (others.some((q) => Math.hypot(p.x - q.x, p.y - q.y) < limit)) length += Math.hypot(next.x - p.x, next.y - p.y);
  });
  return length;
}

describe.each(sizes)("a cell of $width × $height", (size) => {
  it.each([1, 2, 3, 4, 5, 8])("%i nodes: inputs left, output right, everything inside", (count) => {
    const geometry = cellGeometry(count, size);
    expect(geometry.nodes.map(({ id }) => id)).toEqual(Array.from({ length: count + 3 }, (_, id) => id));
    expect(geometry.nodes.map(({ label }) => label).slice(0, 3)).toEqual(["c(k−2)", "c(k−1)", "2"]);
    const xs = geometry.nodes.map(({ x }) => x);
    expect(xs[0]).toBe(xs[1]);
    for (let id = 2; id < xs.length; id++) expect(xs[id]).toBeGreaterThan(xs[id - 1] ?? 0);
    if (count > 5) return;
    const all = edgesOf(geometry, "edge").flatMap(({ curve }) => points(curve));
    expect(Math.min(...all.map(({ x }) => x))).toBeGreaterThan(0);
    expect(Math.max(...all.map(({ x }) => x))).toBeLessThan(size.width);
    expect(Math.min(...all.map(({ y }) => y))).toBeGreaterThan(ribbonWidth / 2);
    expect(Math.max(...all.map(({ y }) => y))).toBeLessThan(size.height - ribbonWidth / 2);
  });

  // A cell of four nodes with all its edges is not planar: edges cross, but no two run along one another.
  it.each([1, 2, 3, 4])("%i nodes: ribbons touch only where they cross or meet", (count) => {
    const geometry = cellGeometry(count, size);
    const edges = edgesOf(geometry, "edge");
    const close: string[] = [];
    for (const [i, a] of edges.entries())
      for (const b of edges.slice(i + 1)) {
        const meets = [a.from, a.to].some((id) => id === b.from || id === b.to);
        const length = closeLength(geometry, a, b, ribbonWidth, 60);
        if (length >= (meets ? 1 : 4 * ribbonWidth))
          close.push(`${a.from}→${a.to} ${b.from}→${b.to}: ${Math.round(length)} px`);
      }
    expect(close).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])(
    "%i nodes: derived edges keep clear of the states between them, and run along none of the others",
    (count) => {
      const geometry = cellGeometry(count, size);
      const edges = edgesOf(geometry, "chord");
      const close: string[] = [];
      for (const [i, a] of edges.entries()) {
        for (const node of geometry.nodes) {
          if (node.id === a.from || node.id === a.to) continue;
          const nearest = Math.min(...points(a.curve).map(({ x, y }) => Math.hypot(x - node.x, y - node.y)));
          if (nearest < node.r + 2) close.push(`${a.from}→${a.to} touches ${node.label}`);
        }
        for (const b of edges.slice(i + 1)) {
          const meets = [a.from, a.to].some((id) => id === b.from || id === b.to);
          const length = closeLength(geometry, a, b, 4, 40);
          if (length >= (meets ? 1 : 24)) close.push(`${a.from}→${a.to} ${b.from}→${b.to}: ${Math.round(length)} px`);
        }
      }
      expect(close).toEqual([]);
    },
  );

  it.each([1, 2, 3, 4])("%i nodes: labels keep clear of one another and of the states", (count) => {
    const geometry = cellGeometry(count, size);
    const edges = edgesOf(geometry, "edge");
    const close: string[] = [];
    for (const [i, a] of edges.entries()) {
      for (const b of edges.slice(i + 1))
        if (Math.abs(a.curve.mid.x - b.curve.mid.x) < 46 && Math.abs(a.curve.mid.y - b.curve.mid.y) < 12)
          close.push(`${a.from}→${a.to} ${b.from}→${b.to}`);
      for (const { x, y, r, id } of geometry.nodes)
        if (Math.abs(a.curve.mid.x - x) < 23 + r && Math.abs(a.curve.mid.y - y) < 5 + r)
          close.push(`${a.from}→${a.to} on ${id}`);
    }
    expect(close).toEqual([]);
  });

  it("NAS-Bench-201: six edges that never cross", () => {
    const geometry = cellGeometry201(size);
    const edges = edgesOf(geometry, "edge", true);
    expect(geometry.nodes.map(({ label }) => label)).toEqual(["0", "1", "2", "3"]);
    expect(edges).toHaveLength(6);
    for (const [i, a] of edges.entries())
      for (const b of edges.slice(i + 1))
        expect([a.from, a.to, b.from, b.to, closeLength(geometry, a, b, ribbonWidth, 50)]).toEqual([
          a.from,
          a.to,
          b.from,
          b.to,
          0,
        ]);
    const chords = edgesOf(geometry, "chord", true);
    for (const { from, to, curve } of chords)
      for (const node of geometry.nodes)
        if (node.id !== from && node.id !== to)
          expect(Math.min(...points(curve).map(({ x, y }) => Math.hypot(x - node.x, y - node.y)))).toBeGreaterThan(
            node.r,
          );
  });
});

describe("edges", () => {
  const geometry = cellGeometry(4, { width: 400, height: 240 });

  it("are the same object of numbers every time: nothing moves while a search goes on", () => {
    expect(cellGeometry(4, { width: 400, height: 240 }).edge(1, 5)).toEqual(geometry.edge(1, 5));
    expect(geometry.edge(1, 5).path).toMatch(/^M[\d.]+,[\d.]+C/);
  });

  it("bow to either side where a node reads one state twice", () => {
    const [first, second] = [geometry.chord(0, 3, 0), geometry.chord(0, 3, 1)];
    const apart = Math.hypot(first.mid.x - second.mid.x, first.mid.y - second.mid.y);
    expect(apart).toBeGreaterThan(20);
    expect(first.points.slice(0, 2)).toEqual(second.points.slice(0, 2));
    const single = geometry.chord(0, 3).mid;
    expect(single.x).toBeCloseTo((first.mid.x + second.mid.x) / 2, 6);
  });

  it("are straight once derived, unless a state is in the way", () => {
    const bend = ({ points: [x0 = 0, y0 = 0, x1 = 0, y1 = 0, , , x3 = 0, y3 = 0] }: CellCurve): number =>
      Math.abs((x1 - x0) * (y3 - y0) - (y1 - y0) * (x3 - x0));
    expect(bend(geometry.edge(0, 4))).toBeGreaterThan(100);
    expect(bend(geometry.chord(0, 4))).toBeCloseTo(0, 6);
    // Node 4 lies between 2 and 5.
    expect(bend(geometry.chord(2, 5))).toBeGreaterThan(100);
  });

  it("reach the output, and exist only between states that are there", () => {
    expect(geometry.edge(3, 6).points.slice(6)).toEqual([geometry.nodes[6]?.x, geometry.nodes[6]?.y]);
    expect(() => geometry.edge(0, 7)).toThrow(RangeError);
  });

  it("write a path with one decimal", () => {
    expect(cubicPath([1, 2.04, 3, 4, 5.55, 6, 7, 8])).toBe("M1,2C3,4,5.6,6,7,8");
  });
});
