import { describe, expect, it } from "vitest";
import { dagLayout, type DagBox } from "./dagLayout";

const options = { direction: "TB", rankGap: 12, nodeGap: 8, padding: 6, margin: 10 } as const;
const box = (id: string, group: string | null = null): DagBox => ({ id, width: 60, height: 20, group });

describe("dagLayout", () => {
  it("puts every box below what it reads", () => {
    const edges = [
      { from: "a", to: "b" },
      { from: "a", to: "c" },
      { from: "b", to: "d" },
      { from: "c", to: "d" },
    ];
    const picture = dagLayout(
      ["a", "b", "c", "d"].map((id) => box(id)),
      edges,
      options,
    );
    const y = new Map(picture.boxes.map((b) => [b.id, b.y]));
    for (const { from, to } of edges) expect(y.get(to)).toBeGreaterThan(y.get(from) ?? Infinity);
    expect(picture.edges.every((e) => e.points.length >= 2)).toBe(true);
  });

  it("frames a group round its boxes and keeps everything inside the picture", () => {
    const picture = dagLayout(
      [box("a"), box("b", "g"), box("c", "g")],
      [
        { from: "a", to: "b" },
        { from: "b", to: "c" },
      ],
      options,
    );
    const frame = picture.groups.find((g) => g.id === "g");
    const b = picture.boxes.find((p) => p.id === "b");
    expect(frame && b && frame.x < b.x && frame.y < b.y).toBe(true);
    for (const p of [...picture.boxes, ...picture.groups]) {
      expect(p.x).toBeGreaterThanOrEqual(0);
      expect(p.y).toBeGreaterThanOrEqual(0);
      expect(p.x + p.width).toBeLessThanOrEqual(picture.width);
      expect(p.y + p.height).toBeLessThanOrEqual(picture.height);
    }
  });

  it("gives the same picture twice", () => {
    const run = (): unknown =>
      dagLayout(
        [box("a"), box("b"), box("c")],
        [
          { from: "a", to: "b" },
          { from: "a", to: "c" },
        ],
        options,
      );
    expect(run()).toEqual(run());
  });

  it("leaves out edges to boxes that are not there and survives an empty graph", () => {
    expect(dagLayout([box("a")], [{ from: "a", to: "z" }], options).edges).toEqual([]);
    expect(dagLayout([], [], options)).toMatchObject({ boxes: [], width: expect.any(Number) });
  });
});
