/** What the shared cases are too small for: maps whose lines do not fit a thread's scratch, and the functions without a libm over their whole range. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { type Call, call, hyperFields } from "../../isa/isa";
import type { Arenas, Machine } from "../../isa/machine";
import { referenceMachine } from "../../isa/reference/machine";
import { createWasmMachine } from "./machine";

/** A and S after a call on memory whose first floats are these. */
async function after(
  machine: Machine,
  one: Call,
  A: Float32Array,
  S = new Float32Array(64),
): Promise<{ A: Float32Array; S: Float32Array }> {
  const tmp = A.length;
  const placed = { op: one.op, args: "tmp" in one.args ? { ...one.args, tmp } : one.args } as Call;
  const arenas: Arenas = {
    A: machine.createArena("A", tmp + Math.max(4, machine.scratchFloats(one))),
    W: machine.createArena("W", 64),
    G: machine.createArena("G", 64),
    S: machine.createArena("S", S.length),
  };
  machine.write(arenas.A, 0, A);
  machine.write(arenas.S, 0, S);
  const program = machine.compile([[placed]], arenas);
  machine.run([program]);
  const result = { A: await machine.read(arenas.A, 0, A.length), S: await machine.read(arenas.S, 0, S.length) };
  machine.releaseProgram(program);
  Object.values(arenas).forEach((arena) => machine.releaseArena(arena));
  return result;
}

/** Largest difference, relative to the largest expected value. */
function worst(actual: Float32Array, expected: Float32Array): number {
  const size = expected.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
  return actual.reduce((top, v, i) => Math.max(top, Math.abs(v - (expected[i] as number))), 0) / size;
}

describe("the streaming kernels", () => {
  const reference = referenceMachine();
  let machine: Machine;
  beforeAll(async () => void (machine = await createWasmMachine({ threads: 2 })));
  afterAll(() => machine.dispose());

  const random = (n: number, value: (next: () => number) => number): Float32Array => {
    const rng = rootKey(5).fold(n).stream();
    return Float32Array.from({ length: n }, () => value(() => rng.next()));
  };

  /** B 1, square map of `size`; values on a coarse grid, so that maxima tie. */
  const pools = (size: number, C: number, k: number, s: number): readonly Call[] => {
    const p = (k - 1) / 2;
    const out = Math.floor((size + 2 * p - k) / s) + 1;
    const [n, m] = [size * size * C, out * out * C];
    const window = { B: 1, H: size, W: size, Ho: out, Wo: out, k, s, p };
    const forward = { x: 0, xld: C, y: n, yld: C, ...window, C };
    const backward = { dy: n, dyld: C, dx: n + m, dxld: C, base: -1, baseld: 0, ...window, C };
    return [
      call("maxPool", forward),
      call("avgPool", { ...forward, pads: 0 }),
      call("maxPoolGrad", { x: 0, xld: C, ...backward }),
      call("avgPoolGrad", { ...backward, pads: 0 }),
    ];
  };

  it.each([
    [96, 20, 3, 1],
    [97, 4, 3, 2],
    [70, 36, 5, 1],
    [17, 2000, 3, 1],
  ])("pool maps of %i² × %i in parts (window %i, stride %i)", async (size, C, k, s) => {
    const A = random(3 * size * size * C, (next) => Math.floor(next() * 9) / 4 - 1);
    for (const one of pools(size, C, k, s)) {
      const [actual, expected] = [await after(machine, one, A), await after(reference, one, A)];
      expect(worst(actual.A, expected.A), one.op).toBeLessThan(1e-6);
    }
  });

  it("has a sigmoid with 6 digits from one end to the other", async () => {
    const n = 4000;
    const A = new Float32Array(2 * n);
    for (let i = 0; i < n; i++) A[i] = -86 + (172 * i) / n;
    const x = { x: 0, xld: 4, xmode: 0, xcoef: -1, xcs: 0, xlo: 0, xhi: 0 };
    const y = await after(machine, call("activation", { ...x, y: n, yld: 4, kind: 3, real: 4, M: n / 4, C: 4 }), A);
    const errors = Array.from({ length: n }, (_, i) => {
      const expected = 1 / (1 + Math.exp(-(A[i] as number)));
      return Math.abs((y.A[n + i] as number) - expected) / expected;
    });
    expect(Math.max(...errors)).toBeLessThan(5e-7);
  });

  it("keeps what is not a number, and infinite logits' neighbours", async () => {
    const A = Float32Array.from([NaN, 200, -200, 0, 7, 7, 7, 7]);
    const x = { x: 0, xld: 4, xmode: 0, xcoef: -1, xcs: 0, xlo: 0, xhi: 0 };
    const y = await after(machine, call("activation", { ...x, y: 4, yld: 4, kind: 3, real: 4, M: 1, C: 4 }), A);
    expect([...y.A.subarray(4)]).toEqual([NaN, 1, expect.closeTo(0, 30), 0.5]);
  });

  it("has a loss that stays finite for logits far apart", async () => {
    const A = Float32Array.from([3000, -3000, 0, 5, 1, 0, 0, 0, 9, 9, 9, 9]);
    const S = new Float32Array(64);
    for (const word of ["lossWeight", "gradWeight"] as const) S[hyperFields.indexOf(word)] = 1;
    const args = {
      z: 0,
      zld: 4,
      t: 4,
      tld: 0,
      mode: 0,
      dz: 8,
      dzld: 4,
      classes: 3,
      B: 1,
      gradScale: 1,
      lossScale: 1,
      hyper: 0,
      metrics: 16,
      tmp: -1,
    };
    const { A: after_, S: metrics } = await after(machine, call("softmaxLoss", args), A, S);
    expect(metrics[16]).toBeCloseTo(6000, 2);
    expect([...after_.subarray(8)].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([1, -1, 0, 0]);
  });

  it("keeps six digits of a map's deviation although its mean is two thousand times that", async () => {
    const [M, C] = [20_000, 4];
    const A = random(M * C + 4 * C, (next) => 1000 + (next() - 0.5));
    const args = {
      u: 0,
      uld: C,
      gamma: -1,
      beta: -1,
      coef: M * C,
      bank: -1,
      hyper: 0,
      dynamic: 0,
      keep: 0,
      gain: 0,
      unbias: 1,
      eps: 0,
      M,
      C,
      tmp: -1,
    };
    const one = call("normStats", args);
    const [actual, expected] = [await after(machine, one, A), await after(reference, one, A)];
    for (const from of [0, 2, 3]) {
      const part = (a: Float32Array): Float32Array => a.subarray(M * C + from * C, M * C + (from + 1) * C);
      expect(worst(part(actual.A), part(expected.A))).toBeLessThan(2e-6);
    }
  });
});
