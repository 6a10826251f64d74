/** From what one format found in a file to the report: which spaces it fits, which of them is taken, and what is said about it. */
import type { Choices } from "../mutable";
import type { Arch, Space } from "../space/types";
import type { ArchFile } from "./archJson";
import type { IgnoredKey, ImportReport, SpaceRef, TextFormat } from "./report";
import { listSome } from "./text";

export interface ImportOptions {
  /** Every space an architecture may belong to, in order of preference. */
  readonly spaces: readonly Space[];
  /** The space on screen: taken when a format that does not name its space fits it as well as any other. */
  readonly current?: SpaceRef;
}

/** What one format found in one space. */
export interface Found {
  readonly choices: Choices;
  readonly understood: readonly string[];
  readonly mapped: readonly string[];
  readonly ignored: readonly IgnoredKey[];
}

export interface Fit {
  readonly space: Space;
  readonly found: Found;
}

export function nameOf(space: SpaceRef): string {
  return `${space.id} ${space.size}`;
}

export function same(a: SpaceRef, b: SpaceRef | undefined): boolean {
  return b !== undefined && a.id === b.id && a.size === b.size;
}

export function refOf(space: Space): SpaceRef {
  return { id: space.id, size: space.size };
}

/** One sentence for a file that fits several spaces alike when the one on screen is not among them; else none. */
export function takenOf(taken: Space, fits: readonly Space[], current: SpaceRef | undefined): string[] {
  return fits.length > 1 && !same(taken, current)
    ? [`The file fits ${listSome(fits.map(nameOf))}; ${nameOf(taken)} was taken.`]
    : [];
}

/** One sentence for keys that were left out; none when there are none. */
export function ignoredOf(ignored: readonly IgnoredKey[]): string[] {
  return ignored.length > 0
    ? [
        `${ignored.length} unknown ${ignored.length === 1 ? "key was" : "keys were"} ignored: ${listSome(ignored.map((entry) => entry.key))}.`,
      ]
    : [];
}

/**
 * Canonical form of choices, under the id that networks on show have. Op-choice spaces rewrite equal members to one form; cells stay as they
 * are but for an id that the order of a node's inputs does not change, and theirs keeps that order, as the id of a search's result does.
 */
export function archOf(space: Space, choices: Choices): Arch & { readonly isUnchanged: boolean } {
  const canonical = space.canonical(choices);
  const given = space.encode(choices);
  const isUnchanged = space.encode(canonical.choices) === given;
  return { choices: canonical.choices, id: isUnchanged ? given : canonical.id, isUnchanged };
}

/** The report of a fit. `fits` are all spaces that the file fits alike. */
export function reportOf(
  format: TextFormat,
  { space, found }: Fit,
  fits: readonly Space[],
  warnings: readonly string[],
  file?: ArchFile,
): ImportReport {
  const { isUnchanged, choices, id } = archOf(space, found.choices);
  const arch = { choices, id: isUnchanged && file !== undefined ? file.id : id };
  const mapped = isUnchanged
    ? found.mapped
    : [...found.mapped, `${space.encode(found.choices)} → ${id} (the same network, canonical form)`];
  const report = {
    format,
    space: refOf(space),
    candidates: fits.map(refOf),
    arch,
    choices: found.choices,
    understood: found.understood,
    mapped,
    ignored: found.ignored,
    warnings,
  };
  return file === undefined ? report : { ...report, file };
}
