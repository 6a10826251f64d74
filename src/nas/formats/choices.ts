/** Choices of an imported file against the mutables of a space: nothing reaches a space that it does not offer. */
import { ok, type Result } from "@/lib/result";
import { choicesOfGenotype } from "../cell/choices";
import { cellKinds } from "../cell/genotype";
import type { ChoiceValue, Choices, Mutable } from "../mutable";
import type { Space } from "../space/types";
import { cellSpaceId } from "./cellSpaces";
import { readFlatCells } from "./nniDict";
import { listSome, quote, unreadable } from "./text";

/** Op names of older MMRazor material (rule 7): `ShuffleBlock_7x7` is `shuffle_7x7`. */
function withoutAlias(value: string): string {
  return value.startsWith("ShuffleBlock_") ? `shuffle_${value.slice("ShuffleBlock_".length)}` : value;
}

/** The value a mutable takes for an imported one (trimmed, alias and 1-element list resolved); null when it is not among its choices. */
export function matchChoice(mutable: Mutable, value: unknown): ChoiceValue | null {
  if (mutable.kind === "input") {
    if (!Array.isArray(value) || value.length !== mutable.numChosen || new Set(value).size !== value.length)
      return null;
    const names: string[] = [];
    for (const item of value) {
      if (typeof item !== "string" || !mutable.choices.includes(item)) return null;
      names.push(item);
    }
    return names;
  }
  const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (mutable.kind === "value") return typeof single === "number" && mutable.choices.includes(single) ? single : null;
  if (typeof single !== "string") return null;
  const name = withoutAlias(single.trim());
  return mutable.choices.includes(name) ? name : null;
}

/** One sentence for a value that is not among the choices: key, value, allowed (rule 3). */
export function badChoice(key: string, value: unknown, mutable: Mutable): string {
  return `${key} is ${quote(value)}; allowed are ${listSome(mutable.choices.map(String), 8)}.`;
}

export interface CheckedChoices {
  readonly choices: Choices;
  readonly understood: readonly string[];
  readonly mapped: readonly string[];
  readonly unknown: readonly string[];
}

/**
 * Values of a pair of cells. Its mutables say what the search can find; a file may hold any cells, of another node count or with ops that
 * are not searched, so the cells are checked instead.
 */
function checkCells(values: Readonly<Record<string, unknown>>): Result<CheckedChoices> {
  const read = readFlatCells(values, { concat: true, repeats: "allow" });
  if (!read.ok) return read;
  const { genotype, understood, mapped } = read.value;
  const choices = choicesOfGenotype(genotype);
  const filled = cellKinds
    .filter((kind) => !Object.hasOwn(values, `${kind}/concat`))
    .map((kind) => `${kind}/concat: not given → ${genotype[kind].concat.join(", ")}`);
  return ok({
    choices,
    understood,
    mapped: [...mapped, ...filled],
    unknown: Object.keys(values).filter((key) => !Object.hasOwn(choices, key)),
  });
}

/** Values by mutable id → choices of the space. Missing mutables and values that are not offered are refused; unknown keys are returned. */
export function checkChoices(space: Space, values: Readonly<Record<string, unknown>>): Result<CheckedChoices> {
  if (space.id === cellSpaceId) return checkCells(values);
  const missing = space.mutables.filter((m) => !Object.hasOwn(values, m.id)).map((m) => m.id);
  const name = `${space.id} ${space.size}`;
  if (missing.length > 0)
    return unreadable(
      `The file lacks ${missing.length} of the ${space.mutables.length} choices of ${name}: ${listSome(missing)}.`,
    );
  const choices: Record<string, ChoiceValue> = {};
  const understood: string[] = [];
  const mapped: string[] = [];
  for (const mutable of space.mutables) {
    const value = values[mutable.id];
    const chosen = matchChoice(mutable, value);
    if (chosen === null) return unreadable(`The file does not fit ${name}: ${badChoice(mutable.id, value, mutable)}`);
    choices[mutable.id] = chosen;
    if (chosen === value || Array.isArray(chosen)) understood.push(mutable.id);
    else mapped.push(`${mutable.id}: ${quote(value)} → ${String(chosen)}`);
  }
  const known = new Set(space.mutables.map((m) => m.id));
  return ok({ choices, understood, mapped, unknown: Object.keys(values).filter((key) => !known.has(key)) });
}
