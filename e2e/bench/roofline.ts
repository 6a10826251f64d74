/** What this machine can do at all: its best dense product and its best streaming copy, by our kernels and by plain ones. */
import { call, type Call } from "@/kernels/isa/isa";
import type { Arenas, Machine } from "@/kernels/isa/machine";
import { createWebgpuMachine } from "@/kernels/webgpu/plan/machine";
import type { BenchBackend, Bound, Roofline } from "../../src/cli/bench/types";
import { noise } from "./noise";
import { gpuDevice, machineOf } from "./peers/ours";

interface Trial {
  readonly name: string;
  /** Work of one run: floating-point operations, or bytes. */
  readonly work: number;
  run(times: number): Promise<void>;
}

/** One sample, in units of 10⁹ a second. */
type Sample = () => Promise<number>;

interface Best {
  readonly rate: number;
  readonly name: string;
  /** Measures the winner once more. */
  readonly again: Sample;
}

/** The best rate of a few samples. */
async function best(trials: readonly Trial[], samples: number): Promise<Best> {
  let winner: Best | null = null;
  for (const { name, work, run } of trials) {
    await run(1);
    const start = performance.now();
    await run(1);
    const once = performance.now() - start;
    const times = Math.max(1, Math.min(100, Math.ceil(60 / Math.max(0.05, once))));
    const again = async (): Promise<number> => {
      const began = performance.now();
      await run(times);
      return (work * times) / (performance.now() - began) / 1e6;
    };
    for (let i = 0; i < samples; i++) {
      const rate = await again();
      if (winner === null || rate > winner.rate) winner = { rate, name, again };
    }
  }
  if (winner === null) throw new Error("nothing to measure");
  return winner;
}

export interface Limits {
  readonly roofline: Roofline;
  /** The winners again, under the load of the moment: GFLOPS, GB/s. */
  readonly again: Readonly<Record<Bound, Sample>>;
}

const limitsOf = (product: Best, copy: Best): Limits => ({
  roofline: { gflops: product.rate, gbs: copy.rate, product: product.name, copy: copy.name },
  again: { flops: product.again, bytes: copy.again },
});

const stored = { xmode: 0, xcoef: -1, xcs: 0, xlo: 0, xhi: 0 } as const;
const noAdd = { r: -1, rld: 0, rmode: 0, rcoef: -1, rcs: 0, rlo: 0, rhi: 0 } as const;

/** A product of square matrices and a copy by the machine's own kernels. */
async function machineTrials(machine: Machine, n: number): Promise<{ product: Trial; copy: Trial }> {
  const size = n * n;
  const product = call("pointwise", { x: 0, xld: n, ...stored, w: 0, bias: -1, y: size, yld: n, M: n, K: n, N: n, tmp: 2 * size });
  const copy = call("apply", { x: 0, xld: n, ...stored, ...noAdd, y: size, yld: n, M: n, C: n });
  const arenas: Arenas = {
    A: machine.createArena("A", 2 * size + Math.max(64, machine.scratchFloats(product))),
    W: machine.createArena("W", size),
    G: machine.createArena("G", 64),
    S: machine.createArena("S", 64),
  };
  machine.write(arenas.A, 0, noise(size, "a"));
  machine.write(arenas.W, 0, noise(size, "b"));
  const trial = async (name: string, work: number, made: Call): Promise<Trial> => {
    const programs = [machine.compile([[made]], arenas)];
    await machine.prepare(programs);
    return {
      name,
      work,
      async run(times) {
        for (let i = 0; i < times; i++) machine.run(programs);
        await machine.idle();
      },
    };
  };
  return { product: await trial(`pointwise ${n}`, 2 * n ** 3, product), copy: await trial("apply", 8 * size, copy) };
}

const repeat = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join("\n");

const bindings = `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;`;

/** Eight rows by eight columns a thread, held in registers: no shared memory, no barrier. */
const productText = (n: number): string => `${bindings}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = (id.x % ${n / 8}u) * 2u;
  let row = (id.x / ${n / 8}u) * 8u;
  ${repeat(8, (r) => `var low${r} = vec4f(); var high${r} = vec4f();`)}
  for (var k = 0u; k < ${n / 4}u; k++) {
    ${repeat(8, (r) => `let a${r} = a[(row + ${r}u) * ${n / 4}u + k];`)}
    ${repeat(4, (lane) => `{
      let at = (4u * k + ${lane}u) * ${n / 4}u + column;
      let left = b[at]; let right = b[at + 1u];
      ${repeat(8, (r) => `low${r} += a${r}[${lane}] * left; high${r} += a${r}[${lane}] * right;`)}
    }`)}
  }
  ${repeat(8, (r) => `c[(row + ${r}u) * ${n / 4}u + column] = low${r}; c[(row + ${r}u) * ${n / 4}u + column + 1u] = high${r};`)}
}`;

const copyText = (each: number): string => `${bindings}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x * ${each}u;
  ${repeat(each, (i) => `c[at + ${i}u] = a[at + ${i}u]${i === 0 ? " + 0.0 * b[0]" : ""};`)}
}`;

function gpuTrial(device: GPUDevice, buffers: readonly GPUBuffer[], name: string, work: number, code: string, groups: number): Trial {
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module: device.createShaderModule({ code }) } });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return {
    name,
    work,
    async run(times) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(groups);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    },
  };
}

async function webgpuRoofline(n: number, samples: number): Promise<Limits> {
  const device = await gpuDevice();
  const errors: string[] = [];
  device.addEventListener("uncapturederror", ({ error }) => errors.push(error.message));
  const buffers = [0, 1, 2].map(() => device.createBuffer({ size: n * n * 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST }));
  // Denormal or zero operands would flatter nobody, but real numbers are what is measured.
  for (const [i, buffer] of buffers.entries()) device.queue.writeBuffer(buffer, 0, noise(n * n, `roofline${i}`) as Float32Array<ArrayBuffer>);
  const own = await machineTrials(createWebgpuMachine(device), n);
  const product = await best([gpuTrial(device, buffers, `8 × 8 tile ${n}`, 2 * n ** 3, productText(n), (n * n) / 4096), own.product], samples);
  const copies = [1, 4].map((each) => gpuTrial(device, buffers, `copy, ${each} vec4 a thread`, 8 * n * n, copyText(each), (n * n) / 256 / each));
  const copy = await best([...copies, own.copy], samples);
  if (errors[0] !== undefined) throw new Error(errors[0]);
  return limitsOf(product, copy);
}

/** tfjs-wasm's product (XNNPACK), as a second opinion. */
async function tfjsProduct(n: number): Promise<Trial> {
  const tf = await import("@tensorflow/tfjs-core");
  const { startStock } = await import("./peers/stock");
  await startStock("wasm");
  const [a, b] = [tf.tensor2d(noise(n * n, "a"), [n, n]), tf.tensor2d(noise(n * n, "b"), [n, n])];
  return {
    name: `tfjs-wasm ${n}`,
    work: 2 * n ** 3,
    run: (times) => {
      for (let i = 0; i < times; i++) tf.matMul(a, b).dispose();
      return Promise.resolve();
    },
  };
}

async function wasmRoofline(n: number, samples: number): Promise<Limits> {
  const [large, small] = await Promise.all([n, 256].map(async (size) => machineTrials(await machineOf("wasm", 1), size)));
  if (large === undefined || small === undefined) throw new Error("no trials");
  const product = await best([large.product, small.product, await tfjsProduct(512)], samples);
  // 32 MB each: beyond the caches that a step's maps would have to leave anyway.
  const [from, to] = [noise(8 << 20, "copy"), new Float32Array(8 << 20)];
  const plain: Trial = {
    name: "memcpy",
    work: 8 * from.length,
    run: (times) => {
      for (let i = 0; i < times; i++) to.set(from);
      return Promise.resolve();
    },
  };
  const copy = await best([plain, large.copy], samples);
  return limitsOf(product, copy);
}

/** Measured alone, before the cases. */
export function measureLimits(backend: BenchBackend, quick: boolean): Promise<Limits> {
  const samples = quick ? 3 : 5;
  return backend === "webgpu" ? webgpuRoofline(quick ? 512 : 1024, samples) : wasmRoofline(1024, samples);
}
