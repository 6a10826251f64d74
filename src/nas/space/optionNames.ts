/** Short names of what a mutable may be: an op's own, and for numbers the kind's letter with the number (`r24`, `c16`, `e3`, `k5`, `n2`). */
import type { ChoiceValue, MutableId } from "../mutable";

/** By the last part of a mutable's id. */
const letters: Readonly<Record<string, string>> = {
  resolution: "r",
  stem: "c",
  channels: "c",
  expansion: "e",
  firstExpansion: "e",
  kernel: "k",
  repeats: "n",
};

export function optionName(mutable: MutableId, value: ChoiceValue | undefined): string {
  if (typeof value !== "number") return String(value ?? "");
  return `${letters[mutable.slice(mutable.lastIndexOf(".") + 1)] ?? ""}${value}`;
}
