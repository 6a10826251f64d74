import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { makeSpace, spaceIds } from "../space/registry";
import { sizes, type Space } from "../space/types";
import { archFileOf, writeArchJson, type ArchFile, type ArchFileParts } from "./archJson";
import { importArchitecture } from "./detect";
import { exportText, formatsOf } from "./export";
import { choicesToVector, writeVector } from "./sposVector";
import { priceSubnetFile, roundTripSubnetFile } from "./subnetGolden";

const spaces: Space[] = spaceIds.flatMap((id) => sizes.map((size) => makeSpace(id, size)));
const parts: ArchFileParts = {
  complete: true,
  origin: { kind: "mutation", parent: "02120110", layers: [7] },
  metrics: {
    supernetAccuracy: { value: 0.71, n: 1000 },
    retrainedAccuracy: null,
    macs: 5071488,
    params: 149730,
    latencyMs: null,
    inheritedAccuracy: { value: 0.5, n: 10 },
  },
  provenance: {
    app: "0.1.0",
    algorithm: "spos",
    config: { "evo.pool": 16, nested: { a: [1, null, true] } },
    seed: 7,
    dataset: { id: "emoji10", sha256: "ab" },
    backend: "wasm",
    createdAt: "2025-01-01T00:00:00.000Z",
    extra: [1],
  },
};

function refused(source: Uint8Array | string): string {
  const result = importArchitecture(source, { spaces });
  expect(result.ok).toBe(false);
  if (result.ok) return "";
  expect(result.problem.code).toBe("import.unreadable");
  expect(result.problem.message).toMatch(/^[A-Z].*\.$/s);
  expect(result.problem.message).not.toContain("\n");
  expect(result.problem.message.length).toBeLessThan(600);
  return result.problem.message;
}

describe("export ∘ import is the identity", () => {
  for (const space of spaces) {
    it(`${space.id} ${space.size}, all formats, sampled members`, () => {
      const rng = rootKey(3).stream();
      for (let i = 0; i < 8; i++) {
        const arch = space.canonical(space.mutator.sample(rng));
        const file: ArchFile = archFileOf(space, arch, parts);
        // What OFA dicts leave out or cannot hold has tests of its own.
        for (const format of formatsOf(space).filter((name) => name !== "ofa")) {
          const text = exportText(format, space, file);
          const report = importArchitecture(new TextEncoder().encode(text), { spaces, current: space });
          if (!report.ok) throw new Error(`${format}: ${report.problem.message}`);
          expect(report.value.format).toBe(format);
          expect(report.value.space).toEqual({ id: space.id, size: space.size });
          // The id of cells keeps the order of a node's inputs where the file has no id of its own.
          const id = format === "arch" ? arch.id : space.encode(arch.choices);
          expect(report.value.arch).toEqual({ choices: arch.choices, id });
          expect(report.value.warnings).toEqual([]);
          expect(report.value.ignored).toEqual([]);
          expect(report.value.mapped).toEqual([]);
          expect(
            exportText(
              format,
              space,
              report.value.file ?? { ...file, id: report.value.arch.id, choices: report.value.choices },
            ),
          ).toBe(text);
          if (format === "arch") expect(report.value.file).toEqual(file);
        }
      }
    });
  }
});

describe("subnet files", () => {
  const golden = JSON.parse(readFileSync(new URL("../../golden/subnet-files.json", import.meta.url), "utf8")) as Record<
    string,
    { space: string; expect: unknown }
  >;
  it("prices and gives back every listed file of the SPOS family", () => {
    const names = Object.keys(golden).filter((name) => golden[name]?.space.startsWith("spos-"));
    expect(names).toHaveLength(6);
    for (const name of names) {
      expect(priceSubnetFile(golden[name]), name).toEqual(golden[name]?.expect);
      const back = roundTripSubnetFile(golden[name]);
      expect(back === "pending" ? back : back.ok ? "identity" : back.problem.message, name).toBe("identity");
    }
    expect(priceSubnetFile(golden["OFA_SUBNET_NOTE8_LAT22"])).toBe("pending");
    expect(roundTripSubnetFile(golden["attentive_nas_a0"])).toBe("pending");
    expect(() => priceSubnetFile({ space: "spos-unknown", format: "razor-1x", entries: {} })).toThrow();
  });

  const space = makeSpace("spos", "nano");
  const choices = space.decode("012301");
  if (choices === null) throw new Error("bad test id");
  const one = exportText("razor-1x", space, archFileOf(space, space.canonical(choices), parts));
  const nano = { id: "spos", size: "nano" } as const;

  it("tolerates prefixes, 1-element lists, aliases and double spaces, and says so", () => {
    for (const prefix of ["", "backbone.", "architecture.", "architecture.backbone."]) {
      const report = importArchitecture(one.replaceAll("backbone.", prefix), { spaces, current: nano });
      expect(report.ok && report.value.arch.id).toBe("012301");
      expect(report.ok && report.value.mapped.length).toBe(prefix === "backbone." ? 0 : 6);
    }
    const odd = one
      .replace("chosen: shuffle_3x3", "chosen:  [ ShuffleBlock_3x3 ]  ")
      .replaceAll("chosen: ", "chosen:   ");
    const report = importArchitecture(odd, { spaces, current: nano });
    expect(report.ok && report.value.arch.id).toBe("012301");
    expect(report.ok && report.value.mapped).toEqual(["backbone.layers.0.0: “ShuffleBlock_3x3” → shuffle_3x3"]);
  });

  it("does not strip a character set: a name that merely starts alike stays unknown", () => {
    const report = importArchitecture(
      `${one}backbonelayers.7.7:\n  chosen: x\ninput_shape:\n  chosen: [1, 2]\nbackbone.layers.9.0:\n  chosen: shuffle_3x3\nfoo: 3\n`,
      { spaces, current: nano },
    );
    expect(report.ok && report.value.ignored.map((entry) => entry.key)).toEqual([
      "“foo”",
      "“backbonelayers.7.7”",
      "“input_shape”",
      "backbone.layers.9.0",
    ]);
    expect(report.ok && report.value.warnings[0]).toContain("4 unknown keys were ignored");
  });

  it("takes the current space among equals, and lists the others", () => {
    const tiny = importArchitecture(one, { spaces, current: { id: "spos", size: "tiny" } });
    expect(tiny.ok && [tiny.value.space.size, tiny.value.warnings]).toEqual(["tiny", []]);
    const none = importArchitecture(one, { spaces, current: { id: "macro8", size: "tiny" } });
    expect(none.ok && [none.value.space.size, none.value.candidates.length, none.value.warnings[0]]).toEqual([
      "nano",
      2,
      "The file fits spos nano, spos tiny; spos nano was taken.",
    ]);
  });

  it("names missing keys, and key, value and allowed choices", () => {
    const cut = one.split("\n").slice(0, 10).join("\n");
    expect(refused(cut)).toBe(
      "The subnet file does not fit spos nano: 1 of its 6 slots are missing (backbone.layers.2.1).",
    );
    expect(refused(one.replace("shuffle_7x7", "shuffle_9x9"))).toBe(
      "The subnet file does not fit spos nano: backbone.layers.1.0 is “shuffle_9x9”; allowed are shuffle_3x3, shuffle_5x5, shuffle_7x7, shuffle_xception.",
    );
    expect(refused(`${one}layers.0.0:\n  chosen: shuffle_3x3\n`)).toContain("names one slot twice");
  });

  it("refuses other people's files by name", () => {
    expect(refused(`{"channel_unit_cfg": {}}`)).toContain("pruning");
    expect(refused("conv1:\n  current_choice: 3\n  origin_channels: 4\n")).toContain("pruning");
    expect(refused("backbone.layers.1.depth:\n  chosen: 3\ninput_shape:\n  chosen: [192, 192]\n")).toContain(
      "OFA or AttentiveNAS",
    );
    expect(refused(JSON.stringify({ ks: [3], e: [4], d: [2] }))).toContain("OFA");
    expect(
      refused(JSON.stringify({ resolution: 192, width: [], kernel_size: [], expand_ratio: [], depth: [] })),
    ).toContain("AttentiveNAS");
    expect(refused(`{"00000000": {"test_acc": [1, 2, 3]}}`)).toContain("NAS-Bench-Macro");
  });
});

describe("gene vectors", () => {
  const full = makeSpace("spos", "full");
  it("reads tuples, lists and ids", () => {
    const tuple = "(2,1,0,1,2,0,2,0,2,0,2,3,0,0,0,0,3,2,3,3)";
    for (const text of [
      tuple,
      tuple.replace("(", "[").replace(")", "]"),
      ` ${tuple.replaceAll(",", ", ")}\n`,
      "21012020202300003233",
    ]) {
      const report = importArchitecture(text, { spaces });
      expect(report.ok && [report.value.format, report.value.space, report.value.arch.id]).toEqual([
        "spos-vector",
        { id: "spos", size: "full" },
        "21012020202300003233",
      ]);
    }
    const macro = importArchitecture("01201201", { spaces, current: { id: "macro8", size: "small" } });
    expect(macro.ok && [macro.value.arch.id, macro.value.space.size, macro.value.mapped]).toEqual([
      "01210210",
      "small",
      ["01201201 → 01210210 (the same network, canonical form)"],
    ]);
    const choices = full.decode("21012020202300003233");
    expect(choices && writeVector(full, choices)).toBe(
      "(2, 1, 0, 1, 2, 0, 2, 0, 2, 0, 2, 3, 0, 0, 0, 0, 3, 2, 3, 3)\n",
    );
    expect(choices && choicesToVector(full, choices)).toHaveLength(20);
  });

  it("says what is wrong", () => {
    expect(refused("(1, 2, 3)")).toBe("The gene vector has 3 entries; the known spaces have 5, 6, 8, 9, 10, 20, 22.");
    expect(refused("09999999")).toContain("entry 2 is “9”; allowed are 0 (identity), 1 (mb3_k3), 2 (mb6_k5)");
    expect(refused("(2,1,0,1,2,0,2")).toContain("brackets");
    expect(refused("(2,1,0,1,2,0]")).toContain("brackets");
  });
});

describe("architecture files", () => {
  const space = makeSpace("macro8", "tiny");
  const choices = space.decode("02120112");
  if (choices === null) throw new Error("bad test id");
  const file = archFileOf(space, space.canonical(choices), parts);
  const tampered = (change: (tree: Record<string, unknown>) => void): string => {
    const tree = JSON.parse(writeArchJson(file)) as Record<string, unknown>;
    change(tree);
    return JSON.stringify(tree);
  };

  it("reads a file written by hand, with warnings", () => {
    const report = importArchitecture(
      JSON.stringify({
        format: file.format,
        version: 1,
        space: { id: "macro8", size: "tiny", params: { width: 3 } },
        choices: file.choices,
        note: "mine",
      }),
      { spaces },
    );
    expect(report.ok && report.value.file?.provenance).toBe(null);
    expect(report.ok && report.value.warnings).toEqual([
      "The file says “width” is 3; in macro8 tiny it is 1.",
      "The file leaves out complete, id, origin, metrics, provenance.",
    ]);
    expect(report.ok && report.value.ignored).toEqual([{ key: "“note”", why: "the format has no such member" }]);
  });

  it("names what is wrong", () => {
    expect(refused(tampered((t) => (t["version"] = 2)))).toContain("version “2”");
    expect(refused(tampered((t) => (t["id"] = "00000000")))).toContain("does not match its choices");
    expect(refused(tampered((t) => (t["choices"] = { ...file.choices, "layer.0": "mb9_k9" })))).toContain(
      "layer.0 is “mb9_k9”; allowed are identity, mb3_k3, mb6_k5.",
    );
    expect(refused(tampered((t) => (t["choices"] = { "layer.0": "identity" })))).toContain("lacks 7 of the 8 choices");
    expect(refused(tampered((t) => (t["space"] = { id: "elsewhere", size: "tiny", params: {} })))).toContain(
      "“elsewhere”",
    );
    expect(refused(tampered((t) => (t["space"] = { id: "macro8", size: "huge", params: {} })))).toContain("space.size");
    expect(refused(tampered((t) => (t["metrics"] = { macs: "many" })))).toContain("metrics.macs");
    expect(refused(tampered((t) => (t["metrics"] = { supernetAccuracy: { value: 71, n: 1 } })))).toContain(
      "supernetAccuracy",
    );
    expect(refused(writeArchJson(file).slice(0, 300))).toContain("cut off");
  });
});

describe("hostile files", () => {
  it("refuses each with one sentence, at once", () => {
    const started = performance.now();
    expect(refused(new Uint8Array(100 * 1048576))).toContain("100.0 MB");
    expect(refused("x".repeat(1_048_577))).toContain("MB");
    expect(refused("")).toContain("empty");
    expect(refused(new Uint8Array([0xff, 0xfe, 0x41]))).toContain("UTF-8");
    expect(refused(`{"format":\0}`)).toContain("NUL");
    expect(refused("[".repeat(500_000))).toContain("nested");
    expect(refused(`${"[".repeat(500_000)}${"]".repeat(500_000)}`)).toContain("nested");
    expect(refused(`{"a":${'{"a":'.repeat(100)}1${"}".repeat(101)}`)).toContain("nested");
    expect(refused(`a: ${"{a: ".repeat(3000)}`)).toContain("nested");
    expect(refused(`a: ${'["]", '.repeat(600)}`.replaceAll("[", "\n  ["))).toContain("nested");
    expect(refused("- ".repeat(2000))).toContain("nested");
    expect(refused("? ".repeat(2000))).toContain("nested");
    expect(refused(Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"))).toContain("nested");
    expect(refused(`a: &a [x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: {chosen: *c}\n`)).toMatch(/anchors|aliases/);
    expect(refused("k: {chosen: a}\n".repeat(8000))).toContain("8000 opening brackets");
    expect(refused("k:\n  chosen: a\n".repeat(6000))).toContain("twice");
    expect(refused(Array.from({ length: 9000 }, (_, i) => `k${i}: ${i}`).join("\n"))).toContain("none of its keys");
    expect(refused("%}\n".repeat(20_000))).toContain("YAML");
    expect(refused(`"${'"'.repeat(4000)}`)).toContain("YAML");
    expect(refused("x: ".repeat(100_000))).toContain("KB of YAML");
    expect(refused(`{"__proto__": {"chosen": "x"}}`)).toContain("__proto__");
    expect(refused(`{"\\u005f_proto__": 1}`)).toContain("__proto__");
    expect(refused(`__proto__:\n  chosen: x\n`)).toContain("__proto__");
    expect(refused(`a:\n  constructor: 1\n  chosen: x\n`)).toContain("constructor");
    expect(refused(`{"format": 3}`)).toContain("not an architecture file");
    expect(refused("null")).toContain("not an architecture");
    expect(refused("hello")).toContain("not an architecture");
    expect(refused("9".repeat(5000))).not.toBe("");
    expect(refused("a:\n  chosen: !!js/function x\n")).not.toBe("");
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
