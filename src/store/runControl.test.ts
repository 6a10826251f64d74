import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tinySettings } from "@/algorithms/testing/tinyRun";
import type * as Device from "@/engine/device";
import { AppError } from "@/lib/appError";
import { memoryCheckpoints, type CheckpointStore } from "@/persist/checkpoints";
import type { Session } from "@/session/protocol";
import { openTinySession } from "@/session/testing/tinySession";
import { experimentStore, setGiven, staleKeys } from "./experiment";
import { history } from "./history";
import { call, connect, useSessionFactory } from "./link";
import { initialRun, runStore } from "./run";
import * as control from "./runControl";

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

const settings = { ...tinySettings, dataset: "tiny", backend: "wasm", seed: 7 };
let sessions: Session[] = [];
let checkpoints: CheckpointStore;
let slowly: Promise<void> | null = null;

beforeEach(async () => {
  sessions = [];
  slowly = null;
  checkpoints = memoryCheckpoints(Date.now);
  useSessionFactory(() => {
    const session = openTinySession({ checkpoints, onFetch: () => slowly ?? undefined });
    sessions.push(session);
    return session;
  });
  runStore.setState(initialRun, true);
  setGiven(settings);
  await control.boot(true);
});
afterEach(async () => {
  for (const session of sessions) await session.close();
});

const state = () => runStore.getState();
/** The page has seen that it runs. */
const running = (): Promise<void> => vi.waitFor(() => expect(state().latest?.status).toBe("running"), { interval: 1 });
const steps = (): number[] => [...(history.export("loss")?.["step"] ?? [])];

describe("a run on the page", () => {
  it("shows everything it did when play resolves", async () => {
    expect(await control.play(null)).toBe("complete");
    expect(state().latest).toMatchObject({ status: "complete", metrics: { test: { n: 40 } } });
    expect(steps()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(history.candidates()).toHaveLength(16);
    expect(state().lastCheckpoint?.phase).toBe("test");
  });

  it("reset while running gives the same numbers from the start, and nothing of the old run", async () => {
    const playing = control.play(null);
    await running();
    const old = state().plan?.runId;
    await control.reset();
    await playing;
    expect(state().plan?.runId).not.toBe(old);
    expect([steps(), state().latest?.status]).toEqual([[], "idle"]);
    await control.play({ step: 4 });
    const first = [...(history.export("loss")?.["loss"] ?? [])];
    await control.reset();
    await control.play({ step: 4 });
    expect([...(history.export("loss")?.["loss"] ?? [])]).toEqual(first);
  });

  it("stop shows as stopped at once; reset, step and play work afterwards", async () => {
    for (const next of [() => control.reset(), () => control.step(1), () => control.play({ step: 1 })]) {
      const playing = control.play(null);
      await running();
      await control.stop();
      expect([await playing, state().latest?.status]).toEqual(["stopped", "stopped"]);
      await next();
      expect(state().latest?.status).not.toBe("stopped");
      expect(state().error).toBeNull();
    }
  });

  it("opened twice at once is one run whose frames are followed", async () => {
    const plans = await Promise.all([control.openRun(), control.openRun()]);
    expect(state().plan?.runId).toBe(plans[1].runId);
    await control.play({ step: 2 });
    expect(steps()).toEqual([1, 2]);
  });

  it("pause right after play leaves it standing, run or no run", async () => {
    for (const started of [false, true]) {
      const playing = control.play(null);
      if (started) await running();
      await control.pause();
      expect(await playing).toBe("paused");
      expect(state().latest?.status).toBe("paused");
    }
  });

  it("commands sent without waiting take effect in their order", async () => {
    await control.play({ step: 1 });
    const old = state().plan?.runId;
    const [played, , stepped] = await Promise.all([control.play(null), control.reset(), control.step(2)]);
    expect([played, stepped]).toEqual(["stopped", 2]);
    expect(state().plan?.runId).not.toBe(old);
    expect(steps()).toEqual([1, 2]);
    const [again, , next] = await Promise.all([control.play(null), control.stop(), control.step(1)]);
    expect([again, next]).toEqual(["stopped", 1]);
    expect(steps()).toEqual([1]);
    const presses = await Promise.all([control.step(1), control.step(1), control.step(1)]);
    expect(Math.max(...presses)).toBe(4);
  });

  it("live settings are clamped alike in experiment, run and plan; a reset keeps them", async () => {
    await control.play({ step: 1 });
    await control.setLive({ "train.lr": 50, "evo.limit": 700_000 });
    expect(experimentStore.getState().config["train.lr"]).toBe(10);
    expect(state().plan?.config).toMatchObject({ "train.lr": 10, "evo.limit": 700_000 });
    expect(staleKeys(state().plan?.config as never, experimentStore.getState().config)).toEqual([]);
    await control.reset();
    expect(state().plan?.config).toMatchObject({ "train.lr": 10, "evo.limit": 700_000 });
  });
});

describe("resume", () => {
  it("shows the whole history of the saved run at once, also while another one runs", async () => {
    await control.play({ phase: "search", step: 5 });
    const { id } = await call("checkpoint", {});
    const [before, candidates] = [history.export("loss"), structuredClone(history.candidates())];
    const playing = control.play(null);
    const plan = await control.resume(id);
    expect(await playing).toBe("stopped");
    expect(state().plan).toEqual(plan);
    expect(history.candidates()).toEqual(candidates);
    expect(history.export("loss")?.["step"]).toEqual(before?.["step"]);
    expect(history.export("loss")?.["loss"]).toEqual(before?.["loss"]);
    expect(await control.play(null)).toBe("complete");
    expect(steps()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("of nothing is an error with a sentence and leaves the page usable", async () => {
    await expect(control.resume(null)).rejects.toMatchObject({ code: "checkpoint.missing" });
    expect(state().error?.code).toBe("checkpoint.missing");
    expect(await control.play({ step: 1 })).toBe("until");
    expect(state().error).toBeNull();
  });
});

describe("what breaks", () => {
  it("a lost device is left for a fresh worker, by Train, by Reset and by Resume", async () => {
    for (const next of [() => control.play({ step: 1 }), () => control.reset(), () => control.resume(null)]) {
      await control.play({ phase: "search" });
      const count = sessions.length;
      const playing = control.play(null).catch((e: unknown) => e);
      lastFatal(new AppError("gpu.lost", "The GPU was taken away.", { recoverable: true }));
      expect(await playing).toMatchObject({ code: "gpu.lost" });
      expect(state().latest?.status).toBe("error");
      await next();
      expect(sessions.length).toBe(count + 1);
      expect([state().error, sessions[count - 1]?.state]).toEqual([null, "closed"]);
    }
  });

  it("a run that became NaN is resumed at a third of its learning rate, any other at its own", async () => {
    await control.play({ step: 2 });
    await control.pause();
    const checkpoint = await call("checkpoint", {});
    const { "train.lr": lr } = checkpoint.config;
    await control.resume(checkpoint.id);
    expect(experimentStore.getState().config["train.lr"]).toBe(lr);
    runStore.setState({ error: { code: "train.nan", message: "Loss became NaN at step 2.", hint: null, recoverable: true, step: 2, stack: null } });
    await control.resume(checkpoint.id);
    expect(experimentStore.getState().config["train.lr"]).toBeCloseTo(lr / 3, 12);
    await control.play({ step: 3 });
    expect(state().latest?.metrics.lr).toBeLessThan(lr / 3);
    expect(state().messages.some((m) => m.text.includes("train.lr"))).toBe(true);
  });

  it("a missing data set is named and changes nothing for the next try", async () => {
    setGiven({ ...settings, dataset: "cifar10" });
    await expect(control.play(null)).rejects.toMatchObject({ code: "data.missing" });
    setGiven(settings);
    expect(await control.play({ step: 1 })).toBe("until");
  });

  it("a refused configuration opens nothing", async () => {
    await expect(control.openConfig({ ...settings, seed: -1 }, true)).rejects.toMatchObject({ code: "config.invalid" });
    expect(state().plan).toBeNull();
    const plan = await control.openConfig({ ...settings, seed: -1, colour: "red" }, false);
    expect(plan.config.seed).toBe(0);
    expect(state().notes.map((n) => n.kind)).toEqual(["clamped", "unknown"]);
  });
});

describe("connecting", () => {
  it("again while a boot is under way leaves one worker, and both callers its answer", async () => {
    let go: () => void = () => undefined;
    slowly = new Promise((resolve) => (go = resolve));
    const first = connect({ backend: "wasm", dataset: "tiny", threads: 0 }, true);
    await vi.waitFor(() => expect(sessions).toHaveLength(2));
    const second = connect({ backend: "cpu", dataset: "tiny", threads: 0 });
    go();
    expect((await second).device).toBe("cpu");
    expect(await first).toEqual(await second);
    expect(sessions.map((s) => s.state)).toEqual(["closed", "closed", "ready"]);
    expect([state().boot.status, state().error, state().info?.device]).toEqual(["ready", null, "cpu"]);
  });

  it("with the same wish uses the worker that runs", async () => {
    await Promise.all([control.boot(), control.boot(), connect({ backend: "wasm", dataset: "tiny", threads: 0 })]);
    expect(sessions).toHaveLength(1);
  });

  it("does not forget that another tab trains", async () => {
    runStore.setState({ boot: { ...state().boot, status: "busy-tab" } });
    await control.boot(true);
    expect(state().boot.status).toBe("busy-tab");
  });
});
