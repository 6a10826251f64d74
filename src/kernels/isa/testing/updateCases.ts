/** Cases of the loss and of the end of a step. */
import { BLOCK, call, padTo4 } from "../isa";
import { type Case, type CaseBuilder, casesOf } from "./builder";

interface Logits {
  readonly B: number;
  readonly classes: number;
  /** Deviation of the logits. */
  readonly size: number;
}

const logits: readonly Logits[] = [
  { B: 1, classes: 4, size: 1 },
  { B: 5, classes: 10, size: 2 },
  { B: 64, classes: 10, size: 1 },
  { B: 7, classes: 100, size: 3 },
  { B: 33, classes: 3, size: 30 },
  { B: 257, classes: 17, size: 1 },
  { B: 3, classes: 1000, size: 2 },
];

/** Labels at any address, probabilities, or logits; largest values often tie, in the map and in the target. */
function targets(b: CaseBuilder, { B, classes, size }: Logits, mode: number): { t: number; tld: number } {
  if (mode === 0) return { t: b.vector("A", B, { align: 1, value: () => b.rng.int(classes) }), tld: 0 };
  const place = b.map(B, padTo4(classes), {
    real: classes,
    value: () => (mode === 1 ? b.rng.int(5) / (3 * classes) : Math.round(2 * size * b.rng.normal()) / 2),
  });
  return { t: place.at, tld: place.ld };
}

const lossCases = (): Case[] =>
  casesOf({
    op: "softmaxLoss",
    shapes: logits,
    variants: 6,
    make: (b, shape, v) => {
      const { B, classes, size } = shape;
      const mode = v % 3;
      const C = padTo4(classes);
      const z = b.map(B, C, { real: classes, value: () => Math.round(4 * size * b.rng.normal()) / 4 });
      const dz = v < 5 ? b.output(B, C, { name: "dz" }) : { at: -1, ld: 0 };
      const slot = b.rng.int(3);
      const hyper = b.hyper({ smoothing: v < 3 ? 0.1 : 0, slot, lossWeight: v === 4 ? 0.25 : 1, gradWeight: v === 2 ? -1.75 : 1 });
      const metrics = b.vector("S", 12);
      b.changes("S", { at: metrics + 4 * slot, ld: 1 }, 1, 1, { name: "loss" });
      b.changes("S", { at: metrics + 4 * slot + 1, ld: 2 }, 1, 2, { name: "counts", tolerance: 1e-6 });
      const scales = { gradScale: v === 3 ? 1 : 1 / B, lossScale: 1 / B };
      return call("softmaxLoss", {
        z: z.at,
        zld: z.ld,
        ...targets(b, shape, mode),
        mode,
        dz: dz.at,
        dzld: dz.ld,
        classes,
        B,
        ...scales,
        hyper,
        metrics,
        tmp: -1,
      });
    },
  });

const lengths = [{ n: BLOCK }, { n: 5 * BLOCK }, { n: 100 * BLOCK }, { n: 33 * BLOCK }];

const normCases = (): Case[] => [
  ...casesOf({
    op: "gradNorm",
    shapes: lengths,
    make: (b, { n }) => {
      const out = b.vector("S", 1, { align: 1, value: () => NaN });
      b.changes("S", { at: out, ld: 1 }, 1, 1, { name: "norm" });
      return call("gradNorm", { g: b.vector("G", n, { align: BLOCK }), n, out, tmp: -1 });
    },
  }),
  ...casesOf({
    op: "stepFinish",
    shapes: [
      { count: 1, slot: 0, ring: 2 },
      { count: 3, slot: 3, ring: 4 },
      { count: 9, slot: 1, ring: 4 },
    ],
    variants: 3,
    make: (b, { count, slot, ring }, v) => {
      const hyper = b.hyper({ clip: [0, 0.5, 100][v] ?? 0, slot, factor: 7 });
      const norms = b.changedVector("S", count, { name: "norms", value: () => b.rng.next() });
      const metrics = b.vector("S", 4 * ring);
      b.changesHyper(hyper, "factor");
      b.changes("S", { at: metrics + 4 * ((slot + 1) % ring), ld: 4 }, 1, 4, { name: "next metrics" });
      return call("stepFinish", { hyper, norms, count, metrics, ring });
    },
  }),
];

/** Weights, gradients, and a flag for each block whether its weights decay. */
function parameters(b: CaseBuilder, n: number, size: number) {
  const w = b.changedVector("W", n, { name: "w", align: BLOCK, value: () => size * b.rng.normal() });
  const g = b.changedVector("G", n, { name: "g", align: BLOCK });
  const decay = b.vector("S", n / BLOCK, { align: 1, value: () => b.rng.int(2) });
  return { w, g, decay, n };
}

const optimizerCases = (): Case[] => [
  ...casesOf({
    op: "sgd",
    shapes: lengths,
    variants: 4,
    make: (b, { n }, v) => {
      const hyper = b.hyper({
        lr: 0.1,
        momentum: v % 2 === 0 ? 0.9 : 0,
        weightDecay: 0.03,
        nesterov: v === 2 ? 1 : 0,
        factor: 0.5,
      });
      return call("sgd", { ...parameters(b, n, 1), m: b.changedVector("S", n, { name: "m", align: BLOCK }), hyper });
    },
  }),
  ...casesOf({
    op: "adam",
    shapes: lengths,
    variants: 4,
    make: (b, { n }, v) => {
      // A learning rate so large that the update, and with it the bias corrections, are most of the result.
      const hyper = b.hyper({
        lr: 1,
        weightDecay: v % 2 === 0 ? 0 : 0.01,
        beta1: v < 2 ? 0.9 : 0.5,
        beta2: 0.999,
        eps: 1e-8,
        factor: 1,
      });
      const isFirst = v === 0;
      const m = b.changedVector("S", n, { name: "m", align: BLOCK, value: () => (isFirst ? 0 : b.rng.normal()) });
      const second = b.changedVector("S", n, {
        name: "v",
        align: BLOCK,
        value: () => (isFirst ? 0 : 0.01 + b.rng.next()),
      });
      const steps = b.changedVector("S", n / BLOCK, {
        name: "steps",
        align: 1,
        value: () => (isFirst ? 0 : ([1, 9, 999, 100_000][b.rng.int(4)] ?? 0)),
      });
      return call("adam", { ...parameters(b, n, 0.1), m, v: second, steps, hyper });
    },
  }),
];

const POWERS = [1, 0, -1] as const;

/** Memory that stands for W and G where a vector is added to another: parameters and gradients, or anything else. */
const BINDINGS = [{}, { W: "S", G: "W" }, { W: "G", G: "A", S: "W" }] as const;

const vectorCases = (): Case[] => [
  ...casesOf({
    op: "vectorScale",
    shapes: [1, 3, 9, 200, 131, 2, 65].map((count) => ({ count })),
    variants: 4,
    make: (b, { count }, v) => {
      // The last variant has no length at all; its 0th power is 1 all the same.
      const hyper = b.hyper({ lr: 0.01 * (1 + b.rng.int(9)), power: POWERS[v] ?? 0, factor: 7 });
      const norms = b.changedVector("S", count, { name: "norms", value: () => (v === 3 ? 0 : 4 * b.rng.next()) });
      const out = b.vector("S", 1, { align: 1, value: () => NaN });
      b.changes("S", { at: out, ld: 1 }, 1, 1, { name: "scale" });
      return call("vectorScale", { hyper, norms, count, out });
    },
  }),
  ...casesOf({
    op: "axpy",
    shapes: lengths,
    variants: BINDINGS.length,
    make: (b, { n }, v) => {
      Object.assign(b.kinds, BINDINGS[v]);
      const y = b.changedVector("W", n, { name: "y", align: BLOCK });
      const x = b.vector("G", n, { align: BLOCK });
      const scale = b.vector("S", 1, { align: 1, value: () => 0.3 * b.rng.normal() });
      return call("axpy", { y, x, n, scale });
    },
  }),
];

export const updateCases = (): Case[] => [...lossCases(), ...normCases(), ...optimizerCases(), ...vectorCases()];
