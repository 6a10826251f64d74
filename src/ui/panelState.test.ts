/** The eight states, each reached, and who wins when two hold at once. */
import { describe, expect, it } from "vitest";
import { experimentStore } from "@/store/experiment";
import { initialRun, type RunState } from "@/store/run";
import { type PanelSituation, panelState, panelStates } from "./panelState";
import { latestState, runPlan } from "./testing/runFixture";

const config = experimentStore.getState().config;
const ready: RunState["boot"] = { ...initialRun.boot, status: "ready" };
const base: PanelSituation = {
  boot: ready,
  plan: runPlan(config),
  latest: latestState({ status: "running" }),
  config,
  cursor: null,
  applicable: true,
  error: null,
  hasData: true,
};

describe("panelState", () => {
  const cases: readonly [string, Partial<PanelSituation>][] = [
    ["empty", { plan: null, latest: null, hasData: false }],
    ["loading", { boot: initialRun.boot, plan: null, latest: null, hasData: false }],
    ["live", {}],
    ["past", { cursor: 12 }],
    ["paused", { latest: latestState({ status: "paused" }) }],
    ["stale", { config: { ...config, seed: 8 } }],
    ["not-applicable", { applicable: false }],
    ["error", { error: new Error("no canvas") }],
  ];

  it.each(cases)("%s", (state, change) => {
    expect(panelState({ ...base, ...change })).toBe(state);
  });

  it("reaches every state", () => {
    expect(cases.map(([state]) => state)).toEqual([...panelStates]);
  });

  it("is live at the end of a complete run, and waits when the boot is over but nothing ran", () => {
    expect(panelState({ ...base, latest: latestState({ status: "complete" }) })).toBe("live");
    expect(panelState({ ...base, hasData: false })).toBe("empty");
  });

  it("lets the past win over stale, stale over paused, and trouble over all", () => {
    const stale = { config: { ...config, seed: 8 }, latest: latestState({ status: "paused" }) };
    expect(panelState({ ...base, ...stale })).toBe("stale");
    expect(panelState({ ...base, ...stale, cursor: 3 })).toBe("past");
    expect(panelState({ ...base, ...stale, cursor: 3, error: "broken" })).toBe("error");
  });

  it("is not stale for a setting that a running search takes over", () => {
    expect(panelState({ ...base, config: { ...config, "evo.limit": 1e6 } })).toBe("live");
  });
});
