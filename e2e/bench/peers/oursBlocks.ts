/** The training blocks as calls of the instruction set, in the order and with the fusions that the plan compiler uses. */
import { call, UNBOUNDED, type Call } from "@/kernels/isa/isa";
import type { ArenaMemory, Arenas, Machine, Program } from "@/kernels/isa/machine";
import { ALPHAS, BLOCK, type BlockSpec } from "../blocks";
import { blockInputs, blockOutputGradient, paramValues, type BenchCase } from "../cases";
import type { Results } from "../peer";

const { batch: B, side, channels: C, branches } = BLOCK;
const M = B * side * side;
const wide = branches * C;

type Values = readonly { readonly values: Float32Array }[];

/** Where a named result lies. */
interface Place {
  readonly arena: "A" | "G";
  readonly at: number;
  readonly length: number;
}

/** Addresses, values and calls of one block. */
interface Layout {
  readonly calls: Call[];
  readonly writes: { readonly arena: "A" | "W"; readonly at: number; readonly values: Float32Array }[];
  readonly results: Map<string, Place>;
}

class Space {
  readonly used = { A: 64, W: 64, G: 64, S: 64 };

  take(arena: "A" | "W" | "G" | "S", floats: number): number {
    const at = this.used[arena];
    this.used[arena] += Math.ceil(floats / 64) * 64;
    return at;
  }
}

const stored = { xmode: 0, xcoef: -1, xcs: 0, xlo: 0, xhi: 0 } as const;
const rectified = { xmode: 1, xcoef: -1, xcs: 0, xlo: 0, xhi: UNBOUNDED } as const;
const noMask = { mask: 0, x: -1, xld: 0, lo: 0, hi: 0 } as const;
const noAdd = { rld: 0, rmode: 0, rcoef: -1, rcs: 0, rlo: 0, rhi: 0, r: -1 } as const;
const noBank = { bank: -1, hyper: -1, dynamic: 0, keep: 0, gain: 0, unbias: 1, eps: 1e-5 } as const;
const free = { lo: -UNBOUNDED, hi: UNBOUNDED } as const;
const noBase = { base: -1, baseld: 0 } as const;

class Block {
  readonly space = new Space();
  readonly layout: Layout = { calls: [], writes: [], results: new Map() };
  private readonly benchCase: BenchCase;
  private readonly machine: Machine;
  private readonly inputs: Values;

  constructor(benchCase: BenchCase, machine: Machine) {
    this.benchCase = benchCase;
    this.machine = machine;
    this.inputs = blockInputs(benchCase);
  }

  map(floats = M * C): number {
    return this.space.take("A", floats);
  }

  given(values: Float32Array): number {
    const at = this.map(values.length);
    this.layout.writes.push({ arena: "A", at, values });
    return at;
  }

  x(): number {
    return this.given(this.inputs[0]?.values ?? new Float32Array(0));
  }

  dy(): number {
    return this.given(blockOutputGradient(this.benchCase).values);
  }

  /** Address of parameter `i` and of its gradient: the same. */
  param(i: number): number {
    const spec = this.benchCase.graph.params[i];
    if (spec === undefined) throw new Error(`block without parameter ${i}`);
    const values = paramValues(spec);
    const at = this.space.take("W", values.length);
    this.space.take("G", values.length);
    this.layout.writes.push({ arena: "W", at, values });
    this.layout.results.set(`d ${spec.name}`, { arena: "G", at, length: values.length });
    return at;
  }

  result(name: string, at: number, length: number): void {
    this.layout.results.set(name, { arena: "A", at, length });
  }

  add(...calls: Call[]): void {
    for (const made of calls) {
      const floats = this.machine.scratchFloats(made);
      const tmp = floats > 0 ? this.map(floats) : -1;
      this.layout.calls.push("tmp" in made.args ? ({ op: made.op, args: { ...made.args, tmp } } as Call) : made);
    }
  }
}

function depthwise(b: Block, { k, stride, dilation }: Extract<BlockSpec, { kind: "depthwise" }>): void {
  const out = Math.ceil(side / stride);
  const [x, dy, w] = [b.x(), b.dy(), b.param(0)];
  const [y, dx] = [b.map(B * out * out * C), b.map()];
  const window = { B, H: side, W: side, Ho: out, Wo: out, k, s: stride, p: dilation * (k >> 1), d: dilation, C, tmp: -1 } as const;
  b.add(
    call("depthwise", { x, xld: C, ...stored, w, y, yld: C, ...window }),
    call("depthwiseGradInput", { dy, dyld: C, w, dx, dxld: C, ...noBase, ...noMask, ...window }),
    call("depthwiseGradWeight", { x, xld: C, ...stored, dy, dyld: C, dw: w, ...window }),
  );
  b.result("y", y, B * out * out * C);
  b.result("dx0", dx, M * C);
}

function dense(b: Block, k: number): void {
  const [x, dy, w, y, dx] = [b.x(), b.dy(), b.param(0), b.map(), b.map()];
  const load = { x, xld: C, ...stored };
  const into = { dx, dxld: C, ...noBase, ...noMask };
  if (k === 1) {
    const size = { M, K: C, N: C, tmp: -1 } as const;
    b.add(
      call("pointwise", { ...load, w, bias: -1, y, yld: C, ...size }),
      call("pointwiseGradInput", { dy, dyld: C, w, ...into, ...size }),
      call("pointwiseGradWeight", { ...load, dy, dyld: C, dw: w, ...size }),
    );
  } else {
    const window = { B, H: side, W: side, Ho: side, Wo: side, k, s: 1, p: k >> 1, K: C, N: C, tmp: -1 } as const;
    b.add(
      call("conv", { ...load, w, bias: -1, y, yld: C, ...window }),
      call("convGradInput", { dy, dyld: C, w, ...into, ...window }),
      call("convGradWeight", { ...load, dy, dyld: C, dw: w, ...window }),
    );
  }
  b.result("y", y, M * C);
  b.result("dx0", dx, M * C);
}

function norm(b: Block): void {
  const [u, dz, gamma, beta] = [b.x(), b.dy(), b.param(0), b.param(1)];
  const [coef, y, du] = [b.map(4 * C), b.map(), b.map()];
  const clamp = { lo: 0, hi: UNBOUNDED } as const;
  b.add(
    call("normStats", { u, uld: C, gamma, beta, coef, ...noBank, M, C, tmp: -1 }),
    call("apply", { x: u, xld: C, xmode: 2, xcoef: coef, xcs: C, xlo: 0, xhi: UNBOUNDED, ...noAdd, y, yld: C, M, C }),
    call("normGrad", { dz, dzld: C, u, uld: C, coef, ...clamp, dgamma: gamma, dbeta: beta, du, duld: C, M, C, tmp: -1 }),
  );
  b.result("y", y, M * C);
  b.result("dx0", du, M * C);
}

function sepHalf(b: Block): void {
  const [x, dy, dw, pw] = [b.x(), b.dy(), b.param(0), b.param(1)];
  const [t, u, coef, y, du, dt, dx] = [b.map(), b.map(), b.map(4 * C), b.map(), b.map(), b.map(), b.map()];
  const window = { B, H: side, W: side, Ho: side, Wo: side, k: 3, s: 1, p: 1, d: 1, C, tmp: -1 } as const;
  const size = { M, K: C, N: C, tmp: -1 } as const;
  const mask = { mask: 1, x, xld: C, lo: 0, hi: UNBOUNDED } as const;
  b.add(
    call("depthwise", { x, xld: C, ...rectified, w: dw, y: t, yld: C, ...window }),
    call("pointwise", { x: t, xld: C, ...stored, w: pw, bias: -1, y: u, yld: C, ...size }),
    call("normStats", { u, uld: C, gamma: -1, beta: -1, coef, ...noBank, M, C, tmp: -1 }),
    call("apply", { x: u, xld: C, xmode: 2, xcoef: coef, xcs: C, xlo: -UNBOUNDED, xhi: UNBOUNDED, ...noAdd, y, yld: C, M, C }),
    call("normGrad", { dz: dy, dzld: C, u, uld: C, coef, ...free, dgamma: -1, dbeta: -1, du, duld: C, M, C, tmp: -1 }),
    call("pointwiseGradWeight", { x: t, xld: C, ...stored, dy: du, dyld: C, dw: pw, ...size }),
    call("pointwiseGradInput", { dy: du, dyld: C, w: pw, dx: dt, dxld: C, ...noBase, ...noMask, ...size }),
    call("depthwiseGradWeight", { x, xld: C, ...rectified, dy: dt, dyld: C, dw, ...window }),
    call("depthwiseGradInput", { dy: dt, dyld: C, w: dw, dx, dxld: C, ...noBase, ...mask, ...window }),
  );
  b.result("y", y, M * C);
  b.result("dx0", dx, M * C);
}

/** Branch s of a map of all branches side by side, and back. */
function interleave(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(M * wide);
  parts.forEach((part, s) => {
    for (let m = 0; m < M; m++) out.set(part.subarray(m * C, (m + 1) * C), m * wide + s * C);
  });
  return out;
}

function mixed(b: Block, inputs: Values): void {
  const u = b.given(interleave(inputs.map(({ values }) => values)));
  const [dy, alpha] = [b.dy(), b.param(0)];
  const [coef, prob, wv, dwv, sums, y, du] = [b.map(4 * wide), b.map(16), b.map(16), b.map(16), b.map(2 * wide), b.map(), b.map(M * wide)];
  // Branch s has weight s + 1: `none` stands first.
  let [index0, index1] = [0, 0];
  for (let s = 0; s < branches; s++) {
    if (s < 8) index0 |= (s + 1) << (4 * s);
    else index1 |= (s + 1) << (4 * (s - 8));
  }
  const weights = { n: ALPHAS, soft: 1, count: branches, index0, index1 } as const;
  const size = { slots: branches, C, M } as const;
  b.add(
    call("normStats", { u, uld: wide, gamma: -1, beta: -1, coef, ...noBank, M, C: wide, tmp: -1 }),
    call("mixWeights", { alpha, prob, wv, ...weights }),
    call("mix", { u, uld: wide, coef, wv, y, yld: C, ...size }),
    call("mixGrad", { dy, dyld: C, u, uld: wide, coef, wv, dwv, sums, du, duld: wide, plain0: 0, plain1: 0, ...size, tmp: -1 }),
    call("mixWeightsGrad", { dwv, prob, dalpha: alpha, ...weights }),
  );
  b.result("y", y, M * C);
  b.result("du", du, M * wide);
}

function lay(b: Block, spec: BlockSpec, inputs: Values): void {
  if (spec.kind === "depthwise") depthwise(b, spec);
  else if (spec.kind === "dense") dense(b, spec.k);
  else if (spec.kind === "norm") norm(b);
  else if (spec.kind === "sepHalf") sepHalf(b);
  else mixed(b, inputs);
}

export interface BlockRun {
  readonly program: Program;
  /** Runs once on cleared gradients. */
  results(): Promise<Results>;
}

/** Places a block on a machine and compiles it. */
export async function blockRun(benchCase: BenchCase, spec: BlockSpec, machine: Machine): Promise<BlockRun> {
  const block = new Block(benchCase, machine);
  lay(block, spec, blockInputs(benchCase));
  const { calls, writes, results } = block.layout;
  const arena = (name: "A" | "W" | "G" | "S"): ArenaMemory => machine.createArena(name, block.space.used[name]);
  const arenas: Arenas = { A: arena("A"), W: arena("W"), G: arena("G"), S: arena("S") };
  for (const { arena: name, at, values } of writes) machine.write(arenas[name], at, values);
  const program = machine.compile(calls.map((one) => [one]), arenas);
  await machine.prepare([program]);
  return {
    program,
    async results() {
      machine.clear(arenas.G, 0, arenas.G.floats);
      machine.run([program]);
      const out = new Map<string, Float32Array>();
      for (const [name, place] of results) out.set(name, await machine.read(arenas[place.arena], place.at, place.length));
      const du = out.get("du");
      if (du !== undefined) {
        out.delete("du");
        for (let s = 0; s < branches; s++) {
          const part = new Float32Array(M * C);
          for (let m = 0; m < M; m++) part.set(du.subarray(m * wide + s * C, m * wide + (s + 1) * C), m * C);
          out.set(`dx${s}`, part);
        }
      }
      return out;
    },
  };
}
