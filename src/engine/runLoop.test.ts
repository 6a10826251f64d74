import { describe, expect, it } from "vitest";
import type { MethodRun, Tick } from "@/algorithms/method";
import type { Phase } from "@/algorithms/phases";
import { RunLoop } from "./runLoop";

/** Two phases of five steps, two chunks a step; every turn of the machine is let through by hand or by `breathe`. */
function fake({ failAt = Infinity, phases = ["supernet", "retrain"] as readonly Phase[], length = 5 } = {}) {
  const log: string[] = [];
  const now = { phase: "supernet" as Phase, step: 0, done: 0, generation: 0, tick: 0 };
  async function* ticks(): AsyncGenerator<Tick, void, void> {
    try {
      for (const phase of phases) {
        Object.assign(now, { phase, done: 0 });
        yield { boundary: "phase" };
        for (let i = 0; i < length; i++) {
          yield { boundary: "chunk" };
          if (now.step + 1 === failAt) throw new Error("the machine broke");
          now.step++;
          now.done++;
          now.generation = Math.floor(now.step / 3);
          log.push(`step ${now.step}`);
          yield { boundary: "step" };
        }
      }
    } finally {
      log.push("released");
    }
  }
  const run = { ticks, status: () => ({ ...now, total: length, message: "", lastLoss: null, lastLr: null }) } as unknown as MethodRun;
  const hooks: { onTick: (tick: Tick, ms: number) => void | Promise<void> } = { onTick: () => undefined };
  const clock = { time: 0 };
  const naps: number[] = [];
  const loop = new RunLoop(run, {
    now: () => (clock.time += 5),
    // Like a macro-task: whatever the test has called meanwhile is heard.
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    sleep: (ms, signal) => {
      naps.push(ms);
      return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve())));
    },
    onTick: (tick, ms) => hooks.onTick(tick, ms),
  });
  return { loop, log, now, hooks, naps };
}

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("play", () => {
  it("runs to the end once, and answers at once afterwards", async () => {
    const { loop, log } = fake();
    expect(await loop.play(null)).toBe("complete");
    expect(log).toHaveLength(11);
    expect(log.at(-1)).toBe("released");
    expect(await loop.play(null)).toBe("complete");
    expect(await loop.step(3)).toBe("complete");
    await loop.pause();
    expect([log.length, loop.state]).toEqual([11, "complete"]);
  });

  it.each([
    [{ step: 3 }, { step: 3, phase: "supernet" }],
    [{ phase: "retrain" as const }, { step: 5, phase: "retrain" }],
    [{ phase: "retrain" as const, step: 2 }, { step: 7, phase: "retrain" }],
    [{ generation: 2 }, { step: 6, phase: "retrain" }],
    [{ phase: "supernet" as const, generation: 1 }, { step: 3, phase: "supernet" }],
  ])("stops at %j", async (until, reached) => {
    const { loop, now } = fake();
    expect(await loop.play(until)).toBe("until");
    expect(now).toMatchObject(reached);
    expect(loop.state).toBe("paused");
    // Reached already: not a tick further.
    expect(await loop.play(until)).toBe("until");
    expect(now).toMatchObject(reached);
  });

  it("that asks for more than there is runs to the end", async () => {
    expect(await fake().loop.play({ step: 99 })).toBe("complete");
  });

  it("takes over from another; of many that wait the newest wins, and only one machine runs", async () => {
    const { loop, now, hooks } = fake();
    const inside = { now: 0, most: 0 };
    hooks.onTick = async () => {
      inside.most = Math.max(inside.most, ++inside.now);
      await macrotask();
      inside.now--;
    };
    const first = loop.play(null);
    await macrotask();
    const others = [loop.play({ step: 9 }), loop.play({ step: 8 }), loop.play({ step: 4 })];
    expect(await first).toBe("paused");
    expect(inside.most).toBe(1);
    expect(await Promise.all(others)).toEqual(["paused", "paused", "until"]);
    expect([now.step, loop.state]).toEqual([4, "paused"]);
  });
});

describe("pause", () => {
  it("lands on the next tick, a chunk too", async () => {
    const { loop, hooks } = fake();
    const seen: string[] = [];
    let paused: Promise<void> | null = null;
    hooks.onTick = (tick) => {
      seen.push(tick.boundary);
      if (seen.length === 2) paused = loop.pause();
    };
    expect(await loop.play(null)).toBe("paused");
    await paused;
    expect(seen).toEqual(["phase", "chunk"]);
    expect(await loop.play({ step: 1 })).toBe("until");
    expect(seen).toEqual(["phase", "chunk", "step"]);
  });

  it("also stops what only waits to start", async () => {
    const { loop, now } = fake();
    const first = loop.play(null);
    const second = loop.play(null);
    await loop.pause();
    expect([await first, await second]).toEqual(["paused", "paused"]);
    const { step } = now;
    await macrotask();
    expect([now.step, loop.state === "running"]).toEqual([step, false]);
  });

  it("before the first play leaves the run as it was", async () => {
    const { loop } = fake();
    await loop.pause();
    expect(loop.state).toBe("idle");
    expect(await loop.play({ step: 1 })).toBe("until");
  });

  it("ends the nap of slow motion", async () => {
    const { loop, naps, now } = fake();
    loop.slow = true;
    const playing = loop.play(null);
    while (naps.length === 0) await macrotask();
    await loop.pause();
    expect(await playing).toBe("paused");
    expect([now.step, naps]).toEqual([1, [1000]]);
  });
});

describe("step", () => {
  it("does n units, whatever ticks lie between", async () => {
    const { loop, now } = fake();
    expect(await loop.step(1)).toBe("until");
    expect(now.step).toBe(1);
    expect(await loop.step(6)).toBe("until");
    expect(now.step).toBe(7);
    expect(await loop.step(0)).toBe("until");
    expect(now.step).toBe(8);
  });

  it("pressed three times quickly does three", async () => {
    const { loop, now } = fake();
    expect(await Promise.all([loop.step(1), loop.step(1), loop.step(1)])).toEqual(["until", "until", "until"]);
    expect(now.step).toBe(3);
  });

  it("during a play takes over", async () => {
    const { loop, now } = fake();
    const playing = loop.play(null);
    const stepping = loop.step(2);
    expect([await playing, await stepping, now.step]).toEqual(["paused", "until", 2]);
  });
});

describe("between", () => {
  it("is done between two ticks, and the run goes on by itself", async () => {
    const { loop, log, hooks } = fake();
    const asked: Promise<string>[] = [];
    hooks.onTick = (tick) => {
      if (tick.boundary === "step" && asked.length === 0) {
        asked.push(
          loop.between(async () => {
            log.push("asked");
            await macrotask();
            log.push("answered");
            return "42";
          }),
        );
      }
    };
    expect(await loop.play(null)).toBe("complete");
    expect(await asked[0]).toBe("42");
    expect(log.slice(0, 4)).toEqual(["step 1", "asked", "answered", "step 2"]);
  });

  it("standing still is done at once; two are done one after the other; a play waits", async () => {
    const { loop, log } = fake();
    const work = (name: string) => async () => {
      log.push(`${name} begins`);
      await macrotask();
      log.push(`${name} ends`);
    };
    await Promise.all([loop.between(work("a")), loop.between(work("b")), loop.step(1)]);
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "step 1"]);
  });

  it("right after play does not wait for its end", async () => {
    const { loop, now } = fake({ length: 500 });
    const playing = loop.play(null);
    expect(await loop.between(() => Promise.resolve(now.step))).toBeLessThan(3);
    await loop.pause();
    expect(await playing).toBe("paused");
  });

  it("that fails harms neither the run nor the next question", async () => {
    const { loop, hooks } = fake();
    let failing: Promise<unknown> = Promise.resolve();
    hooks.onTick = (tick) => {
      if (tick.boundary === "phase") failing = loop.between(() => Promise.reject(new Error("no"))).catch((e: Error) => e.message);
    };
    expect(await loop.play({ step: 2 })).toBe("until");
    expect(await failing).toBe("no");
    await expect(loop.between(() => Promise.reject(new Error("nor now")))).rejects.toThrow("nor now");
    expect(await loop.between(() => Promise.resolve(1))).toBe(1);
  });

  it("of an aborted run is refused: its weights are gone", async () => {
    const { loop } = fake();
    await loop.play({ step: 1 });
    await loop.abort();
    await expect(loop.between(() => Promise.resolve(1))).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("abort", () => {
  it("runs the generator's finally and answers every play with stopped", async () => {
    const { loop, log } = fake();
    const playing = loop.play(null);
    await macrotask();
    const waiting = loop.play(null);
    await loop.abort();
    expect([await playing, await waiting]).toEqual(["stopped", "stopped"]);
    expect([log.at(-1), loop.state]).toEqual(["released", "stopped"]);
    expect(await loop.play(null)).toBe("stopped");
  });

  it("waits for work that uses the weights", async () => {
    const { loop, log } = fake();
    await loop.play({ step: 1 });
    const asking = loop.between(async () => {
      await macrotask();
      log.push("answered");
    });
    await loop.abort();
    await asking;
    expect(log).toEqual(["step 1", "answered", "released"]);
  });

  it("twice, or before anything ran, is harmless", async () => {
    const { loop } = fake();
    await Promise.all([loop.abort(), loop.abort()]);
    expect([loop.state, await loop.play(null)]).toEqual(["stopped", "stopped"]);
  });
});

describe("errors", () => {
  it("reach whoever plays, and stay: the generator's end is not the run's completion", async () => {
    const { loop, log } = fake({ failAt: 3 });
    await expect(loop.play(null)).rejects.toThrow("the machine broke");
    expect([loop.state, log.at(-1)]).toEqual(["error", "released"]);
    await expect(loop.play(null)).rejects.toThrow("the machine broke");
    await expect(loop.step(1)).rejects.toThrow("the machine broke");
    await loop.pause();
    await loop.abort();
    expect(loop.state).toBe("error");
  });

  it("of whoever listens to ticks end the run too", async () => {
    const { loop, hooks } = fake();
    hooks.onTick = () => {
      throw new Error("no room");
    };
    await expect(loop.play(null)).rejects.toThrow("no room");
  });
});

describe("unit times", () => {
  it("cover the chunks of a unit and nothing before it", async () => {
    const { loop, hooks } = fake();
    const times: number[] = [];
    hooks.onTick = (tick, ms) => void (tick.boundary === "step" && times.push(ms));
    await loop.play({ step: 4 });
    expect(times.every((ms) => ms > 0 && ms < 100)).toBe(true);
  });
});
