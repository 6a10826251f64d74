/** Gene vectors as text: the SPOS authors' `(2, 1, 0, …)`, a JSON list `[2,1,0]`, or a canonical id such as `02120112`. */
import { ok, type Result } from "@/lib/result";
import type { ChoiceValue, Choices } from "../mutable";
import type { Space } from "../space/types";
import { listSome, quote, unreadable } from "./text";

const LONGEST = 256;
const LIST = /^[([]?\s*\d{1,3}(?:\s*,\s*\d{1,3})+\s*,?\s*[)\]]?;?$/;
const GENES = /^[0-9]{2,256}$/;

/** Whether text looks like a gene vector in any of the three spellings. */
export function looksLikeVector(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.length <= 4096 && (LIST.test(trimmed) || GENES.test(trimmed));
}

/** Text → indices, one a slot. The text must look like a vector; brackets must match. */
export function readVector(text: string): Result<number[]> {
  const trimmed = text.trim();
  if (!looksLikeVector(trimmed)) return unreadable("The text is not a gene vector such as (2, 1, 0, 3) or 2103.");
  if (GENES.test(trimmed)) return ok([...trimmed].map(Number));
  const open = trimmed.charAt(0);
  const close = /[)\]]/.exec(trimmed)?.[0] ?? "";
  if ((open === "(") !== (close === ")") || (open === "[") !== (close === "]"))
    return unreadable("The gene vector is cut off: its brackets do not match.");
  const indices = trimmed
    .replace(/[()[\];\s]/g, "")
    .split(",")
    .filter((part) => part !== "")
    .map(Number);
  return indices.length > LONGEST
    ? unreadable(`The gene vector has ${indices.length} entries; no space has that many.`)
    : ok(indices);
}

/** Indices → choices of a space (gene value = index into the mutable's choices); refused when length or range do not fit. */
export function vectorToChoices(space: Space, indices: readonly number[]): Result<Choices> {
  const name = `${space.id} ${space.size}`;
  if (indices.length !== space.mutables.length)
    return unreadable(`The gene vector has ${indices.length} entries; ${name} has ${space.mutables.length}.`);
  const choices: Record<string, ChoiceValue> = {};
  for (const [i, mutable] of space.mutables.entries()) {
    const value = mutable.kind === "input" ? undefined : mutable.choices[indices[i] ?? -1];
    if (value === undefined) {
      const allowed = mutable.choices.map((choice, index) => `${index} (${choice})`);
      return unreadable(
        `The gene vector does not fit ${name}: entry ${i + 1} is ${quote(indices[i])}; allowed are ${listSome(allowed, 8)}.`,
      );
    }
    choices[mutable.id] = value;
  }
  return ok(choices);
}

/** Indices of the choices, one a mutable, in the order of the space. */
export function choicesToVector(space: Space, choices: Choices): number[] {
  return space.mutables.map((mutable) => {
    const value = choices[mutable.id];
    return mutable.choices.findIndex((choice) => choice === value);
  });
}

/** The SPOS authors' spelling, `(2, 1, 0)`. */
export function writeVector(space: Space, choices: Choices): string {
  return `(${choicesToVector(space, choices).join(", ")})\n`;
}
