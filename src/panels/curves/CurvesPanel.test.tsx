// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Actions, provideActions } from "@/store/actions";
import { change } from "@/store/experiment";
import { runStore } from "@/store/run";
import { setCursor, viewStore } from "@/store/view";
import { fakeRun, resetStores, showRun } from "../testing/fakeRun";
import { CurvesPanel } from "./CurvesPanel";
import { cursorAfter } from "./Scrubber";

const figure = () => screen.getByRole("figure");
const stateOf = () => figure().getAttribute("data-state");
const train = vi.fn();

beforeEach(() => {
  // jsdom has no canvas; the drawing itself is looked at in screenshots.
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  provideActions({ train } as unknown as Actions);
  resetStores();
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  train.mockReset();
});

describe("CurvesPanel", () => {
  it("says what the boot does while loading", () => {
    render(<CurvesPanel />);
    expect(stateOf()).toBe("loading");
    expect(figure().textContent).toContain("Starting");
  });

  it("offers Train when nothing has run", () => {
    runStore.setState({ boot: { status: "ready", device: "wasm", data: [1, 1], kernels: [1, 1], message: "" } });
    render(<CurvesPanel />);
    expect(stateOf()).toBe("empty");
    fireEvent.click(screen.getByRole("button", { name: "Train" }));
    expect(train).toHaveBeenCalledOnce();
  });

  it("is live, then past with the cursor's step, then paused, then stale", () => {
    const run = fakeRun({ steps: 100 });
    showRun(run);
    render(<CurvesPanel />);
    expect([stateOf(), figure().getAttribute("data-step")]).toEqual(["live", "100"]);
    expect(figure().getAttribute("aria-label")).toMatch(/^Loss /);
    act(() => setCursor(40));
    expect([stateOf(), figure().getAttribute("data-step")]).toEqual(["past", "40"]);
    act(() => setCursor(null));
    act(() => runStore.setState({ latest: { ...run.latest, status: "paused" } }));
    expect(stateOf()).toBe("paused");
    act(() => void change({ seed: 9 }));
    expect(stateOf()).toBe("stale");
  });

  it("moves the one time cursor by keys and returns to live at the end", () => {
    showRun(fakeRun({ steps: 100 }));
    render(<CurvesPanel />);
    const slider = screen.getByRole("slider", { name: "Time cursor" });
    expect(slider.getAttribute("aria-valuetext")).toBe("Live, step 100");
    fireEvent.keyDown(slider, { key: "ArrowLeft", shiftKey: true });
    expect(viewStore.getState().cursor).toBe(90);
    expect(slider.getAttribute("aria-valuetext")).toBe("Viewing step 90 of 100");
    fireEvent.keyDown(slider, { key: "End" });
    expect(viewStore.getState().cursor).toBeNull();
  });

  it("zooms by key and offers the way back", () => {
    showRun(fakeRun({ steps: 100 }));
    render(<CurvesPanel />);
    fireEvent.keyDown(screen.getByRole("slider"), { key: "+" });
    fireEvent.click(screen.getByRole("button", { name: "Whole run" }));
    expect(screen.queryByRole("button", { name: "Whole run" })).toBeNull();
  });

  it("shows the same data as a table", () => {
    showRun(fakeRun({ steps: 30 }));
    render(<CurvesPanel />);
    fireEvent.keyDown(figure(), { key: "t" });
    expect(screen.getAllByRole("row").length).toBeGreaterThan(30);
  });

  it("names what the machine does", () => {
    showRun(fakeRun({ steps: 30 }));
    render(<CurvesPanel />);
    expect(figure().textContent).toContain("1,800");
    expect(figure().textContent).toContain("wasm");
    expect(figure().textContent).toContain("412 tensors");
  });
});

describe("cursorAfter", () => {
  it("stays inside the run and turns the newest step into live", () => {
    expect(cursorAfter("ArrowLeft", false, 0, 500)).toBe(0);
    expect(cursorAfter("ArrowRight", false, 498, 500)).toBeNull();
    expect(cursorAfter("ArrowRight", true, 100, 500)).toBe(150);
    expect(cursorAfter("x", false, 1, 2)).toBeUndefined();
  });
});
