/** What the inspector says about candidates, ops and layers, and walking the family tree. */
import { describe, expect, it } from "vitest";
import type { Candidate } from "@/nas/candidate";
import { makeSpace } from "@/nas/space/registry";
import { type Scene, subjectOf } from "./inspectorModel";
import { childOf, focusedCandidate, parentOf } from "./lineage";

const space = makeSpace("macro8", "nano");

function candidate(index: number, genes: string, accuracy: number | null, change: Partial<Candidate> = {}): Candidate {
  const choices = space.decode(genes);
  if (choices === null) throw new Error(genes);
  const { macs, params } = space.cost(choices);
  return {
    index,
    id: genes,
    choices,
    origin: { kind: "random" },
    generation: 0,
    arm: "evolution",
    macs,
    params,
    accuracy: accuracy === null ? null : { value: accuracy, n: 500 },
    ...change,
  };
}

const parent = candidate(0, "11111111", 0.4);
const other = candidate(1, "22222222", 0.6);
const child = candidate(2, "11111112", 0.5, {
  origin: { kind: "mutation", parent: "11111111", layers: [7] },
  generation: 1,
});
const twin = candidate(3, "22222222", 0.9, { arm: "random" });
const scene: Scene = {
  space,
  candidates: [parent, other, child, twin],
  sampling: { counts: Float64Array.from({ length: 24 }, (_, i) => i), expected: new Float64Array(24).fill(8) },
};

describe("subjectOf", () => {
  it("describes a candidate and marks what differs from the pin", () => {
    const subject = subjectOf({ candidate: 2 }, scene, parent.choices);
    if (subject?.kind !== "network") throw new Error("not a network");
    expect(subject.id).toBe("11111112");
    expect(subject.changed).toBe(1);
    expect(subject.layers.map((layer) => layer.was)).toEqual([null, null, null, null, null, null, null, "mb3_k3"]);
    expect(subject.accuracy).toEqual({ value: 0.5, n: 500 });
  });

  it("prices an architecture that no candidate stands for", () => {
    const subject = subjectOf({ archId: "10000000" }, scene);
    if (subject?.kind !== "network") throw new Error("not a network");
    expect(subject.candidate).toBeNull();
    expect(subject.macs).toBeGreaterThan(0);
    expect(subject.changed).toBeNull();
  });

  it("compares an op with and without, each network once", () => {
    const subject = subjectOf({ op: "mb6_k5", slot: 7 }, scene);
    if (subject?.kind !== "op") throw new Error("not an op");
    expect(subject.with.candidates).toBe(2);
    expect(subject.with.value).toBeCloseTo(0.55);
    expect(subject.without).toEqual({ value: 0.4, candidates: 1 });
    expect(subject.sampled).toEqual({ count: 23, expected: 8 });
  });

  it("takes an op by its place, and anywhere without one", () => {
    expect(subjectOf({ slot: 7, choice: 2 }, scene)).toEqual(subjectOf({ op: "mb6_k5", slot: 7 }, scene));
    const anywhere = subjectOf({ op: "identity" }, scene);
    if (anywhere?.kind !== "op") throw new Error("not an op");
    expect(anywhere.with.candidates).toBe(0);
    expect(anywhere.with.value).toBeNaN();
    expect(anywhere.sampled).toBeNull();
  });

  it("lists a layer's choices", () => {
    const subject = subjectOf({ slot: 0 }, scene);
    if (subject?.kind !== "slot") throw new Error("not a slot");
    expect(subject.choices.map((choice) => [choice.op, choice.count, choice.mean.candidates])).toEqual([
      ["identity", 0, 0],
      ["mb3_k3", 1, 2],
      ["mb6_k5", 2, 1],
    ]);
  });

  it("knows nothing about nothing", () => {
    expect(subjectOf({}, scene)).toBeNull();
    expect(subjectOf({ classId: 3 }, scene)).toBeNull();
    expect(subjectOf({ slot: 99 }, scene)).toBeNull();
    expect(subjectOf({ archId: "garbage" }, scene)).toBeNull();
  });
});

describe("lineage", () => {
  it("walks to a parent and back to a child", () => {
    expect(parentOf(child, scene.candidates)).toBe(parent);
    expect(childOf(parent, scene.candidates)).toBe(child);
    expect(parentOf(parent, scene.candidates)).toBeNull();
    expect(childOf(child, scene.candidates)).toBeNull();
  });

  it("prefers the evolution arm for an id", () => {
    expect(focusedCandidate({ archId: "22222222" }, scene.candidates)).toBe(other);
    expect(focusedCandidate({ candidate: 3 }, scene.candidates)).toBe(twin);
  });
});
