/**
 * What may vary in a space, in MMRazor's terms. A space yields mutables; a mutator reads, samples and sets choices.
 * Values are JSON-safe so that a set of choices can be stored, sent and compared as it is.
 */
import type { Rng } from "@/lib/rng";

export type MutableId = string;
export type ChoiceValue = string | number | readonly string[] | readonly number[];

/** A value for every mutable of a space: MMRazor's subnet, NNI's sample. */
export type Choices = Readonly<Record<MutableId, ChoiceValue>>;

/** One op chosen among candidates (MMRazor `OneShotMutableOP`). The gene value is the index into `choices`. */
export interface OpMutable {
  readonly kind: "op";
  readonly id: MutableId;
  readonly choices: readonly string[];
}

/** An ordered number (kernel size, depth…); has min and max (MMRazor `OneShotMutableValue`). For elastic spaces. */
export interface ValueMutable {
  readonly kind: "value";
  readonly id: MutableId;
  readonly choices: readonly number[];
}

/** A subset of named inputs (MMRazor `DiffChoiceRoute`). For cell spaces. */
export interface InputMutable {
  readonly kind: "input";
  readonly id: MutableId;
  readonly choices: readonly string[];
  readonly numChosen: number;
}

export type Mutable = OpMutable | ValueMutable | InputMutable;

/** Reads and writes choices of one space; knows genes, never what they mean. */
export interface Mutator {
  /** Every mutable drawn independently and uniformly. */
  sample(rng: Rng): Choices;
  /** Each gene redrawn uniformly with probability p; a redraw may return the old value (SPOS, MMRazor). */
  mutate(parent: Choices, p: number, rng: Rng): Choices;
  /** Each gene from either parent with probability 1/2. */
  crossover(a: Choices, b: Choices, rng: Rng): Choices;
  /** All choices that differ in exactly one gene, in gene order. */
  neighbours(of: Choices): Choices[];
  /** Indices of the genes that differ. */
  changed(from: Choices, to: Choices): number[];
}
