import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { costOf } from "@/nas/cost";
import { makeSpace, type SpaceId } from "@/nas/space/registry";
import type { Arch, SizeId } from "@/nas/space/types";
import type { NetworkOnShow } from "@/store/network";
import { describeNetwork, networkTable } from "./describe";
import { diagram, diagramPicture, startTransform, wholeTransform } from "./layout";
import { networkModel } from "./model";

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
    const sentence = describeNetwork(model);
    expect(sentence).toContain(arch.id);
    expect(sentence).toContain("(n=500)");
    expect(sentence).toContain("not retrained yet");
    expect(describeNetwork({ ...model, retrained: { value: 0.7, n: 2000 } })).toContain("Retrained, test 70.0");
  });
});
