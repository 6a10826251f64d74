/** The path model, its layout and its words as data. */
import { describe, expect, it } from "vitest";
import { makeSpace } from "@/nas/space/registry";
import type { CountsColumn } from "@/store/countsHistory";
import { RunHistory } from "@/store/history";
import { applyFrames, fakeRun } from "../testing/fakeRun";
import { describePath, pathTable } from "./describe";
import { boxAt, layoutPath, routePath } from "./layout";
import { buildPathModel, chooseRoute, choicesOf, genesOfId, isLit, type PathInput } from "./model";

const space = makeSpace("macro8", "nano");
const genes = [0, 1, 2, 0, 1, 2, 0, 1];

function columnOf(counts: readonly number[], over: Partial<CountsColumn> = {}): CountsColumn {
  const n = counts.length;
  const total = counts.slice(0, 3).reduce((a, b) => a + b, 0);
  return {
    step: 90,
    counts: Float64Array.from(counts),
    expected: new Float64Array(n).fill(total / 3),
    lossSum: Float64Array.from(counts, (c) => c * 1.5),
    lossSquares: Float64Array.from(counts, (c) => c * (1.5 ** 2 + 0.2 ** 2)),
    path: Int8Array.from(genes),
    ...over,
  };
}

const even = Array.from({ length: 24 }, () => 30);

function modelOf(over: Partial<PathInput> = {}) {
  const route = { kind: "training", genes, id: genes.join("") } as const;
  return buildPathModel({
    space,
    column: columnOf(even),
    pairs: null,
    route,
    trail: [],
    focus: {},
    pinA: null,
    pinB: null,
    ...over,
  });
}

describe("path model", () => {
  it("has binomial bands and flags what lies outside ± 2 σ", () => {
    const counts = [...even];
    counts.splice(12, 3, 42, 24, 24); // layer 5
    const model = modelOf({ column: columnOf(counts) });
    const sigma = Math.sqrt(90 * (1 / 3) * (2 / 3));
    expect(model.samples).toBe(90);
    expect(model.columns[4]?.nodes[0]).toMatchObject({ op: "identity", count: 42, expected: 30, isOutside: true });
    expect(model.columns[4]?.nodes[0]?.deviation).toBeCloseTo(12 / sigma, 12);
    expect(model.columns[4]?.nodes[1]?.isOutside).toBe(false);
    expect(model.largest).toEqual({ slot: 4, deviation: 12 / sigma });
    expect(model.maxCount).toBe(Math.max(42, 30 + 2 * sigma));
  });

  it("has the mean and SD of the loss, and none where nothing was sampled", () => {
    const counts = [...even];
    counts[0] = 0;
    const model = modelOf({ column: columnOf(counts) });
    expect(model.columns[0]?.nodes[0]?.loss).toBeNull();
    expect(model.columns[0]?.nodes[1]?.loss?.mean).toBeCloseTo(1.5, 12);
    expect(model.columns[0]?.nodes[1]?.loss?.sd).toBeCloseTo(0.2, 9);
  });

  it("shows transitions only of the focused layer and choice", () => {
    const pairs = new Float64Array(7 * 9).fill(3);
    pairs[(2 * 3 + 1) * 3 + 0] = 9;
    expect(modelOf({ pairs }).links).toEqual([]);
    expect(modelOf({ pairs, focus: { slot: 3 } }).links).toHaveLength(18);
    const links = modelOf({ pairs, focus: { slot: 2, choice: 1 } }).links;
    expect(links).toHaveLength(6);
    expect(links.find((l) => l.weight === 1)).toMatchObject({ slot: 2, from: 1, to: 0, count: 9 });
    expect(modelOf({ pairs, focus: { slot: 0, choice: 1 } }).links).toHaveLength(3);
  });

  it("agrees with the counts that a run sends", () => {
    const history = new RunHistory();
    const run = fakeRun({ steps: 40 });
    applyFrames(run, history);
    const column = history.counts.at(20);
    expect(column?.step).toBe(20);
    expect(modelOf({ column }).samples).toBe(20);
    expect(modelOf({ column: history.counts.latest() }).samples).toBe(40);
  });
});

describe("chooseRoute", () => {
  const base = {
    space,
    focus: {},
    isPast: false,
    phase: "supernet",
    live: genes,
    pastPath: null,
    newest: null,
    winner: null,
  };
  const [newest] = fakeRun({ steps: 1, candidates: 1 }).candidates;

  it("prefers the focused architecture, then the past, then the phase", () => {
    expect(chooseRoute(base)).toMatchObject({ kind: "training", id: "01201201" });
    expect(chooseRoute({ ...base, focus: { archId: "22212220" } })).toMatchObject({
      kind: "candidate",
      id: "22212220",
    });
    expect(chooseRoute({ ...base, isPast: true, pastPath: Int8Array.of(1, 1, 1, 1, 1, 1, 1, 1) })).toMatchObject({
      kind: "past",
      id: "11111111",
    });
    expect(chooseRoute({ ...base, phase: "search", newest: newest ?? null })).toMatchObject({
      kind: "evaluating",
      id: newest?.id,
    });
    expect(chooseRoute({ ...base, phase: "retrain", winner: "22212220" })).toMatchObject({
      kind: "winner",
      id: "22212220",
    });
  });

  it("lights nothing when there is nothing that fits", () => {
    expect(chooseRoute({ ...base, live: [] }).kind).toBe("none");
    expect(chooseRoute({ ...base, isPast: true }).kind).toBe("none");
    expect(chooseRoute({ ...base, focus: { archId: "not an id" } }).kind).toBe("training");
  });
});

describe("genes and choices", () => {
  it("are inverse to each other and refuse what is no member", () => {
    const choices = choicesOf(space, genes);
    expect(choices && space.encode(choices)).toBe("01201201");
    expect(choicesOf(space, [9, ...genes.slice(1)])).toBeNull();
    expect(genesOfId(space, "01201201")).toEqual(genes);
    expect(genesOfId(space, "0120")).toBeNull();
  });
});

describe("isLit", () => {
  it("follows the focus table: candidate, node, column, op", () => {
    const model = modelOf();
    const node = model.columns[2]?.nodes[2];
    const other = model.columns[2]?.nodes[1];
    if (!node || !other) throw new Error("nodes expected");
    expect([isLit(model, {}, node), isLit(model, {}, other)]).toEqual([true, true]);
    expect([isLit(model, { archId: "x" }, node), isLit(model, { archId: "x" }, other)]).toEqual([true, false]);
    expect([isLit(model, { slot: 2, choice: 1 }, node), isLit(model, { slot: 2, choice: 1 }, other)]).toEqual([
      false,
      true,
    ]);
    expect([isLit(model, { slot: 2 }, node), isLit(model, { slot: 1 }, node)]).toEqual([true, false]);
    expect([isLit(model, { op: "mb6_k5" }, node), isLit(model, { op: "mb6_k5" }, other)]).toEqual([true, false]);
  });
});

describe("layout", () => {
  it("draws 64×36 nodes where they fit, and keeps everything inside where they do not", () => {
    const wide = layoutPath(modelOf(), { width: 820, height: 330 });
    expect(boxAt(wide, 0, 0)).toMatchObject({ width: 64, height: 36 });
    expect(wide.lane).not.toBeNull();
    expect(wide.bands.map((b) => b.stage)).toEqual([0, 1, 2]);
    for (const size of [
      { width: 820, height: 200 },
      { width: 400, height: 260 },
      { width: 968, height: 546 },
    ]) {
      const layout = layoutPath(modelOf(), size);
      const boxes = layout.columns.flatMap((c) => c.nodes);
      expect(boxes).toHaveLength(24);
      for (const { x, y, width, bar } of boxes) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x + width).toBeLessThanOrEqual(size.width);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(bar.y + bar.height).toBeLessThanOrEqual(size.height);
        expect(bar.length).toBeLessThanOrEqual(width);
        expect(bar.low).toBeLessThanOrEqual(bar.expected);
        expect(bar.expected).toBeLessThanOrEqual(bar.high);
      }
    }
  });

  it("draws a route only when it has one choice a layer", () => {
    const layout = layoutPath(modelOf(), { width: 820, height: 330 });
    expect(routePath(layout, genes).match(/C/g)).toHaveLength(7);
    expect(routePath(layout, genes.slice(1))).toBe("");
    expect(routePath(layout, [])).toBe("");
  });
});

describe("description", () => {
  it("reads like the design's example", () => {
    const words = describePath(modelOf());
    expect(words).toMatch(/^Step 90\. Layer 1 identity, layer 2 MB3-k3, layer 3 MB6-k5, /);
    const counts = [...even];
    counts.splice(12, 3, 36, 27, 27);
    expect(describePath(modelOf({ column: columnOf(counts) }))).toMatch(
      /Counts are even: largest deviation 1\.3 σ \(layer 5\)\.$/,
    );
  });

  it("says that nothing was sampled yet", () => {
    const none = { kind: "none", genes: [], id: "" } as const;
    expect(describePath(modelOf({ column: null, route: none }))).toBe("No path has been sampled yet.");
  });

  it("has one table row a node", () => {
    const { columns, rows } = pathTable(modelOf());
    expect(rows).toHaveLength(24);
    expect(rows.every((row) => row.length === columns.length)).toBe(true);
    expect(rows[1]).toEqual([1, "mb3_k3 (mb3)", 30, 30, 0, 1.5, 0.2, ""]);
    expect(rows[0]?.at(-1)).toBe("yes");
  });
});
