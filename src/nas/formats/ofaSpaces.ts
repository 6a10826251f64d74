/**
 * What the lists of an OFA dict (spec ofa-bignas 1: a stage keeps its first d blocks, each with a kernel and an expansion) mean in the three FBNet spaces.
 * The dict knows no widths and no groups, and a stage only ends early: what it cannot say is refused in V1 and left out of V2 and V3.
 */
import { ok, refuse, type Result } from "@/lib/result";
import type { ChoiceValue, Choices } from "../mutable";
import { blockName, keepsShape, parseBlock } from "../space/fbnetV1";
import { decisionsOf, fbnetV2Layouts } from "../space/fbnetV2Layout";
import { fbnetV3Layouts } from "../space/fbnetV3";
import type { Space } from "../space/types";
import { listSome, quote, unreadable } from "./text";

/** The part of a space that the codecs read. */
export type OfaSpace = Pick<Space, "id" | "name" | "size" | "mutables" | "slots">;

export interface OfaLists {
  /** Kernel side and expansion of every block, those behind the depth of their stage included. */
  readonly ks: readonly number[];
  readonly e: readonly number[];
  /** By stage: blocks that run, its first. */
  readonly d: readonly number[];
  /** Side of the input; null where the dict does not say. */
  readonly r: number | null;
}

export interface OfaFound {
  readonly choices: Choices;
  /** Choices that the dict does not hold, "name: not given → value". */
  readonly filled: readonly string[];
}

export interface OfaCodec {
  /** Most blocks of every stage. */
  stages(space: OfaSpace): readonly number[];
  write(space: OfaSpace, choices: Choices): Result<OfaLists>;
  /** The lists have the lengths of the space. */
  read(space: OfaSpace, lists: OfaLists): Result<OfaFound>;
  /** What is left out of every member. */
  readonly lost: readonly string[];
}

const nameOf = ({ id, size }: OfaSpace): string => `${id} ${size}`;
const most = (options: readonly number[]): number => Math.max(...options);

function misfit(space: OfaSpace, key: string, value: unknown, allowed: readonly unknown[]): ReturnType<typeof unreadable> {
  return unreadable(`The OFA dict does not fit ${nameOf(space)}: ${key} is ${quote(value)}; allowed are ${listSome(allowed.map(String), 8)}.`);
}

/** First block of each stage in the flat lists. */
function startsOf(stages: readonly number[]): readonly number[] {
  let at = 0;
  return stages.map((blocks) => (at += blocks) - blocks);
}

function slotStages({ slots }: OfaSpace): readonly number[] {
  const last = most(slots.map(({ stage }) => stage));
  return Array.from({ length: last + 1 }, (_, stage) => slots.filter((slot) => slot.stage === stage).length);
}

const inert = { k: 3, e: 1 } as const;
const side = 32;

/** Layers are blocks, skips behind the last of them are depth. */
const layers: OfaCodec = {
  stages: slotStages,
  lost: [],
  write: (space, choices) => {
    const parsed: { readonly k: number; readonly e: number }[] = [];
    const d = slotStages(space).map(() => 0);
    for (const [i, slot] of space.slots.entries()) {
      const choice = String(choices[slot.mutable]);
      const block = parseBlock(choice);
      const start = space.slots.findIndex(({ stage }) => stage === slot.stage);
      if (block === null && !keepsShape(slot)) return refuse("config.invalid", `${slot.label} skips and changes the shape; a stage of OFA always keeps the block that does.`);
      if (block !== null && block.g !== 1) return refuse("config.invalid", `${slot.label} is ${choice}; OFA's blocks have no groups.`);
      if (block !== null && (d[slot.stage] ?? 0) < i - start) return refuse("config.invalid", `${slot.label} follows a skip of its stage; in OFA the skipped blocks of a stage are its last.`);
      if (block !== null) d[slot.stage] = i - start + 1;
      parsed.push(block ?? inert);
    }
    return ok({ ks: parsed.map(({ k }) => k), e: parsed.map(({ e }) => e), d, r: side });
  },
  read: (space, { ks, e, d, r }) => {
    if (r !== null && r !== side) return misfit(space, "r", r, [side]);
    const stages = slotStages(space);
    const starts = startsOf(stages);
    const choices: Record<string, ChoiceValue> = {};
    for (const [i, slot] of space.slots.entries()) {
      const [depth = 0, blocks = 0, start = 0] = [d[slot.stage], stages[slot.stage], starts[slot.stage]];
      const least = i === start && !keepsShape(slot) ? 1 : 0;
      if (depth < least || depth > blocks) return misfit(space, `d[${slot.stage}]`, depth, Array.from({ length: blocks + 1 - least }, (_, j) => j + least));
      const name = i - start < depth ? blockName({ k: ks[i] ?? 0, e: e[i] ?? 0, g: 1 }) : "skip";
      const allowed = space.mutables[i]?.choices ?? [];
      if (!allowed.some((choice) => choice === name)) return misfit(space, `block ${i}`, name, allowed.filter((choice) => typeof choice === "string" && (choice === "skip" || parseBlock(choice)?.g === 1)));
      choices[slot.mutable] = name;
    }
    return ok({ choices, filled: [] });
  },
};

type Options = ReadonlyMap<string, readonly number[]>;

/** A member's value of a decision, those of one option included. */
function valueOf(options: Options, choices: Choices, id: string): number {
  const value = choices[id];
  return typeof value === "number" ? value : (options.get(id)?.[0] ?? Number.NaN);
}

/** Values by decision → choices of the space; what is not given takes the largest option. */
function choose(space: OfaSpace, options: Options, given: ReadonlyMap<string, { readonly key: string; readonly value: number }>): Result<OfaFound> {
  for (const [id, { key, value }] of given) {
    const allowed = options.get(id) ?? [];
    if (!allowed.includes(value)) return misfit(space, key, value, allowed);
  }
  const filled: string[] = [];
  const choices = space.mutables.map(({ id }) => {
    const value = given.get(id)?.value ?? most(options.get(id) ?? []);
    if (!given.has(id)) filled.push(`${id}: not given → ${value}`);
    return [id, value] as const;
  });
  return ok({ choices: Object.fromEntries(choices), filled });
}

const widthsLost = ["OFA's networks have fixed widths, so those of the stem and the stages are lost; reading the dict takes the widest."] as const;

/** Every block has its own kernel and expansion, and none can be left out. */
const blocks: OfaCodec = {
  stages: ({ size }) => fbnetV2Layouts[size].stages.map(({ repeats }) => repeats),
  lost: widthsLost,
  write: ({ size }, choices) => {
    const { stages } = fbnetV2Layouts[size];
    const options: Options = new Map(decisionsOf(fbnetV2Layouts[size]).map((decision) => [decision.id, decision.options]));
    const at = stages.flatMap(({ repeats }, stage) => Array.from({ length: repeats }, (_, block) => `stage.${stage}.block.${block}`));
    const of = (what: string): number[] => at.map((block) => valueOf(options, choices, `${block}.${what}`));
    return ok({ ks: of("kernel"), e: of("expansion"), d: stages.map(({ repeats }) => repeats), r: valueOf(options, choices, "resolution") });
  },
  read: (space, { ks, e, d, r }) => {
    const { stages } = fbnetV2Layouts[space.size];
    const options: Options = new Map(decisionsOf(fbnetV2Layouts[space.size]).map((decision) => [decision.id, decision.options]));
    const given = new Map(r === null ? [] : [["resolution", { key: "r", value: r }]]);
    const starts = startsOf(stages.map(({ repeats }) => repeats));
    for (const [stage, { repeats }] of stages.entries()) {
      if (d[stage] !== repeats) return misfit(space, `d[${stage}]`, d[stage], [repeats]);
      for (let block = 0; block < repeats; block++) {
        const i = (starts[stage] ?? 0) + block;
        given.set(`stage.${stage}.block.${block}.kernel`, { key: `ks[${i}]`, value: ks[i] ?? 0 });
        given.set(`stage.${stage}.block.${block}.expansion`, { key: `e[${i}]`, value: e[i] ?? 0 });
      }
    }
    return choose(space, options, given);
  },
};

function stageOptions({ size }: OfaSpace): Options {
  const { resolutions, stem, stages } = fbnetV3Layouts[size];
  return new Map<string, readonly number[]>([
    ["resolution", resolutions],
    ["stem", stem],
    ...stages.flatMap((stage, i) => [
      [`stage.${i}.repeats`, stage.repeats] as const,
      [`stage.${i}.channels`, stage.channels] as const,
      [`stage.${i}.firstExpansion`, stage.firstExpansions] as const,
      [`stage.${i}.expansion`, stage.expansions] as const,
      [`stage.${i}.kernel`, stage.kernels] as const,
    ]),
  ]);
}

/** A stage has one kernel, one expansion of its first block and one of the others, and a depth. */
const perStage: OfaCodec = {
  stages: ({ size }) => fbnetV3Layouts[size].stages.map(({ repeats }) => most(repeats)),
  lost: widthsLost,
  write: (space, choices) => {
    const options = stageOptions(space);
    const of = (id: string): number => valueOf(options, choices, id);
    const lists = fbnetV3Layouts[space.size].stages.map(({ repeats }, i) => {
      const all = Array.from({ length: most(repeats) }, (_, block) => block);
      return { ks: all.map(() => of(`stage.${i}.kernel`)), e: all.map((block) => of(`stage.${i}.${block === 0 ? "firstExpansion" : "expansion"}`)), d: of(`stage.${i}.repeats`) };
    });
    return ok({ ks: lists.flatMap(({ ks }) => ks), e: lists.flatMap(({ e }) => e), d: lists.map(({ d }) => d), r: of("resolution") });
  },
  read: (space, { ks, e, d, r }) => {
    const options = stageOptions(space);
    const starts = startsOf(perStage.stages(space));
    const given = new Map(r === null ? [] : [["resolution", { key: "r", value: r }]]);
    for (const [stage, start] of starts.entries()) {
      const depth = d[stage] ?? 0;
      const depths = options.get(`stage.${stage}.repeats`) ?? [];
      if (!depths.includes(depth)) return misfit(space, `d[${stage}]`, depth, depths);
      given.set(`stage.${stage}.repeats`, { key: `d[${stage}]`, value: depth });
      given.set(`stage.${stage}.kernel`, { key: `ks[${start}]`, value: ks[start] ?? 0 });
      given.set(`stage.${stage}.firstExpansion`, { key: `e[${start}]`, value: e[start] ?? 0 });
      // Of a stage of one block the expansion of the others is of no block; which number stands for it is the space's to say.
      const other = depth > 1 ? (e[start + 1] ?? 0) : Math.min(...(options.get(`stage.${stage}.expansion`) ?? []));
      given.set(`stage.${stage}.expansion`, { key: `e[${start + 1}]`, value: other });
      for (let i = start + 1; i < start + depth; i++) {
        if (ks[i] !== ks[start]) return unreadable(`The OFA dict does not fit ${nameOf(space)}: ks[${i}] and ks[${start}] differ, and a stage has one kernel.`);
        if (e[i] !== other) return unreadable(`The OFA dict does not fit ${nameOf(space)}: e[${i}] and e[${start + 1}] differ, and the blocks of a stage behind its first have one expansion.`);
      }
    }
    return choose(space, options, given);
  },
};

const codecs: Readonly<Record<string, OfaCodec>> = { "fbnet-v1": layers, "fbnet-v2": blocks, "fbnet-v3": perStage };

/** How a space is written as an OFA dict; null where it cannot be. */
export function ofaCodecOf({ id }: Pick<Space, "id">): OfaCodec | null {
  return (Object.hasOwn(codecs, id) ? codecs[id] : undefined) ?? null;
}
