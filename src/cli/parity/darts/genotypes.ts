/** `genotypes.json`: published genotypes in the notations of three tools. Every conversion, there and back, and the product's own table. */
import { cellFacts } from "@/nas/cell/derive";
import { cellKinds, isAllNodes, type Genotype } from "@/nas/cell/genotype";
import { formatCellId, parseCellId } from "@/nas/cell/id";
import { publishedNames } from "@/nas/cell/published";
import type { CellText } from "@/nas/formats/cellNames";
import { readGenotypeText, writeGenotypeText } from "@/nas/formats/genotypeText";
import { nniDictOf, readFlatCells } from "@/nas/formats/nniDict";
import { razorCellsOf, readRazorCells } from "@/nas/formats/razorCells";
import type { Result } from "@/lib/result";
import type { Comparison } from "../compare";
import { type Handler, isRecord } from "../types";
import { type Fields, fileOf, runCases } from "./fields";
import { genotypeNamed, genotypeOfList, listOf, pairsOf } from "./genotypeTable";

/** What a notation says, as lists; or why it was refused. */
function readAs(read: Result<CellText>): unknown {
  return read.ok ? listOf(read.value.genotype) : read.problem.message;
}

/** A notation without concat lists means all nodes. */
function withAllNodes(genotype: Genotype): Record<string, unknown> {
  const everything = (kind: "normal" | "reduce"): Genotype["normal"] => ({ ...genotype[kind], concat: genotype[kind].nodes.map((_, n) => n + 2) });
  return listOf({ normal: everything("normal"), reduce: everything("reduce") });
}

const recordOf = (fields: Fields, key: string): Readonly<Record<string, unknown>> => {
  const found = fields.raw(key);
  return isRecord(found) ? found : fields.fail(key, "must be an object");
};

function compareGenotype(name: string, golden: Fields, compare: Comparison): void {
  const list = golden.fields("list");
  const genotype = genotypeOfList(list);
  const lists = listOf(genotype);
  for (const key of list.keys()) compare.exact(`list ${key}`, lists[key], list.raw(key));
  if (publishedNames.some((known) => known === name)) compare.exact("our own table", listOf(genotypeNamed(name)), lists);
  compare.exact("text and back", readAs(readGenotypeText(writeGenotypeText(genotype))), lists);
  const id = parseCellId(formatCellId(genotype));
  compare.exact("id and back", id.ok ? listOf(id.value) : id.problem.message, lists);

  if (golden.has("nni")) {
    compare.exact("to NNI", nniDictOf(genotype), recordOf(golden, "nni"));
    compare.exact("from NNI", readAs(readFlatCells(recordOf(golden, "nni"))), withAllNodes(genotype));
  }
  if (golden.keys().includes("mmrazor")) {
    const razor = razorCellsOf(genotype);
    compare.exact("to MMRazor", razor.ok ? razor.value : null, golden.raw("mmrazor"));
    if (golden.has("mmrazor")) compare.exact("from MMRazor", readAs(readRazorCells(recordOf(golden, "mmrazor"))), lists);
  }
  if (golden.has("skip_count")) compare.exact("skip_count", cellKinds.map((kind) => cellFacts(genotype[kind]).skips), golden.raw("skip_count"));
  if (golden.has("reduce_concat_is_all_nodes")) compare.exact("reduce_concat_is_all_nodes", isAllNodes(genotype.reduce), golden.raw("reduce_concat_is_all_nodes"));
}

/** Files as the tools ship them: they say the genotype of that name, whatever else they hold. */
function compareVerbatim(file: Fields, name: string, compare: Comparison): void {
  const pairs = (list: unknown): unknown => (isRecord(list) ? [list["normal"], list["reduce"]] : list);
  const genotypes = file.fields("genotypes");
  if (!genotypes.has(name)) return;
  const genotype = genotypeOfList(genotypes.fields(name).fields("list"));
  const want = [pairsOf(genotype.normal), pairsOf(genotype.reduce)];
  for (const [key, read] of [["nni_tutorial_dicts_verbatim", readFlatCells], ["mmrazor_yaml_verbatim_as_json", readRazorCells]] as const) { // prettier-ignore
    const verbatim = file.has(key) ? file.fields(key) : null;
    if (verbatim?.has(name) === true) compare.exact(key, pairs(readAs(read(recordOf(verbatim, name)))), want);
  }
}

export const genotypes: Handler = async (value) => {
  const file = fileOf(value);
  const all = file.fields("genotypes");
  const verbatim = ["nni_tutorial_dicts_verbatim", "mmrazor_yaml_verbatim_as_json"].flatMap((key) => (file.has(key) ? file.fields(key).keys() : []));
  const orphan = verbatim.find((name) => !all.has(name));
  if (orphan !== undefined) throw new Error(`The file has a verbatim file of ${orphan}, but no genotype of that name.`);
  return runCases(all.keys(), (name) => name, (name, compare) => {
    compareGenotype(name, all.fields(name), compare);
    compareVerbatim(file, name, compare);
  });
};
