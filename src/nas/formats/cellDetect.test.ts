/** Files of cells from bytes to report and back: every published genotype in every format that can hold it, the size that is taken, refusals. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { choicesOfGenotype } from "../cell/choices";
import { cellOfPairs, type Genotype } from "../cell/genotype";
import { dedupeId, formatCellId } from "../cell/id";
import { makeSpace } from "../space/registry";
import { sizes, type Space } from "../space/types";
import { archFileOf, type ArchFile } from "./archJson";
import { importArchitecture } from "./detect";
import { expressible, exportText, formatsOf, lossesOf } from "./export";
import type { ImportReport, SpaceRef, TextFormat } from "./report";

type Pairs = readonly (readonly [string, number])[];
const golden = JSON.parse(readFileSync(new URL("../../golden/darts/genotypes.json", import.meta.url), "utf8")) as {
  readonly genotypes: Readonly<
    Record<
      string,
      {
        readonly list: Readonly<Record<"normal" | "reduce", Pairs>> &
          Readonly<Record<"normal_concat" | "reduce_concat", readonly number[]>>;
        readonly mmrazor: unknown;
      }
    >
  >;
  readonly nni_tutorial_dicts_verbatim: Readonly<Record<string, object>>;
  readonly mmrazor_yaml_verbatim_as_json: Readonly<Record<string, object>>;
};

const genotypes: readonly (readonly [string, Genotype])[] = Object.entries(golden.genotypes).map(([name, { list }]) => {
  const cell = (kind: "normal" | "reduce") =>
    cellOfPairs(
      list[kind].map(([op, from]) => ({ op, from })),
      list[`${kind}_concat`],
    );
  return [name, { normal: cell("normal"), reduce: cell("reduce") }];
});
const named = (name: string): Genotype => genotypes.find(([known]) => known === name)?.[1] as Genotype;

const cells = sizes.map((size) => makeSpace("darts-cell", size));
const spaces: readonly Space[] = [
  ...sizes.map((size) => makeSpace("macro8", size)),
  ...cells,
  ...sizes.map((size) => makeSpace("nasbench201-cell", size)),
];
const small: SpaceRef = { id: "darts-cell", size: "small" };

function fileOf(space: Space, genotype: Genotype): ArchFile {
  const choices = choicesOfGenotype(genotype);
  return archFileOf(
    space,
    { choices, id: space.encode(choices) },
    {
      complete: true,
      origin: { kind: "derived", rule: "official" },
      metrics: { supernetAccuracy: null, retrainedAccuracy: null, macs: null, params: null, latencyMs: null },
      provenance: null as never,
    },
  );
}

function imported(text: string, current?: SpaceRef): ImportReport {
  const report = importArchitecture(text, { spaces, ...(current ? { current } : {}) });
  if (!report.ok) throw new Error(report.problem.message);
  return report.value;
}

function refused(text: string | Uint8Array): string {
  const report = importArchitecture(text, { spaces, current: small });
  if (report.ok) throw new Error("nothing was refused");
  expect(report.problem.code).toBe("import.unreadable");
  expect(report.problem.message).toMatch(/^[A-Z][^\n]{0,598}\.$/);
  return report.problem.message;
}

describe("every published genotype", () => {
  for (const [name, genotype] of genotypes) {
    it(`${name}: import ∘ export is the identity in every format that can hold it`, () => {
      for (const space of cells) {
        const file = fileOf(space, genotype);
        expect(file.id).toBe(formatCellId(genotype));
        const held = formatsOf(space).filter((format) => expressible(format, space, file).ok);
        expect(held.includes("razor-cells")).toBe(golden.genotypes[name]?.mmrazor !== null);
        expect(held.length).toBe(held.includes("razor-cells") ? 4 : 3);
        for (const format of held) {
          const text = exportText(format, space, file);
          const report = imported(text, space);
          expect([report.format, report.space]).toEqual([format, { id: "darts-cell", size: space.size }]);
          expect([report.mapped, report.ignored]).toEqual([[], []]);
          expect(report.arch.id).toBe(format === "arch" ? file.id : space.encode(report.choices));
          const lost = lossesOf(format, space, file).length > 0;
          if (!lost) expect(report.choices).toEqual(file.choices);
          expect(exportText(format, space, { ...file, id: report.arch.id, choices: report.choices })).toBe(text);
          if (format === "arch") expect(report.file).toEqual(file);
        }
      }
    });
  }

  it("goes from any format into any other, slots in their order", () => {
    const space = cells[2] as Space;
    const file = fileOf(space, named("DARTS_V1"));
    const formats: readonly TextFormat[] = ["genotype", "nni", "razor-cells", "arch"];
    for (const from of formats) {
      const { choices, arch } = imported(exportText(from, space, file), space);
      for (const to of formats)
        expect(exportText(to, space, { ...file, id: arch.id, choices }), `${from} → ${to}`).toBe(
          exportText(to, space, file),
        );
    }
  });

  it("reads the files as their authors ship them", () => {
    for (const [name, dict] of Object.entries(golden.nni_tutorial_dicts_verbatim)) {
      const python = `exported_arch = ${JSON.stringify(dict, null, 4).replaceAll('"', "'")}`;
      const yaml = Object.entries(dict)
        .map(([key, value]) => `${key}: ${String(value)}`)
        .join("\n");
      for (const text of [JSON.stringify(dict), python, yaml]) {
        const report = imported(text, small);
        expect([report.format, report.choices]).toEqual(["nni", choicesOfGenotype(named(name))]);
      }
    }
    for (const [name, file] of Object.entries(golden.mmrazor_yaml_verbatim_as_json)) {
      const report = imported(JSON.stringify(file), small);
      expect([report.format, report.choices]).toEqual(["razor-cells", choicesOfGenotype(named(name))]);
      const unused = Object.keys(file).length - 24;
      expect(report.ignored).toHaveLength(unused);
      expect(report.warnings).toHaveLength(unused > 0 ? 1 : 0);
      if (unused > 0) expect(report.ignored[0]).toEqual({ key: "normal_n3_p2", why: "no node chose this edge" });
    }
    const id = formatCellId(named("NASNet"));
    expect(imported(`${id}\n`, small).choices).toEqual(choicesOfGenotype(named("NASNet")));
  });
});

describe("the space of a cell", () => {
  const text = exportText("genotype", cells[2] as Space, fileOf(cells[2] as Space, named("DARTS_V2")));

  it("is darts-cell at the size on screen, else at nano", () => {
    for (const size of sizes) expect(imported(text, { id: "darts-cell", size }).space.size).toBe(size);
    const elsewhere = imported(text, { id: "macro8", size: "small" });
    expect(elsewhere.space).toEqual({ id: "darts-cell", size: "nano" });
    expect(elsewhere.candidates).toHaveLength(4);
    expect(elsewhere.warnings).toEqual([
      "The file fits darts-cell nano, darts-cell tiny, darts-cell small, darts-cell full; darts-cell nano was taken.",
      "The cells have 4 nodes; darts-cell nano searches cells of 2. They can be shown, retrained and exported.",
    ]);
    expect(imported(text, small).warnings).toEqual([]);
    const none = importArchitecture(text, { spaces: [makeSpace("macro8", "nano")] });
    expect(!none.ok && none.problem.message).toContain("darts-cell");
  });

  it("says what the search could not have found", () => {
    const write = (name: string): string =>
      exportText("genotype", cells[2] as Space, fileOf(cells[2] as Space, named(name)));
    expect(imported(write("NASNet"), small).warnings).toEqual([
      "The cells have 5 nodes; darts-cell small searches cells of 4. They can be shown, retrained and exported.",
      "A node reads one state twice, which the search never does.",
    ]);
    expect(imported(write("SETN"), small).warnings).toEqual([
      "The cells hold conv_3x1_1x3, which can be shown and exported but not built here.",
    ]);
  });

  it("lists the network once a file of ours names it, and checks its id", () => {
    const space = cells[0] as Space;
    const file = fileOf(space, named("AmoebaNet"));
    const tree = JSON.parse(exportText("arch", space, file)) as Record<string, unknown>;
    expect(tree["choices"]).toMatchObject({
      "normal/op_2_0": "avg_pool_3x3",
      "normal/input_2_0": 0,
      "reduce/concat": [3, 4, 6],
    });
    const changed = (choices: object, id: string | undefined = file.id): string =>
      JSON.stringify({ ...tree, id, choices: { ...(tree["choices"] as object), ...choices } });
    expect(imported(changed({})).arch.id).toBe(file.id);
    expect(imported(changed({}, dedupeId(named("AmoebaNet")))).arch.id).toBe(dedupeId(named("AmoebaNet")));
    expect(refused(changed({ "normal/op_2_0": "sep_conv_3x3" }))).toContain("does not match its choices");
    expect(refused(changed({ "normal/op_2_0": "conv" }))).toContain("normal/op_2_0 “conv” is not known");
    expect(refused(changed({ "normal/input_2_0": 2 }))).toContain("node 2 can read 0 or 1");
    for (const concat of [[], [4, 3], [2, 9], [1, 2], ["2"], 3])
      expect(refused(changed({ "normal/concat": concat }))).toContain("normal/concat is");
    expect(refused(changed({ "normal/op_9_0": "sep_conv_3x3" }))).toContain("lacks");
    const other = imported(changed({ "normal/op": 1, "normal/input_2_0": [0] }));
    expect(other.ignored).toEqual([{ key: "“choices.normal/op”", why: "darts-cell nano has no such choice" }]);
    const bare: Record<string, unknown> = {
      ...(JSON.parse(exportText("arch", space, fileOf(space, named("DARTS_V1")))) as object),
    };
    const { "normal/concat": _, ...choices } = bare["choices"] as Record<string, unknown>;
    expect(imported(JSON.stringify({ ...bare, choices })).mapped).toEqual(["normal/concat: not given → 2, 3, 4, 5"]);
  });
});

describe("what each format can hold", () => {
  it("is told apart by space, and by network", () => {
    const [macro, cell] = [makeSpace("macro8", "nano"), cells[0] as Space];
    expect(formatsOf(macro)).toEqual(["arch", "razor-1x", "razor-0x", "spos-vector"]);
    expect(formatsOf(cell)).toEqual(["arch", "genotype", "nni", "razor-cells"]);
    const why = (format: TextFormat, space: Space, genotype: Genotype): string => {
      const possible = expressible(format, space, { choices: choicesOfGenotype(genotype) });
      if (possible.ok) return "";
      expect(possible.problem.code).toBe("config.invalid");
      expect(() => exportText(format, space, fileOf(space, genotype))).toThrow(possible.problem.message);
      return possible.problem.message;
    };
    const v2 = named("DARTS_V2");
    expect(why("razor-1x", cell, v2)).toBe(
      "DARTS cells has cells, not layers; this format lists the op of every layer.",
    );
    expect(why("nni", cell, v2)).toBe("");
    const layers = expressible("genotype", macro, { choices: {} });
    expect(!layers.ok && layers.problem.message).toContain("has layers, not cells");
    expect(why("razor-cells", cell, named("NASNet"))).toContain("5 nodes");
    const twice = { ...v2, normal: cellOfPairs(v2.normal.nodes.flat().map((input) => ({ ...input, from: 0 }))) };
    expect(why("nni", cell, twice)).toContain("Node 2 of the normal cell reads one state twice");
    expect(why("razor-cells", cell, twice)).toContain("one op an edge");
    expect(why("genotype", cell, twice)).toBe("");
  });
});

describe("cells of NAS-Bench-201", () => {
  const space = makeSpace("nasbench201-cell", "tiny");
  const id = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|";
  const choices = space.decode(id) ?? {};
  const file = archFileOf(space, space.canonical(choices), {
    ...fileOf(cells[0] as Space, named("GDAS_V1")),
    provenance: null as never,
  });

  it("come back from all of their formats", () => {
    expect(formatsOf(space)).toEqual(["arch", "genotype", "nni"]);
    expect(exportText("genotype", space, file)).toBe(`${id}\n`);
    expect(exportText("nni", space, file)).toContain('"cell/1_3": "conv_1x1"');
    for (const format of formatsOf(space)) {
      const report = imported(exportText(format, space, file), space);
      expect([report.format, report.space.size, report.arch.id, report.choices]).toEqual([format, "tiny", id, choices]);
      expect([report.mapped, report.ignored]).toEqual([[], []]);
    }
    const elsewhere = imported(id, small);
    expect([elsewhere.space, elsewhere.warnings.length]).toEqual([{ id: "nasbench201-cell", size: "nano" }, 1]);
    const razor = expressible("razor-cells", space, file);
    expect(!razor.ok && razor.problem.message).toContain("one cell of six edges");
  });

  it("are read when no path leads through them, with a warning", () => {
    const cut = id.replace("skip_connect~0", "none~0").replace("nor_conv_1x1~1", "none~1");
    expect(imported(cut, space).warnings).toEqual([
      "Every path through the cell has a none on it, so the network sees no image.",
    ]);
  });
});

describe("hostile files of cells", () => {
  it("are refused with one sentence, at once", () => {
    const space = cells[2] as Space;
    const write = (format: TextFormat): string => exportText(format, space, fileOf(space, named("DARTS_V2")));
    const started = performance.now();
    for (const format of ["genotype", "nni", "razor-cells"] as const) {
      const text = write(format);
      for (let end = 1; end < text.trimEnd().length; end += 7) {
        const report = importArchitecture(text.slice(0, end), { spaces });
        // Block YAML may be cut between two entries and still be read; then it lacks some.
        expect(report.ok).toBe(false);
      }
      const huge = new Uint8Array(100 * 1_048_576);
      huge.set(new TextEncoder().encode(text));
      expect(refused(huge)).toContain("100.0 MB");
    }
    expect(refused(`${write("genotype")}#${"x".repeat(70_000)}`)).toContain("a genotype is at most 64 KB");
    expect(refused(`Genotype(normal=${"[".repeat(60_000)}`)).toContain("far more entries");
    expect(refused(`Genotype(normal=${"[".repeat(4000)}`)).toContain("nested more than 6 deep");
    expect(refused(`Genotype(${"normal=[],".repeat(6000)})`)).toContain("Line 1: ");
    expect(refused("Genotype(".repeat(7000))).toContain("genotypes in the text");
    expect(refused(`${"a".repeat(60_000)} Genotype(`)).toContain("stands before the genotype");
    expect(refused(`${"a = ".repeat(15_000)}Genotype(`)).toContain("stands before the genotype");
    expect(refused("Genotype(normal='\u202e\ud83d\ude00\u0007')")).toContain("Line 1: ");
    expect(refused(`Genotype(normal=[('sep_conv_3x3', ${"9".repeat(5000)})])`)).toContain("Line 1: ");
    expect(refused(`Genotype(normal=[('sep_conv_3x3', 1e999)])`)).toContain("Line 1: ");
    expect(refused(`Genotype(normal=[(${"0, ".repeat(9000)})])`)).toContain("far more entries");
    expect(refused(`Genotype(__proto__=[], constructor=1)`)).toContain("lacks normal");
    expect(
      refused(
        `Genotype(normal=[('__proto__', 0), ('constructor', 1)], normal_concat=[2], reduce=[], reduce_concat=[])`,
      ),
    ).toContain("“__proto__” is not known");
    expect(refused(`{"normal/op_2_0": "toString", "normal/input_2_0": 0}`)).toContain("is not known");
    expect(refused(`{"normal/op_2_0": "sep_conv_3x3", "__proto__": {"normal/input_2_0": 0}}`)).toContain("__proto__");
    expect(refused(`{"normal/op_999_0": "sep_conv_3x3"}`)).toContain("Line 1: normal/op_999_0");
    expect(refused(`{"normal/2_0": {"sep_conv_3x3": 0.4}}`)).toContain("probabilities");
    expect(refused(`x = {'normal/op_2_0': &a [*a]}`)).toMatch(/anchors|aliases/);
    expect(refused(`normal_n2: &a {chosen: [x, x]}\nnormal_n3: *a\n`)).toMatch(/anchors|aliases/);
    expect(refused(`normal_n2: {chosen: [normal_n2_p0, normal_n2_p1]}\nnormal_n2: {chosen: []}\n`)).toContain(
      "twice (again in line 2)",
    );
    expect(refused(`{"normal_n2": {"chosen": {"a": 1}}}`)).toContain("chose 1 edge");
    expect(refused(`normal_n2: null`)).toContain("no chosen value");
    expect(refused(`normal_n2:\n  chosen: [normal_n2_p0, ${"9".repeat(400)}]`)).not.toBe("");
    expect(refused("n:s3.0+s3.1;r:")).not.toBe("");
    expect(refused("n:s3.0+s3.9;r:s3.0+s3.1")).not.toBe("");
    expect(refused(`n:${"s3.0+s3.1-".repeat(20)};r:s3.0+s3.1`)).not.toBe("");
    expect(refused("|~0|")).toContain("cut off");
    expect(refused(`|${"~".repeat(9000)}`)).not.toBe("");
    expect(refused(`{"cell/0_1": "none"}`)).toContain("lacks 5 of the 6 edges");
    expect(performance.now() - started).toBeLessThan(6000);
  });
});
