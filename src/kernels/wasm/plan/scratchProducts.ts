/** Scratch that the convolution family needs; the C files beside it rely on exactly these sizes. */
import { type Call, type Instruction, padTo4 } from "../../isa/isa";

type Args = Readonly<Record<string, number>>;
type Size = (a: Args) => number;

const ceil = (a: number, b: number): number => Math.ceil(a / b);

/** GROUP_COLUMNS and gradChunks of tiles.h. */
const GROUP_COLUMNS = 32;
const gradChunks = (units: number, N: number): number => Math.max(1, Math.min(units, ceil(8, ceil(N, GROUP_COLUMNS))));

/** LINES and filterChunks of lines.h (vectors), DENSE_LINES of conv.c (floats). */
const LINES = 1536;
const DENSE_LINES = 8192;
const filterChunks = (units: number, groups: number): number => Math.max(1, Math.min(units, ceil(16, groups)));

/** Output rows whose lines fit, given how many lines fit; bandRows of lines.h, denseBand of conv.c. */
const bandRows = (fit: number, s: number, rows: number): number => Math.min(rows, fit <= 0 ? 1 : Math.floor(fit / s) + 1);

/** Parts of a weight gradient; none when there is one chunk, which is added directly. */
const parts = (chunks: number, size: number): number => (chunks === 1 ? 0 : chunks * size);

const convGradWeight: Size = ({ B = 1, Ho = 1, Wo = 1, k = 1, s = 1, K = 4, N = 4 }) => {
  const stride = k === 1 ? 1 : s;
  const band = bandRows(Math.floor(DENSE_LINES / (((Wo - 1) * stride + k) * K)) - k, stride, Ho);
  return parts(gradChunks(B * ceil(Ho, band), N), k * k * K * N);
};

/** Filter gradient of depthwise and grouped convolutions: N columns, `planes` inputs of each. */
function linesGradWeight({ B = 1, Ho = 1, Wo = 1, k = 1, s = 1 }: Args, d: number, planes: number, N: number): number {
  const width = (padTo4(Wo) - 1) * s + (k - 1) * d + 1;
  const band = bandRows(Math.floor(LINES / width) - (k - 1) * d - 1, s, Ho);
  return parts(filterChunks(B * ceil(Ho, band), N / 4), k * k * planes * N);
}

/** sectionsAt and isProduct of sections.h: how many sections, and the size of one; null where the general kernel runs. */
function sectionsOf({ cin = 1, cout = 1, groups = 1, k = 1, s = 1, p = 0 }: Args): { readonly count: number; readonly K: number; readonly N: number } | null {
  const [planes, per] = [cin / groups, cout / groups];
  if (k !== 1 || s !== 1 || p !== 0 || planes < 4 || per < 4) return null;
  const whole = [1, 2].find((n) => (n * planes) % 4 === 0 && (n * per) % 4 === 0) ?? 4;
  const unit = Math.min(whole, groups);
  return { count: ceil(groups, unit), K: padTo4(unit * planes), N: padTo4(unit * per) };
}

/** Weights of all sections. */
function sectionFloats(a: Args): number | null {
  const sections = sectionsOf(a);
  return sections && sections.count * sections.K * sections.N;
}

/** Their gradients, one a chunk. */
function sectionParts(a: Args): number | null {
  const sections = sectionsOf(a);
  if (sections === null) return null;
  const { B = 1, H = 1, W = 1 } = a;
  return gradChunks(ceil(B * H * W, 256), sections.count * sections.N) * sections.count * sections.K * sections.N;
}

const sizes: Partial<Record<Instruction, Size>> = {
  pointwise: ({ K = 0, N = 0 }) => K * N,
  pointwiseGradInput: ({ K = 0, N = 0 }) => K * N,
  pointwiseGradWeight: ({ M = 0, K = 0, N = 0 }) => parts(gradChunks(ceil(M, 256), N), K * N),
  biasGrad: ({ M = 0, N = 0 }) => Math.min(16, ceil(M, 256)) * N,
  conv: ({ k = 1, K = 0, N = 0 }) => k * k * K * N,
  convGradInput: ({ k = 1, K = 0, N = 0 }) => k * k * K * N,
  convGradWeight,
  groupConv: (a) => sectionFloats(a) ?? ((a.k ?? 1) ** 2 * (a.cin ?? 1) * (a.N ?? 0)) / (a.groups ?? 1),
  groupConvGradInput: (a) => sectionFloats(a) ?? ((a.k ?? 1) ** 2 * padTo4(a.cin ?? 1) * (a.cout ?? 1)) / (a.groups ?? 1),
  groupConvGradWeight: (a) => sectionParts(a) ?? linesGradWeight(a, 1, (a.cin ?? 1) / (a.groups ?? 1), a.N ?? 4),
  depthwise: ({ k = 1, C = 0 }) => k * k * C,
  depthwiseGradInput: ({ k = 1, C = 0 }) => k * k * C,
  depthwiseGradWeight: (a) => linesGradWeight(a, a.d ?? 1, 1, a.C ?? 4),
};

/** Floats of `tmp`, or null for instructions of others. */
export function scratchOfProducts(call: Call): number | null {
  return sizes[call.op]?.(call.args as Args) ?? null;
}

/** The least lines that one output row needs (as floats), with room to spare; or a full set. */
const dense = (channels: "K" | "N"): Size => {
  return (a) => Math.max(DENSE_LINES, (Math.max(a.W ?? 1, a.Wo ?? 1) * (a.s ?? 1) + 2 * (a.k ?? 1)) * (a[channels] ?? 4) * (a.k ?? 1));
};

/** The same for vectors of lines; `copies` of them (the filter gradient keeps dy beside x). */
function lines(a: Args, d: number, planes: number, copies: number): number {
  const { W = 1, Wo = 1, k = 1, s = 1 } = a;
  return 4 * copies * Math.max(LINES, (padTo4(Math.max(W, Wo)) * s + k * d + 4) * (k * d + 1) * planes);
}

const groupWidth = (a: Args, total: "cin" | "cout"): number => (a[total] ?? 1) / (a.groups ?? 1);

/** What the products of sections need beside what the general kernel would. */
const sectionWork = (a: Args): number => 64 * Math.max(128, sectionsOf(a)?.K ?? 0, sectionsOf(a)?.N ?? 0);

const works: Partial<Record<Instruction, Size>> = {
  pointwise: ({ K = 0 }) => Math.max(4096, 8 * K),
  pointwiseGradWeight: ({ K = 0 }) => Math.max(8192, 64 * K),
  conv: dense("K"),
  convGradInput: dense("N"),
  convGradWeight: dense("K"),
  groupConv: (a) => Math.max(sectionWork(a), lines(a, 1, groupWidth(a, "cin"), 1)),
  groupConvGradInput: (a) => Math.max(sectionWork(a), lines(a, 1, groupWidth(a, "cout"), 1)),
  groupConvGradWeight: (a) => Math.max(sectionWork(a), lines(a, 1, 1, 2)),
  depthwise: (a) => lines(a, a.d ?? 1, 1, 1),
  depthwiseGradInput: (a) => lines(a, a.d ?? 1, 1, 1),
  depthwiseGradWeight: (a) => lines(a, a.d ?? 1, 1, 2),
};

/** Floats of scratch that each thread needs for itself. */
export function workOf(call: Call): number {
  return works[call.op]?.(call.args as Args) ?? 0;
}
