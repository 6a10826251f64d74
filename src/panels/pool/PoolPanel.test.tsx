// @vitest-environment jsdom
/** The pool panel in each of its states, the limit line, the keyboard and the truth toggle. */
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { change, experimentStore } from "@/store/experiment";
import { runStore } from "@/store/run";
import { setCursor, setFocus, viewStore } from "@/store/view";
import { type ActionCall, fakeActions } from "../testing/fakeActions";
import { fakeAlpha } from "../testing/fakeAlpha";
import { fakeCanvas, fakeLayout } from "../testing/fakeDom";
import { fakeRun, fakeTruth, resetStores, showRun } from "../testing/fakeRun";
import { limitByKey, roundLimit } from "./LimitLine";
import { PoolPanel } from "./PoolPanel";

let calls: ActionCall[];
let undo: (() => void)[];
beforeEach(() => {
  undo = [fakeLayout(820, 400), fakeCanvas().restore];
  calls = fakeActions();
  resetStores();
});
afterEach(() => {
  cleanup();
  undo.forEach((f) => f());
});

const figure = () => screen.getByRole("figure");
const ready = () => runStore.setState({ boot: { ...runStore.getState().boot, status: "ready" } });

describe("states", () => {
  it("loading, then empty: axes and the limit are there, with a sentence", () => {
    render(<PoolPanel />);
    expect(figure()).toMatchObject({ dataset: { state: "loading", panel: "pool" } });
    act(ready);
    expect(figure().dataset["state"]).toBe("empty");
    expect(screen.getByText("Search starts after Supernet.")).toBeTruthy();
    expect(screen.getByRole("slider")).toBeTruthy();
  });

  it("loading while the first candidate is evaluated", () => {
    const run = fakeRun({ steps: 4 });
    showRun(run);
    runStore.setState({ latest: { ...run.latest, phase: "search" } });
    render(<PoolPanel />);
    expect(figure().dataset["state"]).toBe("loading");
    expect(screen.getByText(/first candidate is being evaluated/)).toBeTruthy();
  });

  it("live, paused, stale", () => {
    const run = fakeRun({ steps: 4, candidates: 40 });
    showRun(run);
    render(<PoolPanel />);
    expect(figure().dataset["state"]).toBe("live");
    expect(screen.getByText(/^generation 2 of 3 · 40 candidates · best \d/)).toBeTruthy();
    expect(screen.getByText(/rejected: \d+ outside the limit/)).toBeTruthy();
    act(() => runStore.setState({ latest: { ...run.latest, status: "paused" } }));
    expect(figure().dataset["state"]).toBe("paused");
    act(() => void change({ seed: 9 }));
    expect(figure().dataset["state"]).toBe("stale");
  });

  it("past: the pool as of the cursor", () => {
    showRun(fakeRun({ steps: 4, candidates: 40 }));
    render(<PoolPanel />);
    act(() => setCursor(4 + 8 + 10));
    expect(figure()).toMatchObject({ dataset: { state: "past", step: "22" } });
    expect(screen.getByText(/10 candidates/)).toBeTruthy();
    act(() => setCursor(2));
    expect(screen.queryByText(/candidates ·/)).toBeNull();
  });
});

describe("not applicable", () => {
  it("a search by α has no pool: says where to look, and leads there", () => {
    fakeAlpha({ space: "darts-cell" });
    render(<PoolPanel />);
    expect(figure().dataset["state"]).toBe("not-applicable");
    expect(screen.getByText("DARTS has no pool; see Cells.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "See Cells" }));
    expect(viewStore.getState().panel).toBe("cells");
    expect(screen.queryByRole("button", { name: "Truth" })).toBeNull();
  });

  it("nor has a run that trains one architecture", () => {
    act(() => void change({ "retrain.arch": "21220200" }));
    render(<PoolPanel />);
    expect(figure().dataset["state"]).toBe("not-applicable");
    fireEvent.click(screen.getByRole("button", { name: "See Network" }));
    expect(viewStore.getState().panel).toBe("network");
  });

  it("a sampled search of cells has one", () => {
    act(() => void change({ space: "darts-cell" }));
    render(<PoolPanel />);
    expect(figure().dataset["state"]).toBe("loading");
    expect(screen.getByRole("slider")).toBeTruthy();
  });
});

describe("limit", () => {
  it("is a slider that is set on release, by keys", () => {
    showRun(fakeRun({ steps: 4, candidates: 20 }));
    render(<PoolPanel />);
    const slider = screen.getByRole("slider", { name: "FLOPs limit" });
    expect(slider.getAttribute("aria-valuetext")).toMatch(/^1\.43.M/);
    const [low, high] = [Number(slider.getAttribute("aria-valuemin")), Number(slider.getAttribute("aria-valuemax"))];
    expect([low, high]).toEqual([218_688, 2_656_320]);
    fireEvent.keyDown(slider, { key: "ArrowLeft" });
    fireEvent.keyDown(slider, { key: "ArrowLeft" });
    expect(calls).toEqual([]);
    fireEvent.keyUp(slider, { key: "ArrowLeft" });
    const once = roundLimit(1.43e6 - (high - low) / 100, high);
    expect(calls).toEqual([{ name: "setLive", args: [{ "evo.limit": roundLimit(once - (high - low) / 100, high) }] }]);
  });

  it("is set on release, by dragging", () => {
    showRun(fakeRun({ steps: 4, candidates: 20 }));
    render(<PoolPanel />);
    const slider = screen.getByRole("slider");
    fireEvent.pointerMove(slider, { clientX: 200 });
    fireEvent.pointerDown(slider, { clientX: 400 });
    fireEvent.pointerMove(slider, { clientX: 300 });
    expect(calls).toEqual([]);
    fireEvent.pointerUp(slider);
    const [call] = calls;
    const value = (call?.args[0] as { "evo.limit": number })["evo.limit"];
    expect(value).toBeGreaterThan(218_688);
    expect(value).toBeLessThan(1.43e6);
    expect(viewStore.getState().pinA).toBeNull();
  });

  it("says when there is none, and follows the metric", () => {
    experimentStore.setState({
      config: { ...experimentStore.getState().config, "evo.limit": null, "evo.metric": "params" },
    });
    render(<PoolPanel />);
    expect(screen.getByRole("slider", { name: "Parameter limit" }).getAttribute("aria-valuetext")).toBe("no limit");
  });

  it("stays within the space by keys", () => {
    expect(limitByKey("Home", 500, [100, 1000])).toBe(100);
    expect(limitByKey("ArrowRight", 1000, [100, 1000])).toBe(1000);
    expect(limitByKey("PageDown", 500, [100, 1000])).toBe(410);
    expect(limitByKey("x", 500, [100, 1000])).toBeNull();
  });
});

describe("walking and pinning", () => {
  it("arrows walk by cost and accuracy, Enter pins, and the lineage opens", () => {
    const run = fakeRun({ steps: 4, candidates: 40 });
    showRun(run);
    render(<PoolPanel />);
    fireEvent.keyDown(figure(), { key: "Home" });
    expect(viewStore.getState().focus.archId).toBe(run.latest.metrics.best?.id);
    expect(viewStore.getState().announcement).toMatch(/^\d{8}, \d+\.\d ± \d+\.\d.% \(n=500\) at /);
    fireEvent.keyDown(figure(), { key: "ArrowLeft" });
    const cheaper = run.candidates[viewStore.getState().focus.candidate ?? -1];
    expect(cheaper?.macs).toBeLessThanOrEqual(run.latest.metrics.best?.macs ?? 0);
    fireEvent.keyDown(figure(), { key: "Enter" });
    expect(viewStore.getState().pinA).toEqual({ archId: cheaper?.id, candidate: cheaper?.index });
  });

  it("draws ancestors of the focus", () => {
    const run = fakeRun({ steps: 4, candidates: 40 });
    showRun(run);
    const child = run.candidates.findLast((c) => c.origin.kind === "crossover");
    render(<PoolPanel />);
    expect(document.querySelectorAll("path[data-kind]")).toHaveLength(0);
    act(() => setFocus({ archId: child?.id ?? "", candidate: child?.index ?? -1 }));
    expect(document.querySelectorAll('path[data-kind="crossover"]').length).toBeGreaterThan(0);
  });
});

describe("truth", () => {
  it("is offered for the tabulated space only", () => {
    showRun(fakeRun({ space: "spos", steps: 4 }));
    const { unmount } = render(<PoolPanel />);
    expect(screen.queryByRole("button", { name: "Truth" })).toBeNull();
    unmount();
    showRun(fakeRun({ steps: 4 }));
    render(<PoolPanel />);
    expect(screen.getByRole("button", { name: "Truth" }).getAttribute("aria-pressed")).toBe("false");
  });

  it("without the table: asks what was kept, fetches on request only, and shows a problem", async () => {
    showRun(fakeRun({ steps: 4, candidates: 10 }));
    render(<PoolPanel />);
    fireEvent.click(screen.getByRole("button", { name: "Truth" }));
    expect(calls).toEqual([{ name: "loadTruth", args: [{ kind: "kept" }] }]);
    fireEvent.click(screen.getByRole("button", { name: /Fetch/ }));
    expect(calls.at(-1)).toEqual({ name: "loadTruth", args: [{ kind: "fetch" }] });
    act(() => runStore.setState({ truthError: "This is not the table." }));
    expect((await screen.findByRole("alert")).textContent).toBe("This is not the table.");
  });

  it("with the table: a gauge with n, baselines and the proxy mark", () => {
    showRun(fakeRun({ steps: 4, candidates: 40 }));
    runStore.setState({ truth: fakeTruth(3000) });
    viewStore.setState({ truth: true });
    render(<PoolPanel />);
    const meter = screen.getByRole("meter");
    expect(meter.getAttribute("aria-valuetext")).toMatch(/^τ-b −?0\.\d\d over \d+ distinct networks$/);
    expect(screen.getByText("proxy")).toBeTruthy();
    expect(screen.getByText("0.88")).toBeTruthy();
    expect(screen.queryByRole("slider")).toBeNull();
  });
});
