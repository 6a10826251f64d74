/** Reference of what works element by element: sums, copies of channels, activations, multipliers. */
import { type Args, add, clamp, type Definitions, get, loadX, put, stored, storeInto, sum, times } from "./maps";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const relu6 = (x: number): number => clamp(x, 0, 6);

/** By `kind`: the function and its derivative (0 where a kink begins or ends, as PyTorch's relu, relu6 and hard sigmoid have it). */
const activations: readonly { readonly f: (x: number) => number; readonly d: (x: number) => number }[] = [
  { f: (x) => Math.max(0, x), d: (x) => (x > 0 ? 1 : 0) },
  { f: relu6, d: (x) => (x > 0 && x < 6 ? 1 : 0) },
  { f: (x) => (x * relu6(x + 3)) / 6, d: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6) },
  { f: sigmoid, d: (x) => sigmoid(x) * (1 - sigmoid(x)) },
  { f: (x) => x * sigmoid(x), d: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))) },
  { f: (x) => relu6(x + 3) / 6, d: (x) => (x > -3 && x < 3 ? 1 / 6 : 0) },
];

function activationOf(kind: number): (typeof activations)[number] {
  const found = activations[kind];
  if (found === undefined) throw new RangeError(`There is no activation of kind ${kind}.`);
  return found;
}

function loadR(f: Args<"apply">): Parameters<typeof loadX>[1] {
  return { x: f.r, xld: f.rld, xmode: f.rmode, xcoef: f.rcoef, xcs: f.rcs, xlo: f.rlo, xhi: f.rhi };
}

type Elementwise =
  | "apply"
  | "channels"
  | "fill"
  | "activation"
  | "activationGrad"
  | "scale"
  | "scaleGradInput"
  | "scaleGradScale"
  | "vectorLoad"
  | "vectorGrad";

export const elementwise: Definitions<Elementwise> = {
  apply: (f, memory) => {
    const x = loadX(memory, f);
    const r = f.r >= 0 ? loadX(memory, loadR(f)) : () => 0;
    times(f.M, (m) => times(f.C, (c) => put(memory.A, f.y + m * f.yld + c, x(m, c) + r(m, c))));
  },

  channels: (f, memory) => {
    const x = loadX(memory, f);
    times(f.M, (m) =>
      times(f.n, (i) => {
        const to = f.y + m * f.yld + f.yb + i * f.ys;
        put(memory.A, to, x(m, f.xb + i * f.xs) + (f.acc === 1 ? get(memory.A, to) : 0));
      }),
    );
  },

  fill: (f, memory) => times(f.M, (m) => times(f.n, (i) => put(memory.A, f.y + m * f.yld + f.from + i, f.value))),

  activation: (f, memory) => {
    const x = loadX(memory, f);
    const { f: value } = activationOf(f.kind);
    times(f.M, (m) => times(f.C, (c) => put(memory.A, f.y + m * f.yld + c, c < f.real ? value(x(m, c)) : 0)));
  },

  activationGrad: (f, memory) => {
    const x = loadX(memory, f);
    const dy = stored(memory.A, f.dy, f.dyld);
    const { d } = activationOf(f.kind);
    storeInto(memory, f, f.M, f.C, (m, c) => dy(m, c) * d(x(m, c)));
  },

  scale: (f, memory) => {
    const x = loadX(memory, f);
    times(f.M, (m) =>
      times(f.C, (c) =>
        put(memory.A, f.y + m * f.yld + c, x(m, c) * get(memory.A, f.s + Math.floor(m / f.rows) * f.sb + c * f.sc)),
      ),
    );
  },

  scaleGradInput: (f, memory) => {
    const dy = stored(memory.A, f.dy, f.dyld);
    storeInto(memory, f, f.M, f.C, (m, c) => dy(m, c) * get(memory.A, f.s + Math.floor(m / f.rows) * f.sb + c * f.sc));
  },

  scaleGradScale: (f, memory) => {
    const x = loadX(memory, f);
    const dy = stored(memory.A, f.dy, f.dyld);
    const rows = f.sb === 0 ? f.M : f.rows;
    times(f.M / rows, (b) =>
      times(f.C, (c) =>
        put(
          memory.A,
          f.ds + b * f.sb + c,
          sum(rows, (i) => dy(b * rows + i, c) * x(b * rows + i, c)),
        ),
      ),
    );
  },

  vectorLoad: (f, memory) => times(f.n, (i) => put(memory.A, f.y + i, get(memory.W, f.w + i))),
  vectorGrad: (f, memory) => times(f.n, (i) => add(memory.G, f.dw + i, get(memory.A, f.dy + i))),
};
