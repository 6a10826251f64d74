/** The latency panel's cells, source of the table, geometry, check and costs as data. */
import { describe, expect, it } from "vitest";
import type { Candidate } from "@/nas/candidate";
import { costsOf, type LatencyTable, neededKeys, sumOf } from "@/nas/latency/table";
import { makeSpace } from "@/nas/space/registry";
import { sequential } from "@/viz/palette";
import { inkOn, luminance } from "@/viz/thetaInk";
import { fakeTable } from "../testing/fakeFbnet";
import { buildCheck, layoutCheck } from "./check";
import { argmaxPath, buildCost, type CostInput, genesOf, layoutCost, targetCost, targetSetting } from "./cost";
import { buildLatency, cellOf, measureSeconds, movedCell, parseMs, shadeOf } from "./model";
import { shownTable } from "./source";
import { cellAt, layoutTable } from "./tableLayout";
import { roundTarget, targetByKey } from "./TargetLine";

const space = makeSpace("fbnet-v1", "nano");
const latency = space.latency as NonNullable<typeof space.latency>;
const table = fakeTable(space) as LatencyTable;
const costs = costsOf(table, latency) as NonNullable<ReturnType<typeof costsOf>>;
const build = (over: object = {}) => buildLatency({ space, table, isMeasuring: false, path: null, ...over });

describe("cells", () => {
  it("are the table by slot and choice; identities cost nothing; equal shapes are one entry", () => {
    const model = build({ path: [0, 1, 2, 3, 4] });
    expect(model.columns.map(({ cells }) => cells.map(({ us }) => us))).toEqual(costs.slots);
    expect(model.columns[2]?.cells.at(-1)).toMatchObject({ op: "skip", status: "identity", us: 0, key: null, overhead: null });
    const { entries, fixed } = neededKeys(latency);
    expect([model.needed, model.known]).toEqual([entries.length + fixed.length, entries.length + fixed.length]);
    const times = [...table.entries, ...table.fixed].map(({ us }) => us);
    expect(model.range).toEqual([Math.min(...times), Math.max(...times)]);
    expect(model.overheadUs).toBe(Math.min(...times));
    expect(model.columns.map(({ cells }) => cells.findIndex(({ isPath }) => isPath))).toEqual([0, 1, 2, 3, 4]);
    const small = makeSpace("fbnet-v1", "small");
    const places = buildLatency({ space: small, table: null, isMeasuring: false, path: null });
    expect(places.columns[4]?.cells[0]?.places).toBe(2);
  });

  it("say how a number came to be, and which are unquiet", () => {
    const entries = table.entries.map((e, i) => (i === 0 ? { ...e, source: "edited" as const } : i === 1 ? { ...e, source: "estimated" as const } : i === 2 ? { ...e, p90: 2 * e.us } : e));
    const model = build({ table: { ...table, entries: entries.slice(0, -1) } });
    expect(model.columns[0]?.cells.slice(0, 4).map(({ status, isNoisy }) => [status, isNoisy])).toEqual([
      ["edited", false],
      ["estimated", false],
      ["measured", true],
      ["measured", false],
    ]);
    expect([model.hasEdited, model.hasEstimated, model.hasNoisy]).toEqual([true, true, true]);
    const last = entries.at(-1)?.key;
    const holes = model.columns.flatMap(({ cells }) => cells).filter(({ key }) => key === last);
    expect(holes.every(({ status, us }) => status === "missing" && us === null)).toBe(true);
    expect(model.needed - model.known).toBe(1);
    expect(build({ table: null, isMeasuring: true }).columns[0]?.cells[0]?.status).toBe("pending");
  });

  it("are walked by arrows: over layers to the fixed parts, never out of the table", () => {
    const model = build();
    expect(movedCell(model, "ArrowRight", null)).toMatchObject({ slot: 0, choice: 0 });
    expect(movedCell(model, "ArrowLeft", { slot: 0, choice: 3 })).toMatchObject({ slot: 0, choice: 3 });
    expect(movedCell(model, "ArrowDown", { slot: 1, choice: 4 })).toMatchObject({ slot: 1, choice: 4 });
    expect(movedCell(model, "ArrowUp", { slot: 1, choice: 4 })).toMatchObject({ slot: 1, choice: 3 });
    expect(movedCell(model, "ArrowRight", { slot: 4, choice: 4 })).toMatchObject({ slot: -1, choice: 2 });
    expect(movedCell(model, "x", null)).toBeNull();
    expect(cellOf(model, { slot: -1, choice: 0 })?.op).toMatch(/^stem_/);
  });

  it("shade by value or by order of size, and what is written on a shade can be read", () => {
    expect(shadeOf(100, [1, 100], false)).toBe(1);
    expect(shadeOf(10, [1, 100], true)).toBeCloseTo(0.54);
    expect(shadeOf(10, [1, 100], false)).toBeCloseTo(0.172);
    for (const theme of ["light", "dark"] as const)
      for (let t = 0; t <= 1; t += 0.02) {
        const fill = sequential(t, theme);
        const [a = 0, b = 0] = [luminance(fill), luminance(inkOn(fill))].sort((p, q) => q - p);
        expect((a + 0.05) / (b + 0.05)).toBeGreaterThan(4);
      }
  });

  it("typed milliseconds and the time that measuring takes", () => {
    expect(["0.312", " 1,5 ", "2 ms", "0", "-1", "x", "", "Infinity"].map(parseMs)).toEqual([312, 1500, 2000, null, null, null, null, null]);
    expect([25, 75].map(measureSeconds)).toEqual([5, 20]);
  });
});

describe("geometry", () => {
  it("22 layers and the fixed parts fit in 820×240; a point finds its cell", () => {
    const full = makeSpace("fbnet-v1", "full");
    const layout = layoutTable(buildLatency({ space: full, table: null, isMeasuring: false, path: null }), { width: 820, height: 240 });
    expect(layout.cells).toHaveLength(22 * 9 + 3);
    for (const { x, y, width, height } of layout.cells) {
      expect(x).toBeGreaterThan(layout.labelX);
      expect(x + width).toBeLessThanOrEqual(820);
      expect(y + height).toBeLessThanOrEqual(240);
    }
    expect(layout.heads.map(({ text }) => text).slice(0, 3)).toEqual(["1", "2", "3"]);
    const place = layout.cells[40] as (typeof layout.cells)[number];
    expect(cellAt(layout, place.x + 1, place.y + 1)).toBe(place);
    expect(cellAt(layout, 1, 1)).toBeNull();
  });
});

describe("source", () => {
  const none = { table: null, progress: null, devices: ["fake wasm"], problem: null };
  const report = { kind: "table", table, done: 5, total: 5, own: true } as const;
  const show = (over: object) => shownTable({ space, report: null, state: none, wanted: "run", asked: null, ...over });
  const edited = { ...table, entries: table.entries.map((e, i) => (i === 0 ? { ...e, us: 1 } : e)) };

  it("the run's table before the kept one; a choice only where they differ", () => {
    expect(show({})).toMatchObject({ source: "none", table: null });
    expect(show({ state: { ...none, table } })).toMatchObject({ source: "kept", isOwn: true, hasChoice: false });
    expect(show({ report, state: { ...none, table } })).toMatchObject({ source: "run", hasChoice: false });
    expect(show({ report, state: { ...none, table: edited } })).toMatchObject({ source: "run", hasChoice: true });
    expect(show({ report, state: { ...none, table: edited }, wanted: "kept" })).toMatchObject({ source: "kept", table: edited });
  });

  it("never another space's, and says when it is another device's", () => {
    const other = { ...table, space: { id: "fbnet-v1", size: "small" as const } };
    expect(show({ state: { ...none, table: other } }).source).toBe("none");
    expect(show({ state: { ...none, table, devices: ["swiftshader webgpu", "fake wasm"] } }).isOwn).toBe(false);
  });

  it("while it is measured: by the run, or by the page, which can cancel; a few entries leave the rest", () => {
    expect(show({ report: { ...report, done: 2 } })).toMatchObject({ source: "measuring", canCancel: false, progress: { done: 2, total: 5 } });
    const progress = { table: { ...table, entries: table.entries.slice(0, 1), fixed: [] }, done: 1, total: 9 };
    const whole = show({ state: { ...none, table: edited, progress } });
    expect([whole.canCancel, whole.table?.entries.length]).toEqual([true, 1]);
    const few = show({ state: { ...none, table: edited, progress }, asked: [table.entries[0]?.key] });
    expect(few.table?.entries.length).toBe(table.entries.length);
    expect(few.table?.entries.find(({ key }) => key === table.entries[0]?.key)?.us).toBe(table.entries[0]?.us);
  });
});

function candidate(index: number, over: Partial<Candidate> = {}): Candidate {
  const choices = space.decode(`0000${index}`) ?? {};
  return { index, id: `0000${index}`, choices, origin: { kind: "sampled" }, generation: 0, arm: "evolution", macs: 1e5, params: 1e4, accuracy: { value: 0.4, n: 500 }, latencyUs: 100 + index, ...over };
}

describe("check", () => {
  it("bias is the mean of measured minus sum; candidates carry what the fit makes of their sum", () => {
    const points = [
      { id: "a", sum: 100, measured: 130 },
      { id: "b", sum: 200, measured: 210 },
    ];
    const model = buildCheck({ fit: { a: 50, b: 0.8, r: 1, n: 2, points } }, [candidate(0), candidate(1), candidate(1), candidate(2, { latencyUs: undefined as never })]);
    expect(model.bias).toBe(20);
    expect(model.candidates.map(({ id, fitted }) => [id, fitted])).toEqual([["00000", 130], ["00001", 50 + 0.8 * 101]]);
    const { plot, diagonal, fit, points: placed } = layoutCheck(model, { width: 820, height: 300 });
    const inside = (path: string) => [...path.matchAll(/[ML]([\d.]+),([\d.]+)/g)].every(([, x, y]) => Number(x) >= plot.x - 0.01 && Number(x) <= plot.x + plot.width + 0.01 && Number(y) >= plot.y - 0.01 && Number(y) <= plot.y + plot.height + 0.01);
    expect(diagonal).not.toBe("");
    expect([inside(diagonal), inside(fit)]).toEqual([true, true]);
    expect((placed[1]?.y ?? 0) < (placed[0]?.y ?? 0)).toBe(true);
    expect(Number.isNaN(buildCheck(null, []).bias)).toBe(true);
  });
});

describe("cost", () => {
  const input: CostInput = { space, unit: "latency", costs, steps: [0, 4, 8], expected: [300, 200, 150], cursor: null, target: 0.12, path: [0, 1, 2, 3, 4], candidates: [candidate(0, { origin: { kind: "derived", rule: "official" } }), candidate(1, { latencyUs: 200 }), candidate(2, { origin: { kind: "random" } })], winner: 1 };

  it("bounds, target and argmax in the metric's unit; what was drawn, and who won", () => {
    const model = buildCost(input);
    const sum = (pick: (...row: number[]) => number) => costs.slots.reduce((total, row) => total + pick(...row), costs.fixed);
    expect(model.bounds).toEqual([sum(Math.min), sum(Math.max)]);
    expect(model.argmax).toBe(sumOf(costs, [0, 1, 2, 3, 4]));
    expect(model.target).toBe(120);
    expect(model.samples.map(({ candidate: c, isWinner, keepsTarget }) => [c.index, isWinner, keepsTarget])).toEqual([[0, false, true], [1, true, false]]);
    expect(buildCost({ ...input, costs: null })).toMatchObject({ bounds: null, argmax: null });
    const macs = buildCost({ ...input, unit: "macs", target: 0.5 });
    expect(macs.bounds).toEqual([123_520, 908_032]);
    expect(macs.target).toBe(5e5);
  });

  it("at an earlier step: the expectation of then, and no network was drawn yet", () => {
    const model = buildCost({ ...input, cursor: 5 });
    expect(model.now).toEqual({ step: 4, expected: 200 });
    expect(model.samples).toEqual([]);
    expect(buildCost({ ...input, cursor: 8 }).samples).toHaveLength(2);
  });

  it("a setting and a cost are each other's inverse", () => {
    expect(targetSetting(targetCost(0.25, "latency") ?? 0, "latency")).toBe(0.25);
    expect(targetCost(targetSetting(4.6e6, "macs"), "macs")).toBe(4.6e6);
    expect(targetCost(null, "macs")).toBeNull();
  });

  it("argmax of the weights by name; genes of choices", () => {
    const ops = ["skip", "k3_e1"];
    const weights = [0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7, 0.5, 0.5];
    expect(argmaxPath(weights, ops, space)).toEqual([4, 0, 4, 0, 4]);
    expect(argmaxPath([1], ops, space)).toBeNull();
    expect(genesOf(space, space.decode("01234") ?? {})).toEqual([0, 1, 2, 3, 4]);
  });

  it("keys move the target within what the space can reach", () => {
    expect(targetByKey("ArrowUp", 100, [100, 300])).toBe(102);
    expect(targetByKey("ArrowDown", 100, [100, 300])).toBe(100);
    expect(targetByKey("End", 100, [100, 300])).toBe(300);
    expect(targetByKey("x", 100, [100, 300])).toBeNull();
    expect(roundTarget(123.456, 387)).toBe(123);
    const layout = layoutCost(buildCost(input), { width: 400, height: 240 }, 10);
    expect(layout.costAt(layout.yOf(200))).toBeCloseTo(200);
    expect(layout.line.match(/[ML]/g)).toHaveLength(3);
  });
});
