/**
 * Any file or text that may hold an architecture → an import report. The format is told by content, never by name.
 * Nothing here throws for a file's sake, and nothing is applied: the caller shows the report first.
 */
import { ok, type Result } from "@/lib/result";
import type { Genotype } from "../cell/genotype";
import { parseCellId } from "../cell/id";
import type { Space } from "../space/types";
import { parseArchTree } from "./archJson";
import { import201, importCells } from "./cellImport";
import type { CellText } from "./cellNames";
import { checkChoices } from "./choices";
import { formatsOf } from "./export";
import { archOf, ignoredOf, nameOf, reportOf, same, takenOf, type Fit, type ImportOptions } from "./fit";
import { looksLikeGenotype, readGenotypeText } from "./genotypeText";
import { asRecord } from "./json";
import { is201Dict, looksLike201, read201Dict, read201Text } from "./nasbench201Text";
import { isNniDict, readFlatCells } from "./nniDict";
import { importOfa, isOfaDict } from "./ofaDict";
import { isRazorCells, readRazorCells } from "./razorCells";
import { parseYaml, razorEntries, type RazorText } from "./razorYaml";
import { placeEntries, slotsNamed, subnetToChoices } from "./razorImport";
import type { ImportReport, TextFormat } from "./report";
import { looksLikeVector, readVector, vectorToChoices } from "./sposVector";
import { decodeText, listSome, parseJson, quote, unreadable } from "./text";

export type { ImportOptions } from "./fit";
export type { ImportReport } from "./report";

/** Of all fitting spaces those with the most slots; among them the current one, else the first. */
function choose(
  fits: readonly Fit[],
  options: ImportOptions,
): { fit: Fit; fits: readonly Space[]; warnings: string[] } | null {
  const most = Math.max(...fits.map((fit) => fit.space.mutables.length));
  const best = fits.filter((fit) => fit.space.mutables.length === most);
  const fit = best.find((candidate) => same(candidate.space, options.current)) ?? best[0];
  if (fit === undefined) return null;
  const spaces = best.map(({ space }) => space);
  return { fit, fits: spaces, warnings: takenOf(fit.space, spaces, options.current) };
}

/** The options with only those spaces that a format can hold a member of. */
function within(format: TextFormat, options: ImportOptions): ImportOptions {
  return { ...options, spaces: options.spaces.filter((space) => formatsOf(space).includes(format)) };
}

function importVector(text: string, options: ImportOptions): Result<ImportReport> {
  const indices = readVector(text);
  if (!indices.ok) return indices;
  const fits: Fit[] = [];
  for (const space of options.spaces) {
    const choices = vectorToChoices(space, indices.value);
    if (choices.ok)
      fits.push({
        space,
        found: { choices: choices.value, understood: [`${indices.value.length} entries`], mapped: [], ignored: [] },
      });
  }
  const chosen = choose(fits, options);
  if (chosen !== null) return ok(reportOf("spos-vector", chosen.fit, chosen.fits, chosen.warnings));
  const nearest =
    options.spaces.find((space) => same(space, options.current) && space.mutables.length === indices.value.length) ??
    options.spaces.find((space) => space.mutables.length === indices.value.length);
  const why = nearest === undefined ? null : vectorToChoices(nearest, indices.value);
  if (why !== null && !why.ok) return why;
  const lengths = [...new Set(options.spaces.map((space) => space.mutables.length))].sort((a, b) => a - b);
  return unreadable(
    `The gene vector has ${indices.value.length} entries; the known spaces have ${lengths.join(", ")}.`,
  );
}

function importRazor(text: RazorText, options: ImportOptions): Result<ImportReport> {
  const placed = placeEntries(text);
  if (!placed.ok) return placed;
  const subnet = placed.value;
  const fits: Fit[] = [];
  for (const space of options.spaces) {
    const found = subnetToChoices(space, subnet);
    if (found.ok) fits.push({ space, found: found.value });
  }
  const chosen = choose(fits, options);
  if (chosen !== null) {
    const warnings = [...chosen.warnings, ...ignoredOf(chosen.fit.found.ignored)];
    return ok(reportOf(subnet.style, chosen.fit, chosen.fits, warnings));
  }
  // Explain against the space with the same slots, the current one first; else the one with the smallest difference.
  const distance = (space: Space): number => {
    const named = slotsNamed(space, subnet);
    return space.mutables.length - named + (subnet.places.size - named) + (same(space, options.current) ? -0.5 : 0);
  };
  const nearest = [...options.spaces].sort((a, b) => distance(a) - distance(b))[0];
  const why = nearest === undefined ? null : subnetToChoices(nearest, subnet);
  return why !== null && !why.ok ? why : unreadable("The subnet file fits no known space.");
}

function importArch(tree: unknown, options: ImportOptions): Result<ImportReport> {
  const parsed = parseArchTree(tree);
  if (!parsed.ok) return parsed;
  const { file, unknownKeys, absentKeys } = parsed.value;
  const space = options.spaces.find((candidate) => same(candidate, file.space));
  if (space === undefined) {
    return unreadable(
      `The architecture belongs to the space ${quote(file.space.id)} at size ${file.space.size}, which this version does not have.`,
      `Known are ${listSome(options.spaces.map(nameOf), 12)}.`,
    );
  }
  const checked = checkChoices(space, file.choices);
  if (!checked.ok) return checked;
  const { choices, understood, mapped, unknown } = checked.value;
  const arch = space.canonical(choices);
  if (file.id !== null && file.id !== arch.id && file.id !== space.encode(choices)) {
    return unreadable(
      `The file's id ${quote(file.id)} does not match its choices, which are ${arch.id}; one of them was changed.`,
    );
  }
  const warnings: string[] = [];
  for (const [key, value] of Object.entries(file.space.params)) {
    if (space.params[key] !== value)
      warnings.push(
        `The file says ${quote(key)} is ${value}; in ${nameOf(space)} it is ${space.params[key] ?? "not a parameter"}.`,
      );
  }
  if (!file.complete) warnings.push("The run that wrote this file was stopped before its end.");
  if (absentKeys.length > 0) warnings.push(`The file leaves out ${absentKeys.join(", ")}.`);
  const ignored = [
    ...unknownKeys.map((key) => ({ key: quote(key), why: "the format has no such member" })),
    ...unknown.map((key) => ({ key: quote(`choices.${key}`), why: `${nameOf(space)} has no such choice` })),
  ];
  const fit: Fit = {
    space,
    found: {
      choices,
      understood: [...Object.keys(file).filter((key) => key !== "choices" && !absentKeys.includes(key)), ...understood],
      mapped,
      ignored,
    },
  };
  return ok(reportOf("arch", fit, [space], warnings, { ...file, id: file.id ?? archOf(space, choices).id, choices }));
}

/** A parsed tree → report: what it is, its keys tell. `text` lets refusals name the line. */
function importTree(tree: unknown, text: string, options: ImportOptions): Result<ImportReport> {
  const record = asRecord(tree);
  if (record !== null) {
    const keys = Object.keys(record);
    if (Object.hasOwn(record, "format")) return importArch(record, options);
    if (keys.some((key) => /^(?:normal|reduce|cell)\/\d+_\d+$/.test(key) && asRecord(record[key]) !== null))
      return unreadable(
        "These are the probabilities of a search of NNI, not an architecture.",
        "Export its best architecture instead.",
      );
    if (isNniDict(keys)) {
      const cells = readFlatCells(record, { text });
      return cells.ok ? importCells("nni", cells.value, options) : cells;
    }
    if (isRazorCells(keys)) {
      const cells = readRazorCells(record, text);
      return cells.ok ? importCells("razor-cells", cells.value, options) : cells;
    }
    if (isOfaDict(keys)) return importOfa(record, text, within("ofa", options));
    if (is201Dict(keys)) {
      const cell = read201Dict(record, text);
      return cell.ok ? import201("nni", cell.value, options) : cell;
    }
  }
  const entries = razorEntries(tree);
  return entries.ok ? importRazor(entries.value, within("razor-1x", options)) : entries;
}

/** The id of a pair of cells, as architecture files and pictures carry it. */
function looksLikeCellId(text: string): boolean {
  return /^n:[^\n]{1,300};r:[^\n]{1,300}$/.test(text);
}

function cellTextOf(genotype: Genotype): CellText {
  return { genotype, understood: ["id"], mapped: [], ignored: [], warnings: [] };
}

/** JSON, or a Python dict as tutorials show it: with a name before it, in single quotes. */
function parseDict(text: string): Result<unknown> {
  const bare = text.replace(/^(\s*)[A-Za-z_]\w{0,99}[ \t]*=[ \t]*(?=\{)/, "$1");
  const isPython = bare !== text || /'(?:normal|reduce|cell)[/_]|'ks'/.test(text.slice(0, 4096));
  return isPython ? parseYaml(bare) : parseJson(text);
}

/**
 * Read an architecture from bytes or text in any known format.
 * Fails with code `import.unreadable` and one sentence; never throws for what a file holds.
 */
export function importArchitecture(source: Uint8Array | string, options: ImportOptions): Result<ImportReport> {
  const decoded = decodeText(source);
  if (!decoded.ok) return decoded;
  // Only the end: a refusal names lines as the reader counts them.
  const text = decoded.value.trimEnd();
  const start = text.trimStart();
  if (looksLikeVector(start)) return importVector(start, within("spos-vector", options));
  if (looksLikeCellId(start)) {
    const id = parseCellId(start);
    if (!id.ok) return unreadable(`The text is not an architecture: ${id.problem.message}`);
    return importCells("genotype", cellTextOf(id.value), options);
  }
  if (looksLike201(start)) {
    const cell = read201Text(start);
    return cell.ok ? import201("genotype", cell.value, options) : cell;
  }
  const isTree = /^(?:[A-Za-z_]\w{0,99}[ \t]*=[ \t]*\{|[{[])/.test(start);
  if (!isTree && looksLikeGenotype(text)) {
    const cells = readGenotypeText(text);
    return cells.ok ? importCells("genotype", cells.value, options) : cells;
  }
  const tree = isTree ? parseDict(text) : parseYaml(text);
  return tree.ok ? importTree(tree.value, text, options) : tree;
}
