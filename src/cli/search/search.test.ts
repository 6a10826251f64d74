import { describe, expect, it } from "vitest";
import type { PageState, Poll } from "./automation";
import type { Driver } from "./driver";
import { parseSearchFlags, type SearchFlags } from "./flags";
import { formatBar, formatDuration, Progress } from "./progress";
import { checkResult, summarise } from "./result";
import type { RunLog } from "./runLog";
import { runSearch } from "./runSearch";

function parsed(line: string): SearchFlags {
  const flags = parseSearchFlags(line.split(" ").filter((word) => word !== ""));
  if (!flags.ok || flags.value === "help") throw new Error(flags.ok ? "help" : flags.problem.message);
  return flags.value;
}

function refused(line: string): string {
  const flags = parseSearchFlags(line.split(" "));
  if (flags.ok) throw new Error(`"${line}" was accepted`);
  expect(flags.problem.message).not.toContain("\n");
  return flags.problem.message;
}

describe("flags", () => {
  it("map to the one key list; --set wins, several pairs may follow one --set", () => {
    const flags = parsed("--algorithm spos --space macro8 --steps 10 --retrain-steps 20 --generations 1 --set evo.pool=4 evo.topk=2 --seed 9 --set train.steps=11 --out a.json");
    expect(flags.raw).toEqual({
      size: "nano",
      algorithm: "spos",
      space: "macro8",
      "train.steps": "11",
      "retrain.steps": "20",
      "evo.generations": "1",
      seed: "9",
      "evo.pool": "4",
      "evo.topk": "2",
    });
    expect(flags.out.endsWith("/a.json")).toBe(true);
    expect(flags).toMatchObject({ dataset: "emoji10", backend: "auto", quiet: false, log: undefined });
  });

  it("accept multipliers, the other spelling of algorithm, and = forms", () => {
    expect(parsed("--set evo.limit=1.2M alg=spos --size=tiny --quiet").raw).toMatchObject({ "evo.limit": "1.2M", algorithm: "spos", size: "tiny" });
  });

  it.each([
    ["--sead 7", "--seed"],
    ["--size huge", "nano"],
    ["--seed -1x", "seed"],
    ["--seed=-1", "seed"],
    ["--seed 1.5", "seed"],
    ["--backend cuda", "wasm"],
    ["--algorithm magic", "spos"],
    ["--set evo.pol=4", "evo.pol"],
    ["--set evo.pool", "key=value"],
    ["--set __proto__=1", "__proto__"],
    ["--steps many", "train.steps"],
    ["--out", "--out"],
    ["evo.pool=4", "evo.pool=4"],
    ["--quiet evo.pool=4", "evo.pool=4"],
    ["--set evo.pool=4 evo.mutation=4 evo.crossover=4", "evo.pool"],
  ])("refuse %s with one line", (line, word) => expect(refused(line)).toContain(word));
});

const state = (changes: Partial<PageState> = {}): PageState => ({
  phase: "supernet",
  step: 3,
  totalSteps: 10,
  phaseProgress: 0.5,
  etaSeconds: 75,
  metrics: { loss: 1.5 },
  backend: "wasm",
  error: null,
  complete: false,
  ...changes,
});

describe("progress", () => {
  it("shows phase, step and ETA", () => {
    expect(formatBar(state())).toMatch(/^supernet +\[█{12}░{12}\] +50 % +step 3\/10 +ETA 1:15 +loss 1\.500$/);
    expect(formatBar(state({ etaSeconds: [60, 90], totalSteps: null, metrics: null }))).toContain("ETA 1:00–1:30");
    expect(formatBar(state({ phase: null, phaseProgress: null, etaSeconds: null }))).toContain("ETA –");
    expect(formatDuration(3675)).toBe("1:01:15");
  });

  it("is a bar on a terminal, one line a phase elsewhere, nothing when quiet", () => {
    const written = (isTTY: boolean, isQuiet: boolean): string => {
      let text = "";
      const progress = new Progress({ isTTY, columns: 60, write: (chunk) => (text += chunk) }, isQuiet);
      for (const phase of ["supernet", "supernet", "search"]) progress.update(state({ phase }));
      progress.end("done");
      return text;
    };
    expect(written(false, false).trim().split("\n")).toHaveLength(3);
    expect(written(true, false)).toContain("\r");
    expect(written(true, false).endsWith("\r\u001b[2Kdone\n")).toBe(true);
    expect(written(true, true)).toBe("");
  });
});

describe("the result", () => {
  const arch = { format: "nas-playground/architecture", complete: true, id: "02120112", metrics: { macs: 5071488, params: 149730, supernetAccuracy: { value: 0.71, n: 1000 }, retrainedAccuracy: null } };

  it("is passed on as exported, and marked when interrupted", () => {
    const text = JSON.stringify(arch);
    expect(checkResult(text, false)).toMatchObject({ text: `${text}\n`, isComplete: true });
    expect(JSON.parse(checkResult(text, true).text)).toEqual({ ...arch, complete: false });
    expect(summarise(arch)).toBe("Architecture 02120112: 5,071,488 MACs, 149,730 params, supernet 71.0 % of 1000 images");
  });

  it("must be an architecture file", () => {
    for (const text of ["", "{", "[]", '{"format":"x"}', "null"]) expect(() => checkResult(text, false)).toThrow(/exported/);
  });
});

describe("a run", () => {
  interface Script {
    readonly polls: readonly Poll[];
    readonly openError?: Error;
  }

  const poll = (changes: Partial<Poll> = {}): Poll => ({ state: state(), ended: null, losses: [], candidates: [], ...changes });

  function setUp({ polls, openError }: Script) {
    const calls: string[] = [];
    const cursors: unknown[] = [];
    const abort = new AbortController();
    let at = 0;
    const driver: Driver = {
      open: () => (openError === undefined ? Promise.resolve() : Promise.reject(openError)),
      play: () => Promise.resolve(void calls.push("play")),
      pause: () => Promise.resolve(void calls.push("pause")),
      poll: (cursor) => {
        cursors.push(cursor);
        const next = polls[Math.min(at++, polls.length - 1)];
        return next === undefined ? Promise.reject(new Error("no poll")) : Promise.resolve(next);
      },
      exportAs: () => Promise.resolve(void calls.push("export")).then(() => "text"),
      close: () => Promise.resolve(),
    };
    const log: RunLog = {
      phase: ({ phase }) => void calls.push(`phase ${phase ?? ""}`),
      samples: ({ losses }) => losses.forEach((loss) => calls.push(`loss ${loss.step}`)),
      end: (_, reason) => void calls.push(`end ${reason ?? "complete"}`),
      close: () => undefined,
    };
    const progress = { update: () => undefined, say: () => undefined };
    const run = (wait: () => Promise<void> = () => Promise.resolve()) => runSearch(driver, {}, { progress, log, signal: abort.signal, wait });
    return { run, calls, cursors, abort };
  }

  it("plays to the end, logs each phase and sample once, exports", async () => {
    const loss = { phase: 1, step: 5, loss: 2, lr: 0.1 };
    const { run, calls, cursors } = setUp({
      polls: [
        poll({ losses: [loss], candidates: [{}, {}] }),
        poll({ state: state({ phase: "search" }) }),
        poll({ state: state({ phase: "test", complete: true }), ended: { ok: true, value: null } }),
      ],
    });
    expect(await run()).toEqual({ text: "text", interrupted: false });
    expect(calls).toEqual(["play", "phase supernet", "loss 5", "phase search", "phase test", "end complete", "export"]);
    expect(cursors[1]).toEqual({ loss: [1, 5], candidates: 2 });
  });

  it("ends with the page's sentence when the run cannot go on", async () => {
    const broken = setUp({ polls: [poll({ state: state({ error: { code: "train.nan", message: "The loss is not finite." } }) })] });
    await expect(broken.run()).rejects.toMatchObject({ code: "train.nan", message: "The loss is not finite." });
    const refusedByPlay = setUp({ polls: [poll({ ended: { ok: false, code: "search.infeasible", message: "Nothing is that cheap.", hint: "" } })] });
    await expect(refusedByPlay.run()).rejects.toMatchObject({ code: "search.infeasible" });
  });

  it("pauses and exports what there is on Ctrl-C", async () => {
    const { run, calls, abort } = setUp({ polls: [poll()] });
    const outcome = await run(() => Promise.resolve(abort.abort()));
    expect(outcome).toEqual({ text: "text", interrupted: true });
    expect(calls).toEqual(["play", "phase supernet", "pause", "end interrupted", "export"]);
  });

  it("writes nothing when stopped before it began", async () => {
    const { run, calls, abort } = setUp({ polls: [poll()] });
    abort.abort();
    expect(await run()).toEqual({ text: null, interrupted: true });
    expect(calls).toEqual([]);
  });
});
