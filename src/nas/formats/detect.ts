/**
 * Any file or text that may hold an architecture → an import report. The format is told by content, never by name.
 * Nothing here throws for a file's sake, and nothing is applied: the caller shows the report first.
 */
import { ok, type Result } from "@/lib/result";
import type { Choices } from "../mutable";
import type { Space } from "../space/types";
import { parseArchTree, type ArchFile } from "./archJson";
import { checkChoices } from "./choices";
import { asRecord } from "./json";
import { razorEntries, readRazorYaml, type RazorText } from "./razorYaml";
import { placeEntries, slotsNamed, subnetToChoices } from "./razorImport";
import type { IgnoredKey, ImportReport, SpaceRef, TextFormat } from "./report";
import { looksLikeVector, readVector, vectorToChoices } from "./sposVector";
import { decodeText, listSome, parseJson, quote, unreadable } from "./text";

export type { ImportReport } from "./report";

export interface ImportOptions {
  /** Every space an architecture may belong to, in order of preference. */
  readonly spaces: readonly Space[];
  /** The space on screen: taken when a format that does not name its space fits it as well as any other. */
  readonly current?: SpaceRef;
}

/** What one format found in one space. */
interface Found {
  readonly choices: Choices;
  readonly understood: readonly string[];
  readonly mapped: readonly string[];
  readonly ignored: readonly IgnoredKey[];
}

interface Fit {
  readonly space: Space;
  readonly found: Found;
}

function nameOf(space: SpaceRef): string {
  return `${space.id} ${space.size}`;
}

function same(a: SpaceRef, b: SpaceRef | undefined): boolean {
  return b !== undefined && a.id === b.id && a.size === b.size;
}

function refOf(space: Space): SpaceRef {
  return { id: space.id, size: space.size };
}

function reportOf(
  format: TextFormat,
  fit: Fit,
  fits: readonly Fit[],
  warnings: readonly string[],
  file?: ArchFile,
): ImportReport {
  const { space, found } = fit;
  const arch = space.canonical(found.choices);
  const given = space.encode(found.choices);
  const mapped =
    given === arch.id ? found.mapped : [...found.mapped, `${given} → ${arch.id} (the same network, canonical form)`];
  const report = {
    format,
    space: refOf(space),
    candidates: fits.map((other) => refOf(other.space)),
    arch,
    choices: found.choices,
    understood: found.understood,
    mapped,
    ignored: found.ignored,
    warnings,
  };
  return file === undefined ? report : { ...report, file };
}

/** Of all fitting spaces those with the most slots; among them the current one, else the first. */
function choose(
  fits: readonly Fit[],
  options: ImportOptions,
): { fit: Fit; fits: readonly Fit[]; warnings: string[] } | null {
  const most = Math.max(...fits.map((fit) => fit.space.mutables.length));
  const best = fits.filter((fit) => fit.space.mutables.length === most);
  const fit = best.find((candidate) => same(candidate.space, options.current)) ?? best[0];
  if (fit === undefined) return null;
  const warnings =
    best.length > 1 && !same(fit.space, options.current)
      ? [`The file fits ${listSome(best.map((b) => nameOf(b.space)))}; ${nameOf(fit.space)} was taken.`]
      : [];
  return { fit, fits: best, warnings };
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
    const { ignored } = chosen.fit.found;
    const warnings =
      ignored.length > 0
        ? [
            ...chosen.warnings,
            `${ignored.length} unknown ${ignored.length === 1 ? "key was" : "keys were"} ignored: ${listSome(ignored.map((entry) => entry.key))}.`,
          ]
        : chosen.warnings;
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
  return ok(reportOf("arch", fit, [fit], warnings, { ...file, id: file.id ?? arch.id, choices }));
}

/**
 * Read an architecture from bytes or text in any known format.
 * Fails with code `import.unreadable` and one sentence; never throws for what a file holds.
 */
export function importArchitecture(source: Uint8Array | string, options: ImportOptions): Result<ImportReport> {
  const decoded = decodeText(source);
  if (!decoded.ok) return decoded;
  const text = decoded.value.trim();
  if (looksLikeVector(text)) return importVector(text, options);
  if (/^(?:\w+\s*=\s*)?Genotype\s*\(/.test(text))
    return unreadable("This is a DARTS genotype; cell spaces are not part of this version yet.");
  if (text.startsWith("{") || text.startsWith("[")) {
    const tree = parseJson(text);
    if (!tree.ok) return tree;
    const record = asRecord(tree.value);
    if (record !== null && Object.hasOwn(record, "format")) return importArch(record, options);
    const entries = razorEntries(tree.value);
    return entries.ok ? importRazor(entries.value, options) : entries;
  }
  const entries = readRazorYaml(text);
  return entries.ok ? importRazor(entries.value, options) : entries;
}
