/**
 * Colour, short code and glyph of every op, and the two scales for magnitude and difference.
 * Hue says the family, lightness the size, and the code and glyph say the same without colour. A test recomputes the distances
 * between the colours for four kinds of sight; an edit that brings two of them too close does not merge.
 */

/** Op families. Spaces with other names of ops reuse them. */
export type OpFamily = "skip" | "maxPool" | "avgPool" | "sepSmall" | "sepLarge" | "dilSmall" | "dilLarge" | "none";
export type PaletteTheme = "light" | "dark";

export interface OpStyle {
  /** At most four characters. */
  readonly code: string;
  readonly glyph: string;
  readonly family: OpFamily;
}

export const familyColors: Readonly<Record<PaletteTheme, Readonly<Record<OpFamily, string>>>> = {
  light: {
    skip: "#740c62",
    maxPool: "#d6782f",
    avgPool: "#695d1e",
    sepSmall: "#426ab2",
    sepLarge: "#3b0fbd",
    dilSmall: "#14a599",
    dilLarge: "#072f17",
    none: "#e6e8eb",
  },
  dark: {
    skip: "#c24058",
    maxPool: "#e88e28",
    avgPool: "#f3d634",
    sepSmall: "#3667bb",
    sepLarge: "#9289fa",
    dilSmall: "#2ed3c0",
    dilLarge: "#befdf2",
    none: "#2a2f36",
  },
};

/** What the colours above are seen against. */
export const paletteBackground: Readonly<Record<PaletteTheme, string>> = { light: "#ffffff", dark: "#14171c" };

const glyphs: Readonly<Record<OpFamily, string>> = {
  skip: "─",
  maxPool: "▽",
  avgPool: "△",
  sepSmall: "▪",
  sepLarge: "■",
  dilSmall: "◇",
  dilLarge: "◆",
  none: "╱╱",
};

/** Ops that borrow the family of others in spaces without those bring a glyph of their own. */
const styles: Readonly<Record<string, readonly [code: string, family: OpFamily, glyph?: string]>> = {
  identity: ["skip", "skip"],
  skip: ["skip", "skip"],
  skip_connect: ["skip", "skip"],
  max_pool_3x3: ["max3", "maxPool"],
  avg_pool_3x3: ["avg3", "avgPool"],
  mb3_k3: ["mb3", "sepSmall"],
  mb6_k5: ["mb6", "sepLarge"],
  shuffle_3x3: ["s3", "sepSmall"],
  shuffle_5x5: ["s5", "sepLarge"],
  shuffle_7x7: ["s7", "dilLarge"],
  shuffle_xception: ["xc", "dilSmall"],
  sep_conv_3x3: ["sep3", "sepSmall"],
  sep_conv_5x5: ["sep5", "sepLarge"],
  dil_conv_3x3: ["dil3", "dilSmall"],
  dil_conv_5x5: ["dil5", "dilLarge"],
  sep_conv_7x7: ["sep7", "dilLarge", "▮"],
  conv_7x1_1x7: ["7×1", "dilSmall", "┼"],
  conv_3x1_1x3: ["3×1", "dilSmall", "┼"],
  nor_conv_1x1: ["c1×1", "sepSmall"],
  nor_conv_3x3: ["c3×3", "sepLarge"],
  none: ["none", "none"],
};

/** MobileNet blocks of the counting space: kernel and expansion in the name. */
function mobileStyle(op: string): OpStyle | null {
  const match = /^mb_k(\d)e(\d)$/.exec(op);
  if (match === null) return null;
  const family: OpFamily = match[1] === "3" ? "sepSmall" : match[1] === "5" ? "sepLarge" : "dilLarge";
  return { code: `k${match[1]}e${match[2]}`, glyph: glyphs[family], family };
}

/** FBNet's candidates, k<kernel>_e<expansion>[_g<groups>]: kernels beyond 3 are large, grouped ones have the families of dilated convolutions. */
interface Block {
  readonly family: "sepSmall" | "sepLarge" | "dilSmall" | "dilLarge";
  /** Name without underscores and group count. */
  readonly code: string;
  /** By expansion: 1, up to 3, more. */
  readonly step: 0 | 1 | 2;
}

function blockOf(op: string): Block | null {
  const match = /^k(\d+)_e(\d+)(_g\d+)?$/.exec(op);
  if (match === null) return null;
  const [k, e, grouped] = [Number(match[1]), Number(match[2]), match[3] !== undefined];
  const family = grouped ? (k > 3 ? "dilLarge" : "dilSmall") : k > 3 ? "sepLarge" : "sepSmall";
  return { family, code: grouped ? `${k}e${e}g` : `k${k}e${e}`, step: e <= 1 ? 0 : e <= 3 ? 1 : 2 };
}

/** Fuller with the expansion. */
const blockGlyphs: Readonly<Record<Block["family"], readonly [string, string, string]>> = {
  sepSmall: ["▫", "▪", "▣"],
  sepLarge: ["□", "■", "▩"],
  dilSmall: ["◇", "◈", "◈"],
  dilLarge: ["◆", "⬥", "⬥"],
};

/** Shades of the two families that have several expansions: further from the background with the expansion. */
const blockColors: Readonly<
  Record<PaletteTheme, Readonly<Record<"sepSmall" | "sepLarge", readonly [string, string, string]>>>
> = {
  light: { sepSmall: ["#5e80be", "#426ab2", "#35558e"], sepLarge: ["#3b0fbd", "#2c0b8e", "#150542"] },
  dark: { sepSmall: ["#3362b2", "#547ec5", "#7295cf"], sepLarge: ["#a29bfb", "#beb8fc", "#d9d6fd"] },
};

/** Options of ordered decisions (FBNetV2): input sides, channels, expansions, kernels, repeats, each on a scale from its least to its most. */
const scales: Readonly<Record<string, { readonly from: number; readonly to: number; readonly log?: boolean }>> = {
  r: { from: 16, to: 32 },
  c: { from: 8, to: 184, log: true },
  e: { from: 1, to: 6 },
  k: { from: 3, to: 7 },
  n: { from: 1, to: 5 },
};
const bars = ["▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** Where `r24`, `c16`, `e3`, `k5` or `n2` stands on its scale, 0–1; null for any other name. */
function optionPlace(op: string): number | null {
  const match = /^([rcekn])(\d+)$/.exec(op);
  const scale = match === null ? undefined : scales[match[1] ?? ""];
  if (scale === undefined) return null;
  const on = scale.log === true ? Math.log : (value: number): number => value;
  const place = (on(Math.max(1, Number(match?.[2]))) - on(scale.from)) / (on(scale.to) - on(scale.from));
  return Math.min(1, Math.max(0, place));
}

/** Code, glyph and family of an op. An op that the table lacks gets the first letters of its name, never an error. */
export function opStyle(op: string): OpStyle {
  const style = Object.hasOwn(styles, op) ? styles[op] : undefined;
  if (style !== undefined) return { code: style[0], glyph: style[2] ?? glyphs[style[1]], family: style[1] };
  const block = blockOf(op);
  if (block !== null)
    return { code: block.code.slice(0, 4), glyph: blockGlyphs[block.family][block.step], family: block.family };
  const place = optionPlace(op);
  if (place !== null)
    return { code: op.slice(0, 4), glyph: bars[Math.round(place * (bars.length - 1))] ?? bars[0], family: "sepSmall" };
  return mobileStyle(op) ?? { code: op.replace(/[^a-z0-9]/gi, "").slice(0, 4) || "?", glyph: "○", family: "sepSmall" };
}

/** Place on the scale of magnitude from which on it stands out by 3:1. */
const leastInk = 0.45;

function hexOf(rgb: string): string {
  return `#${(rgb.match(/\d+/g) ?? []).map((channel) => Number(channel).toString(16).padStart(2, "0")).join("")}`;
}

/** Colour of an op on the panel background of the theme; at least 3:1, except for `none`, which is drawn as a hatch. */
export function opColor(op: string, theme: PaletteTheme): string {
  const block = blockOf(op);
  if (block?.family === "sepSmall" || block?.family === "sepLarge") return blockColors[theme][block.family][block.step];
  const place = optionPlace(op);
  if (place !== null) return hexOf(sequential(leastInk + (1 - leastInk) * place, theme));
  return familyColors[theme][opStyle(op).family];
}

type Rgb = readonly [number, number, number];

function mix(stops: readonly Rgb[], t: number): string {
  const at = Math.min(1, Math.max(0, Number.isFinite(t) ? t : 0)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [stops[i], stops[i + 1]];
  if (a === undefined || b === undefined) return "transparent";
  const channel = (k: 0 | 1 | 2): number => Math.round(a[k] + (b[k] - a[k]) * (at - i));
  return `rgb(${channel(0)}, ${channel(1)}, ${channel(2)})`;
}

const sequentialStops: Readonly<Record<PaletteTheme, readonly Rgb[]>> = {
  light: [
    [232, 240, 251],
    [127, 169, 227],
    [44, 104, 184],
    [10, 41, 94],
  ],
  dark: [
    [28, 36, 50],
    [45, 88, 150],
    [118, 166, 232],
    [222, 235, 255],
  ],
};

const signedStops: Readonly<Record<PaletteTheme, readonly Rgb[]>> = {
  light: [
    [180, 83, 9],
    [240, 178, 122],
    [224, 227, 231],
    [143, 176, 222],
    [30, 79, 156],
  ],
  dark: [
    [246, 161, 82],
    [150, 90, 40],
    [58, 64, 72],
    [52, 96, 168],
    [139, 184, 255],
  ],
};

/** One hue for magnitude, `t` in 0–1: light to dark on light, dark to light on dark. */
export function sequential(t: number, theme: PaletteTheme): string {
  return mix(sequentialStops[theme], t);
}

/** Difference from a baseline, `t` in −1–1: orange below, grey at zero, blue above. */
export function signed(t: number, theme: PaletteTheme): string {
  return mix(signedStops[theme], (t + 1) / 2);
}

/** Order of the families in a stack, from the bottom: what computes, then what only passes on, then nothing. */
const stackFamilies: readonly OpFamily[] = [
  "sepSmall",
  "sepLarge",
  "dilSmall",
  "dilLarge",
  "maxPool",
  "avgPool",
  "skip",
  "none",
];

/** Columns of a list of ops in stacking order, the same for every row, so that the eye learns it once. Equal families keep their order. */
export function stackOrder(ops: readonly string[]): number[] {
  const rank = ops.map((op) => stackFamilies.indexOf(opStyle(op).family));
  return ops.map((_, k) => k).sort((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0) || a - b);
}

/** A colour at a share of its ink on the panel background, opaque: what `globalAlpha` would show, without seams where marks touch. */
export function faded(color: string, ink: number, theme: PaletteTheme): string {
  const channels = (hex: string): number[] => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const back = channels(paletteBackground[theme]);
  const mixed = channels(color).map((c, i) => Math.round(c * ink + (back[i] ?? 0) * (1 - ink)));
  return `rgb(${mixed.join(", ")})`;
}
