/**
 * FBNet's layer space (Wu et al., CVPR 2019, arXiv 1812.03443; spec fbnet 1 and 4): every layer takes one of nine blocks, inverted residuals by
 * kernel, expansion and groups, or a skip. Sizes below `full` have fewer layers and narrower stages; tiny and nano five of the candidates.
 */
import type { GraphBuilder } from "../graphBuilder";
import { torchDefaultInit } from "./init";
import { singlePathSpace, stageSlots, type SinglePathSpace, type SlotDef } from "./singlePath";
import { sizes, type Capability, type SizeId } from "./types";

/** In gene order. */
export const fbnetChoices = ["k3_e1", "k3_e1_g2", "k3_e3", "k3_e6", "k5_e1", "k5_e1_g2", "k5_e3", "k5_e6", "skip"] as const;
const fewChoices = ["k3_e1", "k3_e1_g2", "k3_e3", "k5_e3", "skip"] as const;
const skip = "skip";

/** What a network of this family looks like around its candidates. */
export interface FbnetLayout {
  /** Side of the image. */
  readonly resolution: number;
  readonly classes: number;
  readonly stem: number;
  readonly stemStride: number;
  /** Width, repeats, stride of the first block. */
  readonly stages: readonly (readonly [number, number, number])[];
  /** Channels of the last convolution. */
  readonly last: number;
  /** Names of the candidates, the same in every layer. */
  readonly choices: readonly string[];
}

const cifar = { resolution: 32, classes: 10 } as const;
const tiny: FbnetLayout = { ...cifar, stem: 8, stemStride: 2, stages: [[12, 1, 1], [16, 2, 2], [24, 2, 2]], last: 64, choices: fewChoices }; // prettier-ignore

export const fbnetLayouts: Readonly<Record<SizeId, FbnetLayout>> = {
  nano: tiny,
  tiny,
  small: { ...cifar, stem: 16, stemStride: 1, stages: [[16, 1, 1], [24, 2, 2], [40, 3, 2], [80, 3, 2]], last: 320, choices: fbnetChoices }, // prettier-ignore
  full: { ...cifar, stem: 16, stemStride: 1, stages: [[16, 1, 1], [24, 4, 2], [32, 4, 2], [64, 4, 1], [112, 4, 1], [184, 4, 2], [352, 1, 1]], last: 1504, choices: fbnetChoices }, // prettier-ignore
};

/** Kernel side, expansion and groups of the 1×1 convolutions. */
export interface FbnetBlock {
  readonly k: number;
  readonly e: number;
  readonly g: number;
}

/** What a candidate's name says; null for the skip, and for names that are no candidate's. */
export function parseBlock(choice: string): FbnetBlock | null {
  const match = /^k(\d+)_e(\d+)(?:_g(\d+))?$/.exec(choice);
  return match === null ? null : { k: Number(match[1]), e: Number(match[2]), g: Number(match[3] ?? 1) };
}

/** Inverse of {@link parseBlock}. */
export function blockName({ k, e, g }: FbnetBlock): string {
  return g === 1 ? `k${k}_e${e}` : `k${k}_e${e}_g${g}`;
}

/** Whether a layer's output has the shape of its input: then a skip is nothing, and blocks add their input. */
export function keepsShape({ cin, cout, stride }: Pick<SlotDef, "cin" | "cout" | "stride">): boolean {
  return stride === 1 && cin === cout;
}

/**
 * 1×1 (grouped) → BN → ReLU → channel shuffle → depthwise → BN → ReLU → 1×1 (grouped) → BN, plus the input where shapes allow. A skip that has to
 * change the shape is a 1×1 convolution with BN and ReLU, as in the released code. `keepPw` false: no first 1×1 at expansion 1, as in the
 * released models.
 */
export function addFbnetBlock(b: GraphBuilder, from: number, slot: Pick<SlotDef, "mutable" | "cin" | "cout" | "stride">, choice: string, keepPw = true): number {
  const at = `${slot.mutable}.${choice}`;
  const keeps = keepsShape(slot);
  const block = parseBlock(choice);
  if (block === null) {
    if (keeps) return from;
    return b.relu(`${at}.relu`, b.batchNorm(`${at}.bn`, b.conv(`${at}.conv`, from, { cout: slot.cout, stride: slot.stride })));
  }
  const { k, e, g } = block;
  let wide = from;
  if (keepPw || e > 1) wide = b.relu(`${at}.relu1`, b.batchNorm(`${at}.bn1`, b.conv(`${at}.expand`, from, { cout: slot.cin * e, groups: g })));
  const mixed = g > 1 ? b.node(`${at}.shuffle`, { op: "shuffle", groups: g }, [wide]) : wide;
  const filtered = b.relu(`${at}.relu2`, b.batchNorm(`${at}.bn2`, b.depthwise(`${at}.dw`, mixed, { k, stride: slot.stride })));
  const project = b.batchNorm(`${at}.bn3`, b.conv(`${at}.project`, filtered, { cout: slot.cout, groups: g }));
  return keeps ? b.node(`${at}.add`, { op: "add" }, [project, from]) : project;
}

/** Runs of consecutive layers of one stage that keep the shape: `[first, end)`. Blocks of a run may change places without changing the network. */
function runsOf(slots: readonly SlotDef[]): (readonly [number, number])[] {
  const runs: (readonly [number, number])[] = [];
  slots.forEach((slot, i) => {
    if (!keepsShape(slot)) return;
    const open = runs.at(-1);
    if (open?.[1] === i && slots[i - 1]?.stage === slot.stage) runs[runs.length - 1] = [open[0], i + 1];
    else runs.push([i, i + 1]);
  });
  return runs;
}

/** Skips inside a run are no-ops: they move to its end. */
function canonicalGenesOf(slots: readonly SlotDef[]): (genes: readonly number[]) => number[] {
  const runs = runsOf(slots);
  const isSkip = (gene: number, slot: number): boolean => slots[slot]?.choices[gene] === skip;
  return (genes) => {
    const canonical = [...genes];
    for (const [first, end] of runs) {
      const run = genes.slice(first, end);
      const [active, skips] = [run.filter((gene) => !isSkip(gene, first)), run.filter((gene) => isSkip(gene, first))];
      canonical.splice(first, end - first, ...active, ...skips);
    }
    return canonical;
  };
}

/** A run of n layers with c other candidates has Σ cᵐ forms, m = 0 … n; layers outside of runs have all of theirs. */
function distinctOf(slots: readonly SlotDef[]): number {
  const runs = runsOf(slots);
  const outside = slots.filter((slot) => !keepsShape(slot)).reduce((product, { choices }) => product * choices.length, 1);
  return runs.reduce((product, [first, end]) => {
    const choices = slots[first]?.choices ?? [];
    if (!choices.includes(skip)) return product * choices.length ** (end - first);
    return product * Array.from({ length: end - first + 1 }, (_, m) => (choices.length - 1) ** m).reduce((a, b) => a + b, 0);
  }, outside);
}

export interface FbnetSpaceOptions {
  readonly id: string;
  readonly name: string;
  readonly size: SizeId;
  readonly layout: FbnetLayout;
  /** Whether blocks of expansion 1 have their first 1×1 convolution, as the paper's have; the released models' have not. */
  readonly keepPw: boolean;
  readonly capabilities: readonly Capability[];
  /** Parameters of the instance beside `keepPw`. */
  readonly params?: Readonly<Record<string, number>>;
}

/** The space of a layout. Mutables are `layer.0`, `layer.1` …; ids have one digit a layer. */
export function fbnetSpace({ id, name, size, layout, keepPw, capabilities, params }: FbnetSpaceOptions): SinglePathSpace {
  const { resolution, classes, stem, stemStride, stages, last, choices } = layout;
  const slots = stageSlots({
    cin: stem,
    side: Math.ceil(resolution / stemStride),
    stages: stages.map(([width, repeats, stride]) => ({ width, repeats, stride })),
    id: (index) => `layer.${index}`,
    choices: () => choices,
  });
  return singlePathSpace({
    id,
    name,
    size,
    params: { keepPw: Number(keepPw), ...params },
    capabilities,
    input: [resolution, resolution, 3],
    init: torchDefaultInit,
    slots,
    stem: (b) => b.relu("stem.relu", b.batchNorm("stem.bn", b.conv("stem.conv", b.input, { cout: stem, k: 3, stride: stemStride }))),
    block: (b, from, slot, choice) => addFbnetBlock(b, from, slot, choice, keepPw),
    last: (b, from) => b.relu("last.relu", b.batchNorm("last.bn", b.conv("last.conv", from, { cout: last }))),
    head: (b, from) => b.linear("classifier", b.node("pool", { op: "globalAvgPool" }, [from]), classes),
    latencyName: (choice) => {
      const block = parseBlock(choice);
      return block === null ? choice : `k${block.k}_e${block.e}_g${block.g}`;
    },
    canonicalGenes: canonicalGenesOf(slots),
    distinct: distinctOf(slots),
  });
}

function make(size: SizeId): SinglePathSpace {
  return fbnetSpace({ id: "fbnet-v1", name: "FBNet", size, layout: fbnetLayouts[size], keepPw: true, capabilities: ["opChoice", "mix", "latency"] });
}

const made = new Map<SizeId, SinglePathSpace>(sizes.map((size) => [size, make(size)]));

/** The space of a size; equal sizes give the same object. */
export function fbnetV1(size: SizeId): SinglePathSpace {
  return made.get(size) ?? make(size);
}
