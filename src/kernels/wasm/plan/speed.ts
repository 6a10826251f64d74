/**
 * Speed of single kernels of the WASM machine on typical shapes: `npx tsx src/kernels/wasm/plan/speed.ts [name part] [threads]`.
 * GFLOPS count two operations a multiply-add, GB/s the operands once. For tuning; the bench compares with peers.
 */
import { rootKey } from "@/lib/rng";
import { call, isa, type Call, type FieldKind, type Instruction, UNBOUNDED } from "../../isa/isa";
import type { Machine } from "../../isa/machine";
import { createWasmMachine } from "./machine";

interface Case {
  readonly name: string;
  readonly op: Instruction;
  readonly args: Readonly<Record<string, number>>;
  /** Elements behind each address. */
  readonly floats: Readonly<Record<string, number>>;
  readonly flops: number;
  readonly bytes: number;
}

const load = (ld: number, mode: number): Record<string, number> => ({ xld: ld, xmode: mode, xcoef: 1, xcs: ld, xlo: 0, xhi: UNBOUNDED });
const back = (ld: number, mode: number): Record<string, number> => ({ dxld: ld, base: -1, baseld: 0, mask: mode > 0 ? 1 : 0, xld: ld, lo: 0, hi: UNBOUNDED });

/** A layer forward and its gradients: `name`, its further fields, elements of the maps and the weight. */
function family(name: "pointwise" | "conv" | "depthwise" | "groupConv", title: string, shape: Record<string, number>, sizes: Sizes, mode: number): Case[] {
  const { input, output, weight, K, N, flops } = sizes;
  const floats = { x: input, xcoef: 2 * K, y: output, dy: output, dx: input, w: weight, dw: weight };
  const make = (suffix: "" | "GradInput" | "GradWeight", args: Record<string, number>): Case => {
    return { name: `${name}${suffix} ${title} mode ${mode}`, op: `${name}${suffix}`, args: { ...args, ...shape }, floats, flops, bytes: 4 * (input + output) };
  };
  return [
    make("", { ...load(K, mode), ...(name === "depthwise" ? {} : { bias: -1 }), yld: N }),
    make("GradInput", { dyld: N, ...back(K, mode) }),
    make("GradWeight", { ...load(K, mode), dyld: N }),
  ];
}

interface Sizes {
  readonly input: number;
  readonly output: number;
  readonly weight: number;
  readonly K: number;
  readonly N: number;
  readonly flops: number;
}

function pointwise(M: number, K: number, N: number, mode: number): Case[] {
  return family("pointwise", `${M}x${K}x${N}`, { M, K, N }, { input: M * K, output: M * N, weight: K * N, K, N, flops: 2 * M * K * N }, mode);
}

/** Square maps, padding that keeps the side at stride 1. */
function square(B: number, H: number, k: number, s: number, d = 1): { window: Record<string, number>; out: number } {
  const p = (d * (k - 1)) >> 1;
  const Ho = Math.floor((H + 2 * p - d * (k - 1) - 1) / s) + 1;
  return { window: { B, H, W: H, Ho, Wo: Ho, k, s, p }, out: B * Ho * Ho };
}

function conv(B: number, H: number, K: number, N: number, k: number, s: number, mode: number): Case[] {
  const { window, out } = square(B, H, k, s);
  const sizes = { input: B * H * H * K, output: out * N, weight: k * k * K * N, K, N, flops: 2 * out * k * k * K * N };
  return family("conv", `${B}x${H}x${H}x${K} to ${N} k${k} s${s}`, { ...window, K, N }, sizes, mode);
}

function depthwise(B: number, H: number, C: number, k: number, s: number, d: number, mode: number): Case[] {
  const { window, out } = square(B, H, k, s, d);
  const sizes = { input: B * H * H * C, output: out * C, weight: k * k * C, K: C, N: C, flops: 2 * out * k * k * C };
  return family("depthwise", `${B}x${H}x${H}x${C} k${k} s${s} d${d}`, { ...window, d, C }, sizes, mode);
}

function grouped(B: number, H: number, C: number, groups: number, k: number, mode: number): Case[] {
  const { window, out } = square(B, H, k, 1);
  const weight = (k * k * C * C) / groups;
  const sizes = { input: B * H * H * C, output: out * C, weight, K: C, N: C, flops: 2 * out * weight };
  return family("groupConv", `${B}x${H}x${H}x${C} in ${groups} groups k${k}`, { ...window, cin: C, cout: C, groups, N: C }, sizes, mode);
}

const cases: Case[] = [
  ...pointwise(32768, 16, 16, 0),
  ...pointwise(32768, 16, 16, 2),
  ...pointwise(8192, 32, 32, 1),
  ...pointwise(32768, 8, 8, 2),
  ...pointwise(32768, 12, 12, 0),
  ...pointwise(2048, 64, 64, 2),
  ...pointwise(2048, 192, 64, 2),
  ...pointwise(512, 192, 192, 1),
  ...pointwise(64, 128, 12, 0),
  ...pointwise(1024, 1024, 1024, 0),
  ...conv(32, 32, 16, 16, 3, 1, 2),
  ...conv(32, 32, 4, 16, 3, 1, 0),
  ...conv(32, 16, 32, 32, 3, 1, 2),
  ...conv(32, 8, 64, 64, 3, 1, 1),
  ...conv(32, 4, 128, 128, 3, 1, 2),
  ...conv(32, 32, 16, 32, 3, 2, 2),
  ...conv(32, 32, 16, 8, 1, 2, 1),
  ...depthwise(32, 32, 16, 3, 1, 1, 0),
  ...depthwise(32, 32, 16, 3, 1, 1, 2),
  ...depthwise(32, 32, 16, 5, 1, 1, 2),
  ...depthwise(32, 32, 16, 7, 1, 1, 2),
  ...depthwise(32, 32, 16, 3, 1, 2, 1),
  ...depthwise(32, 32, 16, 5, 1, 2, 1),
  ...depthwise(32, 32, 32, 3, 2, 1, 2),
  ...depthwise(32, 16, 96, 5, 2, 1, 2),
  ...depthwise(32, 8, 192, 3, 1, 1, 2),
  ...depthwise(32, 4, 192, 5, 1, 1, 2),
  ...grouped(32, 16, 32, 4, 3, 1),
  ...grouped(32, 16, 36, 12, 3, 2),
];

/** The case's call on arenas of random numbers. */
function place(machine: Machine, test: Case): { run: () => void; release: () => void } {
  const fields = Object.entries(isa[test.op] as Readonly<Record<string, FieldKind>>);
  const args: Record<string, number> = { ...test.args };
  const ends: Record<string, number> = { A: 0, W: 0, G: 0, S: 0 };
  for (const [name, kind] of fields) {
    if (kind === "i" || kind === "f" || args[name] === -1) continue;
    const floats = name === "tmp" ? machine.scratchFloats(call(test.op, { ...args } as never)) : (test.floats[name] ?? 0);
    args[name] = ends[kind] as number;
    ends[kind] = (ends[kind] as number) + Math.ceil(floats / 16) * 16 + 16;
  }
  const arenas = {
    A: machine.createArena("A", Math.max(16, ends.A as number)),
    W: machine.createArena("W", Math.max(16, ends.W as number)),
    G: machine.createArena("G", Math.max(16, ends.G as number)),
    S: machine.createArena("S", Math.max(16, ends.S as number)),
  };
  const random = rootKey(1).stream();
  for (const arena of [arenas.A, arenas.W]) machine.write(arena, 0, Float32Array.from({ length: arena.floats }, () => random.next() - 0.5));
  const one: Call = call(test.op, args as never);
  const program = machine.compile([[one]], arenas);
  return {
    run: () => machine.run([program]),
    release: () => {
      machine.releaseProgram(program);
      for (const arena of Object.values(arenas)) machine.releaseArena(arena);
    },
  };
}

/** Best of several batches of at least 20 ms: other processes only ever add time. */
function seconds(run: () => void): number {
  for (let i = 0; i < 3; i++) run();
  let best = Infinity;
  for (let batch = 0; batch < 6; batch++) {
    const start = performance.now();
    let n = 0;
    do {
      run();
      n++;
    } while (performance.now() - start < 20);
    best = Math.min(best, (performance.now() - start) / n / 1000);
  }
  return best;
}

const [only = "", threads = "1", relaxed = ""] = process.argv.slice(2);
const machine = await createWasmMachine({ threads: Number(threads), relaxed: relaxed === "relaxed" });
process.stdout.write(`${machine.label}\n`);
for (const test of cases.filter(({ name }) => name.includes(only))) {
  const { run, release } = place(machine, test);
  const time = seconds(run);
  release();
  process.stdout.write(
    `${test.name.padEnd(48)} ${(time * 1e3).toFixed(3).padStart(8)} ms ${(test.flops / time / 1e9).toFixed(1).padStart(6)} GFLOPS ${(test.bytes / time / 1e9).toFixed(1).padStart(6)} GB/s\n`,
  );
}
machine.dispose();
