/**
 * WGSL of depthwise convolutions. A thread owns 4 channels and a block of pixels: a strip of a row, and several rows that lie one under the other. Every
 * column that a row of the block needs is loaded once and serves all taps and all rows that reach it, since loads are what these kernels consist of.
 */
import { repeat, sumOf, type Source } from "./kernelDef";
import { loadFactors, loadValue, storeGradients, stores, type Load, type Target } from "./load";
import { columns } from "./strips";
import { storePartial } from "./sums";

/** Kernel size, stride and dilation pasted into a text. */
export interface Taps {
  readonly k: number;
  readonly s: number;
  readonly d: number;
}

/** Pixels of a row and rows of a thread's block. */
export interface Block {
  readonly pixels: number;
  readonly lines: number;
}

/** Distance of a block's rows: neighbours, but a dilation apart where only those share input rows. */
export const lineGap = ({ s, d }: Taps): number => (s % d === 0 ? 1 : d);

/** Input rows, counted in dilations, from a block's row to its next. */
const lead = (taps: Taps): number => (taps.s * lineGap(taps)) / taps.d;

/** Thread → channels `c`, first row `line` and first pixel `left` of a block, image `b`, on a map of `height` rows. */
const blockPlace = ({ pixels, lines }: Block, gap: number, height: string): string => `
  let c = i % J.channels;
  var rest = i / J.channels;
  let left = (rest % J.strips) * ${pixels}; rest = rest / J.strips;
  let at = rest % J.blocks;
  let b = rest / J.blocks;
  let line = ${gap === 1 ? `at * ${lines}` : `(at / ${gap}) * ${lines * gap} + at % ${gap}`};
  if (b >= J.B${gap === 1 ? "" : ` || line >= ${height}`}) { return; }
  let last = ${height} - 1${gap === 1 ? "" : ` - (${height} - 1 - line) % ${gap}`};`;

/** Where the rows that a block needs come from: row t lies at y = `top` + t · d of a map of `height` rows. `columns` loads one, given the row's `ok`. */
interface Rows {
  readonly top: string;
  readonly height: string;
  readonly columns: string;
}

/** Kernels of this size are unrolled altogether, larger ones a row at a time: texts grow with k², and so does the time to compile them. */
const UNROLLED = 3;

/**
 * Walks down the rows that a block reaches; each meets row r of the block at kernel row t − r·lead. Without branches: rows outside are zero, and so are
 * kernel rows outside.
 */
function sweep(taps: Taps, { pixels, lines }: Block, rows: Rows, weight: (kh: string, kw: number) => string): string {
  const { k, s, d } = taps;
  const step = lead(taps);
  const kept = (lines - 1) * step;
  const row = (t: string): string => `
    let y = ${rows.top} + ${t} * ${d};
    let ok = u32(y) < u32(${rows.height});
    ${rows.columns}`;
  const add = (r: number, w: number): string =>
    repeat(pixels, (j) => `a${r}_${j} += ${sumOf(k, (kw) => `v${j * s + kw * d} * w${w}_${kw}`)};`);
  const start = repeat(lines, (r) => repeat(pixels, (j) => `var a${r}_${j} = vec4f();`));
  if (k <= UNROLLED) {
    return `${start}
    ${repeat(k, (kh) => repeat(k, (kw) => `let w${kh}_${kw} = ${weight(String(kh), kw)};`))}
    ${repeat(k + kept, (t) => `{
      ${row(String(t))}
      ${repeat(lines, (r) => (t >= r * step && t < k + r * step ? add(r, t - r * step) : ""))}
    }`)}`;
  }
  return `${start}
  ${repeat(kept + 1, (h) => repeat(k, (kw) => `var w${h}_${kw} = vec4f();`))}
  for (var t = 0; t < ${k + kept}; t++) {
    ${repeat(kept, (h) => repeat(k, (kw) => `w${kept - h}_${kw} = w${kept - h - 1}_${kw};`))}
    ${repeat(k, (kw) => `w0_${kw} = ${kept === 0 ? weight("t", kw) : `select(vec4f(), ${weight(`min(t, ${k - 1})`, kw)}, t < ${k})`};`)}
    ${row("t")}
    ${repeat(lines, (r) => add(r, r * step))}
  }`;
}

/** Columns that a block's row needs of a row of the other map. */
const reach = ({ k, s, d }: Taps, pixels: number): number => (pixels - 1) * s + (k - 1) * d + 1;

/** What a thread stores; rows and pixels beyond the edge of the map are the last inside. */
const blockTargets = ({ pixels, lines }: Block, gap: number, height: string, width: string): readonly Target[] =>
  Array.from({ length: lines * pixels }, (_, index) => {
    const [r, j] = [Math.floor(index / pixels), index % pixels];
    return { value: `a${r}_${j}`, row: `(b * ${height} + min(line + ${r * gap}, last)) * ${width} + min(left + ${j}, ${width} - 1)`, q: "c" };
  });

export function forwardText(taps: Taps, block: Block, load: Load): Source {
  const { k, s } = taps;
  const gap = lineGap(taps);
  const from = { row: "row", first: `left * ${s} - J.p`, width: "J.W", stride: "J.xld", valid: "ok" };
  const rows = {
    top: `line * ${s} - J.p`,
    height: "J.H",
    columns: `let row = J.x + (b * J.H + clamp(y, 0, J.H - 1)) * J.W * J.xld + c;
    ${columns("v", reach(taps, block.pixels), from, (v) => loadValue(load, v))}`,
  };
  const body = `${blockPlace(block, gap, "J.Ho")}
  ${loadFactors(load, "c")}
  ${sweep(taps, block, rows, (kh, kw) => `W[J.w + (${kh} * ${k} + ${kw}) * J.channels + c]`)}
  ${stores({ at: "J.y", ld: "J.yld" }, blockTargets(block, gap, "J.Ho", "J.Wo"))}`;
  return { body };
}

/** Gradient of the input at stride 1: the same sweep over dy with the kernel turned by 180°. */
export function gradInputText(taps: Taps, block: Block): Source {
  const { k, d } = taps;
  const gap = lineGap(taps);
  const from = { row: "row", first: `left + J.p - ${(k - 1) * d}`, width: "J.Wo", stride: "J.dyld", valid: "ok" };
  const rows = {
    top: `line + J.p - ${(k - 1) * d}`,
    height: "J.Ho",
    columns: `let row = J.dy + (b * J.Ho + clamp(y, 0, J.Ho - 1)) * J.Wo * J.dyld + c;
    ${columns("v", reach(taps, block.pixels), from, (v) => v)}`,
  };
  const body = `${blockPlace(block, gap, "J.H")}
  ${sweep(taps, block, rows, (kh, kw) => `W[J.w + (${k * k - 1} - (${kh} * ${k} + ${kw})) * J.channels + c]`)}
  ${storeGradients(blockTargets(block, gap, "J.H", "J.W"))}`;
  return { body };
}

/** For an input pixel of parity `phase`: the kernel positions that reach it at stride 2, and the offsets of the output pixels they come from. */
const parityTaps = (k: number, phase: number): { readonly at: number; readonly from: number }[] => {
  const p = (k - 1) >> 1;
  return Array.from({ length: k }, (_, at) => at)
    .filter((at) => (phase + p - at) % 2 === 0)
    .map((at) => ({ at, from: (phase + p - at) / 2 }));
};

/** Gradient of the input at stride 2, padding (k − 1)/2: a thread owns 2 rows by 2 · `pixels` pixels, so that parities are known and nothing branches. */
export function gradInputStride2Text(k: number, pixels: number): Source {
  const phases = [0, 1].map((phase) => parityTaps(k, phase));
  const offsets = phases.flat().map(({ from }) => from);
  const [low, high] = [Math.min(...offsets), Math.max(...offsets)];
  const rows = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  // Of one row of dy: its weights, then what it adds to each pixel of the two rows.
  const sums = (from: number): string =>
    phases
      .map((vertical, vy) => {
        const at = vertical.find((tap) => tap.from === from)?.at;
        if (at === undefined) return "";
        return `{
      ${repeat(k, (kw) => `let w${kw} = W[J.w + ${at * k + kw} * J.channels + c];`)}
      ${phases
        .map((taps, vx) => repeat(pixels, (j) => `a${vy}_${2 * j + vx} += ${taps.map((tap) => `v${j + tap.from - low} * w${tap.at}`).join(" + ")};`))
        .join("\n")}
    }`;
      })
      .join("\n");
  const body = `
  let c = i % J.channels;
  var rest = i / J.channels;
  let left = (rest % J.strips) * ${pixels}; rest = rest / J.strips;
  let line = rest % J.blocks;
  let b = rest / J.blocks;
  if (b >= J.B) { return; }
  ${repeat(2, (r) => repeat(2 * pixels, (j) => `var a${r}_${j} = vec4f();`))}
  ${rows
    .map((from) => `{
    let y = line + ${from};
    let ok = u32(y) < u32(J.Ho);
    let row = J.dy + (b * J.Ho + clamp(y, 0, J.Ho - 1)) * J.Wo * J.dyld + c;
    ${columns("v", pixels + high - low, { row: "row", first: `left + ${low}`, width: "J.Wo", stride: "J.dyld", valid: "ok" }, (v) => v)}
    ${sums(from)}
  }`)
    .join("\n")}
  ${storeGradients(
    Array.from({ length: 4 * pixels }, (_, index) => {
      const [r, j] = [Math.floor(index / (2 * pixels)), index % (2 * pixels)];
      return { value: `a${r}_${j}`, row: `(b * J.H + min(2 * line + ${r}, J.H - 1)) * J.W + min(2 * left + ${j}, J.W - 1)`, q: "c" };
    }),
  )}`;
  return { body };
}

/**
 * Gradient of `rows` kernel rows at stride 1 over a piece of one image: a strip is walked down, dy of the last rows is kept, every x is loaded once.
 * Partials of a piece hold all k · k taps; a thread fills the rows from `kh`.
 */
export function gradWeightText({ k, d }: Taps, rows: number, pixels: number, load: Load): Source {
  const count = pixels + (k - 1) * d;
  const body = `
  let c = i % J.channels;
  var rest = i / J.channels;
  let kh = (rest % J.parts) * ${rows}; rest = rest / J.parts;
  let chunk = rest;
  let stripe = rest % J.stripes; rest = rest / J.stripes;
  let piece = rest % J.pieces;
  let b = rest / J.pieces;
  if (b >= J.B) { return; }
  ${loadFactors(load, "c")}
  ${repeat(rows * k, (a) => `var a${a} = vec4f();`)}
  // Rows of dy of this piece; a dilation apart, those of one phase after those of another.
  let phase = piece % ${d};
  let first = (piece / ${d}) * J.rows * ${d} + phase;
  let end = min(first + J.rows * ${d}, J.Ho);
  for (var left = stripe * ${pixels}; left < J.Wo; left += J.stripes * ${pixels}) {
    ${repeat(rows * pixels, (a) => `var d${a} = vec4f();`)}
    // Row y of x meets row y + p − kh·d of dy: newest in d0 …
    for (var t = 0; t < J.rows + ${rows - 1}; t++) {
      ${repeat((rows - 1) * pixels, (a) => `d${rows * pixels - 1 - a} = d${(rows - 1) * pixels - 1 - a};`)}
      let o = first + t * ${d};
      let there = o < end;
      let drow = J.dy + (b * J.Ho + min(o, J.Ho - 1)) * J.Wo * J.dyld + c;
      ${columns("e", pixels, { row: "drow", first: "left", width: "J.Wo", stride: "J.dyld", valid: "there" }, (v) => v)}
      ${repeat(pixels, (j) => `d${j} = e${j};`)}
      let y = o - J.p + kh * ${d};
      let ok = u32(y) < u32(J.H);
      let row = J.x + (b * J.H + clamp(y, 0, J.H - 1)) * J.W * J.xld + c;
      ${columns("v", count, { row: "row", first: "left - J.p", width: "J.W", stride: "J.xld", valid: "ok" }, (v) => loadValue(load, v))}
      ${repeat(rows, (r) => repeat(k, (kw) => `a${r * k + kw} += ${sumOf(pixels, (j) => `v${j + kw * d} * d${r * pixels + j}`)};`))}
    }
  }
  let at = kh * ${k} * J.channels + c;
  ${repeat(rows, (r) => `if (kh + ${r} < ${k}) {
    ${repeat(k, (kw) => storePartial(false, `at + ${r * k + kw} * J.channels`, `a${r * k + kw}`))}
  }`)}`;
  return { body };
}
