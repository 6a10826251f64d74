/** Reference of pools and of the changes of resolution, forward and backward. */
import { type Definitions, eachTap, get, loadX, put, stored, storeInto, sum, Sums, times, type Window } from "./maps";

/** How many pixels of each output row's window count in an average. */
function counts(f: Window & { pads: number }): Float64Array {
  const inside = new Float64Array(f.B * f.Ho * f.Wo).fill(f.pads === 1 ? f.k * f.k : 0);
  if (f.pads !== 1) eachTap(f, 1, (out) => put(inside, out, get(inside, out) + 1));
  return inside;
}

/** Input row of the first maximum of each window, per output row and channel. */
function maxima(f: Window & { C: number }, x: (row: number, c: number) => number): Int32Array {
  const from = new Int32Array(f.B * f.Ho * f.Wo * f.C).fill(-1);
  eachTap(f, 1, (out, input) =>
    times(f.C, (c) => {
      const at = out * f.C + c;
      const best = from[at] as number;
      if (best < 0 || x(input, c) > x(best, c)) from[at] = input;
    }),
  );
  return from;
}

/** Where row i of `from` rows lies among `to`: ⌊i·to/from⌋, on both axes. */
function spread(row: number, from: { H: number; W: number }, to: { H: number; W: number }): number {
  const [b, y, x] = [Math.floor(row / (from.H * from.W)), Math.floor(row / from.W) % from.H, row % from.W];
  return (b * to.H + Math.floor((y * to.H) / from.H)) * to.W + Math.floor((x * to.W) / from.W);
}

/** Input pixels under output pixel o, with the lengths that they share in units of 1/(from·to). */
function under(o: number, from: number, to: number): { readonly at: number; readonly part: number }[] {
  const [begin, end] = [Math.floor((o * from) / to), Math.ceil(((o + 1) * from) / to)];
  return Array.from({ length: end - begin }, (_, i) => {
    const at = begin + i;
    return { at, part: Math.min((o + 1) * from, (at + 1) * to) - Math.max(o * from, at * to) };
  });
}

type Pools =
  "maxPool" | "maxPoolGrad" | "avgPool" | "avgPoolGrad" | "globalPool" | "globalPoolGrad" | "subsample" | "scatter" | "resize";

export const pools: Definitions<Pools> = {
  maxPool: (f, memory) => {
    const x = stored(memory.A, f.x, f.xld);
    const from = maxima(f, x);
    times(f.B * f.Ho * f.Wo, (out) =>
      times(f.C, (c) => put(memory.A, f.y + out * f.yld + c, x(from[out * f.C + c] as number, c))),
    );
  },

  maxPoolGrad: (f, memory) => {
    const from = maxima(f, stored(memory.A, f.x, f.xld));
    const dy = stored(memory.A, f.dy, f.dyld);
    const dx = new Sums(f.B * f.H * f.W, f.C);
    times(f.B * f.Ho * f.Wo, (out) => times(f.C, (c) => dx.add(from[out * f.C + c] as number, c, dy(out, c))));
    storeInto(memory, f, f.B * f.H * f.W, f.C, dx.at);
  },

  avgPool: (f, memory) => {
    const x = stored(memory.A, f.x, f.xld);
    const n = counts(f);
    const y = new Sums(f.B * f.Ho * f.Wo, f.C);
    eachTap(f, 1, (out, input) => times(f.C, (c) => y.add(out, c, x(input, c) / get(n, out))));
    times(f.B * f.Ho * f.Wo, (out) => times(f.C, (c) => put(memory.A, f.y + out * f.yld + c, y.at(out, c))));
  },

  avgPoolGrad: (f, memory) => {
    const dy = stored(memory.A, f.dy, f.dyld);
    const n = counts(f);
    const dx = new Sums(f.B * f.H * f.W, f.C);
    eachTap(f, 1, (out, input) => times(f.C, (c) => dx.add(input, c, dy(out, c) / get(n, out))));
    storeInto(memory, f, f.B * f.H * f.W, f.C, dx.at);
  },

  globalPool: (f, memory) => {
    const x = loadX(memory, f);
    times(f.B, (b) =>
      times(f.C, (c) => put(memory.A, f.y + b * f.yld + c, sum(f.rows, (i) => x(b * f.rows + i, c)) / f.rows)),
    );
  },

  globalPoolGrad: (f, memory) => {
    const dy = stored(memory.A, f.dy, f.dyld);
    storeInto(memory, f, f.B * f.rows, f.C, (m, c) => dy(Math.floor(m / f.rows), c) / f.rows);
  },

  subsample: (f, memory) => {
    const x = stored(memory.A, f.x, f.xld);
    const small = { H: f.Ho, W: f.Wo };
    storeInto(memory, f, f.B * f.Ho * f.Wo, f.C, (row, c) => x(spread(row, small, f), c));
  },

  scatter: (f, memory) => {
    const x = stored(memory.A, f.x, f.xld);
    const y = new Sums(f.B * f.Ho * f.Wo, f.C);
    times(f.B * f.H * f.W, (row) => times(f.C, (c) => y.add(spread(row, f, { H: f.Ho, W: f.Wo }), c, x(row, c))));
    storeInto(memory, f, f.B * f.Ho * f.Wo, f.C, y.at);
  },

  resize: (f, memory) => {
    const x = stored(memory.A, f.x, f.xld);
    const area = Math.max(f.H, f.Ho) * Math.max(f.W, f.Wo);
    storeInto(memory, f, f.B * f.Ho * f.Wo, f.C, (row, c) => {
      const [b, p, q] = [Math.floor(row / (f.Ho * f.Wo)), Math.floor(row / f.Wo) % f.Ho, row % f.Wo];
      let total = 0;
      for (const y of under(p, f.H, f.Ho))
        for (const z of under(q, f.W, f.Wo)) total += y.part * z.part * x((b * f.H + y.at) * f.W + z.at, c);
      return total / area;
    });
  },
};
