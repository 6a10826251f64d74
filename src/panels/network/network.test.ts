import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { choicesOfGenotype } from "@/nas/cell/choices";
import { publishedGenotypes } from "@/nas/cell/published";
import { costOf } from "@/nas/cost";
import { makeSpace, type SpaceId } from "@/nas/space/registry";
import type { Arch, SizeId } from "@/nas/space/types";
import type { NetworkOnShow } from "@/store/network";
import { describeNetwork, networkTable } from "./describe";
import { diagram, diagramPicture, startTransform, wholeTransform } from "./layout";
import { isLit, litParts, networkModel } from "./model";
import { sizeOptionsOf } from "@/store/keys";

const show = (spaceId: SpaceId, size: SizeId, arch: Arch): NetworkOnShow => ({
  source: "sample",
  spaceId,
  size,
  arch,
  supernetAccuracy: { value: 0.41, n: 500 },
  retrainedAccuracy: null,
});
const none = { collapsed: new Set<string>(), direction: "TB" } as const;

function cases(): { name: string; spaceId: SpaceId; size: SizeId; arch: Arch }[] {
  return (["macro8", "spos"] as const).flatMap((spaceId) => {
    const space = makeSpace(spaceId, "nano");
    const { min, max } = space.extremes("macs");
    const random = space.canonical(space.mutator.sample(rootKey(7).fold("network").stream()));
    return [min, max, random].map((arch, i) => ({
      name: `${spaceId} ${["cheapest", "dearest", "random"][i]}`,
      spaceId,
      size: "nano" as const,
      arch,
    }));
  });
}

describe.each(cases())("network model of $name", ({ spaceId, size, arch }) => {
  const space = makeSpace(spaceId, size);
  const model = networkModel(show(spaceId, size, arch), space);

  it("sums to the cost of the graph, block by block and in the table", () => {
    const cost = costOf(space.graph(arch.choices));
    expect([model.macs, model.params]).toEqual([cost.macs, cost.params]);
    const { columns, rows } = networkTable(model);
    const sum = (column: number): number => rows.reduce((total, row) => total + Number(row[column]), 0);
    expect([sum(4), sum(3)]).toEqual([cost.macs, cost.params]);
    expect(rows.every((row) => row.length === columns.length)).toBe(true);
  });

  it("has one block a slot with the slot's output shape", () => {
    for (const [i, slot] of space.slots.entries()) {
      const block = model.blocks.find((b) => b.slot === i);
      expect(block?.shape).toEqual([slot.hout, slot.hout, slot.cout]);
    }
  });

  it.each(["block", "op"] as const)("draws every slot at detail %s as one connected graph without cycles", (detail) => {
    const { boxes, edges } = diagram(model, { ...none, detail });
    const order = new Map(boxes.map((box, i) => [box.id, i]));
    for (const { from, to } of edges) expect(order.get(from)).toBeLessThan(order.get(to) ?? -1);
    const reached = new Set([boxes[0]?.id]);
    for (const { from, to } of edges.toSorted((a, b) => (order.get(a.from) ?? 0) - (order.get(b.from) ?? 0)))
      if (reached.has(from)) reached.add(to);
    expect(reached.size).toBe(boxes.length);
    expect(new Set(boxes.flatMap((box) => box.slot ?? [])).size).toBe(space.slots.length);
  });

  it("collapses a stage to one box and keeps the way through it", () => {
    const collapsed = new Set(model.stages.map((stage) => stage.id));
    const { boxes, edges } = diagram(model, { ...none, collapsed, detail: "op" });
    expect(boxes.filter((box) => box.kind === "stage").map((box) => box.id)).toEqual([...collapsed]);
    for (const stage of collapsed) {
      expect(edges.some((edge) => edge.to === stage)).toBe(true);
      expect(edges.some((edge) => edge.from === stage)).toBe(true);
    }
  });
});

describe.each([
  ["darts-cell", "DARTS_V2", "full"],
  ["darts-cell", "NASNet", "small"],
  ["darts-cell", "DARTS_V1", "small"],
  ["nasbench201-cell", "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|", "nano"],
] as const)("network of cells: %s %s at %s", (spaceId, name, size) => {
  const space = makeSpace(spaceId, size);
  const choices =
    name in publishedGenotypes
      ? choicesOfGenotype(publishedGenotypes[name as keyof typeof publishedGenotypes])
      : (space.decode(name) ?? {});
  const model = networkModel(show(spaceId, size, { id: "x", choices }), space);

  it("is drawn as it is trained, and sums to its cost", () => {
    const cost = costOf(space.network?.(choices) ?? space.graph(choices));
    expect([model.macs, model.params]).toEqual([cost.macs, cost.params]);
    const { rows } = networkTable(model);
    const sum = (column: number): number => rows.reduce((total, row) => total + Number(row[column]), 0);
    expect([sum(4), sum(3)]).toEqual([cost.macs, cost.params]);
    expect(model.archId).toBe(space.encode(choices));
  });

  it.each(["block", "op"] as const)("has its parts in order of computation at detail %s, without cycles", (detail) => {
    const { boxes, edges } = diagram(model, { ...none, detail });
    const order = new Map(boxes.map((box, i) => [box.id, i]));
    expect(edges.length).toBeGreaterThan(boxes.length - 2);
    for (const { from, to } of edges) expect(order.get(from), `${from} > ${to}`).toBeLessThan(order.get(to) ?? -1);
  });

  it("closes to one box a cell", () => {
    const collapsed = new Set(model.stages.map((stage) => stage.id));
    const { boxes, edges } = diagram(model, { ...none, collapsed, detail: "block" });
    expect(boxes.filter((box) => box.kind === "stage").map((box) => box.id)).toEqual([...collapsed]);
    for (const stage of collapsed) expect(edges.some((edge) => edge.to === stage)).toBe(true);
  });

  it("knows each op by its edge and names every kind of cell once", () => {
    for (const block of model.blocks) {
      if (block.op === null || block.edge === null) continue;
      expect(space.mixed?.groups[block.edge.group]?.rows[block.edge.row]?.label ?? block.label).toBe(block.label);
      expect(isLit(block, { edge: block.edge, op: block.op })).toBe(true);
      expect(isLit(block, { op: "no such op" })).toBe(false);
      expect(isLit(block, { archId: "x" })).toBeNull();
    }
    const labels = model.ops.map((row) => row.label);
    expect(labels).toEqual(spaceId === "darts-cell" ? ["normal", "reduce"] : [""]);
  });
});

describe("a large network", () => {
  const space = makeSpace("darts-cell", "full");
  const shown = show("darts-cell", "full", {
    id: "x",
    choices: choicesOfGenotype(publishedGenotypes.DARTS_V2),
  });

  it("starts closed, and is laid out in a moment even when one cell is open", () => {
    const model = networkModel(shown, space);
    expect([model.isLarge, model.stages.length, model.params]).toEqual([true, 20, 3_349_342]);
    const closed = new Set(model.stages.slice(1).map((stage) => stage.id));
    const started = performance.now();
    const { boxes } = diagramPicture(model, { ...none, collapsed: closed, detail: "block" });
    expect(performance.now() - started).toBeLessThan(500);
    expect(boxes.length).toBeLessThan(60);
  });

  it("lights closed cells that hold what is pointed at, and dims nothing when none does", () => {
    const model = networkModel(shown, space);
    const normal = model.blocks.find((block) => block.kind === "normal" && block.edge !== null);
    const lit = litParts(model, { edge: normal?.edge ?? { group: 9, row: 9 } });
    // Two of twenty cells are reductions.
    expect(model.stages.filter(({ id }) => lit?.has(id))).toHaveLength(18);
    expect(lit?.has("stem")).toBe(false);
    expect(litParts(model, { edge: { group: 0, row: 99 } })).toBeNull();
    expect(litParts(model, { op: "avg_pool_3x3" })).toBeNull();
    expect(litParts(model, { archId: "x" })).toBeNull();
  });

  it("has the width and depth that the setup asks for", () => {
    const options = sizeOptionsOf({ "retrain.width": 8, "retrain.cells": 5 });
    const model = networkModel(shown, space, options);
    expect(model.stages).toHaveLength(5);
    expect(model.params).toBe(costOf(space.network?.(shown.arch.choices, { width: 8, cells: 5 }) as never).params);
    expect(sizeOptionsOf({ "retrain.width": null, "retrain.cells": null })).toEqual({});
  });

  it("says in a sentence what its cells are", () => {
    const sentence = describeNetwork(networkModel(shown, space), "Imported network");
    expect(sentence).toContain("20 cells. normal: 2←0 sep3, 2←1 sep3");
    expect(sentence).toContain("reduce: 2←0 max3");
  });

  it("refuses what cannot be built with one sentence", () => {
    const choices = choicesOfGenotype(publishedGenotypes.SETN);
    expect(() => networkModel(show("darts-cell", "full", { id: "y", choices }), space)).toThrow(/conv_3x1_1x3/);
  });
});

describe("network picture", () => {
  const space = makeSpace("macro8", "nano");
  const arch = space.canonical(space.decode("20120110") ?? {});
  const model = networkModel(show("macro8", "nano", arch), space);

  it("frames expanded stages and leaves collapsed ones unframed", () => {
    const first = model.stages[0]?.id ?? "";
    const picture = diagramPicture(model, { ...none, collapsed: new Set([first]), detail: "block" });
    expect(picture.groups.map((g) => g.id)).toEqual(model.stages.slice(1).map((s) => s.id));
    for (const group of picture.groups) expect(group.y).toBeGreaterThanOrEqual(0);
  });

  it("shows all of it when fitted, and starts readable", () => {
    const picture = diagramPicture(model, { ...none, detail: "block" });
    const whole = wholeTransform(picture, 316, 240);
    expect(picture.height * whole.k).toBeLessThanOrEqual(240.001);
    expect(startTransform(picture, 316, 240, "TB").k).toBeGreaterThanOrEqual(0.8);
    expect(startTransform(picture, 316, 240, "TB").y).toBe(0);
  });

  it("joins norm and activation to the convolution before them", () => {
    const titles = diagram(model, { ...none, detail: "op" }).boxes.map((box) => box.title);
    expect(titles).toContain("conv 1×1 · BN · ReLU");
    expect(titles).not.toContain("batch norm");
  });

  it("says in a sentence what it is and that it is not retrained", () => {
    const sentence = describeNetwork(model, "Sample");
    expect(sentence).toContain(arch.id);
    expect(sentence).toContain("(n=500)");
    expect(sentence).toContain("not retrained yet");
    expect(describeNetwork({ ...model, retrained: { value: 0.7, n: 2000 } }, "Sample")).toContain(
      "Retrained, test 70.0",
    );
  });
});
