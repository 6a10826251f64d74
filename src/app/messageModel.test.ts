/** What the message strip shows, and that what was dismissed stays away. */
import { describe, expect, it } from "vitest";
import { initialRun } from "@/store/run";
import type { RunState } from "@/store/run";
import { type MessageSources, sentences } from "./messageModel";

const info: NonNullable<RunState["info"]> = {
  backend: "wasm",
  executor: "plan",
  device: "wasm",
  adapter: null,
  hardware: false,
  reason: "No adapter.",
  threads: 1,
  isolated: false,
  problem: null,
  dataset: null,
  datasets: [],
  calibrationMs: null,
  checkpoint: null,
};

const ready = { ...initialRun, boot: { ...initialRun.boot, status: "ready" as const } };
const base: MessageSources = { run: ready, notes: [], dismissed: new Set() };

describe("sentences", () => {
  it("says nothing when there is nothing to say", () => {
    expect(sentences(base)).toEqual([]);
    expect(sentences({ ...base, run: { ...ready, info: { ...info, hardware: true } } })).toEqual([]);
  });

  it("says once that there is no hardware GPU, dismissibly", () => {
    const run = { ...ready, info };
    expect(sentences({ ...base, run }).map((s) => [s.key, s.dismissible])).toEqual([["no-adapter", true]]);
    expect(sentences({ ...base, run, dismissed: new Set(["no-adapter"]) })).toEqual([]);
  });

  it("puts what blocks first and keeps it", () => {
    const run = {
      ...ready,
      boot: { ...ready.boot, status: "busy-tab" as const },
      messages: [{ id: 3, level: "info" as const, text: "hello" }],
    };
    const shown = sentences({ ...base, run, dismissed: new Set(["busy", "message:3"]) });
    expect(shown.map((s) => s.key)).toEqual(["busy"]);
  });

  it("reports unknown keys as warnings and clamped values as notes, each once", () => {
    const notes = [
      { key: "foo", kind: "unknown", message: "Unknown key foo." },
      { key: "evo.prob", kind: "clamped", message: "evo.prob = 7 is outside 0 to 1; using 1." },
    ] as const;
    const shown = sentences({ ...base, notes, run: { ...ready, notes } });
    expect(shown.map((s) => [s.level, s.text])).toEqual([
      ["warning", "Unknown key foo."],
      ["info", "evo.prob = 7 is outside 0 to 1; using 1."],
    ]);
  });

  it("leaves a failed boot to the error card when that has the error", () => {
    const boot = { ...ready.boot, status: "failed" as const, message: "No data." };
    expect(sentences({ ...base, run: { ...ready, boot } }).map((s) => [s.level, s.hint])).toEqual([
      ["error", "No data."],
    ]);
    const error = {
      code: "data.missing" as const,
      message: "No data.",
      hint: null,
      recoverable: false,
      step: null,
      stack: null,
    };
    expect(sentences({ ...base, run: { ...ready, boot, error } })).toEqual([]);
  });
});
