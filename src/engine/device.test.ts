import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AppError } from "@/lib/appError";

/** Which backends start, and what they were started with. */
const started: { name: string; webgpu: unknown }[] = [];
let broken: string[] = [];
vi.mock("@/kernels/backends", () => ({
  initBackend: (name: string, options: { webgpu?: unknown }) => {
    if (broken.includes(name)) return Promise.reject(new Error(`${name} does not start`));
    started.push({ name, webgpu: options.webgpu });
    return Promise.resolve();
  },
}));
vi.mock("@/nn/tfjsExecutor/executor", () => ({ createTfjsExecutor: (backend: string) => ({ backend }) }));

const { chooseDevice, isSoftwareAdapter } = await import("./device");

const info = (vendor: string, rest: Partial<GPUAdapterInfo> = {}) => ({ vendor, architecture: "", device: "", description: "", ...rest }) as GPUAdapterInfo;

function fakeGpu(adapterInfo: GPUAdapterInfo | null, refuse = false) {
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

describe("auto", () => {
  it("takes a hardware adapter, with the adapter's own limits and our device", async () => {
    const { gpu, device, requested, limits } = fakeGpu(info("nvidia", { architecture: "ampere" }));
    expect(await chooseDevice("auto", env(gpu))).toMatchObject({ backend: "tfjs-webgpu", device: "webgpu", adapter: "nvidia ampere", hardware: true });
    expect(requested).toEqual([{ requiredLimits: limits }]);
    expect(started).toEqual([{ name: "tfjs-webgpu", webgpu: { device, adapterInfo: info("nvidia", { architecture: "ampere" }) } }]);
  });

  it.each([
    ["no WebGPU in this browser", null],
    ["no GPU adapter", fakeGpu(null).gpu],
    ["the only GPU adapter is a software one", fakeGpu(info("google", { architecture: "swiftshader" })).gpu],
    ["no device today", fakeGpu(info("nvidia"), true).gpu],
    ["no GPU adapter", { requestAdapter: () => Promise.reject(new Error("blocked")) } as unknown as GPU],
  ])("falls to WASM and says why: %s", async (why, gpu) => {
    const choice = await chooseDevice("auto", env(gpu));
    expect(choice).toMatchObject({ backend: "tfjs-wasm", device: "wasm", hardware: false });
    expect(choice.reason).toContain(why);
    expect(started.map((s) => s.name)).toEqual(["tfjs-wasm"]);
  });

  it("falls to the cpu where there is no SIMD", async () => {
    broken = ["tfjs-wasm"];
    expect(await chooseDevice("auto", env(null))).toMatchObject({ backend: "tfjs-cpu", reason: expect.stringContaining("no WASM SIMD") as string });
  });
});

describe("by name", () => {
  it.each(["webgpu", "tfjs-webgpu"] as const)("%s takes a software adapter, and says so", async (name) => {
    expect(await chooseDevice(name, env(fakeGpu(info("google", { architecture: "swiftshader" })).gpu))).toMatchObject({ device: "webgpu", hardware: false, reason: "software WebGPU, asked for by name" });
  });

  it.each([
    ["this browser does not have it", null],
    ["offers no adapter", fakeGpu(null).gpu],
    ["no device today", fakeGpu(info("nvidia"), true).gpu],
  ])("webgpu that is not there is refused and the next is offered: %s", async (why, gpu) => {
    await expect(chooseDevice("webgpu", env(gpu))).rejects.toMatchObject({ code: "backend.unavailable", message: expect.stringContaining(why) as string, hint: expect.stringContaining("backend=wasm") as string, recoverable: true });
    expect(started).toEqual([]);
  });

  it.each([["wasm", "tfjs-wasm"], ["tfjs-wasm", "tfjs-wasm"], ["cpu", "tfjs-cpu"], ["tfjs-cpu", "tfjs-cpu"], ["tfjs-webgl", "tfjs-webgl"]] as const)("%s is %s, never anything else", async (name, backend) => {
    expect(await chooseDevice(name, env(fakeGpu(info("nvidia")).gpu))).toMatchObject({ backend, hardware: false });
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
