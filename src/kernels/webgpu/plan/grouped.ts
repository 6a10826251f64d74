/**
 * Grouped convolutions. Groups of whole vec4 take the texts of `conv.ts`; any other width takes plain ones: a thread computes one channel of a few
 * pixels, floats throughout. Such groups are narrow, so there is little to gain.
 */
import type { Call } from "../../isa/isa";
import { forwardPass, gradInputPass, gradWeightPasses, gradWeightScratch, type ConvShape } from "./conv";
import { groupsFor, repeat, type KernelTable, type Pass, type Source, type Tuning } from "./kernelDef";
import { addPartials, splitRows, type Split } from "./sums";

type Forward = Call<"groupConv">["args"];
type GradInput = Call<"groupConvGradInput">["args"];
type GradWeight = Call<"groupConvGradWeight">["args"];

const pad4 = (n: number): number => (n + 3) & ~3;

/** The shape in vec4, or null where a group is not whole vec4. */
function aligned(args: Forward | GradInput | GradWeight): ConvShape | null {
  const [inputs, outputs] = [args.cin / args.groups, args.cout / args.groups];
  if (inputs % 4 !== 0 || outputs % 4 !== 0) return null;
  return { ...args, inputs: args.cin / 4, outputs: args.N / 4, groupInputs: inputs / 4, groupOutputs: outputs / 4 };
}

/** Pixels of a thread. */
const PIXELS = 4;

/** The load of a scalar of x at channel `ch`: all modes in one text. */
const scalarLoad = `
fn loaded(v: f32, mode: i32, sc: f32, sh: f32, lo: f32, hi: f32) -> f32 {
  if (mode == 0) { return v; }
  return bounded1(select(v, v * sc + sh, mode == 2), lo, hi);
}`;

const factors = (ch: string): string => `
  var sc = 1.0; var sh = 0.0;
  if (J.xmode == 2) { sc = A[J.xcoef + ${ch}]; sh = A[J.xcoef + J.xcs + ${ch}]; }`;

const load = (value: string): string => `loaded(${value}, J.xmode, sc, sh, J.xlo, J.xhi)`;

const forwardText = (): Source => ({
  helpers: scalarLoad,
  body: `
  let n = i % J.outputs;
  var rest = i / J.outputs;
  let ox = (rest % J.strips) * ${PIXELS}; rest = rest / J.strips;
  let oy = rest % J.Ho;
  let b = rest / J.Ho;
  if (b >= J.B) { return; }
  ${repeat(PIXELS, (j) => `var a${j} = 0.0;`)}
  if (n < J.cout) {
    let first = (n / J.groupOutputs) * J.groupInputs;
    if (J.bias >= 0) { let bias = W[J.bias + n]; ${repeat(PIXELS, (j) => `a${j} = bias;`)} }
    for (var c = 0; c < J.groupInputs; c++) {
      ${factors("first + c")}
      for (var kh = 0; kh < J.k; kh++) {
        let y = oy * J.s - J.p + kh;
        if (y < 0 || y >= J.H) { continue; }
        let row = J.x + (b * J.H + y) * J.W * J.xld + first + c;
        for (var kw = 0; kw < J.k; kw++) {
          let weight = W[J.w + ((kh * J.k + kw) * J.groupInputs + c) * J.N + n];
          ${repeat(PIXELS, (j) => `{ let x = (ox + ${j}) * J.s - J.p + kw; if (x >= 0 && x < J.W) { a${j} += ${load("A[row + x * J.xld]")} * weight; } }`)}
        }
      }
    }
  }
  let m = (b * J.Ho + oy) * J.Wo + ox;
  ${repeat(PIXELS, (j) => `if (ox + ${j} < J.Wo) { A[J.y + (m + ${j}) * J.yld + n] = a${j}; }`)}`,
});

const gradInputText = (): Source => ({
  body: `
  let c = i % J.inputs;
  var rest = i / J.inputs;
  let phase = rest % J.s; rest = rest / J.s;
  let u = (rest % J.strips) * ${PIXELS}; rest = rest / J.strips;
  let iy = rest % J.H;
  let b = rest / J.H;
  if (b >= J.B) { return; }
  ${repeat(PIXELS, (j) => `var a${j} = 0.0;`)}
  if (c < J.cin) {
    let own = c % J.groupInputs;
    let first = (c / J.groupInputs) * J.groupOutputs;
    for (var kh = (iy + J.p) % J.s; kh < J.k; kh += J.s) {
      let y = (iy + J.p - kh) / J.s;
      if (iy + J.p < kh || y >= J.Ho) { continue; }
      for (var kw = (phase + J.p) % J.s; kw < J.k; kw += J.s) {
        let x0 = (phase + J.p - kw) / J.s + u;
        for (var n = first; n < first + J.groupOutputs; n++) {
          let weight = W[J.w + ((kh * J.k + kw) * J.groupInputs + own) * J.N + n];
          let row = J.dy + (b * J.Ho + y) * J.Wo * J.dyld + n;
          ${repeat(PIXELS, (j) => `{ let x = x0 + ${j}; if (x >= 0 && x < J.Wo) { a${j} += A[row + x * J.dyld] * weight; } }`)}
        }
      }
    }
  }
  ${repeat(PIXELS, (j) => `{
    let x = phase + J.s * (u + ${j});
    if (x < J.W) {
      let m = (b * J.H + iy) * J.W + x;
      var gradient = a${j};
      if (J.mask != 0) { gradient *= inside1(A[J.x + m * J.xld + c], J.lo, J.hi); }
      if (J.base >= 0) { gradient += A[J.base + m * J.baseld + c]; }
      A[J.dx + m * J.dxld + c] = gradient;
    }
  }`)}`,
});

const gradWeightText = (): Source => ({
  helpers: scalarLoad,
  body: `
  let n = i % J.N;
  var rest = i / J.N;
  let own = rest % J.groupInputs; rest = rest / J.groupInputs;
  let kw = rest % J.k; rest = rest / J.k;
  let kh = rest % J.k;
  let chunk = rest / J.k;
  if (chunk >= J.chunks) { return; }
  var sum = 0.0;
  if (n < J.cout) {
    let c = (n / J.groupOutputs) * J.groupInputs + own;
    ${factors("c")}
    let end = min((chunk + 1) * J.rows, J.B * J.Ho);
    for (var line = chunk * J.rows; line < end; line++) {
      let b = line / J.Ho;
      let y = (line % J.Ho) * J.s - J.p + kh;
      if (y < 0 || y >= J.H) { continue; }
      let row = J.x + (b * J.H + y) * J.W * J.xld + c;
      let drow = J.dy + line * J.Wo * J.dyld + n;
      for (var ox = 0; ox < J.Wo; ox++) {
        let x = ox * J.s - J.p + kw;
        if (x >= 0 && x < J.W) { sum += ${load("A[row + x * J.xld]")} * A[drow + ox * J.dyld]; }
      }
    }
  }
  A[J.tmp + chunk * J.floats + ((kh * J.k + kw) * J.groupInputs + own) * J.N + n] = sum;`,
});

const groupInts = (args: Forward | GradInput | GradWeight): Readonly<Record<string, number>> => ({
  inputs: pad4(args.cin),
  outputs: pad4(args.cout),
  groupInputs: args.cin / args.groups,
  groupOutputs: args.cout / args.groups,
});

function forwardPlain(args: Forward): Pass {
  const strips = Math.ceil(args.Wo / PIXELS);
  return {
    key: "groupConv",
    arenas: { A: "f32", W: "f32" },
    source: forwardText,
    groups: groupsFor(pad4(args.cout) * strips * args.Ho * args.B),
    ints: { ...groupInts(args), strips },
  };
}

function gradInputPlain(args: GradInput): Pass {
  const strips = Math.ceil(Math.ceil(args.W / args.s) / PIXELS);
  return {
    key: "groupConvGradInput",
    arenas: { A: "f32", W: "f32" },
    source: gradInputText,
    groups: groupsFor(pad4(args.cin) * args.s * strips * args.H * args.B),
    ints: { ...groupInts(args), strips },
  };
}

const plainFloats = (args: GradWeight): number => args.k * args.k * (args.cin / args.groups) * args.N;

const plainSplit = (args: GradWeight, tuning: Tuning): Split => splitRows(args.B * args.Ho, plainFloats(args) / 4, 2, tuning);

function gradWeightPlain(args: GradWeight, tuning: Tuning): Pass[] {
  const split = plainSplit(args, tuning);
  const floats = plainFloats(args);
  return [
    {
      key: "groupConvGradWeight",
      arenas: { A: "f32" },
      source: gradWeightText,
      groups: groupsFor(floats * split.chunks),
      ints: { ...groupInts(args), ...split, floats },
    },
    addPartials(args.tmp, args.dw, floats, split.chunks, tuning),
  ];
}

/** Grouped convolutions with their gradients. */
export const grouped: KernelTable = {
  groupConv: {
    passes(args, tuning) {
      const shape = aligned(args);
      return [shape === null ? forwardPlain(args) : forwardPass(args, shape, tuning)];
    },
  },
  groupConvGradInput: {
    passes(args, tuning) {
      const shape = aligned(args);
      return [shape === null ? gradInputPlain(args) : gradInputPass(args, shape, tuning)];
    },
  },
  groupConvGradWeight: {
    passes(args, tuning) {
      const shape = aligned(args);
      return shape === null ? gradWeightPlain(args, tuning) : gradWeightPasses(args, shape, tuning);
    },
    scratchFloats(args, tuning) {
      const shape = aligned(args);
      if (shape !== null) return gradWeightScratch(args, shape, tuning);
      return plainSplit(args, tuning).chunks * plainFloats(args);
    },
  },
};
