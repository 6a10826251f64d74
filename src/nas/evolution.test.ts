import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import {
  checkRange,
  feasibleShare,
  legalRange,
  proposeCrossovers,
  proposeMutations,
  proposeRandom,
  topK,
} from "./evolution";
import { fakeCandidate } from "./fakeCandidate";
import { macro8 } from "./space/macro8";
import { spos, sposImageNet } from "./space/spos";
import type { Arch, Space } from "./space/types";

const nano = macro8("nano");
const open = { range: null };
const stream = (seed: number) => rootKey(seed).stream();

function archOf(space: Space, text: string): Arch {
  const choices = space.decode(text);
  if (choices === null) throw new Error(text);
  return space.canonical(choices);
}

describe("cost range", () => {
  const cost = { macs: 100, params: 7, razorFlops: 0 };
  it("is inclusive at both ends and open where absent", () => {
    expect(legalRange(cost, { metric: "macs", min: 100, max: 100 })).toBe(true);
    expect(legalRange(cost, { metric: "macs", max: 99 })).toBe(false);
    expect(legalRange(cost, { metric: "params", min: 8 })).toBe(false);
    expect(legalRange(cost, { metric: "params" })).toBe(true);
  });

  it("names the cheapest reachable cost when nothing fits", () => {
    const cheap = checkRange(nano, { metric: "macs", max: 1000 });
    expect(cheap.ok ? "" : cheap.problem.code).toBe("search.infeasible");
    expect(cheap.ok ? "" : cheap.problem.message).toMatch(/218688/);
    const dear = checkRange(nano, { metric: "params", min: 1e6 });
    expect(dear.ok ? "" : dear.problem.message).toMatch(/67990/);
    expect(checkRange(nano, { metric: "macs", min: 2, max: 1 }).ok).toBe(false);
    expect(checkRange(nano, { metric: "macs", max: 218_688 }).ok).toBe(true);
  });
});

describe("topK", () => {
  it("prefers score, then lower cost, then age; ids are unique; failures stay out", () => {
    const held = [
      fakeCandidate({ index: 0, id: "a", accuracy: 0.6 }),
      fakeCandidate({ index: 1, id: "b", accuracy: 0.6 }),
    ];
    const scored = [
      fakeCandidate({ index: 2, id: "c", accuracy: 0.6, macs: 90 }),
      fakeCandidate({ index: 3, id: "d", accuracy: 0.9, macs: 900 }),
      fakeCandidate({ index: 4, id: "a", accuracy: 0.99 }),
      fakeCandidate({ index: 5, id: "e", accuracy: null }),
    ];
    expect(topK(held, scored, 4).map((c) => c.index)).toEqual([3, 2, 0, 1]);
    expect(topK(held, scored, 1).map((c) => c.index)).toEqual([3]);
    expect(topK([], [], 3)).toEqual([]);
  });
});

describe("proposals", () => {
  it("are canonical, legal, new and reproducible", () => {
    const range = { metric: "macs", max: 1_430_000 } as const;
    const seen = new Set<string>();
    const random = proposeRandom(nano, 16, seen, stream(7), { range });
    expect(random.proposals.length).toBe(16);
    expect(random.stopped).toBeNull();
    expect(random.rejections.infeasible).toBeGreaterThan(0);
    const parents = random.proposals.slice(0, 5).map((p) => p.arch);
    const mutated = proposeMutations(nano, 8, parents, 0.3, seen, stream(8), { range });
    const crossed = proposeCrossovers(nano, 8, parents, seen, stream(9), { range });
    const all = [...random.proposals, ...mutated.proposals, ...crossed.proposals];
    expect(new Set(all.map((p) => p.arch.id)).size).toBe(all.length);
    expect(seen.size).toBe(all.length);
    for (const { arch, cost } of all) {
      expect(nano.canonical(arch.choices)).toEqual(arch);
      expect(cost.macs).toBeLessThanOrEqual(1_430_000);
      expect(cost).toEqual(nano.cost(arch.choices));
    }
    expect(proposeRandom(nano, 16, new Set(), stream(7), { range })).toEqual(random);
  });

  it("tell where a mutation differs from its parent, canonically", () => {
    const parent = archOf(nano, "22212220");
    const { proposals } = proposeMutations(nano, 20, [parent], 0.2, new Set([parent.id]), stream(1), open);
    expect(proposals.length).toBe(20);
    for (const { arch, origin } of proposals) {
      const differs = [...arch.id].flatMap((c, i) => (c === parent.id[i] ? [] : [i]));
      expect(origin).toEqual({ kind: "mutation", parent: parent.id, layers: differs });
      expect(differs.length).toBeGreaterThan(0);
    }
  });

  it("bound the attempts of children", () => {
    const parent = archOf(nano, "22222222");
    const none = proposeMutations(nano, 5, [parent], 0, new Set([parent.id]), stream(1), open);
    expect(none).toEqual({ proposals: [], rejections: { infeasible: 0, duplicate: 50 }, stopped: "attempts" });
    const same = proposeCrossovers(nano, 5, [parent], new Set([parent.id]), stream(1), open);
    expect(same.rejections.duplicate).toBe(50);
    expect(() => proposeCrossovers(nano, 1, [], new Set(), stream(1), open)).toThrow(/without parents/);
  });

  it("stop as infeasible when nothing legal turns up", () => {
    const none = proposeRandom(nano, 3, new Set(), stream(1), { range: { metric: "macs", max: 1 } });
    expect(none).toEqual({ proposals: [], rejections: { infeasible: 1000, duplicate: 0 }, stopped: "infeasible" });
  });

  it("stop as exhausted when everything legal is seen", () => {
    const members = new Set(["00000000", "10000000", "20000000"]);
    const seen = new Set(["00000000"]);
    const rest = proposeRandom(nano, 10, seen, stream(2), {
      range: null,
      isMember: (id) => members.has(id),
      maxRejections: 40_000,
    });
    expect(rest.stopped).toBe("space-exhausted");
    expect(rest.proposals.map((p) => p.arch.id).sort()).toEqual(["10000000", "20000000"]);
  });

  it("never repeat nor leave the range, whatever the seed", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 300_000, max: 2_700_000 }), (seed, max) => {
        const seen = new Set<string>();
        const { proposals } = proposeRandom(nano, 10, seen, stream(seed), {
          range: { metric: "macs", max },
          maxRejections: 100,
        });
        expect(new Set(proposals.map((p) => p.arch.id)).size).toBe(proposals.length);
        expect(proposals.every((p) => p.cost.macs <= max)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

describe("feasibleShare", () => {
  // Spec B.6 (0.59, 0.62 of uniform ImageNet paths at 330 M MACs) and B.10 (62 % of the macro strings).
  it.each([
    ["authors' layout", sposImageNet({ layout: "megvii" }), 330e6, 0.59],
    ["razor layout", sposImageNet({ layout: "razor" }), 330e6, 0.62],
    ["macro8 full", macro8("full"), 60e6, 0.62],
    ["macro8 small", macro8("small"), 16.1e6, 0.62],
    ["macro8 tiny", macro8("tiny"), 4.6e6, 0.62],
    ["macro8 nano", macro8("nano"), 1.43e6, 0.62],
    ["spos nano", spos("nano"), 0.65e6, 0.6],
    ["spos tiny", spos("tiny"), 1.21e6, 0.6],
    ["spos small", spos("small"), 17.4e6, 0.6],
    ["spos full", spos("full"), 104.6e6, 0.6],
  ])("%s", (_, space, max, expected) => {
    const { share, n } = feasibleShare(space, { metric: "macs", max }, stream(3));
    expect(n).toBe(1000);
    // 3 standard errors of 1,000 draws, plus the two digits of the stated share.
    expect(Math.abs(share - expected)).toBeLessThan(3 * 0.0155 + 0.02);
  });
});
