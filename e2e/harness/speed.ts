/**
 * Speed of the WebGPU machine's kernels beside what this adapter can do at all: a register-tile product and a copy, measured in turns with each.
 *
 *   npx tsx e2e/harness/run.ts /e2e/harness/speed.ts --software-gpu [--arg only=pointwise] [--arg shapes=large] [--arg repeats=5]
 */
import { createWebgpuMachine, type WebgpuMachine } from "@/kernels/webgpu/plan/machine";
import { call, padTo4, type Call } from "@/kernels/isa/isa";
import type { Arenas } from "@/kernels/isa/machine";
import type { Args, Log } from "./types";

interface Measured {
  readonly name: string;
  readonly call: Call;
  /** Multiply-adds count two; 0 where bytes are what counts. */
  readonly flops: number;
  /** Bytes that must move at least. */
  readonly bytes: number;
}

/** A map's size. */
interface Shape {
  readonly name: string;
  readonly B: number;
  readonly side: number;
  readonly C: number;
}

const shapeSets: Readonly<Record<string, readonly Shape[]>> = {
  large: [
    { name: "32x32x16 b32", B: 32, side: 32, C: 16 },
    { name: "16x16x32 b32", B: 32, side: 16, C: 32 },
    { name: "8x8x64 b32", B: 32, side: 8, C: 64 },
  ],
  spos: [
    { name: "32x32x16 b8", B: 8, side: 32, C: 16 },
    { name: "16x16x32 b8", B: 8, side: 16, C: 32 },
    { name: "8x8x64 b8", B: 8, side: 8, C: 64 },
    { name: "4x4x128 b8", B: 8, side: 4, C: 128 },
  ],
};

/** Hands out addresses of one arena. */
function allocator(): { take(floats: number): number; readonly used: number } {
  let used = 0;
  return {
    take(floats) {
      const at = used;
      used += Math.ceil(floats / 64) * 64;
      return at;
    },
    get used() {
      return used;
    },
  };
}

type Space = Readonly<Record<"A" | "W" | "G", ReturnType<typeof allocator>>>;

const stored = { xmode: 0, xcoef: -1, xcs: 0, xlo: 0, xhi: 0 } as const;

/** The convolution family on one shape, C channels to C channels. */
function callsOn({ name, B, side, C }: Shape, space: Space): Measured[] {
  const M = B * side * side;
  const map = (pixels = M): number => space.A.take(pixels * C);
  const [x, dy, y, dx] = [map(), map(), map(), map()];
  const coef = space.A.take(4 * C);
  const normed = { xmode: 2, xcoef: coef, xcs: C, xlo: 0, xhi: 3.4e38 } as const;
  const into = { dx, dxld: C, base: -1, baseld: 0, mask: 1, x, xld: C, lo: 0, hi: 3.4e38 } as const;
  const bytes = 2 * M * C * 4;
  const out: Measured[] = [];
  const add = (label: string, made: Call, flops: number): void => void out.push({ name: `${label} ${name}`, call: made, flops, bytes });

  const pw = 2 * M * C * C;
  const w = space.W.take(C * C * 49);
  const dw = space.G.take(C * C * 49);
  const product = { M, K: C, N: C, tmp: 0 } as const;
  add("pointwise", call("pointwise", { x, xld: C, ...normed, w, bias: -1, y, yld: C, ...product }), pw);
  add("pointwise stored", call("pointwise", { x, xld: C, ...stored, w, bias: -1, y, yld: C, ...product }), pw);
  add("pointwiseGradInput", call("pointwiseGradInput", { dy, dyld: C, w, ...into, ...product }), pw);
  add("pointwiseGradWeight", call("pointwiseGradWeight", { x, xld: C, ...normed, dy, dyld: C, dw, ...product }), pw);

  for (const [k, s, d] of [[3, 1, 1], [5, 1, 1], [7, 1, 1], [5, 1, 2], [3, 2, 1], [5, 2, 1]] as const) { // prettier-ignore
    const p = ((k - 1) * d) >> 1;
    const o = Math.ceil(side / s);
    const window = { B, H: side, W: side, Ho: o, Wo: o, k, s, p, d, C, tmp: 0 } as const;
    const flops = 2 * B * o * o * C * k * k;
    const tag = `k${k} s${s} d${d}`;
    add(`depthwise ${tag}`, call("depthwise", { x, xld: C, ...normed, w, y, yld: C, ...window }), flops);
    add(`depthwiseGradInput ${tag}`, call("depthwiseGradInput", { dy, dyld: C, w, ...into, ...window }), flops);
    add(`depthwiseGradWeight ${tag}`, call("depthwiseGradWeight", { x, xld: C, ...normed, dy, dyld: C, dw, ...window }), flops);
  }

  for (const [k, s] of [[3, 1], [3, 2], [1, 2]] as const) { // prettier-ignore
    const o = Math.ceil(side / s);
    const window = { B, H: side, W: side, Ho: o, Wo: o, k, s, p: k >> 1, K: C, N: C, tmp: 0 } as const;
    const flops = 2 * B * o * o * C * C * k * k;
    add(`conv k${k} s${s}`, call("conv", { x, xld: C, ...normed, w, bias: -1, y, yld: C, ...window }), flops);
    add(`convGradInput k${k} s${s}`, call("convGradInput", { dy, dyld: C, w, ...into, ...window }), flops);
    add(`convGradWeight k${k} s${s}`, call("convGradWeight", { x, xld: C, ...normed, dy, dyld: C, dw, ...window }), flops);
  }
  const stem = { B, H: side, W: side, Ho: side, Wo: side, k: 3, s: 1, p: 1, K: 4, N: C, tmp: 0 } as const;
  add("conv stem", call("conv", { x, xld: 4, ...stored, w, bias: -1, y, yld: C, ...stem }), 2 * M * 4 * C * 9);
  add("convGradWeight stem", call("convGradWeight", { x, xld: 4, ...stored, dy, dyld: C, dw, ...stem }), 2 * M * 4 * C * 9);
  return out;
}

/** Milliseconds of one run of each: the least of several rounds, taken in turns so that other load meets all alike. */
async function timesOf(repeats: number, runs: readonly ((times: number) => Promise<void>)[]): Promise<number[]> {
  const counts: number[] = [];
  for (const run of runs) {
    await run(1);
    const began = performance.now();
    await run(1);
    counts.push(Math.max(1, Math.min(200, Math.ceil(15 / Math.max(0.05, performance.now() - began)))));
  }
  const least = runs.map(() => Infinity);
  for (let r = 0; r < repeats; r++) {
    for (const [index, run] of runs.entries()) {
      const times = counts[index] ?? 1;
      const start = performance.now();
      await run(times);
      least[index] = Math.min(least[index] ?? Infinity, (performance.now() - start) / times);
    }
  }
  return least;
}

const matmulCode = (n: number): string => {
  const each = (count: number, text: (j: number) => string): string => Array.from({ length: count }, (_, j) => text(j)).join("\n");
  return `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let n0 = (id.x % ${n / 8}u) * 2u; let m = (id.x / ${n / 8}u) * 8u;
  ${each(8, (j) => `var s${j} = vec4f(); var t${j} = vec4f();`)}
  for (var k = 0u; k < ${n / 4}u; k++) {
    ${each(8, (j) => `let v${j} = a[(m + ${j}u) * ${n / 4}u + k];`)}
    ${each(4, (r) => `let p${r} = b[(k * 4u + ${r}u) * ${n / 4}u + n0]; let q${r} = b[(k * 4u + ${r}u) * ${n / 4}u + n0 + 1u];`)}
    ${each(8, (j) => each(4, (r) => `s${j} += v${j}.${"xyzw"[r]} * p${r}; t${j} += v${j}.${"xyzw"[r]} * q${r};`))}
  }
  ${each(8, (j) => `c[(m + ${j}u) * ${n / 4}u + n0] = s${j}; c[(m + ${j}u) * ${n / 4}u + n0 + 1u] = t${j};`)}
}`;
};

const copyCode = `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x * 4u;
  c[i] = a[i]; c[i + 1u] = a[i + 1u]; c[i + 2u] = a[i + 2u]; c[i + 3u] = a[i + 3u] + 0.0 * b[0];
}`;

/** Runs that show what the adapter can do: an 8 × 8 register-tile product of n³, and a copy of n² floats with four vec4 a thread. */
function limitsOf(device: GPUDevice, n: number): readonly ((times: number) => Promise<void>)[] {
  const buffers = [0, 1, 2].map(() => device.createBuffer({ size: n * n * 4, usage: GPUBufferUsage.STORAGE }));
  return [{ code: matmulCode(n), groups: (n * n) / 64 / 64 }, { code: copyCode, groups: (n * n) / 16 / 64 }].map(({ code, groups }) => {
    const pipeline = device.createComputePipeline({ layout: "auto", compute: { module: device.createShaderModule({ code }) } });
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    return async (times) => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      for (let t = 0; t < times; t++) pass.dispatchWorkgroups(groups);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    };
  });
}

/** GFLOPS and GB/s of those. */
const ratesOf = (n: number, product: number, copy: number): { gflops: number; copy: number } => ({
  gflops: (2 * n ** 3) / product / 1e6,
  copy: (2 * n * n * 4) / copy / 1e6,
});

/** Gives every call scratch of its own. */
function withScratch(machine: WebgpuMachine, { call: made }: Measured, space: Space): Call {
  const tmp = space.A.take(padTo4(machine.scratchFloats(made)));
  return { op: made.op, args: { ...made.args, tmp } } as Call;
}

export default async function speed(args: Args, log: Log): Promise<null> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("No WebGPU adapter.");
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  device.addEventListener("uncapturederror", (event) => log(`GPU error: ${event.error.message}`));
  const repeats = Number(args["repeats"] ?? 5);
  const machine = createWebgpuMachine(device);
  const n = Number(args["n"] ?? 512);
  const limits = limitsOf(device, n);
  const [product = NaN, copy = NaN] = await timesOf(repeats, limits);
  const best = ratesOf(n, product, copy);
  log(`${machine.label}: product ${best.gflops.toFixed(2)} GFLOPS, copy ${best.copy.toFixed(2)} GB/s`);

  const space: Space = { A: allocator(), W: allocator(), G: allocator() };
  const shapes = shapeSets[args["shapes"] ?? "large"] ?? [];
  const only = (args["only"] ?? "").split(",");
  const measured = shapes
    .flatMap((shape) => callsOn(shape, space))
    .filter(({ name }) => only.some((prefix) => name.startsWith(prefix)));
  const calls = measured.map((one) => withScratch(machine, one, space));
  const arenas: Arenas = {
    A: machine.createArena("A", space.A.used),
    W: machine.createArena("W", space.W.used),
    G: machine.createArena("G", space.G.used),
    S: machine.createArena("S", 64),
  };
  const noise = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i * 12.9898) * 0.5);
  for (const memory of [arenas.A, arenas.W]) {
    for (let at = 0; at < memory.floats; at += noise.length) machine.write(memory, at, noise, 0, Math.min(noise.length, memory.floats - at));
  }
  const programs = calls.map((one) => machine.compile([[one]], arenas));
  const began = performance.now();
  await machine.prepare(programs);
  log(`${machine.pipelineCount} pipelines in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  for (const [index, one] of measured.entries()) {
    const program = programs[index];
    if (program === undefined) continue;
    const run = async (times: number): Promise<void> => {
      machine.run(Array.from({ length: times }, () => program));
      await machine.idle();
    };
    const [now = NaN, then = NaN, ms = NaN] = await timesOf(repeats, [...limits, run]);
    const limit = ratesOf(n, now, then);
    const gflops = one.flops / ms / 1e6;
    const rate = one.bytes / ms / 1e6;
    log(`${one.name.padEnd(44)} ${ms.toFixed(3).padStart(9)} ms  ${gflops.toFixed(2).padStart(7)} GFLOPS ${(gflops / limit.gflops).toFixed(2)}  ${rate.toFixed(2).padStart(7)} GB/s ${(rate / limit.copy).toFixed(2)}`);
  }
  return null;
}

