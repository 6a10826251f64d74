/**
 * Max and average pools and their gradients. Common sizes are unrolled: a thread owns 4 channels of a strip of pixels and loads every column once. The
 * gradient gathers: a pixel looks at the windows that it lies in, so that nobody writes what another thread writes.
 */
import type { Call } from "../../isa/isa";
import { groupsFor, repeat, sumOf, type KernelTable, type Pass, type Source } from "./kernelDef";
import { stores } from "./load";
import { maxGradAnyText, maxGradStripText, stripGradients } from "./maxPoolGrad";
import { storeInto } from "./rows";
import { columns, inputStrip, outputStrip } from "./strips";

/** Pixels of a strip. */
const PIXELS = 4;

type Window = Pick<Call<"maxPool">["args"], "B" | "H" | "W" | "Ho" | "Wo" | "k" | "s" | "C">;

/** Whether kernel size and stride are pasted into the text. */
const isCommon = ({ k, s }: Window): boolean => k <= 5 && s <= 3;

/** Thread → channels `c` and the rest, for a map of strips. */
const channelsOfThread = `
  let c = i % J.channels;
  var rest = i / J.channels;`;

const pixel = (prefix: string, height: string, width: string): string => `
  let ${prefix}x = rest % ${width}; rest = rest / ${width};
  let ${prefix}y = rest % ${height};
  let b = rest / ${height};
  if (b >= J.B) { return; }`;

/** Pixels of the window at `at` (a coordinate of the output) that lie on the map. */
const countOf = (at: string, k: string | number, s: string | number, side: string): string =>
  `(min(${at} * ${s} - J.p + ${k}, ${side}) - max(${at} * ${s} - J.p, 0))`;

/** Smaller than anything that a map holds. */
const LEAST = "vec4f(-3.4028234e38)";

/** A strip of outputs: rows of the window in a loop, its columns unrolled. */
function forwardStripText(kind: "max" | "avg", k: number, s: number): Source {
  const reach = (PIXELS - 1) * s + k;
  const x = (j: number): string => `ox * ${s} - J.p + ${j}`;
  const from = { row: "row", first: `(ox * ${s} - J.p)`, width: "J.W", stride: "J.xld" };
  // A column outside the map stands for the nearest one inside, which belongs to the window as well.
  const nearest = repeat(reach, (j) => `let v${j} = A[row + clamp(${x(j)}, 0, J.W - 1) * J.xld];`);
  const largest = (j: number): string => repeat(k, (t) => `a${j} = select(a${j}, v${j * s + t}, v${j * s + t} > a${j});`);
  const body = `${channelsOfThread} ${outputStrip(PIXELS)}
  ${repeat(PIXELS, (j) => `var a${j} = ${kind === "max" ? LEAST : "vec4f()"};`)}
  for (var t = 0; t < ${k}; t++) {
    let y = oy * ${s} - J.p + t;
    if (y < 0 || y >= J.H) { continue; }
    let row = J.x + (b * J.H + y) * J.W * J.xld + c;
    ${kind === "max" ? nearest : columns("v", reach, from, (stored) => stored)}
    ${repeat(PIXELS, (j) => (kind === "max" ? largest(j) : `a${j} += ${sumOf(k, (t) => `v${j * s + t}`)};`))}
  }
  ${kind === "max" ? "" : `let high = select(${countOf("oy", k, s, "J.H")}, ${k}, J.pads == 1);`}
  let m = (b * J.Ho + oy) * J.Wo;
  ${stores(
    { at: "J.y", ld: "J.yld" },
    Array.from({ length: PIXELS }, (_, j) => {
      const count = `f32(high * select(${countOf(`(ox + ${j})`, k, s, "J.W")}, ${k}, J.pads == 1))`;
      return { value: `a${j}${kind === "max" ? "" : ` / ${count}`}`, row: `m + min(ox + ${j}, J.Wo - 1)`, q: "c" };
    }),
  )}`;
  return { body };
}

/** One output; any size. */
function forwardAnyText(kind: "max" | "avg"): Source {
  const body = `${channelsOfThread} ${pixel("o", "J.Ho", "J.Wo")}
  var a = ${kind === "max" ? LEAST : "vec4f()"};
  let top = max(oy * J.s - J.p, 0); let bottom = min(oy * J.s - J.p + J.k, J.H);
  let left = max(ox * J.s - J.p, 0); let right = min(ox * J.s - J.p + J.k, J.W);
  for (var y = top; y < bottom; y++) {
    for (var x = left; x < right; x++) {
      let v = A[J.x + ((b * J.H + y) * J.W + x) * J.xld + c];
      ${kind === "max" ? "a = select(a, v, v > a);" : "a += v;"}
    }
  }
  ${kind === "max" ? "" : "a = a / f32(select((bottom - top) * (right - left), J.k * J.k, J.pads == 1));"}
  A[J.y + ((b * J.Ho + oy) * J.Wo + ox) * J.yld + c] = a;`;
  return { body };
}

function forwardPass(kind: "max" | "avg", args: Window): Pass {
  const channels = args.C / 4;
  if (!isCommon(args)) {
    return {
      key: `${kind}Pool any`,
      arenas: { A: "vec4f" },
      source: () => forwardAnyText(kind),
      groups: groupsFor(channels * args.Wo * args.Ho * args.B),
      ints: { channels },
    };
  }
  const strips = Math.ceil(args.Wo / PIXELS);
  return {
    key: `${kind}Pool ${args.k}/${args.s}`,
    arenas: { A: "vec4f" },
    source: () => forwardStripText(kind, args.k, args.s),
    groups: groupsFor(channels * strips * args.Ho * args.B),
    ints: { channels, strips },
  };
}

/** A strip of input pixels at stride 1: every window that reaches it, a row of windows at a time. */
function avgGradStripText(k: number): Source {
  const reach = PIXELS + k - 1;
  const from = { row: "row", first: `(u + J.p - ${k - 1})`, width: "J.Wo", stride: "J.dyld" };
  const wide = (j: number): string => `f32(select(${countOf(`(u + J.p - ${k - 1} + ${j})`, k, 1, "J.W")}, ${k}, J.pads == 1))`;
  const body = `${channelsOfThread} ${inputStrip(PIXELS)}
  ${repeat(reach, (j) => `var a${j} = vec4f();`)}
  for (var t = 0; t < ${k}; t++) {
    let y = iy + J.p - t;
    if (y < 0 || y >= J.Ho) { continue; }
    let high = 1.0 / f32(select(${countOf("y", k, 1, "J.H")}, ${k}, J.pads == 1));
    let row = J.dy + (b * J.Ho + y) * J.Wo * J.dyld + c;
    ${columns("d", reach, from, (stored) => stored)}
    ${repeat(reach, (j) => `a${j} += d${j} * high;`)}
  }
  ${repeat(reach, (j) => `let w${j} = a${j} / ${wide(j)};`)}
  ${storeInto(stripGradients(PIXELS, (j) => sumOf(k, (t) => `w${j + t}`)))}`;
  return { body };
}

/** One input pixel; any size. */
const avgGradAnyText = (): Source => ({
  body: `${channelsOfThread} ${pixel("i", "J.H", "J.W")}
  var a = vec4f();
  for (var y = max(0, (iy + J.p - J.k + J.s) / J.s); y < min(J.Ho, (iy + J.p) / J.s + 1); y++) {
    for (var x = max(0, (ix + J.p - J.k + J.s) / J.s); x < min(J.Wo, (ix + J.p) / J.s + 1); x++) {
      let count = select(${countOf("y", "J.k", "J.s", "J.H")} * ${countOf("x", "J.k", "J.s", "J.W")}, J.k * J.k, J.pads == 1);
      a += A[J.dy + ((b * J.Ho + y) * J.Wo + x) * J.dyld + c] / f32(count);
    }
  }
  ${storeInto([{ value: "a", row: "(b * J.H + iy) * J.W + ix", q: "c" }])}`,
});

function gradPass(kind: "max" | "avg", args: Window): Pass {
  const channels = args.C / 4;
  const arenas = { A: "vec4f" } as const;
  const strips = Math.ceil(args.W / PIXELS);
  const strip = { arenas, groups: groupsFor(channels * strips * args.H * args.B), ints: { channels, strips } };
  if (args.s === 1 && kind === "avg" && isCommon(args)) {
    return { ...strip, key: `avgPoolGrad ${args.k}`, source: () => avgGradStripText(args.k) };
  }
  if (args.s === 1 && kind === "max" && args.k === 3) {
    return { ...strip, key: "maxPoolGrad 3", source: () => maxGradStripText(PIXELS) };
  }
  return {
    key: `${kind}PoolGrad any`,
    arenas,
    source: kind === "max" ? () => maxGradAnyText(`${channelsOfThread} ${pixel("i", "J.H", "J.W")}`) : avgGradAnyText,
    groups: groupsFor(channels * args.W * args.H * args.B),
    ints: { channels },
  };
}

/** Reads where the other map's pixel is, by integer arithmetic alike everywhere; `small` is the map with fewer pixels. */
const subsampleText = `${channelsOfThread} ${pixel("o", "J.Ho", "J.Wo")}
  let row = (b * J.H + oy * J.H / J.Ho) * J.W + ox * J.W / J.Wo;
  ${storeInto([{ value: "A[J.x + row * J.xld + c]", row: "(b * J.Ho + oy) * J.Wo + ox", q: "c" }])}`;

/** The pixel whose place is (oy, ox), if there is one. */
const scatterText = `${channelsOfThread} ${pixel("o", "J.Ho", "J.Wo")}
  let iy = (oy * J.H + J.Ho - 1) / J.Ho;
  let ix = (ox * J.W + J.Wo - 1) / J.Wo;
  var value = vec4f();
  if (iy < J.H && ix < J.W && iy * J.Ho / J.H == oy && ix * J.Wo / J.W == ox) { value = A[J.x + ((b * J.H + iy) * J.W + ix) * J.xld + c]; }
  ${storeInto([{ value: "value", row: "(b * J.Ho + oy) * J.Wo + ox", q: "c" }])}`;

/** Sum over the pixels under this one, by the area that they share. */
const resizeText = `${channelsOfThread} ${pixel("o", "J.Ho", "J.Wo")}
  var total = vec4f();
  for (var y = oy * J.H / J.Ho; y < ((oy + 1) * J.H + J.Ho - 1) / J.Ho; y++) {
    let high = min((oy + 1) * J.H, (y + 1) * J.Ho) - max(oy * J.H, y * J.Ho);
    for (var x = ox * J.W / J.Wo; x < ((ox + 1) * J.W + J.Wo - 1) / J.Wo; x++) {
      let wide = min((ox + 1) * J.W, (x + 1) * J.Wo) - max(ox * J.W, x * J.Wo);
      total += A[J.x + ((b * J.H + y) * J.W + x) * J.xld + c] * f32(high * wide);
    }
  }
  let value = total / f32(max(J.H, J.Ho) * max(J.W, J.Wo));
  ${storeInto([{ value: "value", row: "(b * J.Ho + oy) * J.Wo + ox", q: "c" }])}`;

const resolutionPass = (key: string, body: string, { B, Ho, Wo, C }: Call<"scatter">["args"]): Pass => ({
  key,
  arenas: { A: "vec4f" },
  source: () => ({ body }),
  groups: groupsFor((C / 4) * Wo * Ho * B),
  ints: { channels: C / 4 },
});

/** Pools and changes of resolution. */
export const pools: KernelTable = {
  maxPool: { passes: (args) => [forwardPass("max", args)] },
  avgPool: { passes: (args) => [forwardPass("avg", args)] },
  maxPoolGrad: { passes: (args) => [gradPass("max", args)] },
  avgPoolGrad: { passes: (args) => [gradPass("avg", args)] },
  subsample: { passes: (args) => [resolutionPass("subsample", subsampleText, args)] },
  scatter: { passes: (args) => [resolutionPass("scatter", scatterText, args)] },
  resize: { passes: (args) => [resolutionPass("resize", resizeText, args)] },
};
