import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AppError } from "@/lib/appError";

/** What starts, and what it was started with. */
const started: { name: string; with?: unknown }[] = [];
let broken: string[] = [];
const start = (name: string, given?: unknown): void => {
  if (broken.includes(name)) throw new Error(`${name} does not start`);
  started.push(given === undefined ? { name } : { name, with: given });
};
vi.mock("@/kernels/backends", () => ({
  initBackend: async (name: string, options: { webgpu?: unknown }) => start(name, options.webgpu),
}));
vi.mock("@/nn/tfjsExecutor/executor", () => ({ createTfjsExecutor: (backend: string) => ({ backend, kind: "tfjs" }) }));
vi.mock("@/kernels/wasm/plan/machine", () => ({
  createWasmMachine: async ({ threads }: { threads: number }) => {
    start("wasm", { threads });
    // One thread fewer than asked for could be had.
    return { kind: "wasm", label: threads > 2 ? `${threads - 1} threads` : threads === 2 ? "2 threads" : "1 thread" };
  },
}));
vi.mock("@/kernels/webgpu/plan/machine", () => ({
  createWebgpuMachine: (device: unknown, { label }: { label: string }) => {
    start("webgpu", device);
    return { kind: "webgpu", label };
  },
}));
vi.mock("@/nn/plan/executor", () => ({ createPlanExecutor: (backend: string, machine: unknown) => ({ backend, kind: "plan", machine }) }));

const { chooseDevice, threadsFor } = await import("./device");
const { isSoftwareAdapter } = await import("./gpu");

const info = (vendor: string, rest: Partial<GPUAdapterInfo> = {}) => ({ vendor, architecture: "", device: "", description: "", ...rest }) as GPUAdapterInfo;

function fakeGpu(adapterInfo: GPUAdapterInfo | null, refuse = false, features: readonly string[] = []) {
  const lost: { fire?: (info: { reason: string; message: string }) => void } = {};
  const listeners: ((event: { error: Error }) => void)[] = [];
  const requested: unknown[] = [];
  const device = {
    addEventListener: (_: string, work: (event: { error: Error }) => void) => listeners.push(work),
    lost: new Promise((resolve) => (lost.fire = resolve)),
  };
  const limits = { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 28, maxStorageBuffersPerShaderStage: 10, maxComputeWorkgroupStorageSize: 32768, maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupSizeX: 1024 };
  const adapter = {
    info: adapterInfo,
    limits,
    features: new Set(features),
    requestDevice: (wanted: unknown) => {
      requested.push(wanted);
      return refuse ? Promise.reject(new Error("no device today")) : Promise.resolve(device);
    },
  };
  const gpu = { requestAdapter: () => Promise.resolve(adapterInfo === null ? null : adapter) } as unknown as GPU;
  return { gpu, device, lost, listeners, requested, limits };
}

const errors: AppError[] = [];
const env = (gpu: Pick<GPU, "requestAdapter"> | null) => ({ gpu, onFatal: (error: AppError) => errors.push(error) });
beforeEach(() => {
  started.length = errors.length = 0;
  broken = [];
});

describe("isSoftwareAdapter", () => {
  it.each([
    [info("google", { architecture: "swiftshader" }), true],
    [info("mesa", { description: "llvmpipe (LLVM 15)" }), true],
    [info("microsoft", { description: "Microsoft Basic Render Driver" }), true],
    [{ ...info("intel"), isFallbackAdapter: true }, true],
    [info("nvidia", { architecture: "ampere" }), false],
    [info("apple", { architecture: "metal-3" }), false],
    [info("", {}), false],
  ])("%j: %s", (adapter, software) => expect(isSoftwareAdapter(adapter)).toBe(software));
});

describe("threadsFor", () => {
  it.each([
    [{ threads: 0, cores: 8, isolated: true }, 7],
    [{ threads: 0, cores: 64, isolated: true }, 8],
    [{ threads: 0, cores: 1, isolated: true }, 1],
    [{ threads: 0, cores: 8, isolated: false }, 1],
    [{ threads: 3, cores: 2, isolated: true }, 3],
    [{}, 1],
  ])("%j: %d", (env, threads) => expect(threadsFor(env)).toBe(threads));
});

describe("auto", () => {
  it("takes a hardware adapter, with our device, the adapter's own limits and what it offers", async () => {
    const nvidia = info("nvidia", { architecture: "ampere" });
    const { gpu, device, requested, limits } = fakeGpu(nvidia, false, ["timestamp-query", "subgroups", "shader-f16"]);
    const choice = await chooseDevice("auto", env(gpu));
    expect(choice).toMatchObject({ backend: "webgpu", device: "webgpu", adapter: "nvidia ampere", machine: "nvidia ampere", hardware: true, executor: { kind: "plan" } });
    expect(requested).toEqual([{ requiredLimits: limits, requiredFeatures: ["subgroups", "timestamp-query"] }]);
    expect(started).toEqual([{ name: "webgpu", with: device }]);
  });

  it("requires nothing that an adapter does not offer", async () => {
    const { gpu, requested } = fakeGpu(info("nvidia"));
    await chooseDevice("auto", env(gpu));
    expect(requested).toMatchObject([{ requiredFeatures: [] }]);
  });

  it.each([
    ["no WebGPU in this browser", null],
    ["no GPU adapter", fakeGpu(null).gpu],
    ["the only GPU adapter is a software one", fakeGpu(info("google", { architecture: "swiftshader" })).gpu],
    ["no device today", fakeGpu(info("nvidia"), true).gpu],
    ["no GPU adapter", { requestAdapter: () => Promise.reject(new Error("blocked")) } as unknown as GPU],
  ])("falls to WASM and says why: %s", async (why, gpu) => {
    const choice = await chooseDevice("auto", env(gpu));
    expect(choice).toMatchObject({ backend: "wasm", device: "wasm", hardware: false, threads: 1, executor: { kind: "plan" } });
    expect(choice.reason).toContain(why);
    expect(started.map((s) => s.name)).toEqual(["wasm"]);
  });

  it("falls to tfjs in plain JavaScript where there is no SIMD", async () => {
    broken = ["wasm"];
    expect(await chooseDevice("auto", env(null))).toMatchObject({ backend: "tfjs-cpu", device: "cpu", executor: { kind: "tfjs" }, reason: expect.stringContaining("no WASM SIMD") as string });
  });

  it("tells the threads that there are, not those that were asked for", async () => {
    expect(await chooseDevice("auto", { ...env(null), cores: 8, isolated: true })).toMatchObject({ threads: 6, machine: "6 threads" });
    expect(await chooseDevice("wasm", { ...env(null), threads: 2 })).toMatchObject({ threads: 2 });
    expect(started.map((s) => s.with)).toEqual([{ threads: 7 }, { threads: 2 }]);
  });
});

describe("by name", () => {
  it.each([["webgpu", "plan"], ["tfjs-webgpu", "tfjs"]] as const)("%s takes a software adapter, and says so", async (name, kind) => {
    const swift = info("google", { architecture: "swiftshader" });
    const { gpu, device } = fakeGpu(swift);
    expect(await chooseDevice(name, env(gpu))).toMatchObject({ backend: name, device: "webgpu", hardware: false, reason: "software WebGPU, asked for by name", executor: { kind } });
    expect(started).toEqual([{ name, with: name === "webgpu" ? device : { device, adapterInfo: swift } }]);
  });

  it.each([
    ["this browser does not have it", null],
    ["offers no adapter", fakeGpu(null).gpu],
    ["no device today", fakeGpu(info("nvidia"), true).gpu],
  ])("webgpu that is not there is refused and the next is offered: %s", async (why, gpu) => {
    await expect(chooseDevice("webgpu", env(gpu))).rejects.toMatchObject({ code: "backend.unavailable", message: expect.stringContaining(why) as string, hint: expect.stringContaining("backend=wasm") as string, recoverable: true });
    expect(started).toEqual([]);
  });

  it.each([
    ["wasm", "wasm", "wasm"],
    ["tfjs-wasm", "tfjs-wasm", "wasm"],
    ["cpu", "tfjs-cpu", "cpu"],
    ["tfjs-cpu", "tfjs-cpu", "cpu"],
    ["tfjs-webgl", "tfjs-webgl", "webgl"],
  ] as const)("%s is %s, never anything else", async (name, backend, device) => {
    expect(await chooseDevice(name, env(fakeGpu(info("nvidia")).gpu))).toMatchObject({ backend, device, hardware: false, executor: { backend, kind: backend === "wasm" ? "plan" : "tfjs" } });
    broken = [backend];
    await expect(chooseDevice(name, env(null))).rejects.toThrow("does not start");
  });
});

describe("a device that breaks", () => {
  it("ends the run with a message when it is lost, and not when we destroy it", async () => {
    const a = fakeGpu(info("nvidia"));
    await chooseDevice("auto", env(a.gpu));
    a.lost.fire?.({ reason: "destroyed", message: "" });
    await a.device.lost;
    expect(errors).toEqual([]);
    const b = fakeGpu(info("nvidia"));
    await chooseDevice("auto", env(b.gpu));
    b.lost.fire?.({ reason: "unknown", message: "driver reset" });
    await b.device.lost;
    expect(errors).toMatchObject([{ code: "gpu.lost", recoverable: true }]);
  });

  it("ends the run on a validation error, naming its first line", async () => {
    const { gpu, listeners } = fakeGpu(info("nvidia"));
    await chooseDevice("auto", env(gpu));
    listeners[0]?.({ error: new Error("Buffer is too small\n - while encoding") });
    expect(errors).toMatchObject([{ code: "gpu.validation", message: "The GPU refused a command: Buffer is too small" }]);
  });
});
