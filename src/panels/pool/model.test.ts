/** The pool model, lineage, layout and words as data. */
import { describe, expect, it } from "vitest";
import { wilsonInterval } from "@/lib/stats";
import type { Candidate } from "@/nas/candidate";
import { fakeCandidate } from "@/nas/fakeCandidate";
import { makeSpace } from "@/nas/space/registry";
import { fakeRun } from "../testing/fakeRun";
import { describeMark, describePool, poolTable } from "./describe";
import { spotAt } from "./hit";
import { accuracyDomain, layoutPool } from "./layout";
import { lineageOf } from "./lineage";
import { buildPoolModel, focusedIndex, type PoolInput } from "./model";
import { swarm } from "./stripLayout";

const space = makeSpace("macro8", "nano");

function modelOf(candidates: readonly Candidate[], over: Partial<PoolInput> = {}) {
  return buildPoolModel({
    ...{ space, candidates, metric: "macs", limit: 1.43e6, min: null, topk: 2, plannedGenerations: 4 },
    rejected: { infeasible: 3, duplicate: 1 },
    ...{ focus: {}, pinA: null, pinB: null },
    ...over,
  });
}

const few = [
  fakeCandidate({ index: 0, id: "a", macs: 4e5, accuracy: 0.3 }),
  fakeCandidate({ index: 1, id: "b", macs: 9e5, accuracy: 0.5 }),
  fakeCandidate({
    index: 2,
    id: "c",
    macs: 8e5,
    accuracy: 0.25,
    generation: 1,
    origin: { kind: "mutation", parent: "a", layers: [1] },
  }),
  fakeCandidate({
    index: 3,
    id: "d",
    macs: 2e6,
    accuracy: 0.9,
    generation: 1,
    origin: { kind: "crossover", parents: ["a", "b"] },
  }),
  fakeCandidate({ index: 4, id: "b", macs: 9e5, accuracy: 0.5, arm: "random" }),
  fakeCandidate({ index: 5, id: "e", macs: 5e5, accuracy: 0.95, arm: "random" }),
  fakeCandidate({ index: 6, id: "f", macs: 5e5, accuracy: null, generation: 1 }),
];

describe("pool model", () => {
  it("puts only feasible networks of the evolution arm on the front and among the best", () => {
    const model = modelOf(few);
    expect(model.front.map((m) => m.candidate.id)).toEqual(["a", "b"]);
    expect(model.marks.filter((m) => m.isTop).map((m) => m.candidate.id)).toEqual(["a", "b"]);
    expect(model.best?.candidate.id).toBe("b");
    expect(model.marks.find((m) => m.candidate.id === "d")?.isFeasible).toBe(false);
    expect(modelOf(few, { limit: null }).front.map((m) => m.candidate.id)).toEqual(["a", "b", "d"]);
    expect(modelOf(few, { min: 6e5 }).front.map((m) => m.candidate.id)).toEqual(["c", "b"]);
  });

  it("takes the limit as inclusive", () => {
    expect(modelOf(few, { limit: 9e5 }).best?.candidate.id).toBe("b");
    expect(modelOf(few, { limit: 9e5 - 1 }).best?.candidate.id).toBe("a");
  });

  it("draws an architecture once and counts how often it was met", () => {
    const model = modelOf(few);
    expect(model.marks.find((m) => m.candidate.id === "b")).toMatchObject({ met: 2, candidate: { arm: "evolution" } });
    expect(model.random.map((m) => m.candidate.id)).toEqual(["e"]);
    expect(model.failed.map((c) => c.id)).toEqual(["f"]);
  });

  it("compares with random search after as many evaluations", () => {
    const [zero, one] = modelOf(few).generations;
    expect(zero).toMatchObject({ generation: 0, median: 0.4, best: 0.5, randomBest: 0.95 });
    expect(one).toMatchObject({ generation: 1, best: 0.9, randomBest: 0.95 });
    const late = [
      ...few.slice(0, 3),
      fakeCandidate({ index: 3, id: "x", accuracy: 0.1, arm: "random" }),
      fakeCandidate({ index: 4, id: "y", accuracy: 0.2, arm: "random" }),
      fakeCandidate({ index: 5, id: "z", accuracy: 0.99, arm: "random" }),
    ];
    expect(modelOf(late).generations.map((g) => g.randomBest)).toEqual([0.2, 0.99]);
  });

  it("gives every mark its Wilson interval", () => {
    expect(modelOf(few).marks[0]?.interval).toEqual(wilsonInterval(0.3, 1000));
  });

  it("lights what the focus names", () => {
    const run = fakeRun({ steps: 1, candidates: 30 });
    const lit = (focus: PoolInput["focus"]) =>
      modelOf(run.candidates, { focus })
        .marks.filter((m) => m.isLit)
        .map((m) => m.candidate);
    expect(lit({})).toHaveLength(30);
    expect(lit({ generation: 1 }).every((c) => c.generation === 1)).toBe(true);
    const withOp = lit({ op: "mb6_k5" });
    expect(withOp.length).toBeGreaterThan(0);
    expect(withOp.every((c) => c.id.includes("2"))).toBe(true);
    expect(lit({ slot: 3, choice: 1, op: "mb3_k3" }).every((c) => c.id[3] === "1")).toBe(true);
    const byLayer = modelOf(run.candidates, { focus: { slot: 3 } }).marks;
    expect(byLayer.every((m) => m.isLit && m.op === space.mutables[3]?.choices[Number(m.candidate.id[3])])).toBe(true);
  });

  it("shows an empty pool with its axes", () => {
    const model = modelOf([]);
    const { min, max } = space.extremes("macs");
    expect(model.costRange).toEqual([space.cost(min.choices).macs, space.cost(max.choices).macs]);
    expect([model.best, model.front.length, model.generations.length]).toEqual([null, 0, 0]);
    expect(layoutPool(model, { width: 820, height: 200 }).xTicks.length).toBeGreaterThan(1);
  });
});

describe("focusedIndex", () => {
  it("prefers the evolution arm and ignores indices of another run", () => {
    const reversed = [fakeCandidate({ index: 0, id: "b", arm: "random" }), fakeCandidate({ index: 1, id: "b" })];
    expect(focusedIndex(reversed, { archId: "b" })).toBe(1);
    expect(focusedIndex(reversed, { archId: "b", candidate: 0 })).toBe(0);
    expect(focusedIndex(reversed, { archId: "c", candidate: 0 })).toBeNull();
    expect(focusedIndex(reversed, { slot: 1 })).toBeNull();
  });
});

describe("lineage", () => {
  const child = (index: number, origin: Candidate["origin"], gene: string) =>
    fakeCandidate({ index, id: String(index), origin, choices: { x: gene, y: "same" } });

  it("goes six generations back and says when there is more", () => {
    const line = Array.from({ length: 10 }, (_, i) =>
      child(i, i === 0 ? { kind: "random" } : { kind: "mutation", parent: String(i - 1), layers: [0] }, String(i)),
    );
    const lineage = lineageOf(line, 9);
    expect(lineage?.members).toEqual([9, 8, 7, 6, 5, 4, 3]);
    expect(lineage?.isCut).toBe(true);
    expect(lineage?.line).toHaveLength(7);
    expect(lineage?.line[0]?.changed).toEqual(["x"]);
    expect(lineageOf(line, 3)).toMatchObject({ isCut: false, members: [3, 2, 1, 0] });
    expect(lineageOf(line, 99)).toBeNull();
  });

  it("has two lines for a crossover, one when both parents are the same", () => {
    const [a, b] = [child(0, { kind: "random" }, "p"), child(1, { kind: "random" }, "q")];
    const two = lineageOf([a, b, child(2, { kind: "crossover", parents: ["0", "1"] }, "q")], 2);
    expect(two?.edges).toEqual([
      { parent: 0, child: 2, kind: "crossover" },
      { parent: 1, child: 2, kind: "crossover" },
    ]);
    // The line follows the parent that differs in fewer layers.
    expect(two?.line.map((s) => s.candidate.index)).toEqual([2, 1]);
    expect(lineageOf([a, b, child(2, { kind: "crossover", parents: ["0", "0"] }, "p")], 2)?.edges).toHaveLength(1);
  });

  it("ends at parents that are unknown or younger", () => {
    const odd = [
      child(0, { kind: "mutation", parent: "1", layers: [] }, "p"),
      child(1, { kind: "mutation", parent: "0", layers: [] }, "q"),
    ];
    expect(lineageOf(odd, 0)?.members).toEqual([0]);
    expect(lineageOf([child(5, { kind: "mutation", parent: "gone", layers: [] }, "p")], 5)?.edges).toEqual([]);
  });
});

describe("layout", () => {
  const run = fakeRun({ steps: 1, candidates: 64 });
  const model = modelOf(run.candidates, { limit: run.config["evo.limit"] });

  it("keeps every mark inside its plot, and the strip beside a low plot or below a high one", () => {
    for (const [size, where] of [
      [{ width: 820, height: 440 }, "below"],
      [{ width: 820, height: 187 }, "beside"],
      [{ width: 400, height: 187 }, "none"],
    ] as const) {
      const layout = layoutPool(model, size);
      const { plot, strip } = layout;
      expect(strip === null ? "none" : strip.box.y > plot.y + plot.height ? "below" : "beside").toBe(where);
      for (const { x, y } of [...layout.marks, ...layout.random]) {
        expect(x).toBeGreaterThanOrEqual(plot.x);
        expect(x).toBeLessThanOrEqual(plot.x + plot.width);
        expect(y).toBeGreaterThanOrEqual(plot.y);
        expect(y).toBeLessThanOrEqual(plot.y + plot.height);
      }
      for (const { x } of strip?.dots ?? [])
        expect(x).toBeLessThanOrEqual((strip?.box.x ?? 0) + (strip?.box.width ?? 0));
    }
  });

  it("draws the current generation last and inverts the cost axis", () => {
    const layout = layoutPool(model, { width: 820, height: 440 });
    const current = layout.marks.map((p) => p.mark.isCurrent);
    expect(current.indexOf(true)).toBe(current.lastIndexOf(false) + 1);
    expect(layout.costAt(layout.xOf(1e6))).toBeCloseTo(1e6, 3);
  });

  it("labels front corners without overlap", () => {
    const { frontLabels } = layoutPool(model, { width: 820, height: 187 });
    expect(frontLabels.length).toBeGreaterThan(1);
    frontLabels.forEach((a, i) => {
      for (const b of frontLabels.slice(i + 1)) expect(Math.abs(a.x - b.x) > 32 || Math.abs(a.y - b.y) > 13).toBe(true);
    });
  });

  it("finds the nearest mark within reach", () => {
    const layout = layoutPool(model, { width: 820, height: 440 });
    const spots = layout.marks.map(({ mark, x, y }) => ({ candidate: mark.candidate, x, y }));
    const [first] = layout.front === "" ? [] : spots;
    expect(first && spotAt(spots, first.x, first.y)?.macs).toBe(first?.candidate.macs);
    expect(spotAt(spots, -100, -100)).toBeNull();
  });

  it("has an accuracy axis within 0–1 that holds everything", () => {
    expect(accuracyDomain([])).toEqual([0, 1]);
    const [low, high] = accuracyDomain([0.01, 0.99]);
    expect([low, high]).toEqual([0, 1]);
    expect(accuracyDomain([0.5])[0]).toBeLessThan(0.5);
  });

  it("spreads a swarm without overlap until the column is full", () => {
    const offsets = swarm([10, 10, 10, 40], 20, 2);
    expect(new Set(offsets.slice(0, 3)).size).toBe(3);
    expect(offsets[3]).toBe(0);
    expect(
      Math.max(
        ...swarm(
          Array.from({ length: 50 }, () => 10),
          6,
          2,
        ).map(Math.abs),
      ),
    ).toBeLessThanOrEqual(6);
  });
});

describe("description", () => {
  it("reads like the design's example", () => {
    expect(describePool(modelOf(few, { limit: null }))).toBe(
      "Generation 1, 2 candidates, no limit. Best 90.0 ± 1.9\u00a0% (n=1,000) at 2.00\u00a0M, crossover of a and b. Front has 3. " +
        "Random search at equal evaluations: best 95.0 ± 1.4\u00a0% (n=1,000). 1 failed.",
    );
    expect(describePool(modelOf([]))).toBe("No candidates yet. Search starts after Supernet. Limit 1.43\u00a0M.");
  });

  it("reads out one candidate with its doubt and origin", () => {
    const model = modelOf(few, { focus: { archId: "c" } });
    expect(model.focused && describeMark(model.focused, model)).toBe(
      "c, 25.0 ± 2.7\u00a0% (n=1,000) at 800\u00a0k, mutation of a.",
    );
  });

  it("has every candidate in the table, failures included", () => {
    const { columns, rows } = poolTable(few, modelOf(few), null);
    expect(rows).toHaveLength(few.length);
    expect(rows.every((row) => row.length === columns.length)).toBe(true);
    expect(rows[0]).toEqual(["a", 0, "evolution", "drawn at random", 4e5, 10, 30, 1000, "yes"]);
    expect(rows[6]?.[6]).toBe("failed");
  });
});
