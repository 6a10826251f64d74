import { afterEach, describe, expect, it, vi } from "vitest";
import { tinyConfig } from "@/algorithms/testing/tinyRun";
import type * as Device from "@/engine/device";
import { AppError } from "@/lib/appError";
import { macro8Cost } from "@/nas/space/macro8";
import { memoryCheckpoints } from "@/persist/checkpoints";
import type { Frame, FromWorker, LogEntry, Session } from "../protocol";
import { openTinySession, type TinySessionOptions } from "../testing/tinySession";

/** What the device calls when it breaks. */
let lastFatal: Device.DeviceEnv["onFatal"] = () => undefined;
vi.mock("@/engine/device", async (load) => {
  const real = await load<typeof Device>();
  return {
    ...real,
    chooseDevice: (choice: Parameters<typeof real.chooseDevice>[0], env: Device.DeviceEnv) => {
      lastFatal = (error) => env.onFatal(error);
      return real.chooseDevice(choice, env);
    },
  };
});

const config = tinyConfig({ dataset: "tiny", backend: "wasm" });
const quick = tinyConfig({ dataset: "tiny", backend: "wasm", "train.steps": 2, "retrain.steps": 2, "evo.random": false, "evo.generations": 0, "bn.recal": 0 });

const opened: Session[] = [];
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close();
});

interface Watched {
  readonly session: Session;
  readonly frames: Frame[];
  readonly others: FromWorker[];
  logOf(runId?: string): LogEntry[];
  lossesOf(runId?: string): [number, number][];
}

async function boot(options: TinySessionOptions = {}): Promise<Watched> {
  const session = openTinySession(options);
  opened.push(session);
  const frames: Frame[] = [];
  const others: FromWorker[] = [];
  session.subscribe((message) => (message.kind === "frame" ? frames.push(message) : others.push(message)));
  await session.call("boot", { backend: "wasm", dataset: "tiny", threads: 0 });
  const of = (runId: string | undefined): Frame[] => frames.filter((f) => runId === undefined || f.runId === runId);
  return {
    session,
    frames,
    others,
    logOf: (runId) => of(runId).flatMap((f) => f.log),
    lossesOf: (runId) => of(runId).flatMap((f) => Array.from(f.series.loss.step, (step, i): [number, number] => [step, f.series.loss.loss[i] as number])),
  };
}

const candidatesIn = (log: readonly LogEntry[]) => log.flatMap((e) => (e.kind === "candidate" ? [e.candidate] : []));

describe("boot", () => {
  it("tells device, data and progress in images", async () => {
    const { session, others } = await boot();
    const info = await session.call("boot", { backend: "wasm", dataset: "tiny", threads: 0 });
    expect(info).toMatchObject({ backend: "wasm", executor: "plan", threads: 1, device: "wasm", hardware: false, problem: null, dataset: { id: "tiny", train: 200, test: 40 }, datasets: [{ id: "tiny", origin: "embedded" }] });
    expect(info.calibrationMs).toBeGreaterThan(0);
    const data = others.flatMap((m) => (m.kind === "bootProgress" ? [m.data] : []));
    expect(data.every(([done, total]) => done <= total)).toBe(true);
    expect(data.at(-1)).toEqual([240, 240]);
  });

  it("without the data set works and says how to get it; opening a run is refused", async () => {
    const session = openTinySession();
    opened.push(session);
    const info = await session.call("boot", { backend: "wasm", dataset: "cifar10", threads: 0 });
    expect(info).toMatchObject({ dataset: null, calibrationMs: null, problem: { code: "data.missing", hint: expect.stringContaining("npm run data -- cifar10") as string } });
    await expect(session.call("open", { config: { ...config, dataset: "cifar10" } })).rejects.toMatchObject({ code: "data.missing", recoverable: true });
    expect((await session.call("open", { config })).runId).toMatch(/^tiny-/);
  });

  it("with a backend that is not there rejects and offers the next", async () => {
    const session = openTinySession();
    opened.push(session);
    await expect(session.call("boot", { backend: "webgpu", dataset: "tiny", threads: 0 })).rejects.toMatchObject({ code: "backend.unavailable", hint: expect.stringContaining("WASM") as string });
    await expect(session.call("open", { config })).rejects.toMatchObject({ code: "backend.unavailable" });
  });
});

describe("a run", () => {
  it("reports every loss and candidate once, in order, and its end before the reply", async () => {
    const { session, frames, logOf, lossesOf } = await boot();
    const plan = await session.call("open", { config });
    expect(plan).toMatchObject({ totals: { supernet: 6, retrain: 4, test: 40 }, splits: { weights: 160, validation: 40, evalImages: 20, recalibration: 8 } });
    expect(await session.call("play", { until: null })).toBe("complete");
    expect(lossesOf().map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const { latest } = frames.at(-1) as Frame;
    expect(latest).toMatchObject({ status: "complete", progress: 1, eta: [0, 0], step: 10, metrics: { test: { n: 40 } } });
    const candidates = candidatesIn(logOf());
    expect(candidates.map((c) => c.index)).toEqual(candidates.map((_, i) => i));
    expect(candidates).toHaveLength(16);
    expect(logOf().flatMap((e) => (e.kind === "phase" ? [e.phase] : []))).toEqual(["supernet", "recalibrate", "search", "retrain", "test"]);
    expect(new Set(frames.map((f) => f.runId))).toEqual(new Set([plan.runId]));
    const shares = frames.map((f) => f.latest.progress);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });

  it("has its newest losses and state on the page when a promise resolves, though frames wait for credit", async () => {
    const { session, frames, lossesOf } = await boot();
    await session.call("open", { config });
    for (let step = 1; step <= 5; step++) {
      const reply = await session.call("step", { count: 1 });
      expect(reply.step).toBe(step);
      expect(frames.at(-1)?.latest).toMatchObject({ step, status: "paused" });
      expect(lossesOf().map(([s]) => s)).toEqual(Array.from({ length: step }, (_, i) => i + 1));
    }
  });

  it("pauses during warm-up, goes on, and stops where it was told to", async () => {
    const { session, frames } = await boot();
    await session.call("open", { config });
    const playing = session.call("play", { until: null });
    expect(await session.call("pause", {})).toEqual({ step: 0 });
    expect(await playing).toBe("paused");
    expect(frames.at(-1)?.latest).toMatchObject({ status: "paused", phase: "warmup" });
    expect(await session.call("play", { until: { phase: "retrain", step: 2 } })).toBe("until");
    expect(frames.at(-1)?.latest).toMatchObject({ phase: "retrain", done: 2, step: 8 });
  });

  it("answers questions between two steps without being stopped", async () => {
    const { session } = await boot();
    await session.call("open", { config });
    const playing = session.call("play", { until: null });
    const evaluated = await session.call("evaluate", { choices: Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`layer.${i}`, "identity"])) });
    expect(evaluated).toMatchObject({ id: "00000000", accuracy: { n: 20 } });
    expect((await session.call("images", { split: "validation", classId: 3, start: 0, count: 2, augment: false })).labels).toEqual(Uint8Array.of(3, 3));
    expect(await playing).toBe("complete");
  });

  it("takes every press of step", async () => {
    const { session } = await boot();
    await session.call("open", { config });
    const presses = await Promise.all([1, 2, 3].map(() => session.call("step", { count: 1 })));
    expect(Math.max(...presses.map((p) => p.step))).toBe(3);
    expect((await session.call("pause", {})).step).toBe(3);
  });

  it("clamps live settings, ignores others, and keeps them over a reset", async () => {
    const { session } = await boot();
    await session.call("open", { config });
    await session.call("live", { values: { "evo.prob": 1, "retrain.lr": -5, "train.lr": 99, seed: 3 } });
    const plan = await session.call("reset", {});
    expect(plan.config).toMatchObject({ "evo.prob": config["evo.prob"], "retrain.lr": 0, "train.lr": 10, seed: config.seed });
  });
});

describe("lifecycle", () => {
  it("opened twice at once has one run; the first is closed and its tensors are freed", async () => {
    const { session, frames } = await boot();
    const { runId } = await session.call("open", { config });
    await session.call("play", { until: { step: 1 } });
    const { tensors } = await session.call("memory", {});
    await Promise.all([session.call("open", { config }), session.call("open", { config }), session.call("reset", {})]);
    await session.call("play", { until: { step: 1 } });
    expect((await session.call("memory", {})).tensors).toBe(tensors);
    expect(frames.filter((f) => f.runId === runId).at(-1)?.latest.status).toBe("stopped");
  });

  it("reset while running stops the old run and starts anew with equal numbers", async () => {
    const { session, lossesOf } = await boot();
    const first = await session.call("open", { config });
    const playing = session.call("play", { until: null });
    const second = await session.call("reset", {});
    expect(await playing).toBe("stopped");
    expect(second.runId).not.toBe(first.runId);
    await session.call("play", { until: { step: 6 } });
    const again = await session.call("reset", {});
    await session.call("play", { until: { step: 6 } });
    expect(lossesOf(again.runId)).toEqual(lossesOf(second.runId));
  });

  it("play sent right after open belongs to the new run", async () => {
    const { session } = await boot();
    await session.call("open", { config });
    await session.call("play", { until: { step: 3 } });
    void session.call("open", { config: quick });
    expect(await session.call("step", { count: 1 })).toEqual({ step: 1 });
  });

  it("stopped tells so in a last frame, whatever credit there is, and what follows is refused with a sentence", async () => {
    const { session, frames } = await boot();
    await session.call("open", { config });
    const playing = session.call("play", { until: null });
    await session.call("cancel", {});
    expect(await playing).toBe("stopped");
    expect(frames.at(-1)?.latest.status).toBe("stopped");
    await expect(session.call("play", { until: null })).rejects.toMatchObject({ code: "config.invalid", hint: "Press Train." });
    expect(await session.call("pause", {})).toEqual({ step: 0 });
    expect(await session.call("classify", { image: new Uint8Array(3072) })).toEqual({ inherited: null, retrained: null, id: null });
  });

  it("closing the session while commands wait answers them all", async () => {
    const { session } = await boot();
    await session.call("open", { config });
    const calls = [session.call("play", { until: null }), session.call("checkpoint", {}), session.call("step", { count: 2 })];
    const settled = Promise.allSettled(calls);
    await session.close();
    expect((await settled).map((s) => s.status)).toHaveLength(3);
    expect(session.state).toBe("closed");
  });
});

describe("checkpoints", () => {
  it("resume anywhere with equal candidates, losses and accuracy, and the whole history", async () => {
    const checkpoints = memoryCheckpoints(Date.now);
    const unbroken = await boot();
    await unbroken.session.call("open", { config });
    await unbroken.session.call("play", { until: null });
    for (const until of [{ step: 3 }, { phase: "search", step: 6 }, { phase: "retrain", step: 2 }] as const) {
      const { session } = await boot({ checkpoints });
      await session.call("open", { config });
      await session.call("play", { until });
      const kept = await session.call("checkpoint", {});
      await session.close();
      const resumed = await boot({ checkpoints });
      const plan = await resumed.session.call("resume", { id: kept.id });
      expect(plan.config).toEqual(config);
      expect(await resumed.session.call("play", { until: null })).toBe("complete");
      expect(resumed.lossesOf()).toEqual(unbroken.lossesOf());
      expect(candidatesIn(resumed.logOf())).toEqual(candidatesIn(unbroken.logOf()));
      expect(resumed.frames.at(-1)?.latest.metrics).toEqual(unbroken.frames.at(-1)?.latest.metrics);
    }
  });

  it("are made at phase ends, carry live settings, and the latest is found without a name", async () => {
    const checkpoints = memoryCheckpoints(Date.now);
    const { session, logOf } = await boot({ checkpoints });
    await session.call("open", { config });
    await session.call("play", { until: { step: 2 } });
    await session.call("live", { values: { "evo.limit": 900_000 } });
    await session.call("play", { until: null });
    const saved = logOf().flatMap((e) => (e.kind === "checkpoint" ? [e.checkpoint.phase] : []));
    expect(saved).toEqual(["supernet", "recalibrate", "search", "retrain", "test", "test"]);
    const [newest, ...rest] = await session.call("checkpoints", {});
    expect(rest).toHaveLength(2);
    expect(newest?.config["evo.limit"]).toBe(900_000);
    expect((await session.call("resume", { id: null })).config["evo.limit"]).toBe(900_000);
    expect(await session.call("play", { until: null })).toBe("complete");
  });

  it("that are not there, or cannot be kept, say so", async () => {
    const { session } = await boot();
    await expect(session.call("resume", { id: null })).rejects.toMatchObject({ code: "checkpoint.missing" });
    await expect(session.call("resume", { id: "no/such" })).rejects.toMatchObject({ code: "checkpoint.missing" });
    const without = await boot({ checkpoints: null });
    await without.session.call("open", { config: quick });
    await expect(without.session.call("checkpoint", {})).rejects.toMatchObject({ code: "storage.quota" });
    await expect(without.session.call("resume", { id: null })).rejects.toMatchObject({ code: "checkpoint.missing" });
    expect(await without.session.call("play", { until: null })).toBe("complete");
  });

  it("that fail are a note; the run goes on", async () => {
    const full = { ...memoryCheckpoints(Date.now), save: () => Promise.reject(new AppError("storage.quota", "full")) };
    const { session, logOf } = await boot({ checkpoints: full });
    await session.call("open", { config: quick });
    expect(await session.call("play", { until: null })).toBe("complete");
    expect(logOf()).toContainEqual(expect.objectContaining({ kind: "note", level: "warning", message: expect.stringContaining("The run continues") as string }));
  });
});

describe("errors", () => {
  it("of the run cross with code, step and hint, stay with it, and leave room for the next", async () => {
    const { session, frames, logOf } = await boot();
    await session.call("open", { config: { ...config, "train.lr": 1e9, "train.clip": 0, "train.steps": 400 } });
    const error: unknown = await session.call("play", { until: null }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "train.nan", recoverable: true, hint: expect.stringContaining("three times lower") as string });
    expect((error as AppError).step).toBeGreaterThan(0);
    expect(frames.at(-1)?.latest.status).toBe("error");
    expect(logOf().filter((e) => e.kind === "error")).toHaveLength(1);
    await expect(session.call("play", { until: null })).rejects.toMatchObject({ code: "train.nan" });
    await expect(session.call("step", { count: 1 })).rejects.toMatchObject({ code: "train.nan" });
    await session.call("open", { config: quick });
    expect(await session.call("play", { until: null })).toBe("complete");
  });

  it("a limit nothing meets is refused at once; one given live stops the search, naming the cheapest", async () => {
    const { session } = await boot();
    await expect(session.call("open", { config: { ...config, "evo.limit": 10 } })).rejects.toMatchObject({ code: "search.infeasible", message: expect.stringContaining("the cheapest") as string });
    await session.call("open", { config });
    await session.call("play", { until: { phase: "search", step: 1 } });
    await session.call("live", { values: { "evo.limit": 10 } });
    await expect(session.call("play", { until: null })).rejects.toMatchObject({ code: "search.infeasible", hint: expect.stringMatching(/Raise the limit to \d+/) as string });
  });

  it("an unknown command and a picture of the wrong size are answered, not thrown", async () => {
    const { session } = await boot();
    await expect(session.call("nonsense" as "memory", {})).rejects.toMatchObject({ code: "protocol.version" });
    await expect(session.call("classify", { image: new Uint8Array(5) })).rejects.toMatchObject({ code: "bug" });
  });

  it("an import without storage says so every time", async () => {
    const { session } = await boot();
    for (let i = 0; i < 2; i++) await expect(session.call("importDataset", { files: [] })).rejects.toMatchObject({ code: "storage.quota" });
  });
});

describe("weights and pictures", () => {
  it("are asked before, during and after", async () => {
    const { session } = await boot();
    const image = new Uint8Array(3072).fill(90);
    await session.call("open", { config });
    expect(await session.call("classify", { image })).toEqual({ inherited: null, retrained: null, id: null });
    await expect(session.call("exportWeights", { format: "safetensors" })).rejects.toMatchObject({ message: "There are no retrained weights yet.", hint: expect.any(String) as string });
    await session.call("play", { until: { phase: "search", step: 3 } });
    const { tensors } = await session.call("memory", {});
    const answers = await Promise.all([1, 2, 3].map(() => session.call("classify", { image })));
    expect(answers[0]?.retrained).toBeNull();
    expect(answers[0]?.inherited?.reduce((a, p) => a + p, 0)).toBeCloseTo(1, 5);
    expect(answers[1]).toEqual(answers[0]);
    const asked = (await session.call("memory", {})).tensors;
    await session.call("classify", { image });
    // One set of recalibrated statistics is kept for the next question, not one a question.
    expect((await session.call("memory", {})).tensors).toBe(asked);
    expect(asked - tensors).toBeLessThan(100);
    await session.call("play", { until: null });
    const last = await session.call("classify", { image });
    expect(last.retrained).toHaveLength(10);
    for (const format of ["safetensors", "tfjs"] as const) {
      const file = await session.call("exportWeights", { format });
      expect(file.bytes.length).toBeGreaterThan(10_000);
      expect(file.name).toContain(last.id ?? "?");
    }
  });
});

describe("a broken device", () => {
  it("ends the run with a message, computes nothing any more, and asks for a fresh worker", async () => {
    const { session, frames, others, logOf } = await boot();
    await session.call("open", { config });
    const playing = session.call("play", { until: null });
    await session.call("images", { split: "test", classId: null, start: 0, count: 1, augment: false });
    lastFatal(new AppError("gpu.lost", "The GPU was taken away.", { recoverable: true, hint: "Resume from the last checkpoint." }));
    lastFatal(new AppError("gpu.validation", "and more"));
    await expect(playing).rejects.toMatchObject({ code: "gpu.lost" });
    expect(others).toContainEqual(expect.objectContaining({ kind: "fatal" }));
    expect(frames.at(-1)?.latest.status).toBe("error");
    expect(logOf().filter((e) => e.kind === "error")).toHaveLength(1);
    for (const call of [() => session.call("play", { until: null }), () => session.call("open", { config }), () => session.call("memory", {})]) await expect(call()).rejects.toMatchObject({ code: "gpu.lost" });
  });
});

describe("the truth table", () => {
  it("is read from bytes, refused with a sentence, and null when none is kept", async () => {
    const { session } = await boot();
    const costs = macro8Cost("00000000", "full");
    const row = { test_acc: [80, 81, 82], mean_acc: 81, std: Math.sqrt(2 / 3), params: costs.params, flops: costs.macs };
    const bytes = new TextEncoder().encode(JSON.stringify({ "00000000": row }));
    expect(await session.call("truth", { source: { kind: "bytes", bytes } })).toMatchObject({ ids: ["00000000"], rows: 1, original: false, macs: Float64Array.of(costs.macs) });
    await expect(session.call("truth", { source: { kind: "bytes", bytes: new TextEncoder().encode("{}") } })).rejects.toMatchObject({ code: "import.unreadable", hint: expect.any(String) as string });
    await expect(session.call("truth", { source: { kind: "fetch" } })).rejects.toMatchObject({ code: "data.missing", hint: expect.stringContaining("drop it") as string });
    expect(await session.call("truth", { source: { kind: "kept" } })).toBeNull();
  });
});
