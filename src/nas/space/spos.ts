/**
 * The ShuffleNetV2-style space of SPOS (Guo et al., arXiv 1904.00420): four choice blocks a slot, each with its own weights and norms.
 * Two layouts: `razor` (MMRazor: halves, shuffle at the end of a block) trains here; `megvii` (the authors: even/odd channels at the
 * start, projection as wide as its input, no classifier bias) exists for the published counts and shares everything else.
 */
import { AppError } from "@/lib/appError";
import type { GraphBuilder, InitPolicy } from "../graphBuilder";
import { singlePathSpace, stageSlots, type SinglePathSpace, type SlotDef } from "./singlePath";
import { sizes, type SizeId } from "./types";

/** In gene order. */
export const sposChoices = ["shuffle_3x3", "shuffle_5x5", "shuffle_7x7", "shuffle_xception"] as const;

export type SposLayout = "razor" | "megvii";

interface Geometry {
  readonly stem: number;
  readonly stemStride: number;
  readonly widths: readonly number[];
  readonly repeats: readonly number[];
  readonly strides: readonly number[];
  readonly out: number;
  readonly classes: number;
  readonly resolution: number;
}

const cifar = { stemStride: 1, classes: 10, resolution: 32 } as const;
const geometries: Readonly<Record<SizeId, Geometry>> = {
  nano: { ...cifar, stem: 8, widths: [8, 24, 48], repeats: [2, 2, 2], strides: [2, 2, 2], out: 64 },
  tiny: { ...cifar, stem: 8, widths: [16, 40, 80], repeats: [2, 2, 2], strides: [2, 2, 2], out: 128 },
  small: { ...cifar, stem: 16, widths: [32, 80, 160, 320], repeats: [2, 2, 4, 2], strides: [1, 2, 2, 2], out: 256 },
  full: { ...cifar, stem: 16, widths: [64, 160, 320, 640], repeats: [4, 4, 8, 4], strides: [1, 2, 2, 2], out: 1024 },
};

/**
 * As the authors and MMRazor: stem N(0, 0.01), every other convolution N(0, 1 / input channels a group) (so depthwise std 1),
 * γ = 1, β = 0.0001, classifier N(0, 0.01) with bias 0.
 */
const sposInit: InitPolicy = {
  conv: (_, cin) => ({ kind: "normal", std: 1 / cin }),
  depthwise: () => ({ kind: "normal", std: 1 }),
  linear: () => ({ kind: "normal", std: 0.01 }),
  bias: { kind: "constant", value: 0 },
  gamma: { kind: "constant", value: 1 },
  beta: { kind: "constant", value: 0.0001 },
};

/** One step of a branch: depthwise + BN, or pointwise to a width + BN + ReLU. */
type BranchStep = { readonly dw: number; readonly stride?: number } | { readonly pw: number };

function addBranch(b: GraphBuilder, from: number, path: string, steps: readonly BranchStep[]): number {
  let at = from;
  let dw = 0;
  let pw = 0;
  steps.forEach((step, i) => {
    const norm = `${path}.bn${i + 1}`;
    if ("dw" in step) {
      at = b.batchNorm(norm, b.depthwise(`${path}.dw${++dw}`, at, { k: step.dw, stride: step.stride ?? 1 }));
    } else {
      at = b.batchNorm(norm, b.conv(`${path}.pw${++pw}`, at, { cout: step.pw }));
      at = b.relu(`${path}.relu${pw}`, at);
    }
  });
  return at;
}

const kernels: Readonly<Record<string, number>> = { shuffle_3x3: 3, shuffle_5x5: 5, shuffle_7x7: 7 };

/** The main branch, ending `cout` wide; `m` is the mid width. Xception shrinks first, the others in the middle. */
function mainSteps(choice: string, m: number, cout: number, stride: number): BranchStep[] {
  const k = kernels[choice];
  if (k !== undefined) return [{ pw: m }, { dw: k, stride }, { pw: cout }];
  return [{ dw: 3, stride }, { pw: m }, { dw: 3 }, { pw: m }, { dw: 3 }, { pw: cout }];
}

function addBlock(b: GraphBuilder, from: number, slot: SlotDef, choice: string, layout: SposLayout): number {
  const at = `${slot.mutable}.${choice}`;
  const { cin, cout, stride } = slot;
  const half = cout / 2;
  let kept: number;
  let main: number;
  if (stride === 1 && cin === cout) {
    if (layout === "razor") {
      kept = b.node(`${at}.keep`, { op: "slice", begin: 0, size: half }, [from]);
      main = b.node(`${at}.split`, { op: "slice", begin: half, size: half }, [from]);
    } else {
      kept = b.node(`${at}.keep`, { op: "stridedSlice", begin: 0, step: 2 }, [from]);
      main = b.node(`${at}.split`, { op: "stridedSlice", begin: 1, step: 2 }, [from]);
    }
    main = addBranch(b, main, `${at}.main`, mainSteps(choice, half, half, 1));
  } else {
    const projected = layout === "razor" ? half : cin;
    kept = addBranch(b, from, `${at}.proj`, [{ dw: kernels[choice] ?? 3, stride }, { pw: projected }]);
    main = addBranch(b, from, `${at}.main`, mainSteps(choice, half, cout - projected, stride));
  }
  const joined = b.node(`${at}.concat`, { op: "concat" }, [kept, main]);
  return layout === "razor" ? b.node(`${at}.shuffle`, { op: "shuffle", groups: 2 }, [joined]) : joined;
}

function makeSpos(
  id: string,
  name: string,
  size: SizeId,
  layout: SposLayout,
  g: Geometry,
  params: Readonly<Record<string, number>>,
): SinglePathSpace {
  return singlePathSpace({
    id,
    name,
    size,
    params,
    capabilities: ["opChoice", "mix", "latency"],
    input: [g.resolution, g.resolution, 3],
    init: sposInit,
    slots: stageSlots({
      cin: g.stem,
      side: g.resolution / g.stemStride,
      stages: g.widths.map((width, i) => ({ width, repeats: g.repeats[i] ?? 0, stride: g.strides[i] ?? 1 })),
      id: (_, stage, block) => `layers.${stage}.${block}`,
      choices: () => sposChoices,
    }),
    stem: (b) => {
      const conv = b.conv("stem.conv", b.input, {
        cout: g.stem,
        k: 3,
        stride: g.stemStride,
        init: { kind: "normal", std: 0.01 },
      });
      return b.relu("stem.relu", b.batchNorm("stem.bn", conv));
    },
    block: (b, from, slot, choice) => addBlock(b, from, slot, choice, layout),
    last: (b, from) => b.relu("out.relu", b.batchNorm("out.bn", b.conv("out.conv", from, { cout: g.out }))),
    head: (b, from) => b.linear("classifier", b.node("out.pool", { op: "globalAvgPool" }, [from]), g.classes, layout === "razor"),
  });
}

const made = new Map<SizeId, SinglePathSpace>(
  sizes.map((size) => [size, makeSpos("spos", "SPOS ShuffleNetV2", size, "razor", geometries[size], { width: 1 })]),
);

/** The SPOS space scaled to 32×32 images; equal sizes give the same object. */
export function spos(size: SizeId): SinglePathSpace {
  return made.get(size) ?? makeSpos("spos", "SPOS ShuffleNetV2", size, "razor", geometries[size], { width: 1 });
}

export interface SposImageNetOptions {
  readonly layout: SposLayout;
  /** Side of the image, a multiple of 32. */
  readonly resolution?: number;
  readonly classes?: number;
}

/**
 * The published ImageNet geometry (20 slots, stem stride 2), for counts and for files. `megvii` counts the retrained network,
 * whose norms are affine. Throws `config.invalid` for a resolution that is not a positive multiple of 32.
 */
export function sposImageNet({ layout, resolution = 224, classes = 1000 }: SposImageNetOptions): SinglePathSpace {
  if (!Number.isInteger(resolution / 32) || resolution <= 0) {
    throw new AppError("config.invalid", `The resolution must be a multiple of 32, not ${resolution}.`);
  }
  const geometry = { ...geometries.full, stemStride: 2, strides: [2, 2, 2, 2], resolution, classes };
  const name = layout === "razor" ? "SPOS ImageNet" : "SPOS ImageNet (authors' layout)";
  return makeSpos("spos-imagenet", name, "full", layout, geometry, { width: 1, resolution, classes });
}
