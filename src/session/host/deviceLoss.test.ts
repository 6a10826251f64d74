/** A GPU that is taken away, played by a WASM machine that stops answering: the run must end as if nothing had been, or say so. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tinyConfig } from "@/algorithms/testing/tinyRun";
import type * as Device from "@/engine/device";
import type { Machine } from "@/kernels/isa/machine";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import { AppError } from "@/lib/appError";
import { createPlanExecutor } from "@/nn/plan/executor";
import type { Frame, FromWorker, LogEntry } from "../protocol";
import { openTinySession } from "../testing/tinySession";

const loss = (): AppError => new AppError("gpu.lost", "The GPU was taken away (driver reset or sleep).", { recoverable: true, hint: "Resume from the last checkpoint." });

interface FakeGpu {
  /** Stops computing; `tell` also fires the device's own event at once, else the first read notices. */
  lose(tell: boolean): void;
  /** Fires the event. */
  tell(): void;
  steps: number;
}

/** Devices opened so far, and what the next ones do. */
const world = { isRunning: false, gpus: [] as FakeGpu[], available: Infinity, hardware: [true] as boolean[], onStep: (_gpu: FakeGpu, _n: number): void => undefined };

async function fakeGpu(env: Device.DeviceEnv): Promise<Device.DeviceChoice> {
  if (world.gpus.length >= world.available) throw new AppError("backend.unavailable", "WebGPU is not available: the browser offers no adapter.");
  const real = await createWasmMachine();
  let isLost = false;
  const overrides: Partial<Machine> = {
    read: (...args) => (isLost ? Promise.reject(loss()) : real.read(...args)),
    run: (programs) => (isLost ? undefined : real.run(programs)),
  };
  const machine = new Proxy(real, {
    get: (target, name) => {
      const found: unknown = Reflect.get(overrides, name) ?? Reflect.get(target, name, target);
      return typeof found === "function" ? (found as () => unknown).bind(target) : found;
    },
  });
  const executor = createPlanExecutor("webgpu", machine);
  const gpu: FakeGpu = {
    steps: 0,
    lose: (tell) => {
      isLost = true;
      if (tell) gpu.tell();
    },
    tell: () => env.onFatal(loss()),
  };
  const train = executor.trainStep.bind(executor);
  executor.trainStep = (...args) => {
    if (world.isRunning) world.onStep(gpu, ++gpu.steps);
    train(...args);
  };
  const hardware = world.hardware[world.gpus.length] ?? true;
  world.gpus.push(gpu);
  return { executor, backend: "webgpu", device: "webgpu", adapter: "fake", hardware, reason: "fake", threads: 1, machine: "fake" };
}

vi.mock("@/engine/device", async (load) => {
  const real = await load<typeof Device>();
  return { ...real, chooseDevice: (choice: string, env: Device.DeviceEnv) => (choice === "webgpu" ? fakeGpu(env) : real.chooseDevice("wasm", env)) };
});

beforeEach(() => Object.assign(world, { isRunning: false, gpus: [], available: Infinity, hardware: [true], onStep: () => undefined }));
afterEach(() => vi.restoreAllMocks());

const config = tinyConfig({ dataset: "tiny", backend: "webgpu" });

async function open() {
  const session = openTinySession();
  const frames: Frame[] = [];
  const others: FromWorker[] = [];
  session.subscribe((message) => (message.kind === "frame" ? frames.push(message) : others.push(message)));
  await session.call("boot", { backend: "webgpu", dataset: "tiny", threads: 0 });
  // Steps count from the run on, not from the boot's look at the machine.
  (world.gpus[0] as FakeGpu).steps = 0;
  world.isRunning = true;
  const plan = await session.call("open", { config });
  const log = (): LogEntry[] => frames.flatMap((f) => f.log);
  return {
    session,
    plan,
    frames,
    log,
    notes: () => log().flatMap((e) => (e.kind === "note" ? [e.message] : [])),
    fatal: () => others.filter((m) => m.kind === "fatal"),
    story: () => ({
      runs: new Set(frames.map((f) => f.runId)).size,
      losses: frames.flatMap((f) => Array.from(f.series.loss.step, (step, i) => [step, f.series.loss.loss[i]])),
      accuracies: frames.flatMap((f) => Array.from(f.series.accuracy.step, (step, i) => [step, f.series.accuracy.split[i], f.series.accuracy.accuracy[i]])),
      candidates: Object.fromEntries(log().flatMap((e) => (e.kind === "candidate" ? [[e.candidate.index, e.candidate]] : []))),
      metrics: frames.at(-1)?.latest.metrics,
      status: frames.at(-1)?.latest.status,
    }),
  };
}

async function unbroken() {
  const run = await open();
  expect(await run.session.call("play", { until: null })).toBe("complete");
  const story = run.story();
  Object.assign(world, { isRunning: false, gpus: [] });
  return story;
}

describe("a run whose GPU is taken away once", () => {
  it.each([
    ["in the supernet, by the device's own word", 3, true],
    ["in the supernet, noticed by a read", 3, false],
    ["while retraining", 8, true],
  ] as const)("%s goes on by itself, to the same end, and tells nothing twice", async (_, at, tell) => {
    const wanted = await unbroken();
    world.onStep = (gpu, n) => {
      if (gpu === world.gpus[0] && n === at) gpu.lose(tell);
    };
    const run = await open();
    expect(await run.session.call("play", { until: null })).toBe("complete");
    // The word may come late.
    world.gpus[0]?.tell();
    expect(run.story()).toEqual(wanted);
    expect(world.gpus).toHaveLength(2);
    expect(run.fatal()).toEqual([]);
    expect(run.log().filter((e) => e.kind === "error")).toEqual([]);
    expect(run.notes()).toEqual([expect.stringMatching(/^The GPU was taken away .* at step \d+\. The run goes on from step \d+\.$/)]);
  });

  it("while it stands still stands still on the next one", async () => {
    const wanted = await unbroken();
    const run = await open();
    await run.session.call("play", { until: { step: 4 } });
    world.gpus[0]?.lose(true);
    // Questions wait for the new device.
    expect((await run.session.call("memory", {})).bytes).toBeGreaterThan(0);
    expect(world.gpus).toHaveLength(2);
    expect(await run.session.call("play", { until: null })).toBe("complete");
    expect(run.story()).toEqual(wanted);
  });

  it("holds when a pause comes meanwhile", async () => {
    const run = await open();
    let pausing: Promise<unknown> = Promise.resolve();
    world.onStep = (gpu, n) => {
      if (gpu !== world.gpus[0] || n !== 3) return;
      gpu.lose(true);
      pausing = run.session.call("pause", {});
    };
    expect(await run.session.call("play", { until: null })).toBe("paused");
    await pausing;
    expect(world.gpus).toHaveLength(2);
    expect(world.gpus[1]?.steps).toBe(0);
    world.onStep = () => undefined;
    expect(await run.session.call("step", { count: 2 })).toEqual({ step: 2 });
  });
});

describe("a GPU that is gone for good", () => {
  const expectEnd = async (run: Awaited<ReturnType<typeof open>>) => {
    await expect(run.session.call("play", { until: null })).rejects.toMatchObject({ code: "gpu.lost", hint: "Resume from the last checkpoint." });
    expect(run.fatal()).toHaveLength(1);
    expect(run.story().status).toBe("error");
    expect(run.log().filter((e) => e.kind === "error")).toHaveLength(1);
    await expect(run.session.call("play", { until: null })).rejects.toMatchObject({ code: "gpu.lost" });
    await expect(run.session.call("open", { config })).rejects.toMatchObject({ code: "gpu.lost" });
  };

  it("ends the run with the message when it is lost again before anything more was kept", async () => {
    world.onStep = (gpu, n) => {
      if (n === 3) gpu.lose(true);
    };
    await expectEnd(await open());
    expect(world.gpus).toHaveLength(2);
  });

  it("may be lost again once the run was kept further on", async () => {
    const wanted = await unbroken();
    world.onStep = (gpu, n) => {
      // First in the supernet, then in retraining.
      if (gpu === world.gpus[0] ? n === 3 : gpu === world.gpus[1] && n === 8) gpu.lose(true);
    };
    const run = await open();
    expect(await run.session.call("play", { until: null })).toBe("complete");
    expect(run.story()).toEqual(wanted);
    expect(world.gpus).toHaveLength(3);
  });

  it("ends the run when there is no other, or only software instead of hardware", async () => {
    for (const change of [{ available: 1 }, { hardware: [true, false] }]) {
      Object.assign(world, { isRunning: false, gpus: [], available: Infinity, hardware: [true], ...change });
      world.onStep = (gpu, n) => {
        if (n === 3) gpu.lose(true);
      };
      await expectEnd(await open());
    }
  });
});
