/** What the inspector says about candidates, cells, ops, layers and edges, and walking the family tree. */
import { describe, expect, it } from "vitest";
import type { Candidate } from "@/nas/candidate";
import { choicesOfGenotype } from "@/nas/cell/choices";
import { publishedGenotypes } from "@/nas/cell/published";
import { makeSpace } from "@/nas/space/registry";
import type { AlphaScene } from "./inspectorAlpha";
import { originSentence } from "./InspectorFacts";
import { geneLabel } from "./inspectorLayers";
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
  alpha: null,
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
    expect(subject.cost?.macs).toBeGreaterThan(0);
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

describe("cells", () => {
  const cells = makeSpace("darts-cell", "small");
  const genotype = (name: keyof typeof publishedGenotypes) => choicesOfGenotype(publishedGenotypes[name]);
  const bare: Scene = { space: cells, candidates: [], sampling: null, alpha: null };

  it("lists the ops of both cells by node, with the states that they read", () => {
    const subject = subjectOf({ archId: cells.encode(genotype("DARTS_V2")) }, bare);
    if (subject?.kind !== "network") throw new Error("not a network");
    expect(subject.layers).toHaveLength(16);
    expect(subject.rows).toEqual([
      { label: "normal", sizes: [2, 2, 2, 2] },
      { label: "reduce", sizes: [2, 2, 2, 2] },
    ]);
    expect(subject.layers[7]).toMatchObject({ label: "normal 5", op: "dil_conv_3x3", from: 2 });
    expect(subject.id).toBe("n:s3.0+s3.1-s3.0+s3.1-s3.1+sk.0-sk.0+d3.2;r:mp.0+mp.1-sk.2+mp.1-mp.0+sk.2-sk.2+mp.1");
    expect(subject.cost?.macs).toBeGreaterThan(0);
  });

  it("compares op and state of each place, whatever the number of nodes", () => {
    const id = cells.encode(genotype("DARTS_V2"));
    const subject = subjectOf({ archId: id }, bare, genotype("DARTS_V1"));
    if (subject?.kind !== "network") throw new Error("not a network");
    expect(subject.layers[0]).toMatchObject({ op: "sep_conv_3x3", from: 0, was: "sep_conv_3x3", wasFrom: 1 });
    expect(subject.layers[8]?.was).toBeNull();
    const larger = subjectOf({ archId: cells.encode(genotype("NASNet")) }, bare, genotype("DARTS_V2"));
    if (larger?.kind !== "network") throw new Error("not a network");
    expect(larger.layers.find((layer) => layer.label === "normal 6")?.was).toBe("none");
  });

  it("says nothing of the cost of an op that it only knows by name", () => {
    const subject = subjectOf({ archId: cells.encode(genotype("SETN")) }, bare);
    expect(subject).toMatchObject({ kind: "network", cost: null });
  });

  it("names the edges of a cell with one op an edge", () => {
    const space201 = makeSpace("nasbench201-cell", "nano");
    const id = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|";
    const subject = subjectOf({ archId: id }, { ...bare, space: space201 });
    if (subject?.kind !== "network") throw new Error("not a network");
    expect(subject.layers.map((layer) => layer.label)).toEqual(["1←0", "2←0", "2←1", "3←0", "3←1", "3←2"]);
    expect(subject.rows).toEqual([{ label: "", sizes: [1, 2, 3] }]);
  });

  it("names a gene by what it decides about", () => {
    expect([0, 3, 16].map((gene) => geneLabel(cells, gene))).toEqual(["normal 2", "normal 2", "reduce 2"]);
    expect(geneLabel(space, 2)).toBe("Layer 3");
  });
});

describe("α", () => {
  const cells = makeSpace("darts-cell", "nano");
  const groups = cells.mixed?.groups ?? [];
  /** Uniform but for one edge of the reduction cell. */
  const weights = new Float32Array(80).fill(1 / 8);
  weights.set([0.4, 0.1, 0.05, 0.2, 0.1, 0.05, 0.05, 0.05], 40 + 3 * 8);
  const kept = [
    [1, 1, 1, 1, -1],
    [1, 1, 1, 3, -1],
  ];
  const of = (over: Partial<AlphaScene> = {}): Scene => ({
    ...{ space: cells, candidates: [], sampling: null },
    alpha: { groups, weights, kept, ...over },
  });

  it("gives an edge's ops with share, rank and what is kept now", () => {
    const subject = subjectOf({ edge: { group: 1, row: 3 }, op: "none" }, of());
    if (subject?.kind !== "edge") throw new Error("not an edge");
    expect(subject).toMatchObject({ group: "reduce", edge: "3←1", op: "none", isDropped: false });
    expect(subject.ops?.map((op) => op.rank)).toEqual([1, 3, 5, 2, 3, 5, 5, 5]);
    expect(subject.ops?.filter((op) => op.isKept).map((op) => op.op)).toEqual(["skip_connect"]);
    expect(subject.ops?.[0]?.weight).toBeCloseTo(0.4);
    expect(subjectOf({ edge: { group: 0, row: 4 } }, of())).toMatchObject({ edge: "3←2", isDropped: true });
    expect(subjectOf({ edge: { group: 0, row: 99 } }, of())).toBeNull();
  });

  it("knows an edge before the first α", () => {
    expect(subjectOf({ edge: { group: 0, row: 0 } }, of({ weights: null, kept: null }))).toMatchObject({
      kind: "edge",
      ops: null,
      isDropped: false,
    });
  });

  it("takes a layer of an op-choice space for its row", () => {
    const layered = space.mixed?.groups ?? [];
    const scene: Scene = {
      space,
      candidates: [],
      sampling: null,
      alpha: { groups: layered, weights: new Float32Array(24).fill(1 / 3), kept: null },
    };
    expect(subjectOf({ slot: 2 }, scene)).toMatchObject({ kind: "edge", group: "", edge: "Layer 3" });
    expect(subjectOf({ slot: 2 }, { ...scene, alpha: null })?.kind).toBe("slot");
  });

  it("says how much of all rows an op has", () => {
    const subject = subjectOf({ op: "none" }, of());
    if (subject?.kind !== "op") throw new Error("not an op");
    expect(subject.share?.mean).toBeCloseTo((9 / 8 + 0.4) / 10);
    expect(subject.share).toMatchObject({ leads: 10, rows: 10 });
    expect(subjectOf({ op: "mb3_k3" }, of())).toMatchObject({ share: null });
  });
});

describe("origin", () => {
  it("says what a network was derived from, without a generation that there is not", () => {
    const derived = candidate(0, "11111111", 0.4, { origin: { kind: "derived", rule: "official" } });
    expect(originSentence(derived, String)).toBe("Derived from α by the official rule");
    expect(originSentence({ ...derived, origin: { kind: "derived", rule: "nni" } }, String)).toBe(
      "Derived from α by NNI's rule",
    );
    expect(originSentence({ ...derived, origin: { kind: "sampled" } }, String)).toBe("Sampled from θ");
    expect(originSentence(child, (gene) => geneLabel(space, gene))).toBe(
      "Mutation of 11111111 in Layer 8, generation 1",
    );
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
