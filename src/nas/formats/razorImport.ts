/** A subnet file's entries against the slots of a space: rules 1–4 of MMRazor's importer, with every deviation reported. */
import { ok, type Result } from "@/lib/result";
import type { ChoiceValue, Choices } from "../mutable";
import type { Space } from "../space/types";
import { badChoice, matchChoice } from "./choices";
import { parseRazorKey, razorKey, razorPositions, type RazorStyle, type RazorText } from "./razorYaml";
import type { IgnoredKey } from "./report";
import { listSome, quote, unreadable } from "./text";

interface PlacedEntry {
  readonly key: string;
  readonly chosen: unknown;
  readonly prefixed: boolean;
}

/** A subnet file by place `stage.block`, still without a space. */
export interface PlacedSubnet {
  readonly style: RazorStyle;
  readonly places: ReadonlyMap<string, PlacedEntry>;
  readonly ignored: readonly IgnoredKey[];
}

/** Entries → places. A place named twice (in two spellings) is refused: the file would mean two things. */
export function placeEntries(text: RazorText): Result<PlacedSubnet> {
  const places = new Map<string, PlacedEntry>();
  const ignored: IgnoredKey[] = text.without.map((key) => ({ key: quote(key), why: "it has no chosen value" }));
  let old = 0;
  for (const [key, chosen] of text.entries) {
    const parsed = parseRazorKey(key);
    if (parsed === null) {
      ignored.push({ key: quote(key), why: "no slot has this name" });
      continue;
    }
    const twice = places.get(parsed.place);
    if (twice !== undefined)
      return unreadable(`The subnet file names one slot twice: ${quote(twice.key)} and ${quote(key)}.`);
    if (parsed.style === "razor-0x") old++;
    places.set(parsed.place, { key, chosen, prefixed: parsed.prefixed });
  }
  if (places.size === 0)
    return unreadable(
      `The subnet file has no slot of a known space; its keys are ${listSome([...text.entries.keys()].map(quote))}.`,
    );
  return ok({ style: old * 2 >= places.size ? "razor-0x" : "razor-1x", places, ignored });
}

export interface RazorChoices {
  readonly choices: Choices;
  readonly understood: readonly string[];
  readonly mapped: readonly string[];
  readonly ignored: readonly IgnoredKey[];
}

/** Number of slots of the space that the file names: how near a space is when none fits. */
export function slotsNamed(space: Space, subnet: PlacedSubnet): number {
  return razorPositions(space).filter((at) => subnet.places.has(`${at.stage}.${at.block}`)).length;
}

/** A placed subnet → choices of the space. All slots must be there; values must be among the slot's choices; other places are ignored. */
export function subnetToChoices(space: Space, subnet: PlacedSubnet): Result<RazorChoices> {
  const name = `${space.id} ${space.size}`;
  const positions = razorPositions(space);
  const missing = positions
    .filter((at) => !subnet.places.has(`${at.stage}.${at.block}`))
    .map((at) => razorKey(subnet.style, at));
  if (missing.length > 0)
    return unreadable(
      `The subnet file does not fit ${name}: ${missing.length} of its ${positions.length} slots are missing (${listSome(missing)}).`,
    );
  const choices: Record<string, ChoiceValue> = {};
  const understood: string[] = [];
  const mapped: string[] = [];
  const used = new Set<string>();
  for (const at of positions) {
    const entry = subnet.places.get(`${at.stage}.${at.block}`);
    const mutable = space.mutables.find((m) => m.id === at.mutable);
    if (entry === undefined || mutable === undefined) continue;
    used.add(`${at.stage}.${at.block}`);
    const chosen = matchChoice(mutable, entry.chosen);
    if (chosen === null)
      return unreadable(`The subnet file does not fit ${name}: ${badChoice(entry.key, entry.chosen, mutable)}`);
    choices[mutable.id] = chosen;
    const given: unknown = Array.isArray(entry.chosen) ? entry.chosen[0] : entry.chosen;
    if (entry.prefixed) mapped.push(`${entry.key} → ${razorKey("razor-1x", at)}`);
    if (given !== chosen) mapped.push(`${entry.key}: ${quote(given)} → ${String(chosen)}`);
    if (!entry.prefixed && given === chosen) understood.push(entry.key);
  }
  const ignored = [...subnet.ignored];
  for (const [place, entry] of subnet.places)
    if (!used.has(place)) ignored.push({ key: entry.key, why: `${name} has no such slot` });
  return ok({ choices, understood, mapped, ignored });
}
