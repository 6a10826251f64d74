/**
 * The architecture dict of Once-for-All: `{"ks": […], "e": […], "d": […], "r": [side], "wid": null}`, kernel and expansion of every block, depth of every
 * stage, side of the input. OFA's own networks are none of ours; FBNet's spaces have members that the dict can say (`ofaSpaces.ts`).
 */
import { AppError } from "@/lib/appError";
import { ok, type Result } from "@/lib/result";
import type { Choices } from "../mutable";
import type { Space } from "../space/types";
import { nameOf, reportOf, same, takenOf, type Fit, type ImportOptions } from "./fit";
import { ofaCodecOf, type OfaFound, type OfaLists, type OfaSpace } from "./ofaSpaces";
import type { ImportReport } from "./report";
import { listSome, lineOfKey, quote, unreadable, unreadableAt } from "./text";

const LONGEST = 256;
const lists = ["ks", "e", "d"] as const;

/** Whether keys are those of an OFA dict. */
export function isOfaDict(keys: readonly string[]): boolean {
  return lists.every((key) => keys.includes(key));
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 4096;
}

/** Why the dict cannot hold an architecture; null when it can. */
export function whyNotOfa(space: OfaSpace, choices: Choices): string | null {
  const written = ofaCodecOf(space)?.write(space, choices);
  return written?.ok === false ? written.problem.message : null;
}

/** What is lost on the way into the dict, a sentence each. */
export function lostInOfa(space: OfaSpace): readonly string[] {
  return ofaCodecOf(space)?.lost ?? [];
}

/** Choices → JSON text, one list a line. Throws `config.invalid` for what the dict cannot hold. */
export function writeOfa(space: OfaSpace, choices: Choices): string {
  const written = ofaCodecOf(space)?.write(space, choices);
  if (!written?.ok) throw new AppError("config.invalid", written ? written.problem.message : `${space.name} cannot be written as an OFA dict.`);
  const { ks, e, d, r } = written.value;
  const lines = Object.entries({ ks, e, d, r: [r], wid: null }).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

interface OfaText {
  readonly lists: OfaLists;
  readonly understood: readonly string[];
  readonly mapped: readonly string[];
  readonly ignored: readonly { readonly key: string; readonly why: string }[];
}

/** OFA's own evaluator calls the side `image_size`; python's None is a word in YAML. */
const sideKeys = ["r", "image_size"] as const;
const isNone = (value: unknown): boolean => value === null || value === undefined || value === "None";

function readDict(record: Readonly<Record<string, unknown>>, text: string): Result<OfaText> {
  const found = new Map<string, readonly number[]>();
  for (const key of lists) {
    const value = record[key];
    if (!Array.isArray(value) || value.length === 0 || value.length > LONGEST || !value.every(isCount)) return unreadableAt(lineOfKey(text, key), `${key} is ${quote(value)}; it must be a list of whole numbers.`);
    found.set(key, value);
  }
  const [ks = [], e = [], d = []] = lists.map((key) => found.get(key));
  if (ks.length !== e.length) return unreadable(`The OFA dict has ${ks.length} kernels (ks) and ${e.length} expansions (e); each block has one of both.`);
  const key = sideKeys.find((name) => !isNone(record[name]));
  const given: unknown = key === undefined ? null : record[key];
  const r: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (r !== null && !isCount(r)) return unreadableAt(lineOfKey(text, key ?? ""), `${key} is ${quote(given)}; it must be the side of the input.`);
  const { wid } = record;
  if (!isNone(wid)) return unreadableAt(lineOfKey(text, "wid"), `wid is ${quote(wid)}; networks of several width multipliers are not part of this version.`);
  const known: readonly string[] = [...lists, ...(key === undefined ? [] : [key]), "wid"];
  return ok({
    lists: { ks, e, d, r },
    understood: [...lists, ...(key === "r" ? [key] : []), ...(Object.hasOwn(record, "wid") ? ["wid"] : [])],
    mapped: key === "image_size" ? ["image_size → r"] : [],
    ignored: Object.keys(record)
      .filter((name) => !known.includes(name))
      .map((name) => ({ key: quote(name), why: "an OFA dict has no such key" })),
  });
}

/** The lists in a space: refused with the first thing that does not fit. */
function readIn(space: Space, given: OfaLists): Result<OfaFound> {
  const codec = ofaCodecOf(space);
  if (codec === null) return unreadable(`${nameOf(space)} has no members that an OFA dict can say.`);
  const stages = codec.stages(space);
  const blocks = stages.reduce((a, b) => a + b, 0);
  if (given.ks.length !== blocks || given.d.length !== stages.length)
    return unreadable(`The OFA dict has ${given.ks.length} blocks in ${given.d.length} stages; ${nameOf(space)} has ${blocks} in ${stages.length}.`);
  return codec.read(space, given);
}

/** A dict → report. Of the spaces that it fits, the one on screen is taken, else the one of which it leaves least open. */
export function importOfa(record: Readonly<Record<string, unknown>>, text: string, { spaces, current }: ImportOptions): Result<ImportReport> {
  const read = readDict(record, text);
  if (!read.ok) return read;
  const { lists: given, understood, mapped, ignored } = read.value;
  const fits = spaces.flatMap((space): (Fit & { readonly filled: number })[] => {
    const found = readIn(space, given);
    if (!found.ok) return [];
    const { choices, filled } = found.value;
    return [{ space, filled: filled.length, found: { choices, understood, mapped: [...mapped, ...filled], ignored } }];
  });
  const best = fits.find(({ space }) => same(space, current)) ?? [...fits].sort((a, b) => a.filled - b.filled)[0];
  if (best) {
    const all = fits.map(({ space }) => space);
    const warnings = [...takenOf(best.space, all, current), ...(ignored.length > 0 ? [`Not part of an OFA dict and ignored: ${listSome(ignored.map(({ key }) => key))}.`] : [])];
    return ok(reportOf("ofa", best, all, best.filled > 0 ? [...warnings, "The dict holds no widths; the widest were taken."] : warnings));
  }
  const shaped = spaces.filter((space) => {
    const stages = ofaCodecOf(space)?.stages(space) ?? [];
    return stages.length === given.d.length && stages.reduce((a, b) => a + b, 0) === given.ks.length;
  });
  const nearest = shaped.find((space) => same(space, current)) ?? shaped[0];
  const why = nearest ? readIn(nearest, given) : null;
  if (why?.ok === false) return why;
  return unreadable(`The OFA dict has ${given.ks.length} blocks in ${given.d.length} stages, as no space here has; OFA's own space is not part of this version yet.`);
}
