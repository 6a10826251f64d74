/**
 * The macro space of NAS-Bench-Macro (Su et al., CVPR 2021) for 32×32 images: eight layers, three choices each.
 * `full` has the published widths, so params and MACs equal the benchmark's; smaller sizes scale the widths only and keep the strings.
 * Layout per layer of input ci, output co, stride s, with mid = t·ci:
 * `identity` nothing, or conv 1×1 s2 + BN without activation where it must shrink; `mb{t}_k{k}` conv 1×1, BN, ReLU, depthwise k×k s, BN, ReLU,
 * conv 1×1, BN, + input if s = 1. No convolution has a bias; the classifier has.
 */
import { AppError } from "@/lib/appError";
import type { GraphBuilder } from "../graphBuilder";
import { torchDefaultInit } from "./init";
import { singlePathSpace, stageSlots, type SinglePathSpace, type SlotDef } from "./singlePath";
import { sizes, type SizeId } from "./types";

export const macro8Choices = ["identity", "mb3_k3", "mb6_k5"] as const;

const blocks: Readonly<Record<string, { readonly expansion: number; readonly k: number }>> = {
  mb3_k3: { expansion: 3, k: 3 },
  mb6_k5: { expansion: 6, k: 5 },
};

interface Widths {
  readonly stem: number;
  readonly stages: readonly number[];
  readonly out: number;
}

const widths: Readonly<Record<SizeId, Widths>> = {
  nano: { stem: 4, stages: [8, 16, 32], out: 160 },
  tiny: { stem: 8, stages: [16, 32, 64], out: 320 },
  small: { stem: 16, stages: [32, 64, 128], out: 640 },
  full: { stem: 32, stages: [64, 128, 256], out: 1280 },
};

const repeats = [2, 3, 3] as const;
const classes = 10;
const resolution = 32;

function addBlock(b: GraphBuilder, from: number, slot: SlotDef, choice: string): number {
  const at = `${slot.mutable}.${choice}`;
  const block = blocks[choice];
  if (block === undefined) {
    if (slot.stride === 1) return from;
    return b.batchNorm(`${at}.bn`, b.conv(`${at}.conv`, from, { cout: slot.cout, stride: slot.stride }));
  }
  const expand = b.conv(`${at}.expand`, from, { cout: block.expansion * slot.cin });
  const wide = b.relu(`${at}.relu1`, b.batchNorm(`${at}.bn1`, expand));
  const depthwise = b.depthwise(`${at}.dw`, wide, { k: block.k, stride: slot.stride });
  const filtered = b.relu(`${at}.relu2`, b.batchNorm(`${at}.bn2`, depthwise));
  const project = b.batchNorm(`${at}.bn3`, b.conv(`${at}.project`, filtered, { cout: slot.cout }));
  return slot.stride === 1 ? b.node(`${at}.add`, { op: "add" }, [project, from]) : project;
}

/**
 * A stride-1 identity is a no-op, so where it stands inside a stage does not matter: per stage the first gene stays and zeros
 * among the others move to the end (3,969 distinct networks of 6,561 strings).
 */
function canonicalGenes(genes: readonly number[]): number[] {
  const canonical: number[] = [];
  let start = 0;
  for (const count of repeats) {
    const [head, ...rest] = genes.slice(start, start + count);
    const active = rest.filter((g) => g !== 0);
    canonical.push(...(head === undefined ? [] : [head]), ...active, ...rest.slice(active.length).map(() => 0));
    start += count;
  }
  return canonical;
}

function makeMacro8(size: SizeId): SinglePathSpace {
  const { stem, stages, out } = widths[size];
  return singlePathSpace({
    id: "macro8",
    name: "NAS-Bench-Macro",
    size,
    params: { width: 1 },
    capabilities: ["opChoice", "mix", "latency", "tabular"],
    input: [resolution, resolution, 3],
    init: torchDefaultInit,
    slots: stageSlots({
      cin: stem,
      side: resolution,
      stages: stages.map((width, i) => ({ width, repeats: repeats[i] ?? 0, stride: 2 })),
      id: (index) => `layer.${index}`,
      choices: () => macro8Choices,
    }),
    stem: (b) => b.relu("stem.relu", b.batchNorm("stem.bn", b.conv("stem.conv", b.input, { cout: stem, k: 3 }))),
    block: addBlock,
    last: (b, from) => b.relu("out.relu", b.batchNorm("out.bn", b.conv("out.conv", from, { cout: out }))),
    head: (b, from) => b.linear("classifier", b.node("out.pool", { op: "globalAvgPool" }, [from]), classes),
    canonicalGenes,
    distinct: 3969,
  });
}

const made = new Map<SizeId, SinglePathSpace>(sizes.map((size) => [size, makeMacro8(size)]));

/** The macro space of a size; spaces never change, so equal sizes give the same object. */
export function macro8(size: SizeId): SinglePathSpace {
  return made.get(size) ?? makeMacro8(size);
}

/**
 * Parameters and MACs of a string such as `22212220` (full width: equal to the published table).
 * Throws `import.unreadable` when the text is not a string of the space.
 */
export function macro8Cost(arch: string, size: SizeId): { readonly params: number; readonly macs: number } {
  const space = macro8(size);
  const choices = space.decode(arch);
  if (choices === null)
    throw new AppError(
      "import.unreadable",
      `${JSON.stringify(arch.slice(0, 40))} is not an architecture of eight digits 0, 1, 2.`,
    );
  const { params, macs } = space.cost(choices);
  return { params, macs };
}
