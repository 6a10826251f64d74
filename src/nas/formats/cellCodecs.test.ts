/** The codecs of cells on every published genotype: reading gives back what was written, conversions agree with the golden file, refusals name the line. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Result } from "@/lib/result";
import { cellKinds, cellOfPairs, type Genotype } from "../cell/genotype";
import { formatNasBench201 } from "../cell/nasbench201";
import type { CellText } from "./cellNames";
import { readGenotypeText, writeGenotypeText } from "./genotypeText";
import { nni201DictOf, read201Dict, read201Text } from "./nasbench201Text";
import { lostInNni, nniDictOf, readFlatCells, whyNotNni, writeFlatDict } from "./nniDict";
import { razorCellsOf, readRazorCells, whyNotRazor, writeRazorCells } from "./razorCells";
import { parseYaml } from "./razorYaml";
import { parseJson } from "./text";

type Pairs = readonly (readonly [string, number])[];
interface GoldenCase {
  readonly list: {
    readonly normal: Pairs;
    readonly normal_concat: readonly number[];
    readonly reduce: Pairs;
    readonly reduce_concat: readonly number[];
  };
  readonly nni: Readonly<Record<string, unknown>>;
  readonly mmrazor: Readonly<Record<string, unknown>> | null;
}
interface Golden {
  readonly genotypes: Readonly<Record<string, GoldenCase>>;
  readonly nni_tutorial_dicts_verbatim: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly mmrazor_yaml_verbatim_as_json: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const golden = JSON.parse(
  readFileSync(new URL("../../golden/darts/genotypes.json", import.meta.url), "utf8"),
) as Golden;
const cases = Object.entries(golden.genotypes);

function genotypeOf({ list }: GoldenCase): Genotype {
  const cell = (pairs: Pairs, concat: readonly number[]) =>
    cellOfPairs(
      pairs.map(([op, from]) => ({ op, from })),
      concat,
    );
  return { normal: cell(list.normal, list.normal_concat), reduce: cell(list.reduce, list.reduce_concat) };
}

function read(result: Result<CellText>): CellText {
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}

function why(result: Result<unknown>): string {
  if (result.ok) throw new Error("nothing was refused");
  expect(result.problem.code).toBe("import.unreadable");
  return result.problem.message;
}

/** Every node given out: all that NNI's dict can say. */
function withoutConcat({ normal, reduce }: Genotype): Genotype {
  return { normal: cellOfPairs(normal.nodes.flat()), reduce: cellOfPairs(reduce.nodes.flat()) };
}

const tree = (text: string): Readonly<Record<string, unknown>> => {
  const parsed = text.trimStart().startsWith("{") ? parseJson(text) : parseYaml(text);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.value as Readonly<Record<string, unknown>>;
};

describe("all published genotypes", () => {
  it("are twelve, and eleven concatenate every reduction node but NASNet's and AmoebaNet's", () => {
    expect(cases).toHaveLength(12);
    expect(cases.filter(([, entry]) => lostInNni(genotypeOf(entry)).length > 0).map(([name]) => name)).toEqual([
      "NASNet",
      "AmoebaNet",
    ]);
  });

  for (const [name, entry] of cases) {
    const genotype = genotypeOf(entry);
    it(`${name}: genotype text, with lists and with ranges`, () => {
      for (const style of ["list", "range"] as const) {
        const text = writeGenotypeText(genotype, style);
        const back = read(readGenotypeText(text));
        expect(back.genotype).toEqual(genotype);
        expect([back.mapped, back.ignored, back.understood]).toEqual([
          [],
          [],
          ["normal", "normal_concat", "reduce", "reduce_concat"],
        ]);
        expect(writeGenotypeText(back.genotype, style)).toBe(text);
        expect(text.includes("range(2, 6)")).toBe(style === "range" && genotype.normal.nodes.length === 4);
      }
    });

    it(`${name}: NNI's dict`, () => {
      const dict = nniDictOf(genotype);
      expect(dict).toEqual(entry.nni);
      expect(Object.keys(dict)).toEqual(Object.keys(entry.nni));
      const text = writeFlatDict(dict);
      expect(JSON.parse(text)).toEqual(entry.nni);
      const back = read(readFlatCells(tree(text), { text }));
      expect(back.genotype).toEqual(withoutConcat(genotype));
      expect(writeFlatDict(nniDictOf(back.genotype))).toBe(text);
      expect([back.mapped, back.ignored, whyNotNni(genotype)]).toEqual([[], [], null]);
    });

    it(`${name}: MMRazor's file, or why not`, () => {
      const entries = razorCellsOf(genotype);
      expect(entries.ok ? entries.value : null).toEqual(entry.mmrazor);
      if (!entries.ok) {
        expect(whyNotRazor(genotype)).toBe("The cells have 5 nodes; MMRazor's DARTS has 4.");
        return;
      }
      const text = writeRazorCells(entries.value);
      const back = read(readRazorCells(tree(text), text));
      expect(back.genotype).toEqual(genotype);
      expect([back.mapped, back.ignored]).toEqual([[], []]);
      const again = razorCellsOf(back.genotype);
      expect(again.ok && writeRazorCells(again.value)).toBe(text);
    });
  }

  it("reads the tutorials' dicts, whose inputs are plain numbers", () => {
    for (const [name, dict] of Object.entries(golden.nni_tutorial_dicts_verbatim)) {
      const entry = golden.genotypes[name];
      expect(entry && read(readFlatCells(dict)).genotype).toEqual(entry && genotypeOf(entry));
    }
  });

  it("reads MMRazor's own files and leaves out edges that no node chose", () => {
    for (const [name, file] of Object.entries(golden.mmrazor_yaml_verbatim_as_json)) {
      const entry = golden.genotypes[name];
      const found = read(readRazorCells(file));
      expect(entry && found.genotype).toEqual(entry && genotypeOf(entry));
      expect(found.ignored.length).toBe(Object.keys(file).length - 24);
      // Flow style, as the specification prints it.
      const flow = Object.entries(file)
        .map(([key, value]) => `${key}: ${JSON.stringify(value).replaceAll('"', "")}`)
        .join("\n");
      expect(read(readRazorCells(tree(flow.replaceAll(":[", ": [")), flow)).genotype).toEqual(found.genotype);
    }
  });
});

const V2 = genotypeOf(golden.genotypes["DARTS_V2"] as GoldenCase);
const v2 = writeGenotypeText(V2);

describe("spellings of a genotype", () => {
  it("reads names, prefixes, quotes, comments, line breaks and logs", () => {
    const loose = v2
      .replaceAll("'", '"')
      .replaceAll(", ", " ,\n\t")
      .replaceAll("=", " = ")
      .replace("Genotype(", "# DARTS, second order\nDARTS_V2 = genotypes.Genotype (");
    for (const text of [loose, `DARTS=${v2}`, `\n\n${v2}\n# end`, v2.replaceAll("]", ",]")])
      expect(read(readGenotypeText(text)).genotype).toEqual(V2);
    const log = read(readGenotypeText(`07/05 03:04:05 PM genotype = ${writeGenotypeText(V2, "range")}`));
    expect(log.genotype).toEqual(V2);
    expect(log.ignored).toEqual([{ key: "“07/05 03:04:05 PM”", why: "it stands before the genotype" }]);
    const python = `from collections import namedtuple\n\nGenotype = namedtuple('Genotype', 'normal normal_concat reduce reduce_concat')\n${v2}`;
    expect(read(readGenotypeText(python)).ignored).toHaveLength(2);
    expect(read(readGenotypeText(v2.replace(/(?:normal|reduce)(?:_concat)?=/g, ""))).genotype).toEqual(V2);
  });

  it("reads pairs grouped by node, weights and further fields, and reports them", () => {
    const group = (text: string): string => text.replace(/(\('\w+', \d\)), (\('\w+', \d\))/g, "($1, $2)");
    const nested = read(readGenotypeText(group(v2).replace(")\n", ", connectN=None, connects=None)\n")));
    expect(nested.genotype).toEqual(V2);
    expect(nested.ignored.map(({ key }) => key)).toEqual(["“connectN”", "“connects”"]);
    expect(nested.mapped).toHaveLength(2);
    const weighted = read(readGenotypeText(v2.replaceAll(/, (\d)\)/g, ", $1, 0.130e0)")));
    expect(weighted.genotype).toEqual(V2);
    expect(weighted.ignored).toHaveLength(16);
    const older = read(readGenotypeText(v2.replaceAll("sep_conv_3x3", "sepconv3x3")));
    expect(older.genotype).toEqual(V2);
    expect(older.mapped[0]).toBe("pair 1 of normal: “sepconv3x3” → sep_conv_3x3");
    const shuffled = read(
      readGenotypeText(v2.replace("normal_concat=[2, 3, 4, 5]", "normal_concat=list((5, 2, 4, 3))")),
    );
    expect([shuffled.genotype, shuffled.mapped]).toEqual([V2, ["normal_concat: 5, 2, 4, 3 → 2, 3, 4, 5 (ascending)"]]);
  });

  it("names the line and what is wrong", () => {
    const lines = v2.replaceAll("), (", "),\n(").replaceAll("], ", "],\n").trimEnd();
    const broken = (from: string | RegExp, to: string): string => why(readGenotypeText(lines.replace(from, to)));
    expect(broken("dil_conv_3x3", "dil_conv_9x9")).toMatch(
      /^Line 8: in pair 8 of normal, the op “dil_conv_9x9” is not known; known are max_pool_3x3, /,
    );
    expect(broken("skip_connect", "none")).toBe(
      "Line 6: in pair 6 of normal, the op “none” cannot stand in a derived cell: it would drop the edge.",
    );
    expect(broken("('skip_connect', 0)", "('skip_connect', 4)")).toBe(
      "Line 6: the state in pair 6 of normal is “4”; node 4 can read 0 to 3.",
    );
    for (const state of ["-1", "1.5", "1e9", "99999999999999999999"])
      expect(broken("('sep_conv_3x3', 0)", `('sep_conv_3x3', ${state})`)).toContain("node 2 can read 0 or 1.");
    expect(broken("('sep_conv_3x3', 0),", "")).toBe(
      "Line 1: normal has 7 pairs; every node has 2, and a cell has 1 to 8 nodes.",
    );
    expect(broken(/reduce_concat=.*/, ")")).toBe("Line 1: the genotype lacks reduce_concat.");
    expect(broken("reduce_concat=[2, 3, 4, 5]", "reduce_concat=[2, 3, 4, 6]")).toBe(
      "Line 18: reduce_concat names node 6; the cell has nodes 2 to 5.",
    );
    expect(broken("reduce_concat=[2, 3, 4, 5]", "reduce_concat=range(2, 1000000000)")).toContain(
      "Line 18: reduce_concat is",
    );
    expect(broken("reduce_concat=[2, 3, 4, 5]", "reduce_concat=[2, 2]")).toContain("twice");
    expect(broken("reduce_concat=[2, 3, 4, 5]", "reduce_concat=[]")).toContain("empty");
    expect(broken("reduce_concat", "normal")).toBe("Line 18: “normal” is given twice.");
    expect(broken("normal=[", "normal=__import__('os').system([")).toContain("Line 1: ");
    expect(broken("('max_pool_3x3', 0)", "('max_pool_3x3' 0)")).toBe("Line 10: “0” stands where “,” should.");
    expect(broken("'max_pool_3x3'", "'max_pool_3x3")).toContain("Line 10: ");
    expect(why(readGenotypeText(lines.slice(0, 200)))).toMatch(/^Line \d+: the genotype is cut off; /);
    expect(why(readGenotypeText(`${v2}x`))).toBe("Line 2: “x” stands after the end of the genotype.");
    expect(why(readGenotypeText(`print("x")\n${v2}`))).toContain('Line 1: “print("x")” stands before the genotype');
    expect(why(readGenotypeText(`A = ${v2}\nB = ${v2}`))).toContain("Line 3: this is the second of 2 genotypes");
    expect(why(readGenotypeText(v2.replace("reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ", "reduce=[")))).toBe(
      "Line 1: the state in pair 1 of reduce is “2”; node 2 can read 0 or 1.",
    );
    const three = v2
      .replace(", ('skip_connect', 2), ('max_pool_3x3', 1)]", "]")
      .replace("reduce_concat=[2, 3, 4, 5]", "reduce_concat=[2, 3, 4]");
    expect(why(readGenotypeText(three))).toContain("reduce has 3 nodes, normal has 4");
  });
});

describe("NNI's dict", () => {
  const text = writeFlatDict(nniDictOf(V2));
  const changed = (from: string, to: string): Result<CellText> => {
    const other = text.replace(from, to);
    expect(other).not.toBe(text);
    return readFlatCells(tree(other), { text: other });
  };

  it("names the line of repeated inputs, unknown ops and states that do not exist", () => {
    expect(why(changed('"normal/input_3_1": [1]', '"normal/input_3_1": [0]'))).toBe(
      "Line 9: normal/input_3_1 is 0, as normal/input_3_0 is; the two inputs of a node must differ.",
    );
    expect(why(changed('"reduce/input_2_0": [0]', '"reduce/input_2_0": [2]'))).toBe(
      "Line 19: reduce/input_2_0 is “[2]”; node 2 can read 0 or 1.",
    );
    expect(why(changed('"normal/op_2_0": "sep_conv_3x3"', '"normal/op_2_0": "conv"'))).toContain(
      "Line 2: normal/op_2_0 “conv” is not known",
    );
    expect(why(changed('"normal/op_2_0": "sep_conv_3x3"', '"normal/op_2_0": ["none"]'))).toContain(
      "is not the name of an op",
    );
    expect(why(changed('"normal/op_2_0": "sep_conv_3x3"', '"normal/op_2_0": "none"'))).toContain(
      "cannot stand in a derived cell",
    );
    expect(why(changed('"normal/op_5_0"', '"normal/op_5_7"'))).toContain("Line 14: normal/op_5_7 is no part of a cell");
    expect(why(changed('"normal/op_5_0"', '"normal/op_99_0"'))).toContain("nodes are 2 to 9");
    expect(why(changed('"normal/op_5_0"', '"width"'))).toBe("The file lacks normal/op_5_0.");
    expect(why(parseJson(text.replace('"normal/op_2_1"', '"normal/op_2\\u005f0"')))).toBe(
      "Line 4: the key “normal/op_2_0” is there twice.",
    );
  });

  it("takes older names of ops and reports keys that are not of the cells", () => {
    const found = read(
      changed('"normal/op_2_0": "sep_conv_3x3"', '"width": 36, "depth": 20, "x": null, "normal/op_2_0": "sepconv3x3"'),
    );
    expect(found.genotype).toEqual(V2);
    expect(found.mapped).toEqual(["normal/op_2_0: “sepconv3x3” → sep_conv_3x3"]);
    expect(found.ignored.map(({ key, why: reason }) => `${key} ${reason}`)).toEqual([
      "“width” it is the size of the network, not of the cell",
      "“depth” it is the size of the network, not of the cell",
      "“x” cells have no such key",
    ]);
  });

  it("says what is lost, and why a cell does not fit", () => {
    expect(lostInNni(genotypeOf(golden.genotypes["NASNet"] as GoldenCase))).toEqual([
      "NNI gives out every node, so the list reduce_concat = [4, 5, 6] is lost.",
    ]);
    const twice = {
      ...V2,
      normal: cellOfPairs([
        { op: "skip_connect", from: 1 },
        { op: "sep_conv_3x3", from: 1 },
      ]),
    };
    expect(whyNotNni(twice)).toBe(
      "Node 2 of the normal cell reads one state twice; in NNI's DARTS space the two inputs of a node differ.",
    );
    expect(whyNotRazor(twice)).toBe("Node 2 of the normal cell reads one state twice; MMRazor knows one op an edge.");
    expect(whyNotRazor({ ...V2, reduce: { ...V2.reduce, concat: [4, 5] } })).toBe(
      "The reduce cell gives out only 4, 5; MMRazor's cells give out every node.",
    );
  });
});

describe("MMRazor's cells", () => {
  const entries = razorCellsOf(V2);
  const text = entries.ok ? writeRazorCells(entries.value) : "";
  const changed = (from: string, to: string): Result<CellText> => {
    const other = text.replace(from, to);
    expect(other).not.toBe(text);
    return readRazorCells(tree(other), other);
  };

  it("names the line that is wrong", () => {
    expect(text.split("\n").slice(0, 7)).toEqual([
      "normal_n2:",
      "  chosen:",
      "  - normal_n2_p0",
      "  - normal_n2_p1",
      "normal_n2_p0:",
      "  chosen:",
      "  - sep_conv_3x3",
    ]);
    expect(why(changed("  - normal_n3_p1\n", "  - normal_n3_p0\n"))).toBe(
      "Line 11: normal_n3 chose “normal_n3_p0” twice; its two edges must differ.",
    );
    expect(why(changed("  - normal_n3_p1\n", "  - normal_n3_p3\n"))).toContain(
      "Line 11: normal_n3 chose “normal_n3_p3”; its edges are",
    );
    expect(why(changed("  - normal_n3_p1\n", "  - normal_n2_p1\n"))).toContain("Line 11: ");
    expect(why(changed("  - normal_n3_p1\n", ""))).toContain("normal_n3 chose 1 edge; a node has two");
    expect(why(changed("- sep_conv_3x3", "- zero"))).toContain(
      "Line 5: the op of normal_n2_p0 “zero” cannot stand in a derived cell",
    );
    expect(why(changed("- sep_conv_3x3", "- a\n  - b"))).toContain("has 2 ops");
    expect(why(changed("normal_n2_p0:\n", "normal_n2_p9:\n"))).toBe("The subnet file lacks normal_n2_p0.");
    expect(why(changed("normal_n2:\n", "normal_n6:\n"))).toContain("Line 1: “normal_n6” is not of MMRazor's DARTS");
    expect(why(changed("  chosen:\n  - sep_conv_3x3", "  choose: 1"))).toContain(
      "Line 5: normal_n2_p0 has no chosen value",
    );
  });

  it("keeps the order of a node's edges", () => {
    const swapped = read(changed("  - normal_n2_p0\n  - normal_n2_p1\n", "  - normal_n2_p1\n  - normal_n2_p0\n"));
    expect(swapped.genotype.normal.nodes[0]?.map(({ from }) => from)).toEqual([1, 0]);
    expect(cellKinds.map((kind) => swapped.genotype[kind].nodes.length)).toEqual([4, 4]);
  });
});

describe("cells of NAS-Bench-201", () => {
  const string = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|";
  const ops = ["nor_conv_3x3", "nor_conv_3x3", "avg_pool_3x3", "skip_connect", "nor_conv_1x1", "none"];

  it("reads and writes the string and NNI's dict", () => {
    const found = read201Text(`"${string}"`);
    expect(found.ok && found.value.ops).toEqual(ops);
    expect(formatNasBench201(ops)).toBe(string);
    const dict = nni201DictOf(ops);
    expect(dict).toEqual({
      "cell/0_1": "conv_3x3",
      "cell/0_2": "conv_3x3",
      "cell/1_2": "avg_pool_3x3",
      "cell/0_3": "skip_connect",
      "cell/1_3": "conv_1x1",
      "cell/2_3": "none",
    });
    const back = read201Dict({ ...dict, note: 1 }, "");
    expect(back.ok && [back.value.ops, back.value.mapped, back.value.ignored.length]).toEqual([ops, [], 1]);
  });

  it("says what is wrong", () => {
    expect(why(read201Text(string.slice(0, 40)))).toContain("cut off");
    expect(why(read201Text(string.slice(0, -1)))).toContain("must begin and end with “|”");
    expect(why(read201Text(string.replace("~2", "~1")))).toContain("Input 3 of node 3 is “none~1”");
    expect(why(read201Text(string.replace("none", "conv_9x9")))).toContain(
      "the op “conv_9x9”; known are none, skip_connect",
    );
    expect(why(read201Text(`${string}+${string}`))).toContain("6 of its 3 nodes");
    expect(why(read201Text(string.replace("|avg_pool_3x3~1", "")))).toContain(
      "Node 2 of the cell has 1 inputs; it must have 2",
    );
    const text = writeFlatDict(nni201DictOf(ops));
    const changed = (from: string, to: string): string => {
      const other = text.replace(from, to);
      return why(read201Dict(tree(other), other));
    };
    expect(changed("conv_1x1", "conv_5x5")).toContain("Line 6: cell/1_3 is “conv_5x5”; known are");
    expect(changed("cell/1_3", "cell/1_4")).toContain("Line 6: cell/1_4 is no edge");
    expect(changed("cell/1_3", "cell/3_0")).toContain("Line 6: cell/3_0 names an edge that another key names too");
    expect(changed("cell/1_3", "other")).toBe("The file lacks 1 of the 6 edges of the cell: cell/1_3.");
  });
});
