/**
 * What FBNetV2 and V3 spaces share: every decision is an ordered number, ids are one character a decision, and cost grows with every number, so the
 * extremes are the members of all the smallest and all the largest values.
 */
import { AppError } from "@/lib/appError";
import { costOf } from "../cost";
import type { Graph, ParamSpec } from "../graph";
import type { Choices, ValueMutable } from "../mutable";
import { fromGenes, makeMutator, toGenes } from "../mutator";
import type { Arch, Capability, MaskedSpace, SizeId, SlotInfo, Space } from "./types";

/** One decision with what the path picture says about it; `options` ascend, and those of one option are no mutables. */
export interface ValueDecision extends Omit<SlotInfo, "mutable"> {
  readonly id: string;
  readonly options: readonly number[];
}

/** Value of a decision, those of one option included. */
export type ValueOf = (id: string) => number;

export interface ValueSpaceDef {
  readonly id: string;
  readonly name: string;
  readonly size: SizeId;
  readonly params: Readonly<Record<string, number>>;
  readonly capabilities: readonly Capability[];
  readonly decisions: readonly ValueDecision[];
  /** Graph of the member with these values. */
  graph(value: ValueOf): Graph;
  /** Parameters and norms of everything that trains together; of a space whose members share nothing, of its largest member. */
  supernet(): Pick<Graph, "params" | "norms">;
  readonly masked?: MaskedSpace;
  /** Genes that stand for all equivalent ones, by mutable; identity when absent. */
  canonical?(value: ValueOf, genes: readonly number[], mutables: readonly ValueMutable[]): number[];
  /** Distinct networks, where fewer than paths. */
  readonly distinct?: number;
}

/** Every decision of so many options is a mutable. */
export function valueMutables(decisions: readonly ValueDecision[]): ValueMutable[] {
  return decisions.filter(({ options }) => options.length > 1).map(({ id, options }) => ({ kind: "value", id, choices: options }));
}

const radix = 36;

/** Throws `bug` when a decision has more options than a character of an id can tell. */
export function valueSpace(def: ValueSpaceDef): Space {
  const { decisions } = def;
  const mutables = valueMutables(decisions);
  if (mutables.some(({ choices }) => choices.length > radix)) throw new AppError("bug", `${def.id} has a decision of more than ${radix} options.`);
  const fixed = new Map(decisions.filter(({ options }) => options.length === 1).map(({ id, options }) => [id, options[0]]));
  const paths = mutables.reduce((n, { choices }) => n * choices.length, 1);

  const reader = (choices: Choices): ValueOf => (id) => {
    const value = fixed.get(id) ?? choices[id];
    if (typeof value !== "number") throw new AppError("bug", `${def.id} has no value of ${id}.`);
    return value;
  };
  const graphOf = (choices: Choices): Graph => {
    // Checks that every value is one of its options.
    toGenes(mutables, choices);
    return def.graph(reader(choices));
  };
  const textOf = (genes: readonly number[]): string => genes.map((gene) => gene.toString(radix)).join("");
  const canonical = (choices: Choices): Arch => {
    const raw = toGenes(mutables, choices);
    const genes = def.canonical?.(reader(choices), raw, mutables) ?? raw;
    return { choices: fromGenes(mutables, genes), id: textOf(genes) };
  };
  const extremes = {
    min: canonical(fromGenes(mutables, mutables.map(() => 0))),
    max: canonical(fromGenes(mutables, mutables.map(({ choices }) => choices.length - 1))),
  }; // prettier-ignore
  let supernet: Pick<Graph, "params" | "norms"> | null = null;
  const supernetOf = (): Pick<Graph, "params" | "norms"> => (supernet ??= def.supernet());

  return {
    id: def.id,
    name: def.name,
    size: def.size,
    params: def.params,
    capabilities: def.capabilities,
    mutables,
    mutator: makeMutator(mutables),
    slots: decisions.filter(({ options }) => options.length > 1).map(({ id, label, stage, stride, cin, cout, hin, hout }) => ({ mutable: id, label, stage, stride, cin, cout, hin, hout })),
    count: { paths, distinct: def.distinct ?? paths },
    independent: true,
    ...(def.masked && { masked: def.masked }),
    graph: graphOf,
    supernetParams: (): readonly ParamSpec[] => supernetOf().params.filter(({ role }) => role !== "architecture"),
    supernetNorms: () => supernetOf().norms,
    canonical,
    encode: (choices) => textOf(toGenes(mutables, choices)),
    decode: (text) => {
      if (text.length !== mutables.length || !/^[0-9a-z]*$/.test(text)) return null;
      const genes = [...text].map((character) => Number.parseInt(character, radix));
      return genes.every((gene, i) => gene < (mutables[i]?.choices.length ?? 0)) ? fromGenes(mutables, genes) : null;
    },
    cost: (choices) => costOf(graphOf(choices)),
    // Nothing that is larger makes anything cheaper, and parameters do not see the resolution.
    extremes: () => extremes,
  };
}
