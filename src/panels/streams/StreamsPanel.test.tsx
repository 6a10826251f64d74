// @vitest-environment jsdom
/** The architecture-weights panel in each of its states, its views, keys, pointer and words. */
import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { change, experimentStore } from "@/store/experiment";
import { history } from "@/store/history";
import { runStore } from "@/store/run";
import { setCursor, setFocus, viewStore } from "@/store/view";
import { type ActionCall, fakeActions } from "../testing/fakeActions";
import { fakeAlpha } from "../testing/fakeAlpha";
import { fakeCanvas, fakeLayout } from "../testing/fakeDom";
import { resetStores } from "../testing/fakeRun";
import { StreamsPanel } from "./StreamsPanel";

let calls: ActionCall[];
let undo: (() => void)[];
beforeEach(() => {
  undo = [fakeLayout(820, 330), fakeCanvas().restore];
  vi.stubGlobal("ImageData", class {});
  calls = fakeActions();
  resetStores();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  undo.forEach((f) => f());
});

// By selector: asking for roles among hundreds of marks takes a second.
const figure = () => document.querySelector("section[role=figure]") as HTMLElement;
const shownView = () => document.querySelector('[aria-label="View"] [aria-pressed="true"]')?.getAttribute("aria-label");
const state = () => figure().dataset["state"];
const key = (name: string, over: object = {}) => fireEvent.keyDown(figure(), { key: name, ...over });
const ready = () => runStore.setState({ boot: { ...runStore.getState().boot, status: "ready" } });
const useDarts = () => act(() => void change({ algorithm: "darts" }));
const picture = () => document.querySelector("svg[role=img]") as SVGSVGElement;

describe("states", () => {
  it("not applicable: SPOS has no α; the link shows the path", () => {
    viewStore.setState({ panel: "streams", fullPanel: "streams" });
    render(<StreamsPanel />);
    expect(figure()).toMatchObject({ dataset: { state: "not-applicable", panel: "streams" } });
    expect(screen.getByText("SPOS samples paths; it has no α. See Path.")).toBeTruthy();
    fireEvent.click(screen.getByText("Show Path"));
    expect(viewStore.getState()).toMatchObject({ panel: "path", fullPanel: null });
  });

  it("loading: every op weighs the same, with the boot step; then empty, with the control that fills it", () => {
    useDarts();
    render(<StreamsPanel />);
    expect(state()).toBe("loading");
    expect(screen.getByText(/every operation weighs the same/)).toBeTruthy();
    expect(screen.getByText("Starting")).toBeTruthy();
    expect(document.querySelectorAll("[data-row]")).toHaveLength(10);
    act(ready);
    expect(state()).toBe("empty");
    expect(screen.getByText("No α yet: press Train, or pick DARTS or FBNet.")).toBeTruthy();
    fireEvent.click(screen.getByText("Train"));
    expect(calls.map(({ name }) => name)).toEqual(["train"]);
  });

  it("live, paused, stale", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    expect(state()).toBe("live");
    expect(figure().dataset["step"]).toBe("476");
    expect(screen.getByText("step 476")).toBeTruthy();
    expect(document.querySelectorAll("[data-row]")).toHaveLength(10);
    const { latest } = runStore.getState();
    act(() => runStore.setState({ latest: latest && { ...latest, status: "paused" } }));
    expect(state()).toBe("paused");
    act(() => experimentStore.setState((old) => ({ config: { ...old.config, seed: 9 } })));
    expect(state()).toBe("stale");
  });

  it("past: the column at the cursor; before the first one, the first", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    const now = document.querySelector("[aria-label=Signals]")?.textContent;
    act(() => setCursor(101));
    expect(figure()).toMatchObject({ dataset: { state: "past", step: "101" } });
    expect(screen.getByText("step 100")).toBeTruthy();
    expect(document.querySelector("[aria-label=Signals]")?.textContent).not.toBe(now);
    act(() => setCursor(0));
    expect(screen.getByText("step 0")).toBeTruthy();
  });

  it("error: the last good column stays, with the step at which it stopped", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    act(() => {
      const frame = { kind: "frame", runId: "fake", seq: 1, log: [], latest: history.latest() } as const;
      const none = { step: new Int32Array(0), phase: new Uint8Array(0) };
      const series = {
        loss: { ...none, loss: new Float32Array(0), lr: new Float32Array(0) },
        accuracy: { ...none, split: new Uint8Array(0), accuracy: new Float32Array(0), n: new Int32Array(0) },
        alpha: { step: Int32Array.of(480), values: new Float32Array(80).fill(Number.NaN) },
        cost: { step: none.step, expected: new Float32Array(0), tau: new Float32Array(0) },
      };
      if (frame.latest) history.apply({ ...frame, latest: frame.latest, series });
    });
    expect(state()).toBe("error");
    expect(screen.getByText("step 476 · stopped at 480")).toBeTruthy();
    expect(document.querySelectorAll("[data-row]")).toHaveLength(10);
  });
});

describe("spaces", () => {
  it.each([
    ["darts-cell", "small", 28],
    ["nasbench201-cell", "nano", 6],
    ["macro8", "nano", 8],
    ["spos", "small", 10],
  ] as const)("draws %s %s in all views", (space, size, rows) => {
    fakeAlpha({ space, size, columns: 12 });
    render(<StreamsPanel />);
    for (const view of ["Streams", "Now", "Heat", "Entropy"]) {
      expect(shownView()).toBe(view);
      expect(document.querySelectorAll("[data-row]")).toHaveLength(view === "Entropy" ? 0 : rows);
      key("v");
    }
    expect(shownView()).toBe("Streams");
  });
});

describe("as derived", () => {
  it("ticks the rows that the derivation keeps, by button and by S", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    const ticked = () => document.querySelectorAll("[data-kept]").length;
    expect(ticked()).toBe(0);
    key("s");
    // Two nodes with two inputs each, in both cells.
    expect(ticked()).toBe(8);
    expect(figure().getAttribute("aria-label")).toContain("As derived");
    fireEvent.click(screen.getByText("As derived"));
    expect(ticked()).toBe(0);
  });

  it("says what a collapse looks like", () => {
    fakeAlpha({ skip: 4 });
    render(<StreamsPanel />);
    expect(screen.getByText(/keeps skip 4\/4 ⚠ collapsed/)).toBeTruthy();
    expect(figure().getAttribute("aria-label")).toMatch(/4 of 4 kept edges are skip\. The derived cell has collapsed/);
  });

  it("says when nothing has been decided", () => {
    fakeAlpha({ decided: 0.01 });
    render(<StreamsPanel />);
    expect(screen.getByText("This search has not decided anything yet.")).toBeTruthy();
  });
});

describe("reading and pinning", () => {
  it("arrows move over rows and ops, Enter pins, Shift+Enter shows one row alone", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    key("ArrowRight");
    expect(viewStore.getState().focus.edge).toEqual({ group: 0, row: 0 });
    act(() => setFocus({ edge: { group: 0, row: 0 }, op: "sep_conv_3x3" }));
    key("ArrowRight");
    key("ArrowUp");
    expect(viewStore.getState().focus).toEqual({ edge: { group: 0, row: 1 }, op: "sep_conv_5x5" });
    expect(viewStore.getState().announcement).toMatch(/^Normal cell, edge 2←1: sep5 \d+.%, rank \d of 8\.$/);
    key("Enter");
    expect(viewStore.getState().pinA).toEqual({ edge: { group: 0, row: 1 }, op: "sep_conv_5x5" });
    key("Enter", { shiftKey: true });
    expect(document.querySelectorAll("[data-row]")).toHaveLength(1);
    key("Escape");
    expect(document.querySelectorAll("[data-row]")).toHaveLength(10);
  });

  it("the pointer reads, a click pins, a double click shows the row alone and leaves the pins", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    const at = { clientX: 60, clientY: 60 };
    fireEvent.pointerMove(picture(), at);
    const { focus } = viewStore.getState();
    expect(focus.edge).toEqual({ group: 0, row: 0 });
    expect(focus.op).toBeTruthy();
    expect(screen.getByText(/rank \d of 8/)).toBeTruthy();
    fireEvent.click(picture(), { ...at, detail: 1 });
    expect(viewStore.getState().pinA).toEqual(focus);
    fireEvent.click(picture(), { ...at, detail: 1 });
    expect(viewStore.getState().pinA).toBeNull();
    viewStore.setState({ pinA: { op: "none" }, pinB: { archId: "x" } });
    fireEvent.click(picture(), { ...at, detail: 1 });
    fireEvent.click(picture(), { ...at, detail: 2 });
    fireEvent.doubleClick(picture(), at);
    expect(viewStore.getState()).toMatchObject({ pinA: { op: "none" }, pinB: { archId: "x" } });
    expect(document.querySelectorAll("[data-row]")).toHaveLength(1);
    fireEvent.doubleClick(picture(), at);
    expect(document.querySelectorAll("[data-row]")).toHaveLength(10);
  });

  it("a drag zooms time, a double click shows the whole run again", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    fireEvent.pointerDown(picture(), { clientX: 40, clientY: 60, button: 0 });
    fireEvent.pointerMove(picture(), { clientX: 100, clientY: 60 });
    fireEvent.pointerUp(picture());
    fireEvent.click(picture(), { clientX: 100, clientY: 60, detail: 1 });
    expect(viewStore.getState().pinA).toBeNull();
    expect(screen.getByText("Whole run")).toBeTruthy();
    expect(within(picture() as unknown as HTMLElement).queryByText("476")).toBeNull();
    fireEvent.doubleClick(picture(), { clientX: 60, clientY: 60 });
    expect(within(picture() as unknown as HTMLElement).getByText("476")).toBeTruthy();
  });

  it("an edge in focus elsewhere lights its row alone; an op lights its name", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    act(() => setFocus({ edge: { group: 1, row: 2 } }));
    expect(document.querySelectorAll("[data-row] > [data-lit=true]")).toHaveLength(1);
    act(() => setFocus({ op: "skip_connect" }));
    expect(document.querySelectorAll("[data-row] > [data-lit=true]")).toHaveLength(10);
    expect([...document.querySelectorAll("li[data-lit=true]")].map((li) => (li as HTMLElement).dataset["op"])).toEqual([
      "skip_connect",
    ]);
  });

  it("sorts the most decided first", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    const order = () => [...document.querySelectorAll<SVGElement>("[data-row]")].map((g) => g.dataset["row"]).join("");
    expect(order()).toBe("0123401234");
    fireEvent.click(screen.getByLabelText("Most decided first"));
    expect(order()).not.toBe("0123401234");
  });
});

describe("words", () => {
  it("a sentence per group", () => {
    fakeAlpha({ size: "small" });
    render(<StreamsPanel />);
    key("d");
    expect(viewStore.getState().announcement).toMatch(
      /^Normal cell, step 476\. Most decided: edge \d←\d, \w+ \d+.%\. \d+ of 14 edges within 5 points of uniform\. \d of 8 kept edges (is|are) skip\. Reduction cell, step 476\./,
    );
  });

  it("the same numbers as a table", () => {
    fakeAlpha();
    render(<StreamsPanel />);
    key("t");
    const table = document.querySelector("table") as HTMLElement;
    const heads = [...table.querySelectorAll("th")].map((th) => th.textContent);
    expect(heads).toEqual(["Group", "Edge", "Operation", "Weight (%)", "Rank", "Kept"]);
    expect(table.querySelectorAll("tbody tr")).toHaveLength(80);
    expect(within(table).getAllByText("yes")).toHaveLength(8);
  });
});
