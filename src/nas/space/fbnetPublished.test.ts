import { describe, expect, it } from "vitest";
import golden from "@/golden/fbnet/arch_counts.json";
import { weightCounts } from "../weightCounts";
import { fbnetImagenet } from "./fbnetImagenet";
import { choicesOfPublished, publishedFbnets } from "./fbnetPublished";
import { fbnetV1 } from "./fbnetV1";
import { macro8 } from "./macro8";
import { findPublished, publishedIn } from "./published";

const keyOf = (name: string) => name.toLowerCase().replace("-", "_") as keyof typeof golden.archs;

describe.each(publishedFbnets)("$name", (net) => {
  const want = golden.archs[keyOf(net.name)];

  it.each([
    ["released", false],
    ["keepPw", true],
  ] as const)("has the exact counts of %s", (key, keepPw) => {
    const space = fbnetImagenet({ keepPw, last: net.last });
    const choices = choicesOfPublished(net, space);
    const { params, macs, macsPlusPool } = want[key];
    expect(choices && weightCounts(space.graph(choices))).toEqual({ params, macs, macsPlusPool });
  });

  it("is the release's", () => {
    expect(net.choices).toEqual(want.layers.map(([op]) => op));
    expect(net.last).toBe(want.lastConv);
    expect(net.release).toEqual(golden.published[keyOf(net.name)]);
    expect([Math.round(want.released.params / 10) * 10, Math.round(want.released.macsPlusPool / 10) * 10]).toEqual([net.release.params, net.release.macs]);
    expect(Math.abs(want.keepPw.macs / net.paper.macs - 1)).toBeLessThan(0.04);
  });

  it("is a member of the largest size only", () => {
    const space = fbnetV1("full");
    const choices = choicesOfPublished(net, space);
    expect(choices && space.mutables.map(({ id }) => choices[id])).toEqual(net.choices);
    expect([fbnetV1("small"), macro8("full")].map((other) => choicesOfPublished(net, other))).toEqual([null, null]);
    expect(findPublished(space, net.name)).toEqual({ ok: true, value: choices });
    expect(findPublished(fbnetV1("small"), net.name)?.ok).toBe(false);
  });
});

describe("names of published architectures", () => {
  it("belong to their spaces", () => {
    expect([publishedIn(macro8("tiny")), publishedIn(fbnetV1("tiny"))]).toEqual([[], ["FBNet-A", "FBNet-B", "FBNet-C"]]);
    expect([findPublished(macro8("full"), "FBNet-A"), findPublished(fbnetV1("full"), "toString")]).toEqual([null, null]);
  });

  it("refuses a resolution that does not divide", () => {
    expect(() => fbnetImagenet({ keepPw: true, last: 1504, resolution: 100 })).toThrow(/multiple of 32/);
  });
});
