import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { fbnetV1 } from "../space/fbnetV1";
import { fbnetV2 } from "../space/fbnetV2";
import { fbnetV3 } from "../space/fbnetV3";
import { macro8 } from "../space/macro8";
import { makeSpace, spaceIds } from "../space/registry";
import { sizes, type Space } from "../space/types";
import { archFileOf, type ArchFile } from "./archJson";
import { importArchitecture } from "./detect";
import { expressible, exportText, formatsOf, lossesOf } from "./export";

const spaces: Space[] = spaceIds.flatMap((id) => sizes.map((size) => makeSpace(id, size)));

function fileOf(space: Space, text: string): ArchFile {
  const choices = space.decode(text);
  if (choices === null) throw new Error(text);
  return archFileOf(space, space.canonical(choices), {
    complete: true,
    origin: { kind: "sampled" },
    metrics: { supernetAccuracy: null, retrainedAccuracy: null, macs: null, params: null, latencyMs: null },
    provenance: { app: "0", algorithm: "fbnet-v1", config: {}, seed: 0, dataset: { id: "emoji10", sha256: null }, backend: "cpu", createdAt: "2026-01-01T00:00:00Z" },
  });
}

const read = (text: string, current?: Space) => importArchitecture(text, { spaces, ...(current && { current: { id: current.id, size: current.size } }) });

function readOk(text: string, current?: Space) {
  const result = read(text, current);
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}

function refused(text: string, current?: Space): string {
  const result = read(text, current);
  if (result.ok) throw new Error(JSON.stringify(result.value));
  expect(result.problem.code).toBe("import.unreadable");
  return result.problem.message;
}

const why = (space: Space, text: string): string | null => {
  const possible = expressible("ofa", space, fileOf(space, text));
  return possible.ok ? null : possible.problem.message;
};

describe("FBNetV1 as an OFA dict", () => {
  const space = fbnetV1("tiny");

  it("lists kernels, expansions and depths; skips are depth", () => {
    // k3_e3 | k5_e3 skip | k3_e1 k5_e3
    const text = exportText("ofa", space, fileOf(space, "23403"));
    expect(JSON.parse(text)).toEqual({ ks: [3, 5, 3, 3, 5], e: [3, 3, 1, 1, 3], d: [1, 1, 2], r: [32], wid: null });
    const report = readOk(text, space);
    expect([report.format, report.space, report.arch.id, report.warnings]).toEqual(["ofa", { id: "fbnet-v1", size: "tiny" }, "23403", []]);
  });

  it.each([
    ["12222", "Layer 1 is k3_e1_g2; OFA's blocks have no groups."],
    ["24222", "Layer 2 skips and changes the shape; a stage of OFA always keeps the block that does."],
    ["24422", "Layer 2 skips and changes the shape; a stage of OFA always keeps the block that does."],
  ])("refuses %s", (text, message) => {
    expect(why(space, text)).toBe(message);
    expect(() => exportText("ofa", space, fileOf(space, text))).toThrow(message);
  });

  it("refuses a block behind a skip in its stage, where the skip is not moved away", () => {
    const file = { choices: fbnetV1("small").fromGenes([0, 0, 0, 0, 8, 0, 0, 0, 0]) };
    const possible = expressible("ofa", fbnetV1("small"), file);
    expect(possible.ok ? "" : possible.problem.message).toBe("Layer 6 follows a skip of its stage; in OFA the skipped blocks of a stage are its last.");
  });

  it.each(sizes)("comes back as it was: %s", (size) => {
    const one = fbnetV1(size);
    let held = 0;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { id } = one.canonical(one.mutator.sample(rootKey(seed).stream()));
        // Groups and leading skips rule most out: write what is left of them without.
        const plain = one.canonical(one.fromGenes(one.slots.map((slot, i) => {
          const gene = Number(id[i]);
          const name = one.mutables[i]?.choices[gene] ?? "";
          return name.includes("_g2") || (name === "skip" && (slot.stride > 1 || slot.cin !== slot.cout)) ? 0 : gene;
        }))); // prettier-ignore
        held += why(one, id) === null ? 1 : 0;
        const report = readOk(exportText("ofa", one, fileOf(one, plain.id)), one);
        expect(report.arch).toEqual(plain);
        expect(lossesOf("ofa", one, { choices: plain.choices })).toEqual([]);
      }),
      { numRuns: 20, seed: 7 },
    );
    expect(held).toBeLessThan(20);
  });
});

describe.each([
  ["FBNetV2", fbnetV2],
  ["FBNetV3", fbnetV3],
] as const)("%s as an OFA dict", (_, make) => {
  it.each(sizes)("keeps all but widths: %s", (size) => {
    const space = make(size);
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { choices, id } = space.canonical(space.mutator.sample(rootKey(seed).stream()));
        const report = readOk(exportText("ofa", space, fileOf(space, id)), space);
        const widest = Object.fromEntries(space.mutables.map((m) => [m.id, /(?:^stem|\.channels)$/.test(m.id) ? Math.max(...m.choices.map(Number)) : (choices[m.id] ?? 0)]));
        expect(report.arch).toEqual(space.canonical(widest));
        expect(report.mapped.filter((line) => line.includes("not given")).length).toBe(space.mutables.filter((m) => /(?:^stem|\.channels)$/.test(m.id)).length);
        expect(report.warnings).toContain("The dict holds no widths; the widest were taken.");
        expect(lossesOf("ofa", space, { choices })).toHaveLength(1);
      }),
      { numRuns: 15, seed: 7 },
    );
  });
});

describe("OFA dicts from elsewhere", () => {
  const tiny = { ks: [3, 3, 5, 3, 5], e: [3, 1, 3, 1, 3], d: [1, 2, 2] };

  it("may be Python's, with the side as image_size or none", () => {
    const report = readOk("{'wid': None, 'ks': [3, 3, 5, 3, 5], 'e': [3, 1, 3, 1, 3], 'd': [1, 2, 2], 'r': [32]}", fbnetV1("tiny"));
    expect(report.arch.id).toBe("20303");
    expect(readOk(JSON.stringify({ ...tiny, image_size: 32 })).mapped).toContain("image_size → r");
    expect(readOk(JSON.stringify(tiny)).arch.id).toBe("20303");
    expect(readOk(JSON.stringify({ ...tiny, note: 1 })).ignored.map(({ key }) => key)).toEqual(["“note”"]);
  });

  it("take the space that they say most about, or the one on screen", () => {
    const both = JSON.stringify({ ks: [3, 3, 3, 3, 3, 3, 3, 3, 3], e: [1, 3, 3, 3, 3, 3, 3, 3, 3], d: [1, 2, 3, 3], r: [32] });
    expect(readOk(both).space).toEqual({ id: "fbnet-v1", size: "small" });
    expect(readOk(both, fbnetV2("small")).space).toEqual({ id: "fbnet-v2", size: "small" });
    expect(readOk(both, macro8("nano")).warnings[0]).toContain("fbnet-v2 small");
  });

  it.each([
    [{ ...tiny, ks: [7, 3, 5, 3, 5] }, "block 0 is “k7_e3”"],
    [{ ...tiny, d: [1, 0, 2] }, "d[1] is “0”; allowed are 1, 2"],
    [{ ...tiny, r: [64] }, "r is “64”; allowed are 32"],
    [{ ...tiny, r: "big" }, "must be the side"],
    [{ ...tiny, e: [3, 1, 3, 1] }, "each block has one of both"],
    [{ ...tiny, ks: [3, 3, 5, 3, "5"] }, "must be a list of whole numbers"],
    [{ ...tiny, wid: [0, 1] }, "width multipliers"],
    [{ ks: Array.from({ length: 20 }, () => 7), e: Array.from({ length: 20 }, () => 6), d: [4, 4, 4, 4, 4], r: [224], wid: null }, "OFA's own space is not part of this version"],
    [{ ks: [3, 5, 3, 3, 3, 3], e: [1, 1, 2, 2, 2, 2], d: [2, 1, 1], r: [32] }, "ks[1] and ks[0] differ"],
    [{ ks: [3, 3, 3, 3, 3, 3], e: [1, 1, 2, 2, 2, 2], d: [3, 1, 1], r: [32] }, "d[0] is “3”; allowed are 1, 2"],
  ])("are refused with the reason: %j", (dict, message) => {
    expect(refused(JSON.stringify(dict), fbnetV1("tiny"))).toContain(message);
  });

  it("belong to FBNet's spaces only", () => {
    expect(spaces.filter((space) => formatsOf(space).includes("ofa")).map(({ id }) => id)).toEqual(["fbnet-v1", "fbnet-v2", "fbnet-v3"].flatMap((id) => sizes.map(() => id)));
    const possible = expressible("ofa", macro8("nano"), { choices: {} });
    expect(possible.ok ? "" : possible.problem.message).toContain("no kernel, expansion and depth");
    const layers = expressible("razor-1x", fbnetV2("nano"), { choices: {} });
    expect(layers.ok ? "" : layers.problem.message).toContain("widths, depths and kernels");
  });
});

describe("other formats of FBNet's spaces", () => {
  it.each(["fbnet-v1", "fbnet-v2", "fbnet-v3"] as const)("give members of %s back unchanged", (id) => {
    for (const size of ["tiny", "small", "full"] as const) {
      const space = makeSpace(id, size);
      const file = fileOf(space, space.encode(space.mutator.sample(rootKey(3).stream())));
      for (const format of formatsOf(space).filter((name) => name !== "ofa")) {
        const report = readOk(exportText(format, space, file), space);
        expect([report.format, report.space.id, report.arch.id]).toEqual([format, id, file.id]);
      }
    }
  });
});
