/** The marks of a cell at every beat of its derivation, and the beats themselves. */
import { describe, expect, it } from "vitest";
import { choicesOfGenotype } from "@/nas/cell/choices";
import { publishedGenotypes } from "@/nas/cell/published";
import { makeSpace } from "@/nas/space/registry";
import { rowSoftmax } from "@/store/alphaHistory";
import { placeLabels } from "@/viz/cellLabels";
import { cellGeometry } from "@/viz/cellLayout";
import { fakeAlphaValues } from "../testing/fakeAlpha";
import type { ShownCell } from "./describe";
import { besideCubic, concatMarks, edgeMarks, geometryOf, slotMarks } from "./layout";
import { begin, end, play, stepTo, still } from "./story";
import { memberSubject, runSubject } from "./subject";

const space = makeSpace("darts-cell", "small");
const groups = space.mixed?.groups ?? [];
const size = { width: 400, height: 240 };
const geometry = cellGeometry(4, size);

function searchedCell(): ShownCell {
  const raw = fakeAlphaValues(groups, { columns: 60 }).at(-1) as Float32Array;
  const column = { step: 1, raw, weights: rowSoftmax(raw, groups) };
  return runSubject({ space, column, options: { rule: "official", skipLimit: null }, result: null })
    .cells[0] as ShownCell;
}

function published(name: keyof typeof publishedGenotypes): readonly ShownCell[] {
  return memberSubject("network", space, choicesOfGenotype(publishedGenotypes[name])).cells;
}

const numbers = (d: string): number[] => d.match(/-?[\d.]+/g)?.map(Number) ?? [];

describe("ribbons", () => {
  it("hold a strand for every op, ten pixels together, side by side", () => {
    const { search, derived } = searchedCell();
    const marks = edgeMarks(search, derived, geometry, 0);
    expect(marks).toHaveLength(14);
    for (const { strands } of marks) {
      expect(strands).toHaveLength(8);
      expect(strands.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(10, 4);
    }
    const [first, second] = marks[4]?.strands ?? [];
    const [a, b] = [numbers(first?.d ?? ""), numbers(second?.d ?? "")];
    const apart = Math.hypot((a[0] ?? 0) - (b[0] ?? 0), (a[1] ?? 0) - (b[1] ?? 0));
    expect(apart).toBeCloseTo(((first?.width ?? 0) + (second?.width ?? 0)) / 2, 0);
  });

  it("run beside a curve at the distance asked for", () => {
    const points = [0, 0, 40, -40, 80, -40, 120, 0];
    const beside = besideCubic(points, 5);
    const at = (p: readonly number[], t: number): [number, number] => {
      const [u, v] = [1 - t, t];
      const on = (k: number): number =>
        u ** 3 * (p[k] ?? 0) +
        3 * u * u * v * (p[k + 2] ?? 0) +
        3 * u * v * v * (p[k + 4] ?? 0) +
        v ** 3 * (p[k + 6] ?? 0);
      return [on(0), on(1)];
    };
    const line = Array.from({ length: 401 }, (_, i) => at(points, i / 400));
    for (let i = 0; i <= 20; i++) {
      const [x, y] = at(beside, i / 20);
      const distance = Math.min(...line.map(([px, py]) => Math.hypot(px - x, py - y)));
      expect(Math.abs(distance - 5)).toBeLessThan(0.5);
    }
  });
});

describe("beats", () => {
  it("take away first the weaker ops, then the weaker inputs, then straighten what is left", () => {
    const { search, derived } = searchedCell();
    const [whole, strongest, inputs, cell] = ([0, 1, 2, 3] as const).map((beat) =>
      edgeMarks(search, derived, geometry, beat),
    );
    expect(whole?.every(({ isGone, strands }) => !isGone && strands.every((s) => !s.isGone))).toBe(true);
    expect(strongest?.every(({ isGone, strands }) => !isGone && strands.filter((s) => !s.isGone).length === 1)).toBe(
      true,
    );
    expect(inputs?.filter(({ isGone }) => !isGone)).toHaveLength(8);
    expect(inputs?.filter(({ isGone }) => isGone).every(({ isKept }) => !isKept)).toBe(true);
    for (const mark of cell?.filter(({ isGone }) => !isGone) ?? []) {
      expect(mark.line).toBe(geometry.chord(mark.from, mark.to).path);
      expect(mark.strands.filter((s) => !s.isGone).map(({ width }) => width)).toEqual([4]);
    }
    // The same elements throughout, so that they can glide.
    expect(cell?.map(({ key }) => key)).toEqual(whole?.map(({ key }) => key));
  });

  it("label edges with op and weight, then with the op alone", () => {
    const { search, derived } = searchedCell();
    expect(edgeMarks(search, derived, geometry, 0).every(({ label }) => /^\S+ \d+ %$/.test(label?.text ?? ""))).toBe(
      true,
    );
    const last = edgeMarks(search, derived, geometry, 3);
    expect(last.filter(({ isGone }) => !isGone).map(({ label }) => label?.text)).toEqual(
      [...(derived?.inputs ?? [])]
        .sort((a, b) => a.row - b.row)
        .map(({ op }) => ({ skip_connect: "skip" })[op] ?? op.replace(/_(conv|pool)_(\d).*/, "$2")),
    );
  });

  it("have no labels while every op weighs the same", () => {
    const [cell] = runSubject({
      space,
      column: null,
      options: { rule: "official", skipLimit: null },
      result: null,
    }).cells;
    const marks = edgeMarks(cell?.search ?? null, null, geometry, 0);
    expect(marks.map(({ label }) => label)).toEqual(marks.map(() => null));
    expect(new Set(marks.flatMap(({ strands }) => strands.map(({ width }) => width)))).toEqual(new Set([1.25]));
  });

  it("come by themselves, one after the other, or by hand", () => {
    const told = begin(false);
    expect(told).toEqual({ beat: 1, isTold: true, isPlaying: true });
    const last = play(play(told));
    expect(last).toEqual({ beat: 3, isTold: true, isPlaying: false });
    expect(play(last)).toBe(last);
    expect(begin(true).isPlaying).toBe(false);
    expect(stepTo(told, 2)).toEqual({ beat: 2, isTold: true, isPlaying: false });
    expect([stepTo(told, 9).beat, stepTo(told, -1).beat]).toEqual([3, 0]);
    expect([end(stepTo(told, 2)), end(stepTo(told, 0))]).toEqual([still(3), still(0)]);
  });
});

describe("derived cells", () => {
  it.each(Object.keys(publishedGenotypes) as (keyof typeof publishedGenotypes)[])(
    "%s: every input is an edge of its own with a label",
    (name) => {
      for (const { derived, id, nodes } of published(name)) {
        const place = geometryOf({ id, nodes }, size);
        const marks = edgeMarks(null, derived, place, 3);
        expect(marks.map(({ to, from, strands: [s] }) => [to, from, s?.op])).toEqual(
          derived?.inputs.map(({ node, from, op }) => [node, from, op]),
        );
        expect(new Set(marks.map(({ line }) => line)).size).toBe(marks.length);
        expect(new Set(marks.map(({ key }) => key)).size).toBe(marks.length);
        expect(concatMarks(null, derived, place, 3).map(({ key }) => Number(key))).toEqual(derived?.concat);
        expect(derived && slotMarks(derived, place).map(({ slot }) => slot)).toEqual(
          derived?.inputs.map(({ slot }) => slot + 1),
        );
      }
    },
  );

  it("draw more nodes than any published cell has", () => {
    const cell = {
      nodes: [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 5],
        [5, 6],
        [6, 7],
        [0, 8],
      ].map(
        ([a = 0, b = 0]) =>
          [
            { op: "skip_connect", from: a },
            { op: "sep_conv_3x3", from: b },
          ] as const,
      ),
      concat: [9],
    };
    const [normal] = memberSubject("network", space, choicesOfGenotype({ normal: cell, reduce: cell })).cells;
    const place = geometryOf({ id: "normal", nodes: 8 }, size);
    expect(edgeMarks(null, normal?.derived ?? null, place, 3)).toHaveLength(16);
  });

  it("leave labels free of the states and of one another", () => {
    const { derived } = published("DARTS_V2")[0] as ShownCell;
    const edges =
      derived?.inputs.map(({ from, node, op }) => ({ curve: geometry.chord(from, node), text: op.slice(0, 4) })) ?? [];
    const places = placeLabels(edges, geometry.nodes);
    places.forEach((a, i) => {
      for (const b of places.slice(i + 1)) expect(Math.abs(a.x - b.x) >= 30 || Math.abs(a.y - b.y) >= 14).toBe(true);
      for (const node of geometry.nodes)
        expect(Math.abs(a.x - node.x) >= 20 || Math.abs(a.y - node.y) >= 12).toBe(true);
    });
  });
});
