/**
 * Depthwise convolutions: which text a call takes. The common sizes are unrolled (depthwiseText.ts); texts with loops serve all others.
 */
import type { Call } from "../../isa/isa";
import { forwardText, gradInputStride2Text, gradInputText, gradWeightText, lineGap, type Block, type Taps } from "./depthwiseText";
import { anyForwardText, anyGradInputText, rowGradWeightText } from "./depthwiseAny";
import { groupsFor, type KernelTable, type Pass, type Tuning } from "./kernelDef";
import { loadOf } from "./load";
import { stripOf } from "./strips";
import { addPartials, partialFloats, splitRows, type Split } from "./sums";

type Forward = Call<"depthwise">["args"];
type GradInput = Call<"depthwiseGradInput">["args"];
type GradWeight = Call<"depthwiseGradWeight">["args"];

/** Whether the size has texts of its own. */
const isCommon = ({ k, s, d }: Taps): boolean => (k === 3 || k === 5 || k === 7) && s <= 2 && d <= 2 && !(k === 7 && d === 2);

const nameOf = ({ k, s, d }: Taps): string => `${k}/${s}/${d}`;

/** The block of a thread on `images` maps of `rows` × `width` pixels: as large as leaves enough threads, and not much larger than the map. */
function blockOf(taps: Taps, rows: number, width: number, others: number, tuning: Tuning): Block & { readonly blocks: number; readonly strips: number } {
  const gap = lineGap(taps);
  const high = Math.ceil(rows / gap);
  const made = (pixels: number, lines: number): ReturnType<typeof blockOf> => ({
    pixels, lines, blocks: gap * Math.ceil(high / lines), strips: Math.ceil(width / pixels),
  }); // prettier-ignore
  const pixels = taps.s === 1 ? stripOf(width, tuning) : 4;
  // Large texts compile slowly: of a kernel that is unrolled altogether 16 pixels; a stride's rows share little.
  const most = taps.s === 2 ? 2 : taps.k === 3 ? 16 / pixels : 4;
  const fits = [4, 2].map((lines) => made(pixels, lines)).find(({ lines, blocks, strips }) => {
    const isFull = Math.ceil(high / lines) * lines <= high * 1.25;
    return lines <= Math.min(most, tuning.lines) && isFull && blocks * strips * others >= tuning.threads;
  }); // prettier-ignore
  return fits ?? made(pixels, 1);
}

function forwardPass(args: Forward, tuning: Tuning): Pass {
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const channels = args.C / 4;
  if (!isCommon(args)) {
    const pixels = stripOf(args.Wo, tuning);
    const strips = Math.ceil(args.Wo / pixels);
    return {
      key: `dw any ${pixels} ${load.key}`,
      arenas: { A: "vec4f", W: "vec4f" },
      source: () => anyForwardText(pixels, load),
      groups: groupsFor(channels * strips * args.Ho * args.B),
      ints: { channels, strips },
    };
  }
  const { strips, blocks, ...block } = blockOf(args, args.Ho, args.Wo, channels * args.B, tuning);
  return {
    key: `dw ${nameOf(args)} ${block.pixels}x${block.lines} ${load.key}`,
    arenas: { A: "vec4f", W: "vec4f" },
    source: () => forwardText(args, block, load),
    groups: groupsFor(channels * strips * blocks * args.B),
    ints: { channels, strips, blocks },
  };
}

function gradInputPass(args: GradInput, tuning: Tuning): Pass {
  const channels = args.C / 4;
  const arenas = { A: "vec4f", W: "vec4f" } as const;
  if (args.s === 1 && isCommon(args)) {
    const { strips, blocks, ...block } = blockOf(args, args.H, args.W, channels * args.B, tuning);
    return {
      key: `dwGradInput ${nameOf(args)} ${block.pixels}x${block.lines}`,
      arenas,
      source: () => gradInputText(args, block),
      groups: groupsFor(channels * strips * blocks * args.B),
      ints: { channels, strips, blocks },
    };
  }
  const width = Math.ceil(args.W / args.s);
  if (args.s === 2 && args.d === 1 && isCommon(args) && args.p === (args.k - 1) >> 1) {
    const strips = Math.ceil(width / 4);
    const blocks = Math.ceil(args.H / 2);
    return {
      key: `dwGradInput ${nameOf(args)}`,
      arenas,
      source: () => gradInputStride2Text(args.k, 4),
      groups: groupsFor(channels * strips * blocks * args.B),
      ints: { channels, strips, blocks },
    };
  }
  const pixels = stripOf(width, tuning);
  const strips = Math.ceil(width / pixels);
  return {
    key: `dwGradInput any ${pixels}`,
    arenas,
    source: () => anyGradInputText(pixels),
    groups: groupsFor(channels * args.s * strips * args.H * args.B),
    ints: { channels, strips },
  };
}

/** Rows of one piece of an image, at least: below that the rows that pieces share cost too much. */
const LEAST_ROWS = 8;

interface Walk {
  readonly pixels: number;
  /** Kernel rows of a thread, and threads that share a piece for the others. */
  readonly lines: number;
  readonly parts: number;
  readonly rows: number;
  readonly pieces: number;
  readonly stripes: number;
  readonly chunks: number;
}

/** How the walk of the weight gradient (stride 1) is divided. */
function walkOf(args: GradWeight, tuning: Tuning): Walk {
  const pixels = stripOf(args.Wo, tuning);
  const lines = Math.min(args.k, tuning.kernelRows);
  const parts = Math.ceil(args.k / lines);
  const high = Math.ceil(args.Ho / args.d);
  const missing = (already: number): number => Math.max(1, Math.ceil(tuning.splitThreads / already));
  const tiles = (args.C / 4) * parts * args.B * args.d;
  const segments = Math.min(missing(tiles), Math.max(1, Math.floor(high / LEAST_ROWS)));
  const rows = Math.ceil(high / segments);
  const pieces = args.d * Math.ceil(high / rows);
  const stripes = Math.min(missing((tiles / args.d) * pieces), Math.ceil(args.Wo / pixels));
  return { pixels, lines, parts, rows, pieces, stripes, chunks: args.B * pieces * stripes };
}

function rowSplit(args: GradWeight, tuning: Tuning): Split {
  const tiles = (args.C / 4) * args.k * (isCommon(args) ? 1 : args.k);
  return splitRows(args.B * args.Ho, tiles, Math.max(1, Math.ceil(32 / args.Wo)), tuning);
}

const isWalked = (args: GradWeight): boolean => args.s === 1 && isCommon(args);

const weightFloats = ({ k, C }: GradWeight): number => k * k * C;

function walkPasses(args: GradWeight, tuning: Tuning): Pass[] {
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const { pixels, lines, chunks, ...walk } = walkOf(args, tuning);
  const floats = weightFloats(args);
  const channels = args.C / 4;
  const pass: Pass = {
    key: `dwGradWeight ${nameOf(args)} ${pixels}x${lines} ${load.key}`,
    arenas: { A: "vec4f" },
    source: () => gradWeightText(args, lines, pixels, load),
    groups: groupsFor(channels * walk.parts * chunks),
    ints: { channels, ...walk, from: args.tmp / 4, size: floats / 4 },
  };
  return [pass, addPartials(args.tmp, args.dw, floats, chunks, tuning)];
}

function rowPasses(args: GradWeight, tuning: Tuning): Pass[] {
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const split = rowSplit(args, tuning);
  const isDirect = split.chunks === 1;
  const floats = weightFloats(args);
  const taps = isCommon(args) ? args : null;
  const pass: Pass = {
    key: `dwGradWeight ${taps === null ? "any" : nameOf(taps)} ${load.key}${isDirect ? " direct" : ""}`,
    arenas: isDirect ? { A: "vec4f", G: "vec4f" } : { A: "vec4f" },
    source: () => rowGradWeightText(taps, 4, load, isDirect),
    groups: groupsFor((args.C / 4) * args.k * (taps === null ? args.k : 1) * split.chunks),
    ints: { ...split, channels: args.C / 4, from: args.tmp / 4, to: args.dw / 4, size: floats / 4 },
  };
  return isDirect ? [pass] : [pass, addPartials(args.tmp, args.dw, floats, split.chunks, tuning)];
}

/** Depthwise convolutions with their gradients. */
export const depthwise: KernelTable = {
  depthwise: { passes: (args, tuning) => [forwardPass(args, tuning)] },
  depthwiseGradInput: { passes: (args, tuning) => [gradInputPass(args, tuning)] },
  depthwiseGradWeight: {
    passes: (args, tuning) => (isWalked(args) ? walkPasses(args, tuning) : rowPasses(args, tuning)),
    scratchFloats: (args, tuning) =>
      isWalked(args) ? walkOf(args, tuning).chunks * weightFloats(args) : partialFloats(rowSplit(args, tuning), weightFloats(args)),
  },
};
