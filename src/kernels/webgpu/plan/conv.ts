/**
 * Dense and grouped convolutions whose groups are whole vec4: one thread computes a strip of pixels for 4 output channels (4 input channels, going
 * back). The common kernel sizes are unrolled, so that columns are loaded once for all taps of a row; one text with loops serves all others.
 * A dense convolution is one group.
 */
import type { Call } from "../../isa/isa";
import { groupsFor, laneOf, repeat, sumOf, type KernelTable, type Pass, type Source, type Tuning } from "./kernelDef";
import { loadFactors, loadOf, loadValue, storeGradients, stores, type Load, type Target } from "./load";
import { columns, inputRow, inputStrip, outputRow, outputStrip, stripOf } from "./strips";
import { addPartials, partialFloats, splitRows, storePartial, type Split } from "./sums";

/** The fields that dense and grouped convolutions share, and their channels in vec4. */
export interface ConvShape {
  readonly B: number;
  readonly H: number;
  readonly W: number;
  readonly Ho: number;
  readonly Wo: number;
  readonly k: number;
  readonly s: number;
  /** vec4 of the input, of the output, and of both inside one group. */
  readonly inputs: number;
  readonly outputs: number;
  readonly groupInputs: number;
  readonly groupOutputs: number;
}

const isCommon = (k: number, s: number): boolean => (k === 3 || k === 5) && s <= 2;

const columnsOf = (shape: ConvShape): 1 | 2 => (shape.groupOutputs % 2 === 0 ? 2 : 1);

/** Names of the words that every text of a shape may use. */
const channelInts = ({ inputs, outputs, groupInputs, groupOutputs }: ConvShape): Readonly<Record<string, number>> => ({
  inputs, outputs, groupInputs, groupOutputs,
}); // prettier-ignore

const blockTargets = (pixels: number, wide: number): Target[] =>
  Array.from({ length: pixels * wide }, (_, index) => {
    const [j, q] = [Math.floor(index / wide), index % wide];
    return { value: `a${j}_${q}`, row: outputRow(j), q: `n + ${q}` };
  });

/** Forward. `k` 0: any size and stride by loops. */
function forwardText(k: number, s: number, pixels: number, wide: number, load: Load): Source {
  const count = k === 0 ? pixels : (pixels - 1) * s + k;
  const products = (column: (j: number) => string): string =>
    repeat(wide, (q) => `{
      ${repeat(4, (r) => `let w${r} = W[at + ${r} * J.outputs + ${q}];`)}
      ${repeat(pixels, (j) => `a${j}_${q} += ${sumOf(4, (r) => `${column(j)}.${laneOf(r)} * w${r}`)};`)}
    }`);
  const tap = (kw: string): string => `let at = J.w + ((kh * J.k + ${kw}) * J.groupInputs + c) * 4 * J.outputs + n;`;
  const source = { row: "row + c", width: "J.W", stride: "J.xld" };
  const inner =
    k === 0
      ? `for (var kw = 0; kw < J.k; kw++) {
          ${columns("v", count, { ...source, first: "(ox * J.s - J.p + kw)", step: "J.s" }, (v) => loadValue(load, v))}
          ${tap("kw")}
          ${products((j) => `v${j}`)}
        }`
      : `${columns("v", count, { ...source, first: `(ox * ${s} - J.p)` }, (v) => loadValue(load, v))}
        ${repeat(k, (kw) => `{ ${tap(String(kw))} ${products((j) => `v${j * s + kw}`)} }`)}`;
  const body = `
  let n = (i % J.across) * ${wide};
  var rest = i / J.across;
  ${outputStrip(pixels)}
  let first = (n / J.groupOutputs) * J.groupInputs;
  ${repeat(wide, (q) => `var b${q} = vec4f();`)}
  if (J.bias >= 0) { ${repeat(wide, (q) => `b${q} = W[J.bias + n + ${q}];`)} }
  ${repeat(pixels, (j) => repeat(wide, (q) => `var a${j}_${q} = b${q};`))}
  for (var kh = 0; kh < J.k; kh++) {
    let y = oy * ${k === 0 ? "J.s" : s} - J.p + kh;
    if (u32(y) >= u32(J.H)) { continue; }
    let row = J.x + (b * J.H + y) * J.W * J.xld + first;
    for (var c = 0; c < J.groupInputs; c++) {
      ${loadFactors(load, "first + c")}
      ${inner}
    }
  }
  ${stores({ at: "J.y", ld: "J.yld" }, blockTargets(pixels, wide))}`;
  return { body };
}

/** Gradient of the input. `k` 0: any size and stride by loops; else stride 1. */
function gradInputText(k: number, pixels: number): Source {
  const count = k === 0 ? pixels : pixels + k - 1;
  const products = (kw: string, column: (j: number) => string): string => `{
      let at = J.w + ((kh * J.k + ${kw}) * J.groupInputs + own) * 4 * J.outputs + n;
      ${repeat(4, (r) => `let w${r} = W[at + ${r} * J.outputs];`)}
      ${repeat(pixels, (j) => `a${j} += vec4f(dot(${column(j)}, w0), dot(${column(j)}, w1), dot(${column(j)}, w2), dot(${column(j)}, w3));`)}
    }`;
  const source = { row: "row + n", width: "J.Wo", stride: "J.dyld" };
  const inner =
    k === 0
      ? `for (var kw = (phase + J.p) % J.s; kw < J.k; kw += J.s) {
          ${columns("d", count, { ...source, first: "((phase + J.p - kw) / J.s + u)" }, (d) => d)}
          ${products("kw", (j) => `d${j}`)}
        }`
      : `${columns("d", count, { ...source, first: `(u + J.p - ${k - 1})` }, (d) => d)}
        ${repeat(k, (kw) => products(String(kw), (j) => `d${j + k - 1 - kw}`))}`;
  const body = `
  let c = i % J.inputs;
  var rest = i / J.inputs;
  ${inputStrip(pixels)}
  let own = c % J.groupInputs;
  let first = (c / J.groupInputs) * J.groupOutputs;
  ${repeat(pixels, (j) => `var a${j} = vec4f();`)}
  for (var kh = (iy + J.p) % J.s; kh < J.k; kh += J.s) {
    let y = (iy + J.p - kh) / J.s;
    if (iy + J.p < kh || y >= J.Ho) { continue; }
    let row = J.dy + (b * J.Ho + y) * J.Wo * J.dyld;
    for (var n = first; n < first + J.groupOutputs; n++) {
      ${inner}
    }
  }
  ${storeGradients(Array.from({ length: pixels }, (_, j) => ({ value: `a${j}`, row: inputRow(j), q: "c" })))}`;
  return { body };
}

/** Pixels of dy that a step of the weight gradient takes. */
const STEP = 4;

/** Gradient of the weights of one kernel row (`k` taps of it at once), or with `k` 0 of one tap; 4 × 4 channels. */
function gradWeightText(k: number, s: number, load: Load, isDirect: boolean): Source {
  const taps = k === 0 ? 1 : k;
  const count = k === 0 ? STEP : (STEP - 1) * s + k;
  const source = { row: "row", width: "J.W", stride: "J.xld" };
  const body = `
  let n = i % J.outputs;
  var rest = i / J.outputs;
  let own = rest % J.groupInputs; rest = rest / J.groupInputs;
  let c = (n / J.groupOutputs) * J.groupInputs + own;
  ${k === 0 ? "let kw = rest % J.k; rest = rest / J.k;" : "let kw = 0;"}
  let kh = rest % J.k;
  let chunk = rest / J.k;
  if (chunk >= J.chunks) { return; }
  ${loadFactors(load, "c")}
  ${repeat(taps * 4, (a) => `var a${a} = vec4f();`)}
  let end = min((chunk + 1) * J.rows, J.B * J.Ho);
  for (var line = chunk * J.rows; line < end; line++) {
    let b = line / J.Ho;
    let y = (line % J.Ho) * J.s - J.p + kh;
    if (u32(y) >= u32(J.H)) { continue; }
    let row = J.x + (b * J.H + y) * J.W * J.xld + c;
    let drow = J.dy + line * J.Wo * J.dyld + n;
    for (var ox = 0; ox < J.Wo; ox += ${STEP}) {
      ${columns("d", STEP, { row: "drow", first: "ox", width: "J.Wo", stride: "J.dyld" }, (d) => d)}
      ${columns("v", count, k === 0 ? { ...source, first: "(ox * J.s - J.p + kw)", step: "J.s" } : { ...source, first: `(ox * ${s} - J.p)` }, (v) => loadValue(load, v))}
      ${repeat(taps * 4, (a) => `a${a} += ${sumOf(STEP, (t) => `v${k === 0 ? t : t * s + (a >> 2)}.${laneOf(a)} * d${t}`)};`)}
    }
  }
  let at = ((kh * J.k + kw) * J.groupInputs + own) * 4 * J.outputs + n;
  ${repeat(taps * 4, (a) => storePartial(isDirect, `at + ${a >> 2} * J.groupInputs * 4 * J.outputs + ${a & 3} * J.outputs`, `a${a}`))}`;
  return { body };
}

type Forward = Call<"conv">["args"] | Call<"groupConv">["args"];
type GradInput = Call<"convGradInput">["args"] | Call<"groupConvGradInput">["args"];
type GradWeight = Call<"convGradWeight">["args"] | Call<"groupConvGradWeight">["args"];

export function forwardPass(args: Forward, shape: ConvShape, tuning: Tuning): Pass {
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const pixels = stripOf(args.Wo, tuning);
  const strips = Math.ceil(args.Wo / pixels);
  const lines = strips * args.Ho * args.B;
  const wide = columnsOf(shape) === 2 && (lines * shape.outputs) / 2 >= tuning.threads ? 2 : 1;
  const [k, s] = isCommon(args.k, args.s) ? [args.k, args.s] : [0, 0];
  const across = shape.outputs / wide;
  return {
    key: `conv ${k}/${s} ${pixels}x${wide} ${load.key}`,
    arenas: { A: "vec4f", W: "vec4f" },
    source: () => forwardText(k, s, pixels, wide, load),
    groups: groupsFor(across * lines),
    ints: { ...channelInts(shape), across, strips },
  };
}

export function gradInputPass(args: GradInput, shape: ConvShape, tuning: Tuning): Pass {
  const width = Math.ceil(args.W / args.s);
  const pixels = stripOf(width, tuning);
  const strips = Math.ceil(width / pixels);
  const k = args.s === 1 && isCommon(args.k, 1) ? args.k : 0;
  return {
    key: `convGradInput ${k} ${pixels}`,
    arenas: { A: "vec4f", W: "vec4f" },
    source: () => gradInputText(k, pixels),
    groups: groupsFor(shape.inputs * args.s * strips * args.H * args.B),
    ints: { ...channelInts(shape), strips },
  };
}

const weightFloats = (args: GradWeight, shape: ConvShape): number => args.k * args.k * shape.groupInputs * 4 * shape.outputs * 4;

function weightSplit(args: GradWeight, shape: ConvShape, tuning: Tuning): Split {
  const tiles = shape.outputs * shape.groupInputs * args.k * (isCommon(args.k, args.s) ? 1 : args.k);
  return splitRows(args.B * args.Ho, tiles, Math.max(1, Math.ceil(32 / args.Wo)), tuning);
}

export const gradWeightScratch = (args: GradWeight, shape: ConvShape, tuning: Tuning): number =>
  partialFloats(weightSplit(args, shape, tuning), weightFloats(args, shape));

export function gradWeightPasses(args: GradWeight, shape: ConvShape, tuning: Tuning): Pass[] {
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const split = weightSplit(args, shape, tuning);
  const isDirect = split.chunks === 1;
  const [k, s] = isCommon(args.k, args.s) ? [args.k, args.s] : [0, 0];
  const floats = weightFloats(args, shape);
  const threads = shape.outputs * shape.groupInputs * args.k * (k === 0 ? args.k : 1) * split.chunks;
  const tiles: Pass = {
    key: `convGradWeight ${k}/${s} ${load.key}${isDirect ? " direct" : ""}`,
    arenas: isDirect ? { A: "vec4f", G: "vec4f" } : { A: "vec4f" },
    source: () => gradWeightText(k, s, load, isDirect),
    groups: groupsFor(threads),
    ints: { ...channelInts(shape), ...split, from: args.tmp / 4, to: args.dw / 4, size: floats / 4 },
  };
  return isDirect ? [tiles] : [tiles, addPartials(args.tmp, args.dw, floats, split.chunks, tuning)];
}

function dense(args: Omit<ConvShape, "inputs" | "outputs" | "groupInputs" | "groupOutputs"> & { readonly K: number; readonly N: number }): ConvShape {
  const [inputs, outputs] = [args.K / 4, args.N / 4];
  return { ...args, inputs, outputs, groupInputs: inputs, groupOutputs: outputs };
}

/** Dense convolutions with their gradients. */
export const convolutions: KernelTable = {
  conv: { passes: (args, tuning) => [forwardPass(args, dense(args), tuning)] },
  convGradInput: { passes: (args, tuning) => [gradInputPass(args, dense(args), tuning)] },
  convGradWeight: {
    passes: (args, tuning) => gradWeightPasses(args, dense(args), tuning),
    scratchFloats: (args, tuning) => gradWeightScratch(args, dense(args), tuning),
  },
};
