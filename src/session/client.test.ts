import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AppError } from "@/lib/appError";
import { type ClientEnv, type Port, PortSession } from "./client";
import { type Frame, type FromWorker, protocolVersion, type ToWorker } from "./protocol";
import { fromWire, toWire } from "./wireError";

function open() {
  const sent: ToWorker[] = [];
  const paints: (() => void)[] = [];
  const clock = { time: 0 };
  let terminated = 0;
  let watch: (() => void) | null = null;
  let deliver: (message: FromWorker) => void = () => undefined;
  let die: (error: AppError) => void = () => undefined;
  const port: Port = {
    post: (message) => void sent.push(structuredClone(message)),
    listen: (onMessage, onFailure) => ([deliver, die] = [onMessage, onFailure]),
    terminate: () => void terminated++,
  };
  const env: ClientEnv = {
    now: () => clock.time,
    afterPaint: (work) => void paints.push(work),
    every: (_, work) => {
      watch = work;
      return () => (watch = null);
    },
  };
  const session = new PortSession(port, env);
  const heard: FromWorker[] = [];
  session.subscribe((message) => heard.push(message));
  return {
    session,
    sent,
    paints,
    clock,
    heard,
    say: (message: FromWorker) => deliver(message),
    die: (error = new AppError("worker.dead", "The worker stopped with an error.", { recoverable: true })) => die(error),
    /** Time passes as a page in front sees it: the watch looks every five seconds. */
    pass: (ms: number) => {
      for (let t = 0; t < ms; t += 5000) {
        clock.time += 5000;
        watch?.();
      }
    },
    sleep: (ms: number) => {
      clock.time += ms;
      watch?.();
    },
    watching: () => watch !== null,
    terminated: () => terminated,
  };
}

const hello: FromWorker = { kind: "hello", protocol: protocolVersion, build: "test" };
const frame = (seq: number): Frame => ({ kind: "frame", runId: "run-1", seq }) as unknown as Frame;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("calls", () => {
  it("are answered by id, in any order", async () => {
    const { session, sent, say } = open();
    say(hello);
    const [a, b] = [session.call("step", { count: 1 }), session.call("memory", {})];
    expect(sent.map((m) => m.kind)).toEqual(["step", "memory"]);
    const ids = sent.map((m) => ("id" in m ? m.id : -1));
    say({ kind: "reply", to: "memory", id: ids[1] as number, ok: true, result: { tensors: 3, bytes: 4 } });
    say({ kind: "reply", to: "step", id: ids[0] as number, ok: true, result: { step: 9 } });
    expect([await a, await b]).toEqual([{ step: 9 }, { tensors: 3, bytes: 4 }]);
    // An answer that nobody waits for.
    say({ kind: "reply", to: "step", id: 99, ok: true, result: null });
  });

  it("fail with code, sentence, hint and step of the worker's error", async () => {
    const { session, sent, say } = open();
    say(hello);
    const call = session.call("play", { until: null });
    const error = toWire(new AppError("train.nan", "Loss became NaN at step 7.", { step: 7, recoverable: true, hint: "Lower it." }));
    say({ kind: "reply", to: "play", id: (sent[0] as { id: number }).id, ok: false, error: structuredClone(error) });
    await expect(call).rejects.toMatchObject({ code: "train.nan", message: "Loss became NaN at step 7.", hint: "Lower it.", step: 7, recoverable: true });
    expect(fromWire(toWire(new TypeError("x is undefined")))).toMatchObject({ code: "bug", message: "x is undefined", step: undefined, hint: undefined });
    expect(toWire(new TypeError("here")).stack).toContain("client.test");
  });

  it("with what cannot be sent reject at once and leave nothing waiting", async () => {
    const { session, say, pass } = open();
    say(hello);
    await expect(session.call("classify", { image: (() => 1) as unknown as Uint8Array })).rejects.toThrow();
    pass(120_000);
    expect(session.state).toBe("ready");
  });
});

describe("handshake", () => {
  it("of another version asks for a reload and rejects everything", async () => {
    const { session, say, terminated, heard } = open();
    const boot = session.call("boot", { backend: "auto", dataset: "emoji10", threads: 0 });
    say({ ...hello, protocol: protocolVersion + 1 });
    await expect(boot).rejects.toMatchObject({ code: "protocol.version", hint: "Reload the page." });
    await expect(session.call("memory", {})).rejects.toMatchObject({ code: "protocol.version" });
    expect([session.state, terminated()]).toEqual(["failed", 1]);
    expect(heard).toMatchObject([{ kind: "fatal", error: { code: "protocol.version" } }]);
  });
});

describe("a dead worker", () => {
  it("rejects all that waits and every later call, once", async () => {
    const { session, say, die, heard, terminated, watching } = open();
    say(hello);
    const waiting = [session.call("play", { until: null }), session.call("memory", {})];
    die();
    die();
    for (const call of waiting) await expect(call).rejects.toMatchObject({ code: "worker.dead", recoverable: true });
    await expect(session.call("pause", {})).rejects.toMatchObject({ code: "worker.dead" });
    expect(heard.filter((m) => m.kind === "fatal")).toHaveLength(1);
    expect([session.state, terminated(), watching()]).toEqual(["failed", 1, false]);
    // Its last words are not heard.
    say(hello);
    expect(session.state).toBe("failed");
    await session.close();
    expect(terminated()).toBe(1);
  });

  it("is noticed after a minute of silence while something waits", async () => {
    const { session, say, pass } = open();
    say(hello);
    pass(300_000);
    expect(session.state).toBe("ready");
    const call = session.call("play", { until: null });
    say({ kind: "heartbeat" });
    pass(55_000);
    expect(session.state).toBe("ready");
    say({ kind: "heartbeat" });
    pass(55_000);
    expect(session.state).toBe("ready");
    pass(10_000);
    await expect(call).rejects.toMatchObject({ code: "worker.dead", hint: "Resume from the last checkpoint." });
  });

  it("is not assumed by a page that slept itself", async () => {
    const { session, say, pass, sleep } = open();
    say(hello);
    const call = session.call("play", { until: null });
    sleep(8 * 3_600_000);
    expect(session.state).toBe("ready");
    pass(60_000);
    await expect(call).rejects.toMatchObject({ code: "worker.dead" });
  });
});

describe("frames", () => {
  it("are acknowledged after they were painted, with run and number", () => {
    const { say, sent, paints, clock } = open();
    say(hello);
    say(frame(4));
    expect(sent).toEqual([]);
    clock.time = 12;
    paints.shift()?.();
    expect(sent).toEqual([{ kind: "ack", runId: "run-1", seq: 4, frameMs: 12 }]);
  });

  it("are not acknowledged to a worker that has ended", async () => {
    const { say, sent, paints, die, heard } = open();
    say(hello);
    say(frame(1));
    die();
    paints.shift()?.();
    say(frame(2));
    expect(sent).toEqual([]);
    expect(heard.filter((m) => m.kind === "frame")).toHaveLength(1);
  });
});

describe("close", () => {
  it("asks the host to stop and waits for it", async () => {
    const { session, say, sent, terminated } = open();
    say(hello);
    const playing = session.call("play", { until: null });
    const closing = session.close();
    expect(session.close()).toBe(closing);
    expect(sent.map((m) => m.kind)).toEqual(["play", "cancel"]);
    await expect(session.call("memory", {})).rejects.toMatchObject({ code: "worker.dead" });
    const id = (i: number): number => (sent[i] as { id: number }).id;
    say({ kind: "reply", to: "play", id: id(0), ok: true, result: "stopped" });
    say({ kind: "reply", to: "cancel", id: id(1), ok: true, result: null });
    await closing;
    expect([await playing, session.state, terminated()]).toEqual(["stopped", "closed", 1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends a worker that does not answer after two seconds and rejects what waits", async () => {
    const { session, say, terminated } = open();
    say(hello);
    const failure = expect(session.call("play", { until: null })).rejects.toMatchObject({ code: "worker.dead" });
    const closing = session.close();
    await vi.advanceTimersByTimeAsync(1999);
    expect(terminated()).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await closing;
    await failure;
    expect([session.state, terminated()]).toEqual(["closed", 1]);
  });

  it("of a worker that dies meanwhile stays failed", async () => {
    const { session, say, die, terminated } = open();
    say(hello);
    const closing = session.close();
    die();
    await closing;
    expect([session.state, terminated()]).toEqual(["failed", 1]);
  });
});
