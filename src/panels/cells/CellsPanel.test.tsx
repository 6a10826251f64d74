// @vitest-environment jsdom
/** The cells panel in each of its states, the story of a derivation, and what a reader can do with it. */
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ok, refuse } from "@/lib/result";
import { choicesOfGenotype } from "@/nas/cell/choices";
import { formatCellId } from "@/nas/cell/id";
import { publishedGenotypes } from "@/nas/cell/published";
import { makeSpace } from "@/nas/space/registry";
import type { LatestState } from "@/session/protocol";
import { change, experimentStore } from "@/store/experiment";
import { history } from "@/store/history";
import { networkStore, showNetwork } from "@/store/network";
import { runStore } from "@/store/run";
import { setCursor, setFocus, viewStore } from "@/store/view";
import { type ActionCall, fakeActions } from "../testing/fakeActions";
import { fakeAlpha } from "../testing/fakeAlpha";
import { fakeLayout } from "../testing/fakeDom";
import { resetStores } from "../testing/fakeRun";
import { CellsPanel } from "./CellsPanel";

let calls: ActionCall[];
let restore: () => void;
beforeEach(() => {
  restore = fakeLayout(820, 300);
  calls = fakeActions();
  resetStores();
  history.alpha.begin([]);
  showNetwork(null);
  viewStore.setState({ motion: "system" });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  restore();
});

// By selector: roles of hundreds of strands take seconds to compute.
const figure = (): HTMLElement => {
  const found = document.querySelector<HTMLElement>('[data-panel="cells"]');
  if (!found) throw new Error("no panel");
  return found;
};
const stateOf = () => figure().getAttribute("data-state");
const all = (selector: string) => [...document.querySelectorAll<SVGElement>(selector)];
const buttonNamed = (name: string | RegExp): HTMLElement | null =>
  [...document.querySelectorAll("button")].find((b) => {
    const own = b.getAttribute("aria-label") ?? b.textContent;
    return typeof name === "string" ? own === name : name.test(own);
  }) ?? null;
const button = (name: string | RegExp): HTMLElement => {
  const found = buttonNamed(name);
  if (!found) throw new Error(`no button ${name}`);
  return found;
};
const beats = () => all("[data-beat]").map((pane) => pane.dataset["beat"]);
const setLatest = (over: Partial<LatestState>): void => {
  const { latest } = runStore.getState();
  if (latest) runStore.setState({ latest: { ...latest, ...over } });
};
const setMetrics = (over: Partial<LatestState["metrics"]>, phase: LatestState["phase"] = "supernet"): void => {
  const { latest } = runStore.getState();
  if (latest) setLatest({ phase, metrics: { ...latest.metrics, ...over } });
};
const pressed = (name: string) => button(name).getAttribute("aria-pressed");

/** The page before a run, with this space picked. */
function picked(space: string, status: "booting" | "ready" = "ready"): void {
  experimentStore.setState({
    config: { ...experimentStore.getState().config, algorithm: "darts", space: space as "darts-cell" },
  });
  runStore.setState({ boot: { ...runStore.getState().boot, status, message: "Kernels 3/9" } });
}

describe("states", () => {
  it("empty: every op of every edge at the same width, and what to do", () => {
    picked("darts-cell");
    render(<CellsPanel />);
    expect(figure()).toMatchObject({ dataset: { state: "empty", panel: "cells" } });
    expect(screen.getByText(/No α yet: press Train/)).toBeTruthy();
    const strands = all("[data-row] [data-op]");
    expect(strands).toHaveLength(2 * 5 * 8);
    expect(new Set(strands.map((s) => s.getAttribute("stroke-width")))).toEqual(new Set(["1.25"]));
  });

  it("loading: the same, with what the boot does", () => {
    picked("darts-cell", "booting");
    render(<CellsPanel />);
    expect(stateOf()).toBe("loading");
    expect(screen.getByText("Kernels 3/9")).toBeTruthy();
    expect(all("[data-row] [data-op]")).toHaveLength(80);
  });

  it("live: kept edges in full ink, skips counted, α shared", () => {
    fakeAlpha({ size: "small" });
    render(<CellsPanel />);
    expect(stateOf()).toBe("live");
    expect(all('g[data-row][data-kept="true"]')).toHaveLength(16);
    expect(all('g[data-row][data-kept="false"]')).toHaveLength(12);
    expect(screen.getAllByText(/^skip \d\/8$/)).toHaveLength(2);
    expect(screen.getByText(/All normal cells share these α/)).toBeTruthy();
    expect(document.querySelector("svg[role=img]")?.getAttribute("aria-label")).toMatch(
      /^Normal cell\. Node 2 keeps \S+ from c\(k-\d\) at 0\.\d\d and/,
    );
  });

  it("past: the weights of the step that is viewed", () => {
    fakeAlpha({ stride: 4 });
    render(<CellsPanel />);
    const now = all("[data-row] [data-op]").map((s) => s.getAttribute("stroke-width"));
    act(() => setCursor(0));
    expect(figure()).toMatchObject({ dataset: { state: "past", step: "0" } });
    const then = all("[data-row] [data-op]").map((s) => Number(s.getAttribute("stroke-width")));
    expect(then.every((width) => Math.abs(width - 1.25) < 0.05)).toBe(true);
    expect(now).not.toEqual(then.map(String));
  });

  it("paused and stale", () => {
    fakeAlpha({ status: "paused" });
    render(<CellsPanel />);
    expect(stateOf()).toBe("paused");
    act(() => void change({ seed: 8, space: "darts-cell", algorithm: "darts" }));
    expect(stateOf()).toBe("stale");
  });

  it("not applicable: a space of layers sends to the architecture weights", () => {
    picked("macro8");
    render(<CellsPanel />);
    expect(stateOf()).toBe("not-applicable");
    expect(screen.getByText(/has layers, not cells/)).toBeTruthy();
    fireEvent.click(button("Show Architecture weights"));
    expect(viewStore.getState().panel).toBe("streams");
  });

  it("error: when α stops being numbers, the last good weights stay, greyed", () => {
    fakeAlpha({ columns: 20, stride: 4 });
    history.alpha.push(80, new Float32Array(80).fill(Number.NaN));
    render(<CellsPanel />);
    expect(stateOf()).toBe("error");
    expect(document.querySelector("[role=alert]")?.textContent).toMatch(/these are the weights of step 76/);
    expect(all("[data-grey]")).toHaveLength(1);
    expect(all('g[data-row][data-kept="true"]')).toHaveLength(8);
  });

  it("sampled cells have no α: a candidate in focus is drawn, later the run's result", () => {
    fakeAlpha({ config: { algorithm: "spos" } });
    history.alpha.begin([]);
    render(<CellsPanel />);
    expect(stateOf()).toBe("empty");
    expect(screen.getByText(/point at a candidate/)).toBeTruthy();
    const id = "n:s3.0+sk.1-mp.0+s5.2;r:sk.0+sk.1-d3.1+s3.2";
    act(() => setFocus({ archId: id }));
    expect(all("g[data-row]")).toHaveLength(8);
    expect(screen.getByText(`candidate ${id}`)).toBeTruthy();
    expect(beats()).toEqual(["3", "3"]);
    act(() => setFocus({}));
    const choices = choicesOfGenotype(publishedGenotypes.PNASNet);
    const supernet = { value: 0.4, n: 500 };
    act(() => setMetrics({ winner: { id: "x", choices, macs: 1, params: 1, supernet, index: 0 } }, "retrain"));
    expect(stateOf()).toBe("live");
    expect(all("g[data-row]")).toHaveLength(20);
    expect(screen.getByText("result of the run")).toBeTruthy();
  });
});

describe("signals", () => {
  it("a collapsed search says so", () => {
    fakeAlpha({ skip: 4 });
    render(<CellsPanel />);
    expect(document.querySelector('[data-cell="normal"] [data-level="collapsed"]')?.textContent).toBe(
      "⚠ skip 4/4 · collapsed",
    );
    expect(document.querySelector('[data-cell="reduce"] [data-level="ok"]')).toBeTruthy();
  });

  it("the lesson's limit takes the place of the usual one", () => {
    fakeAlpha({ skip: 4, config: { "darts.skipLimit": 4 } });
    render(<CellsPanel />);
    expect(document.querySelector('[data-cell="normal"] [data-level]')?.getAttribute("data-level")).toBe("collapsed");
    cleanup();
    fakeAlpha({ skip: 4, config: { "darts.skipLimit": 0 } });
    render(<CellsPanel />);
    expect(document.querySelector('[data-cell="normal"] [data-level="ok"]')?.textContent).toBe("skip 0/4");
  });

  it("an undecided cell is called a coin toss", () => {
    fakeAlpha({ decided: 0 });
    render(<CellsPanel />);
    expect(
      screen.getByText(
        /^Coin toss: in the (normal|reduction) cell the last edge that is kept is less than 0\.1 points ahead/,
      ),
    ).toBeTruthy();
  });

  it("the discretisation gap has both accuracies with their sample size", () => {
    fakeAlpha();
    act(() => setMetrics({ gap: { supernet: { value: 0.412, n: 500 }, derived: { value: 0.118, n: 500 } } }));
    render(<CellsPanel />);
    expect(
      screen.getByText(
        /supernet 41\.2 ± 4\.3.% \(n=500\) → derived 11\.8 ± 2\.8.% \(n=500\), same weights, same images/,
      ),
    ).toBeTruthy();
  });
});

describe("derivation", () => {
  it("is told in three beats of 0.4 s", () => {
    vi.useFakeTimers();
    fakeAlpha({ size: "small" });
    render(<CellsPanel />);
    fireEvent.click(button("Derive"));
    const seen = [beats()[0]];
    for (let i = 0; i < 4; i++) {
      act(() => void vi.advanceTimersByTime(400));
      seen.push(beats()[0]);
    }
    expect(seen).toEqual(["1", "2", "3", "3", "3"]);
    expect(all('g[data-row][data-gone="true"]')).toHaveLength(12);
    expect(pressed("Derived")).toBe("true");
  });

  it("waits at every beat with reduced motion; arrows step, Escape ends", () => {
    vi.useFakeTimers();
    viewStore.setState({ motion: "reduced" });
    fakeAlpha();
    render(<CellsPanel />);
    fireEvent.click(button("Derive"));
    act(() => void vi.advanceTimersByTime(5000));
    expect(beats()).toEqual(["1", "1"]);
    expect(screen.getByText(/^1 of 3/)).toBeTruthy();
    fireEvent.keyDown(figure(), { key: "ArrowRight" });
    expect(beats()).toEqual(["2", "2"]);
    expect(viewStore.getState().announcement).toMatch(/^2 of 3/);
    fireEvent.keyDown(figure(), { key: "ArrowLeft" });
    fireEvent.click(button("Beat 3"));
    expect(beats()).toEqual(["3", "3"]);
    fireEvent.keyDown(figure(), { key: "Escape" });
    expect(screen.queryByText(/^3 of 3/)).toBeNull();
    expect(beats()).toEqual(["3", "3"]);
  });

  it("is told by itself when the search ends, and shows what the run derived", () => {
    vi.useFakeTimers();
    fakeAlpha({ size: "small" });
    render(<CellsPanel />);
    expect(beats()).toEqual(["0", "0"]);
    const choices = choicesOfGenotype(publishedGenotypes.DARTS_V1);
    act(() => setMetrics({ derived: { id: "x", choices } }, "recalibrate"));
    expect(beats()).toEqual(["1", "1"]);
    act(() => void vi.advanceTimersByTime(400));
    act(() => void vi.advanceTimersByTime(400));
    const kept = all('[data-cell="normal"] g[data-row][data-kept="true"]').map((g) => Number(g.dataset["row"]));
    expect(kept).toEqual([0, 1, 2, 3, 5, 6, 9, 11]);
  });

  it("starts from the derived cell when the search is over already", () => {
    fakeAlpha({ phase: "retrain" });
    render(<CellsPanel />);
    expect(beats()).toEqual(["3", "3"]);
    fireEvent.click(button("Weights"));
    expect(beats()).toEqual(["0", "0"]);
  });

  it("of NAS-Bench-201 keeps every edge, also none", () => {
    fakeAlpha({ space: "nasbench201-cell" });
    render(<CellsPanel />);
    expect(all("[data-cell]")).toHaveLength(1);
    expect(all('g[data-row][data-kept="true"]')).toHaveLength(6);
    fireEvent.click(button("Derived"));
    expect(all('g[data-row][data-gone="true"]')).toHaveLength(0);
    expect(screen.getByText("All cells share these α.")).toBeTruthy();
  });
});

describe("published cells", () => {
  const pick = (name: string): void =>
    void fireEvent.change(screen.getByLabelText("Published cells"), { target: { value: name } });

  it("are put on show everywhere and can be retrained", () => {
    picked("macro8");
    render(<CellsPanel />);
    pick("NASNet");
    expect(stateOf()).toBe("live");
    expect(screen.getByText("published: NASNet")).toBeTruthy();
    expect(all("g[data-row]")).toHaveLength(20);
    const id = formatCellId(publishedGenotypes.NASNet);
    expect(networkStore.getState().shown).toMatchObject({ source: "sample", spaceId: "darts-cell", arch: { id } });
    fireEvent.click(button("Retrain this cell"));
    expect(calls.at(-1)).toEqual({ name: "retrainArch", args: [id] });
    pick("run");
    expect(networkStore.getState().shown).toBeNull();
  });

  it("give way to the weights of the run and come back", () => {
    fakeAlpha();
    render(<CellsPanel />);
    pick("AmoebaNet");
    expect(screen.getByText("published: AmoebaNet")).toBeTruthy();
    fireEvent.click(button("Weights"));
    expect(all("[data-row] path[data-op]")).toHaveLength(80);
    fireEvent.click(button("Derived"));
    expect(screen.getByText("published: AmoebaNet")).toBeTruthy();
  });

  it("an imported network is named as such", () => {
    fakeAlpha();
    render(<CellsPanel />);
    const space = makeSpace("nasbench201-cell", "nano");
    const choices = space.decode("|skip_connect~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_3x3~2|") ?? {};
    act(() =>
      showNetwork({
        source: "imported",
        spaceId: "nasbench201-cell",
        size: "nano",
        arch: space.canonical(choices),
        supernetAccuracy: null,
        retrainedAccuracy: null,
      }),
    );
    expect(figure().textContent).toContain("imported network");
    expect(all("g[data-row]")).toHaveLength(6);
    expect(buttonNamed("Retrain this cell")).toBeNull();
  });
});

describe("interaction", () => {
  const strandOf = (group: number, row: number, op: string): SVGElement => {
    const found = document.querySelector<SVGElement>(
      `g[data-group="${group}"][data-row="${row}"] path[data-op="${op}"]`,
    );
    if (!found) throw new Error(`no strand ${group}.${row} ${op}`);
    return found;
  };

  it("pointing at a strand sets the focus, a click pins it", () => {
    fakeAlpha();
    render(<CellsPanel />);
    fireEvent.pointerOver(strandOf(1, 3, "sep_conv_5x5"));
    expect(viewStore.getState().focus).toEqual({ edge: { group: 1, row: 3 }, op: "sep_conv_5x5" });
    fireEvent.pointerUp(strandOf(1, 3, "sep_conv_5x5"));
    expect(viewStore.getState().pinA).toEqual({ edge: { group: 1, row: 3 }, op: "sep_conv_5x5" });
  });

  it("a focus from elsewhere lights its edge, an op its strand on all edges", () => {
    fakeAlpha();
    render(<CellsPanel />);
    act(() => setFocus({ edge: { group: 0, row: 2 } }));
    expect(all('g[data-row][data-lit="true"]')).toHaveLength(1);
    act(() => setFocus({ op: "skip_connect" }));
    expect(all('g[data-row][data-lit="true"]')).toHaveLength(10);
    expect(all('path[data-op][data-lit="true"]')).toHaveLength(10);
    act(() => setFocus({ op: "mb3_k3" }));
    expect(all('path[data-op][data-lit="false"]')).toHaveLength(0);
  });

  it("arrows walk over edges and say them, Enter pins", () => {
    fakeAlpha();
    render(<CellsPanel />);
    fireEvent.keyDown(figure(), { key: "ArrowDown" });
    fireEvent.keyDown(figure(), { key: "ArrowDown" });
    expect(viewStore.getState().focus).toEqual({ edge: { group: 0, row: 1 } });
    expect(viewStore.getState().announcement).toMatch(/^Normal cell, edge from c\(k-1\) to node 2: .*kept\.$/);
    fireEvent.keyDown(figure(), { key: "ArrowRight" });
    fireEvent.keyDown(figure(), { key: "Enter" });
    expect(viewStore.getState().pinA).toEqual({ edge: { group: 1, row: 1 } });
  });

  it("an edge of a derived cell names its op", () => {
    fakeAlpha();
    render(<CellsPanel />);
    fireEvent.click(button("Derived"));
    fireEvent.keyDown(figure(), { key: "ArrowDown" });
    const { focus } = viewStore.getState();
    expect(focus.edge).toEqual({ group: 0, row: 0 });
    expect(focus.op).toMatch(/_/);
  });

  it("T shows every edge as a row", () => {
    fakeAlpha();
    render(<CellsPanel />);
    fireEvent.keyDown(figure(), { key: "t" });
    expect([...document.querySelectorAll("tr")]).toHaveLength(11);
  });

  it("a narrow panel shows one cell behind tabs, and the one that is pointed at", () => {
    restore();
    restore = fakeLayout(500, 300);
    fakeAlpha();
    render(<CellsPanel />);
    expect(all("[data-cell]").map((pane) => pane.dataset["cell"])).toEqual(["normal"]);
    fireEvent.click(button(/^Reduction cell/));
    expect(all("[data-cell]").map((pane) => pane.dataset["cell"])).toEqual(["reduce"]);
    act(() => setFocus({ edge: { group: 0, row: 2 } }));
    expect(all("[data-cell]").map((pane) => pane.dataset["cell"])).toEqual(["normal"]);
  });
});

describe("saving the picture", () => {
  it("downloads the file", async () => {
    const create = vi.fn(() => "blob:x");
    vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: create, revokeObjectURL: vi.fn() }));
    const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
    const file = { name: "cells.svg", mime: "image/svg+xml", text: "<svg/>", bytes: new Uint8Array(6) };
    const exportAs = vi.fn(() => Promise.resolve(ok(file)));
    fakeActions({ exportAs });
    fakeAlpha();
    render(<CellsPanel />);
    fireEvent.click(button("SVG"));
    await vi.waitFor(() => expect(viewStore.getState().announcement).toBe("Saved cells.svg."));
    expect([exportAs.mock.calls[0], create.mock.calls.length, click.mock.calls.length]).toEqual([["cells-svg"], 1, 1]);
  });

  it("says why it cannot", async () => {
    fakeActions({
      exportAs: () =>
        Promise.resolve(
          refuse("config.invalid", "There is no network to export yet.", "Let the run train for a step."),
        ),
    });
    fakeAlpha();
    render(<CellsPanel />);
    fireEvent.click(button("PNG"));
    await vi.waitFor(() =>
      expect(runStore.getState().messages.at(-1)?.text).toBe(
        "There is no network to export yet. Let the run train for a step.",
      ),
    );
  });
});
