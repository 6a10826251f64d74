// @vitest-environment jsdom
/** The path panel in each of its states, and what a reader can do with it. */
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { change } from "@/store/experiment";
import { history } from "@/store/history";
import { runStore } from "@/store/run";
import { setCursor, setFocus, viewStore } from "@/store/view";
import { type ActionCall, fakeActions } from "../testing/fakeActions";
import { fakeAlpha } from "../testing/fakeAlpha";
import { fakeLayout } from "../testing/fakeDom";
import { fakeRun, resetStores, showRun } from "../testing/fakeRun";
import { PathPanel } from "./PathPanel";

let calls: ActionCall[];
let restore: () => void;
beforeEach(() => {
  restore = fakeLayout(820, 300);
  calls = fakeActions({ evaluatePath: () => Promise.resolve({ id: "21220200", accuracy: { value: 0.412, n: 500 } }) });
  resetStores();
});
afterEach(() => {
  cleanup();
  restore();
});

const figure = () => screen.getByRole("figure");
const node = (slot: number, choice: number): Element => {
  const found = document.querySelector(`[data-slot="${slot}"][data-choice="${choice}"] rect`);
  if (!found) throw new Error(`no node ${slot}.${choice}`);
  return found;
};
const litCount = () => document.querySelectorAll('[data-lit="true"][data-on]').length;

describe("states", () => {
  it("loading: kernels light the nodes as they compile", () => {
    runStore.setState({ boot: { ...runStore.getState().boot, kernels: [1, 3] } });
    render(<PathPanel />);
    expect(figure()).toMatchObject({ dataset: { state: "loading", panel: "path" } });
    expect(litCount()).toBe(8);
  });

  it("empty: the supernet is drawn unlit, with what fills it", () => {
    runStore.setState({ boot: { ...runStore.getState().boot, status: "ready" } });
    render(<PathPanel />);
    expect(figure().dataset["state"]).toBe("empty");
    expect(screen.getByText(/Press Train/)).toBeTruthy();
    expect(document.querySelectorAll("[data-choice]")).toHaveLength(24);
    expect(document.querySelector("[data-route]")).toBeNull();
  });

  it("live: one route is lit", () => {
    const run = fakeRun({ steps: 30 });
    showRun(run);
    render(<PathPanel />);
    expect(figure()).toMatchObject({ dataset: { state: "live", step: "30" } });
    expect(document.querySelector("[data-route]")?.getAttribute("data-route")).toBe(
      Array.from(run.latest.path).join(""),
    );
  });

  it("past: counts and path of the step that is viewed", () => {
    showRun(fakeRun({ steps: 30 }));
    setCursor(12);
    render(<PathPanel />);
    expect(figure()).toMatchObject({ dataset: { state: "past", step: "12" } });
    const path = Array.from(history.counts.at(12)?.path ?? []).join("");
    expect(document.querySelector("[data-route]")?.getAttribute("data-route")).toBe(path);
  });

  it("paused and stale", () => {
    showRun(fakeRun({ steps: 30, status: "paused" }));
    render(<PathPanel />);
    expect(figure().dataset["state"]).toBe("paused");
    act(() => void change({ seed: 8 }));
    expect(figure().dataset["state"]).toBe("stale");
  });

  it("search and retraining: the candidate, then the winner", () => {
    const searching = fakeRun({ steps: 10, candidates: 20 });
    showRun(searching);
    const { unmount } = render(<PathPanel />);
    expect(document.querySelector("[data-route]")?.getAttribute("data-route")).toBe(searching.candidates.at(-1)?.id);
    unmount();
    const retraining = fakeRun({ steps: 10, candidates: 20, retrainSteps: 5 });
    showRun(retraining);
    render(<PathPanel />);
    expect(document.querySelector("[data-route]")?.getAttribute("data-route")).toBe(
      retraining.latest.metrics.winner?.id,
    );
    expect(screen.getByText(`winner ${retraining.latest.metrics.winner?.id}`)).toBeTruthy();
  });
});

describe("not applicable", () => {
  const state = () => figure().dataset["state"];

  it("a search by α has no path: says where to look, and leads there", () => {
    fakeAlpha({ space: "darts-cell" });
    render(<PathPanel />);
    expect(state()).toBe("not-applicable");
    expect(screen.getByText("DARTS has no sampled path; see Cells.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "See Cells" }));
    expect(viewStore.getState().panel).toBe("cells");
    fireEvent.keyDown(figure(), { key: "ArrowRight" });
    expect(viewStore.getState().focus).toEqual({});
  });

  it("on layers it leads to the architecture weights", () => {
    fakeAlpha({ space: "macro8", algorithm: "gdas" });
    render(<PathPanel />);
    expect(state()).toBe("not-applicable");
    expect(screen.getByText(/^GDAS has no sampled path/)).toBeTruthy();
  });

  it("cells are no row of layers, whatever the method", () => {
    act(() => void change({ space: "darts-cell" }));
    render(<PathPanel />);
    expect(state()).toBe("not-applicable");
    expect(screen.getByText(/^Cells have no row of layers/)).toBeTruthy();
  });

  it("an architecture that is trained alone is a route", () => {
    act(() => void change({ algorithm: "darts", space: "macro8", "retrain.arch": "21220200" }));
    render(<PathPanel />);
    expect(state()).not.toBe("not-applicable");
  });
});

describe("interaction", () => {
  it("arrows move, Enter pins while it runs", () => {
    showRun(fakeRun({ steps: 30 }));
    render(<PathPanel />);
    fireEvent.keyDown(figure(), { key: "ArrowRight" });
    const first = viewStore.getState().focus;
    expect(first.slot).toBe(0);
    fireEvent.keyDown(figure(), { key: "ArrowRight" });
    expect(viewStore.getState().focus).toMatchObject({ slot: 1, choice: first.choice });
    expect(viewStore.getState().announcement).toMatch(/^Layer 2, .*sampled \d+ times/);
    fireEvent.keyDown(figure(), { key: "Enter" });
    expect(viewStore.getState().pinA).toMatchObject({ slot: 1 });
    expect(calls).toEqual([]);
  });

  it("Enter and dragging force a choice while it is paused; again releases it", () => {
    showRun(fakeRun({ steps: 30, status: "paused" }));
    render(<PathPanel />);
    act(() => setFocus({ slot: 2, choice: 1 }));
    fireEvent.keyDown(figure(), { key: "Enter" });
    fireEvent.keyDown(figure(), { key: "Enter" });
    fireEvent.pointerDown(node(4, 0));
    fireEvent.pointerUp(node(4, 2));
    expect(calls.map((c) => [c.name, ...c.args])).toEqual([
      ["forceChoice", 2, 1],
      ["forceChoice", 2, null],
      ["forceChoice", 4, 2],
    ]);
    expect(viewStore.getState().pinA).toBeNull();
  });

  it("dragging while it runs forces nothing; a click pins", () => {
    showRun(fakeRun({ steps: 30 }));
    render(<PathPanel />);
    fireEvent.pointerDown(node(4, 0));
    fireEvent.pointerUp(node(4, 2));
    expect(calls).toEqual([]);
    fireEvent.pointerDown(node(4, 0));
    fireEvent.pointerUp(node(4, 0));
    expect(viewStore.getState().pinA).toMatchObject({ slot: 4, choice: 0 });
  });

  it("a double click evaluates the path through that node and says its accuracy with n", async () => {
    showRun(fakeRun({ steps: 30 }));
    render(<PathPanel />);
    fireEvent.doubleClick(node(3, 2));
    expect(await screen.findByText(/21220200: 41\.2 ± 4\.3.% \(n=500\)/)).toBeTruthy();
  });

  it("a focused candidate lights its route", () => {
    showRun(fakeRun({ steps: 30 }));
    render(<PathPanel />);
    act(() => setFocus({ archId: "22212220" }));
    expect(document.querySelector("[data-route]")?.getAttribute("data-route")).toBe("22212220");
    expect(litCount()).toBe(8);
  });
});
