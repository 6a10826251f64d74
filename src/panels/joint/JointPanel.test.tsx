// @vitest-environment jsdom
/** The joint-search panel in each of its states, its views, keys, pointer and words. */
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { change } from "@/store/experiment";
import { history } from "@/store/history";
import { runStore } from "@/store/run";
import { setCursor, setFocus, viewStore } from "@/store/view";
import { type ActionCall, fakeActions } from "../testing/fakeActions";
import { fakeLayout } from "../testing/fakeDom";
import { type FakeJointOptions, fakeJoint } from "../testing/fakeJoint";
import { resetStores } from "../testing/fakeRun";
import { JointPanel } from "./JointPanel";

let calls: ActionCall[];
let undo: () => void;
beforeEach(() => {
  undo = fakeLayout(420, 240);
  calls = fakeActions();
  resetStores();
});
afterEach(() => {
  cleanup();
  undo();
});

// By selector: asking for roles among hundreds of marks takes a second.
const figure = () => document.querySelector("section[role=figure]") as HTMLElement;
const state = () => figure().dataset["state"];
const key = (name: string) => fireEvent.keyDown(figure(), { key: name });
const all = (selector: string) => [...document.querySelectorAll<SVGElement>(selector)];
const show = (options: FakeJointOptions = {}) => {
  const made = fakeJoint(options);
  render(<JointPanel />);
  return made;
};
const setLatest = (over: object) => act(() => runStore.setState({ latest: { ...(runStore.getState().latest as NonNullable<ReturnType<typeof runStore.getState>["latest"]>), ...over } }));

describe("states", () => {
  it("loading with the boot step, then empty with the control that fills it", () => {
    change({ algorithm: "fbnet-v3" });
    render(<JointPanel />);
    expect(figure()).toMatchObject({ dataset: { state: "loading", panel: "joint" } });
    expect(screen.getByText("Starting")).toBeTruthy();
    act(() => runStore.setState({ boot: { ...runStore.getState().boot, status: "ready" } }));
    expect(state()).toBe("empty");
    fireEvent.click(screen.getByText("Train"));
    expect(calls.map(({ name }) => name)).toEqual(["train"]);
  });

  it("loading while the encoder is pre-trained and the first pair is", () => {
    show({ trials: 0 });
    expect(state()).toBe("loading");
    expect(screen.getByText(/^Encoder pre-trained on costs, epoch 20: loss 0\.0\d\d$/)).toBeTruthy();
  });

  it("live, paused, stale; the budget is said", () => {
    show();
    expect(state()).toBe("live");
    expect(screen.getByText("round 2 · 12 of 12 pairs trained")).toBeTruthy();
    expect(screen.getByText("12 trainings, 1,000 images each; predictions rest on that.")).toBeTruthy();
    expect(all("[data-pair]")).toHaveLength(12);
    setLatest({ status: "paused" });
    expect(state()).toBe("paused");
    act(() => void change({ seed: 9 }));
    expect(state()).toBe("stale");
  });

  it("past: the pairs of that step", () => {
    show({ fine: 5 });
    act(() => setCursor(4 * 31 * 3 + 1));
    expect(state()).toBe("past");
    expect(all("[data-pair]")).toHaveLength(4);
    expect(screen.getByText("Known after the first round.")).toBeTruthy();
    act(() => setCursor(null));
    expect(all("[data-pair]")).toHaveLength(12);
  });

  it("error: predictions that are no numbers; what was measured stays", () => {
    const { report } = show();
    const broken = { ...report, trials: report.trials.map((t) => ({ ...t, predicted: Number.NaN })) };
    const { latest } = runStore.getState();
    const empty = { i: new Int32Array(0), u: new Uint8Array(0), f: new Float32Array(0) };
    act(() =>
      history.apply({
        ...{ kind: "frame", runId: "fake", seq: 99, latest: latest as NonNullable<typeof latest>, log: [{ kind: "report", report: broken }] },
        series: {
          loss: { step: empty.i, phase: empty.u, loss: empty.f, lr: empty.f },
          alpha: { step: empty.i, values: empty.f },
          cost: { step: empty.i, expected: empty.f, tau: empty.f },
          accuracy: { step: empty.i, phase: empty.u, split: empty.u, accuracy: empty.f, n: empty.i },
        },
      }),
    );
    expect(state()).toBe("error");
    expect(screen.getByRole("alert").textContent).toMatch(/^The predictor stopped giving numbers/);
    expect(all("[data-pair]")).toHaveLength(12);
  });

  it.each([
    [{ algorithm: "spos" }, "pool"],
    [{ algorithm: "darts" }, "cells"],
    [{ algorithm: "fbnet-v1" }, "theta"],
    [{ algorithm: "fbnet-v3", "retrain.arch": "0" }, "network"],
  ] as const)("not applicable: %o leads to %s", (config, panel) => {
    change(config);
    render(<JointPanel />);
    expect(state()).toBe("not-applicable");
    fireEvent.click(document.querySelector("section button:not([aria-pressed])") as HTMLElement);
    expect(viewStore.getState().panel).toBe(panel);
  });
});

describe("predictor", () => {
  it("a pair under the pointer is the page's focus, with interval and numbers; a click pins it", () => {
    const { candidates } = show();
    const mark = document.querySelector('[data-pair="8"]') as SVGElement;
    fireEvent.pointerEnter(mark);
    expect(viewStore.getState().focus).toEqual({ archId: candidates[8]?.id, candidate: 8 });
    expect(mark.querySelectorAll("path")).toHaveLength(1);
    expect(document.querySelector("p[aria-hidden]")?.textContent).toMatch(/^#9 · \w+\d+\.\d ± \d\.\d.% \(n=1,000\)predicted before: \d+\.\d.%predicted now/);
    // Wider lines would be cut off beside a mark in the middle of a picture of 470 px.
    for (const span of document.querySelectorAll("p[aria-hidden] span")) expect((span.textContent ?? "").length).toBeLessThanOrEqual(34);
    expect(all('[data-lit="true"]')).toHaveLength(1);
    fireEvent.click(mark);
    expect(viewStore.getState().pinA).toEqual({ archId: candidates[8]?.id, candidate: 8 });
    key("v");
    expect(document.querySelector('[data-line="8"] [data-pin]')?.getAttribute("data-pin")).toBe("a");
  });

  it("correlations of unseen pairs with n, and the epoch to stop after", () => {
    const { report } = show();
    expect(screen.getByText(/^━ Spearman −?0\.\d\d · ╌ Kendall −?0\.\d\d · n = 6$/)).toBeTruthy();
    expect(document.querySelector("[data-epoch]")?.getAttribute("data-epoch")).toBe(String(report.earlyStop?.epoch));
  });
});

describe("keys", () => {
  it("V changes the view, arrows walk and read out, Enter pins", () => {
    show({ fine: 4 });
    key("Home");
    expect(viewStore.getState().announcement).toMatch(/^Pair \d+, \d+\.\d ± \d\.\d.% \(n=1,000\), [\d.]+.[kM], optimiser \w+, rate 0\.\d+/);
    key("ArrowRight");
    const { candidate } = viewStore.getState().focus;
    key("Enter");
    expect(viewStore.getState().pinA?.candidate).toBe(candidate);
    key("v");
    expect(viewStore.getState().announcement).toBe("View: Recipes.");
    key("v");
    expect(screen.getByText("Coarse: trained for real")).toBeTruthy();
  });
});

describe("recipes", () => {
  it("a line a pair, the winner marked; a button keeps half of an axis, Esc drops the filter", () => {
    const { winner } = show({ fine: 4 });
    key("v");
    expect(all("[data-line]")).toHaveLength(13);
    expect(document.querySelector("[data-winner]")?.getAttribute("data-line")).toBe(String(winner));
    fireEvent.click(screen.getByText("accuracy"));
    const kept = all('[data-kept="true"]').length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(13);
    expect(screen.getByText(`${kept} of 13 pairs`)).toBeTruthy();
    expect(screen.getByText(/^accuracy from \d+\.\d to \d+\.\d$/)).toBeTruthy();
    key("Escape");
    expect(all('[data-kept="true"]')).toHaveLength(13);
  });

  it("a drag along an axis keeps what it covers", () => {
    show();
    key("v");
    const grip = document.querySelector('[data-axis="macs"] rect:last-child') as SVGElement;
    fireEvent.pointerDown(grip, { clientX: 0, clientY: 26 });
    fireEvent.pointerMove(grip, { clientX: 0, clientY: 100 });
    fireEvent.pointerUp(grip);
    expect(all('[data-kept="true"]').length).toBeLessThan(12);
    act(() => setFocus({ candidate: 1 }));
    expect(all('[data-line][data-lit="true"]').map((line) => line.dataset["line"])).toEqual(["1"]);
  });
});

describe("stages", () => {
  it("rounds with curves and what was spent; later stages say when they come", () => {
    show({ trials: 7 });
    key("v");
    key("v");
    expect(screen.getByText("pool 500 of 685 drawn")).toBeTruthy();
    expect(screen.getByText("7 of 12 trainings × up to 4 epochs × 1,000 images")).toBeTruthy();
    expect(screen.getByText("Begins when the last round is trained.")).toBeTruthy();
    expect(screen.getAllByText("Follows the evolution.")).toHaveLength(2);
  });

  it("evolution with random search beside it, five budgets, the swap test", () => {
    show({ fine: 6 });
    key("v");
    key("v");
    expect(screen.getByText(/^┅ random, equal calls$/)).toBeTruthy();
    expect(screen.getByText("140 predictor calls")).toBeTruthy();
    expect(all("[data-budget]")).toHaveLength(5);
    expect(screen.getByText("default recipe")).toBeTruthy();
  });
});

describe("words", () => {
  it("one paragraph, with the budget", () => {
    show({ fine: 6 });
    key("d");
    expect(viewStore.getState().announcement).toMatch(
      /^Round 2: 12 of 12 pairs trained\. Best: pair \d+, .+ at .+\. Order of 6 unseen pairs: Spearman .+, Kendall .+\. Later pairs stop after epoch \d\. Evolution predicts \d+\.\d.%, random search \d+\.\d.% at 140 calls each\. With the default recipe the winner's architecture is predicted .+\. 12 trainings, 1,000 images each; predictions rest on that\.$/,
    );
  });

  it("pairs as a table; in the stages, generations and budgets", () => {
    show({ fine: 6 });
    key("t");
    const heads = () => [...document.querySelectorAll("th")].map((th) => th.textContent);
    expect(heads().slice(0, 5)).toEqual(["Pair", "Network", "Round", "optimiser", "rate"]);
    expect(document.querySelectorAll("tbody tr")).toHaveLength(12);
    key("v");
    key("v");
    expect(heads()[0]).toBe("Generation");
    expect(document.querySelectorAll("tbody tr")).toHaveLength(11);
  });
});
