/** Geometry of FBNetV2's space (arXiv 2004.05565; spec fbnet 2.4, 4): what may vary where, and the widths that follow. Plain numbers, no graphs. */
import type { ValueDecision } from "./fbnetValues";
import type { SizeId } from "./types";

export interface FbnetV2Stage {
  /** Of the first block; the others have 1. */
  readonly stride: number;
  readonly repeats: number;
  /** Options, ascending, of every block. */
  readonly channels: readonly number[];
  readonly expansions: readonly number[];
  readonly kernels: readonly number[];
}

export interface FbnetV2Layout {
  /** Side of the images. */
  readonly image: number;
  readonly classes: number;
  /** Sides to which the input is sub-sampled, ascending. */
  readonly resolutions: readonly number[];
  readonly stem: readonly number[];
  readonly stemStride: number;
  readonly stages: readonly FbnetV2Stage[];
  /** Channels of the last convolution. */
  readonly last: number;
  /** Mid widths are multiples of it. */
  readonly divisor: number;
}

/** Stride, repeats, channels, expansions, kernels: a row of the spec's table. */
export type FbnetV2Row = readonly [number, number, readonly number[], readonly number[], readonly number[]];

export function stageOf([stride, repeats, channels, expansions, kernels]: FbnetV2Row): FbnetV2Stage {
  return { stride, repeats, channels, expansions, kernels };
}

const cifar = { image: 32, classes: 10 } as const;
const kernels = [3, 5] as const;
const tiny: FbnetV2Layout = {
  ...cifar,
  resolutions: [16, 24, 32],
  stem: [8, 12],
  stemStride: 2,
  stages: ([[1, 1, [8, 12], [1, 2], [3]], [2, 1, [12, 16, 20], [2, 3, 4], kernels], [2, 2, [16, 24, 32], [2, 3, 4], kernels]] as const).map(stageOf),
  last: 64,
  divisor: 4,
};
const wide = { ...cifar, resolutions: [16, 20, 24, 28, 32], stem: [8, 12, 16], stemStride: 1, divisor: 8 } as const;
const factors = [2, 3, 4, 5, 6] as const;

export const fbnetV2Layouts: Readonly<Record<SizeId, FbnetV2Layout>> = {
  nano: tiny,
  tiny,
  small: {
    ...wide,
    stages: ([[1, 1, [12, 16], [1], [3]], [2, 2, [16, 20, 24], [2, 3, 4], kernels], [2, 3, [24, 32, 40], [2, 3, 4, 5], kernels], [2, 3, [48, 64, 80], [2, 3, 4, 5], kernels]] as const).map(stageOf),
    last: 320,
  },
  full: {
    ...wide,
    stages: (
      [
        [1, 1, [12, 16], [1], [3]],
        [2, 3, [16, 20, 24], factors, kernels],
        [2, 3, [16, 24, 32, 40], factors, kernels],
        [1, 3, [48, 56, 64, 72, 80], factors, kernels],
        [1, 3, [72, 80, 88, 96, 104, 112], factors, kernels],
        [2, 4, [112, 128, 144, 160, 176, 184], factors, kernels],
      ] as const
    ).map(stageOf),
    last: 1024,
  },
};

/** One block of the network with everything that it may become. */
export interface FbnetV2Block {
  /** `stage.1.block.0`: prefix of its decisions and parameters. */
  readonly at: string;
  readonly stage: number;
  readonly block: number;
  readonly stride: number;
  /** Options of the map that it reads. */
  readonly cin: readonly number[];
  readonly channels: readonly number[];
  readonly expansions: readonly number[];
  /** By expansion: channels between the 1×1 convolutions. */
  readonly mids: readonly number[];
  readonly kernels: readonly number[];
}

/** max(d, ⌊widest input·e/d + ½⌋·d): of the widest input, so that the mask of the middle does not depend on the mask before it. */
export function midWidth(widest: number, expansion: number, divisor: number): number {
  return Math.max(divisor, Math.floor((widest * expansion) / divisor + 0.5) * divisor);
}

/** The blocks in order. */
export function blocksOf({ stem, stages, divisor }: FbnetV2Layout): FbnetV2Block[] {
  let cin = stem;
  return stages.flatMap(({ stride, repeats, channels, expansions, kernels: sides }, stage) =>
    Array.from({ length: repeats }, (_, block): FbnetV2Block => {
      const widest = Math.max(...cin);
      const mids = expansions.map((e) => midWidth(widest, e, divisor));
      const made = { at: `stage.${stage}.block.${block}`, stage, block, stride: block === 0 ? stride : 1, cin, channels, expansions, mids, kernels: sides };
      cin = channels;
      return made;
    }),
  );
}

/**
 * Whether a block adds its input, where widths agree: all but the first of a stage. The first one's input has the width of another decision (spec 2.1),
 * so there the sum would have no single width, even where both may take the same number.
 */
export function mayAddInput({ block, stride }: Pick<FbnetV2Block, "block" | "stride">): boolean {
  return block > 0 && stride === 1;
}

/** Every decision in the order of the network, with the sides of the largest member. */
export function decisionsOf(layout: FbnetV2Layout): ValueDecision[] {
  const { image, resolutions, stem, stemStride } = layout;
  const most = Math.max(...resolutions);
  let side = Math.ceil(most / stemStride);
  const decisions: ValueDecision[] = [
    { id: "resolution", label: "Resolution", stage: -1, stride: 1, cin: 3, cout: 3, hin: image, hout: most, options: resolutions },
    { id: "stem", label: "Stem", stage: -1, stride: stemStride, cin: 3, cout: Math.max(...stem), hin: most, hout: side, options: stem },
  ];
  for (const { at, stage, block, stride, cin, channels, expansions, mids, kernels: sides } of blocksOf(layout)) {
    const out = Math.ceil(side / stride);
    const [into, mid, width] = [Math.max(...cin), Math.max(...mids), Math.max(...channels)];
    const named = (what: string): string => `Block ${stage + 1}.${block + 1} ${what}`;
    decisions.push(
      { id: `${at}.expansion`, label: named("expansion"), stage, stride: 1, cin: into, cout: mid, hin: side, hout: side, options: expansions },
      { id: `${at}.kernel`, label: named("kernel"), stage, stride, cin: mid, cout: mid, hin: side, hout: out, options: sides },
      { id: `${at}.channels`, label: named("channels"), stage, stride: 1, cin: mid, cout: width, hin: out, hout: out, options: channels },
    );
    side = out;
  }
  return decisions;
}
