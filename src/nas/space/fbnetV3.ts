/**
 * FBNetV3's space in CIFAR sizes (Dai et al., CVPR 2021, arXiv 2006.02049; spec fbnet 3.6): resolution, widths, depths, expansions and kernels, one choice
 * of each a stage, h-swish everywhere. Members are trained one by one and judged by a predictor; nothing is shared between them. Recipes are not part of it.
 *
 * Resolution: images stay 32×32 wherever they are fed from, and every member begins by averaging them down to its own side (op `resize`, fractional
 * overlaps), so batches, live tests and exported models need not know.
 */
import type { Graph } from "../graph";
import { graphBuilder } from "../graphBuilder";
import { addConvUnit, addMemberBlock, addMemberTail } from "./fbnetMember";
import { valueSpace, type ValueDecision, type ValueOf } from "./fbnetValues";
import { torchDefaultInit } from "./init";
import { sizes, type SizeId, type Space } from "./types";

export interface FbnetV3Stage {
  readonly stride: number;
  readonly repeats: readonly number[];
  readonly channels: readonly number[];
  /** Of the first block, and of the others. */
  readonly firstExpansions: readonly number[];
  readonly expansions: readonly number[];
  readonly kernels: readonly number[];
}

/** All options ascend. */
export interface FbnetV3Layout {
  /** Side of the images. */
  readonly image: number;
  readonly classes: number;
  readonly resolutions: readonly number[];
  readonly stem: readonly number[];
  readonly stemStride: number;
  readonly stages: readonly FbnetV3Stage[];
  /** Channels of the last convolution. */
  readonly last: number;
}

/** Stride, repeats, channels, expansions of the first block, of the others, kernels: a row of the spec's table. */
export type FbnetV3Row = readonly [number, readonly number[], readonly number[], readonly number[], readonly number[], readonly number[]];

export function fbnetV3StageOf([stride, repeats, channels, firstExpansions, expansions, kernels]: FbnetV3Row): FbnetV3Stage {
  return { stride, repeats, channels, firstExpansions, expansions, kernels };
}

const cifar = { image: 32, classes: 10 } as const;
const k = [3, 5] as const;
const tiny: FbnetV3Layout = {
  ...cifar,
  resolutions: [16, 24, 32],
  stem: [8, 12, 16],
  stemStride: 2,
  stages: ([[1, [1, 2], [8, 12, 16], [1, 2], [1, 2], k], [2, [1, 2], [12, 16, 24], [2, 3, 4], [2, 3], k], [2, [1, 2], [24, 32, 48], [2, 3, 4], [2, 3], k]] as const).map(fbnetV3StageOf),
  last: 64,
};

export const fbnetV3Layouts: Readonly<Record<SizeId, FbnetV3Layout>> = {
  nano: tiny,
  tiny,
  small: {
    ...cifar,
    resolutions: [20, 24, 28, 32],
    stem: [8, 12, 16],
    stemStride: 1,
    stages: (
      [
        [1, [1, 2], [8, 12, 16], [1], [1], k],
        [2, [1, 2, 3], [16, 20, 24, 32], [3, 4, 5], [2, 3], k],
        [2, [1, 2, 3], [32, 40, 48, 64], [3, 4, 5], [2, 3, 4], k],
        [2, [1, 2, 3], [64, 80, 96, 128], [3, 4, 5], [2, 3, 4], k],
      ] as const
    ).map(fbnetV3StageOf),
    last: 256,
  },
  full: {
    ...cifar,
    resolutions: [24, 28, 32],
    stem: [16, 20, 24],
    stemStride: 1,
    stages: (
      [
        [1, [1, 2, 3], [16, 20, 24], [1], [1], k],
        [2, [2, 3, 4], [24, 28, 32, 40], [4, 5, 6], [2, 3, 4], k],
        [2, [2, 3, 4], [40, 48, 56, 64], [4, 5, 6], [2, 3, 4], k],
        [1, [3, 4, 5], [80, 96, 112], [4, 5, 6], [2, 3, 4], k],
        [2, [3, 4, 5], [144, 160, 176, 192], [4, 5, 6], [2, 3, 4], k],
      ] as const
    ).map(fbnetV3StageOf),
    last: 1024,
  },
};

export interface FbnetV3Space extends Space {
  readonly layout: FbnetV3Layout;
}

/** Every decision in the order of the network, with the sides of the largest member. */
function decisionsOf({ image, resolutions, stem, stemStride, stages }: FbnetV3Layout): ValueDecision[] {
  const most = Math.max(...resolutions);
  let side = Math.ceil(most / stemStride);
  let cin = Math.max(...stem);
  const decisions: ValueDecision[] = [
    { id: "resolution", label: "Resolution", stage: -1, stride: 1, cin: 3, cout: 3, hin: image, hout: most, options: resolutions },
    { id: "stem", label: "Stem", stage: -1, stride: stemStride, cin: 3, cout: cin, hin: most, hout: side, options: stem },
  ];
  stages.forEach(({ stride, repeats, channels, firstExpansions, expansions, kernels }, stage) => {
    const cout = Math.max(...channels);
    const place = { stage, stride, cin, cout, hin: side, hout: Math.ceil(side / stride) };
    const add = (what: string, label: string, options: readonly number[]): unknown => decisions.push({ id: `stage.${stage}.${what}`, label: `Stage ${stage + 1} ${label}`, ...place, options });
    add("repeats", "depth", repeats);
    add("channels", "channels", channels);
    add("firstExpansion", "first expansion", firstExpansions);
    add("expansion", "expansion", expansions);
    add("kernel", "kernel", kernels);
    side = place.hout;
    cin = cout;
  });
  return decisions;
}

function memberGraph(layout: FbnetV3Layout, value: ValueOf): Graph {
  const b = graphBuilder([layout.image, layout.image, 3], torchDefaultInit);
  const side = value("resolution");
  const read = side === layout.image ? b.input : b.inSlot("resolution", () => b.node("resize", { op: "resize", side }, [b.input]));
  let at = b.inSlot("stem", () => addConvUnit(b, "stem", read, { cout: value("stem"), k: 3, stride: layout.stemStride }, "hswish"));
  layout.stages.forEach(({ stride }, stage) => {
    const of = (what: string): number => value(`stage.${stage}.${what}`);
    const cout = of("channels");
    // All layers of a stage are one part of the picture: its decisions are not about single layers.
    const slot = `stage.${stage}.repeats`;
    for (let block = 0; block < of("repeats"); block++) {
      const cin = b.channelsOf(at);
      at = addMemberBlock(
        b,
        at,
        {
          at: `stage.${stage}.block.${block}`,
          mid: cin * of(block === 0 ? "firstExpansion" : "expansion"),
          cout,
          k: of("kernel"),
          stride: block === 0 ? stride : 1,
          adds: (block > 0 || stride === 1) && cin === cout,
          slots: { expand: slot, depthwise: slot, project: slot },
        },
        "hswish",
      );
    }
  });
  return b.finish(addMemberTail(b, at, layout.last, layout.classes, "hswish"));
}

/** Strings that differ only in the expansion of blocks that are not there are one network. */
function distinctOf({ resolutions, stem, stages }: FbnetV3Layout): number {
  const ofStage = ({ repeats, channels, firstExpansions, expansions, kernels }: FbnetV3Stage): number =>
    channels.length * firstExpansions.length * kernels.length * repeats.reduce((n, depth) => n + (depth > 1 ? expansions.length : 1), 0);
  return stages.reduce((n, stage) => n * ofStage(stage), resolutions.length * stem.length);
}

/** The space of a layout. */
export function fbnetV3Space(layout: FbnetV3Layout, size: SizeId): FbnetV3Space {
  const decisions = decisionsOf(layout);
  const largest = new Map(decisions.map(({ id, options }) => [id, Math.max(...options)]));
  const space = valueSpace({
    id: "fbnet-v3",
    name: "FBNetV3",
    size,
    params: { last: layout.last },
    capabilities: [],
    decisions,
    graph: (value) => memberGraph(layout, value),
    supernet: () => memberGraph(layout, (id) => largest.get(id) ?? 0),
    canonical: (value, genes, mutables) =>
      genes.map((gene, i) => {
        const stage = /^stage\.(\d+)\.expansion$/.exec(mutables[i]?.id ?? "")?.[1];
        return stage !== undefined && value(`stage.${stage}.repeats`) === 1 ? 0 : gene;
      }),
    distinct: distinctOf(layout),
  });
  return { ...space, layout };
}

const made = new Map<SizeId, FbnetV3Space>(sizes.map((size) => [size, fbnetV3Space(fbnetV3Layouts[size], size)]));

/** The space of a size; equal sizes give the same object. */
export function fbnetV3(size: SizeId): FbnetV3Space {
  return made.get(size) ?? fbnetV3Space(fbnetV3Layouts[size], size);
}
