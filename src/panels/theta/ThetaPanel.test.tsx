// @vitest-environment jsdom
/** The op-probabilities panel in each of its states, its keys, pointer, settings and words, for layers and for masks. */
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { change, experimentStore } from "@/store/experiment";
import { history } from "@/store/history";
import { runStore } from "@/store/run";
import { setCursor, setFocus, viewStore } from "@/store/view";
import { type ActionCall, fakeActions } from "../testing/fakeActions";
import { fakeCanvas, fakeLayout } from "../testing/fakeDom";
import { fakeFbnet } from "../testing/fakeFbnet";
import { resetStores } from "../testing/fakeRun";
import { parseNumber, parseTarget, targetText } from "./Controls";
import { ThetaPanel } from "./ThetaPanel";

let calls: ActionCall[];
let undo: (() => void)[];
beforeEach(() => {
  undo = [fakeLayout(820, 330), fakeCanvas().restore];
  calls = fakeActions();
  resetStores();
});
afterEach(() => {
  cleanup();
  undo.forEach((f) => f());
});

// By selector: asking for roles among hundreds of marks takes a second.
const figure = () => document.querySelector("section[role=figure]") as HTMLElement;
const state = () => figure().dataset["state"];
const key = (name: string) => fireEvent.keyDown(figure(), { key: name });
const picture = () => document.querySelector("svg[role=img]") as SVGSVGElement;
const columns = () => [...document.querySelectorAll<SVGElement>("[data-slot]")].map((g) => g.dataset["slot"]);
const signals = () => document.querySelector('[aria-label="Signals"]')?.textContent ?? "";
const field = (name: string) => document.querySelector(`[data-control="${name}"] input[type=text]`) as HTMLInputElement;
const setLive = () => calls.filter(({ name }) => name === "setLive").map(({ args }) => args[0]);

describe("states", () => {
  it.each([
    ["spos", "macro8", "SPOS samples paths uniformly; it has no θ. Path counts what was sampled.", "path"],
    ["darts", "darts-cell", "DARTS and GDAS weigh whole mixtures by α and no cost; their weights are in Architecture weights.", "streams"],
    ["fbnet-v3", "fbnet-v3", "FBNetV3 searches with a predictor of trained pairs; it has no θ.", "joint"],
  ] as const)("not applicable: %s, with the panel that shows what it has", (algorithm, space, why, see) => {
    experimentStore.setState((old) => ({ config: { ...old.config, algorithm, space } }));
    viewStore.setState({ panel: "theta", fullPanel: "theta" });
    render(<ThetaPanel />);
    expect(figure()).toMatchObject({ dataset: { state: "not-applicable", panel: "theta" } });
    expect(screen.getByText(why)).toBeTruthy();
    fireEvent.click(screen.getByText(/^See /));
    expect(viewStore.getState()).toMatchObject({ panel: see, fullPanel: see });
  });

  it("not applicable: a run that only trains what it was given", () => {
    fakeFbnet({ config: { "retrain.arch": "00000" } });
    render(<ThetaPanel />);
    expect(state()).toBe("not-applicable");
    expect(screen.getByText(/only trains the architecture that it was given/)).toBeTruthy();
  });

  it("loading: even columns with the boot step; then empty, with the control that fills it", () => {
    act(() => void change({ algorithm: "fbnet-v1" }));
    render(<ThetaPanel />);
    expect(state()).toBe("loading");
    expect(screen.getByText(/every operation is as likely as any other/)).toBeTruthy();
    expect(screen.getByText("Starting")).toBeTruthy();
    expect(columns()).toEqual(["fixed", "0", "1", "2", "3", "4"]);
    expect(screen.getByText("No latency table yet: widths by MACs.")).toBeTruthy();
    act(() => runStore.setState({ boot: { ...runStore.getState().boot, status: "ready" } }));
    expect(state()).toBe("empty");
    fireEvent.click(screen.getByText("Train"));
    expect(calls.map(({ name }) => name)).toEqual(["train"]);
  });

  it("loading while the table is measured, in the run's own words", () => {
    fakeFbnet({ columns: 0, hasTable: false, phase: "warmup", message: "Measuring latency (12 of 75 readings)" });
    render(<ThetaPanel />);
    expect(state()).toBe("loading");
    expect(screen.getByText("Measuring latency (12 of 75 readings)")).toBeTruthy();
  });

  it("live, paused, stale", () => {
    fakeFbnet();
    render(<ThetaPanel />);
    expect(state()).toBe("live");
    expect(figure().dataset["step"]).toBe("476");
    expect(screen.getByText("step 476")).toBeTruthy();
    const { latest } = runStore.getState();
    act(() => runStore.setState({ latest: latest && { ...latest, status: "paused" } }));
    expect(state()).toBe("paused");
    act(() => experimentStore.setState((old) => ({ config: { ...old.config, seed: 9 } })));
    expect(state()).toBe("stale");
  });

  it("past: the column, the cost and the temperature of that step", () => {
    fakeFbnet();
    render(<ThetaPanel />);
    const now = signals();
    act(() => setCursor(40));
    expect(state()).toBe("past");
    expect(figure().dataset["step"]).toBe("40");
    expect(signals()).not.toBe(now);
    expect(signals()).toContain("θ rests: only the weights train in the warm-up.");
    expect(screen.getByLabelText(/^Temperature 5\.00/)).toBeTruthy();
  });

  it("error: the last good column stays, with what happened", () => {
    fakeFbnet();
    act(() => history.alpha.push(480, new Float32Array(25).fill(Number.NaN)));
    render(<ThetaPanel />);
    expect(state()).toBe("error");
    expect(screen.getByRole("alert").textContent).toBe("θ stopped being numbers at step 480. What is drawn is the last good column.");
    expect(screen.getByText("step 476 · stopped at 480")).toBeTruthy();
    expect(columns()).toHaveLength(6);
  });
});

describe("layers", () => {
  it("say what is expected, where it goes, and who leads there", () => {
    fakeFbnet({ config: { "fbnet.target": 0.2 } });
    render(<ThetaPanel />);
    expect(figure().getAttribute("aria-label")).toMatch(/^Expected 0\.\d+.ms, target 0\.2\d*\. Layer \d costs \d+.%: [k\dskiepg]+ at \d+.%\. Fixed parts cost \d+.%\. Mean entropy 0\.\d+\. Temperature 0\.\d+\.$/);
    expect(signals()).toContain("widths: expected latency on fake wasm");
    expect(document.querySelector("[data-target]")?.textContent).toMatch(/^target 0\.2/);
  });

  it("warn when skips have emptied the network", () => {
    fakeFbnet({ skip: 12 });
    render(<ThetaPanel />);
    expect(signals()).toContain("⚠ 5 of 5 layers are skip: the latency pressure has emptied the network");
  });

  it("say when nothing is decided yet", () => {
    fakeFbnet({ decided: 0.01 });
    render(<ThetaPanel />);
    expect(signals()).toContain("θ has not decided anything yet.");
  });

  it("arrows move over layers and ops, Enter pins, a linked focus dims the rest", () => {
    fakeFbnet();
    render(<ThetaPanel />);
    key("ArrowRight");
    expect(viewStore.getState().focus).toMatchObject({ edge: { group: 0, row: 0 }, slot: 0 });
    act(() => setFocus({ edge: { group: 0, row: 0 }, slot: 0, op: "k3_e1", choice: 0 }));
    key("ArrowRight");
    key("ArrowUp");
    expect(viewStore.getState().focus).toEqual({ edge: { group: 0, row: 1 }, slot: 1, op: "k3_e3", choice: 2 });
    expect(viewStore.getState().announcement).toMatch(/^Layer 2: k3e3 \d+.%, 0\.\d+.ms\.$/);
    key("Enter");
    expect(viewStore.getState().pinA).toEqual({ edge: { group: 0, row: 1 }, slot: 1, op: "k3_e3", choice: 2 });
    const band = (slot: number, op: string) => document.querySelector<SVGElement>(`[data-slot="${slot}"] [data-op="${op}"]`)?.style.opacity;
    expect([band(1, "k3_e3"), band(1, "skip"), band(0, "k3_e3")]).toEqual(["1", "0.6", "0.25"]);
    act(() => setFocus({ op: "skip" }));
    expect([band(0, "skip"), band(3, "skip"), band(3, "k3_e1")]).toEqual(["1", "1", "0.25"]);
  });

  it("a network in focus elsewhere marks what it takes of every layer", () => {
    const { space, candidates } = fakeFbnet({ candidates: 6, phase: "search" });
    render(<ThetaPanel />);
    expect(document.querySelectorAll("[data-taken]")).toHaveLength(0);
    act(() => setFocus({ candidate: 3, archId: candidates[3]?.id ?? "" }));
    const taken = [...document.querySelectorAll("[data-taken]")].map((mark) => mark.closest<SVGElement>("[data-op]")?.dataset["op"]);
    expect(taken).toEqual(space.mutables.map(({ id }) => candidates[3]?.choices[id]));
  });

  it("the pointer reads op, probability, cost and step; a click pins it", () => {
    fakeFbnet();
    render(<ThetaPanel />);
    const at = { clientX: 200, clientY: 120 };
    fireEvent.pointerMove(picture(), at);
    const { focus } = viewStore.getState();
    expect(focus).toMatchObject({ edge: { group: 0 } });
    expect(focus.op).toBeTruthy();
    expect(screen.getByText(/^P \d+\.\d.% · rank \d of 5$/)).toBeTruthy();
    expect(screen.getByText(/^layer expects 0\.\d+.ms, \d+.%$/)).toBeTruthy();
    expect(screen.getAllByText("step 476").length).toBeGreaterThan(1);
    fireEvent.click(picture(), at);
    expect(viewStore.getState().pinA).toEqual(focus);
    fireEvent.pointerMove(picture(), { clientX: 40, clientY: 120 });
    expect(screen.getByText("Stem, last convolution and head: every network has them, so their column stays thin")).toBeTruthy();
  });

  it("the same numbers as a table", () => {
    fakeFbnet();
    render(<ThetaPanel />);
    key("t");
    const heads = [...document.querySelectorAll("th")].map((th) => th.textContent);
    expect(heads).toEqual(["Layer", "Operation", "P (%)", "Cost (ms)", "Expected (ms)", "Kept"]);
    expect(document.querySelectorAll("tbody tr")).toHaveLength(26);
    expect(screen.getAllByText("yes")).toHaveLength(6);
  });

  it("the same θ over time is one click away", () => {
    fakeFbnet();
    render(<ThetaPanel />);
    fireEvent.click(screen.getByText("Over time"));
    expect(viewStore.getState().panel).toBe("streams");
  });
});

describe("settings", () => {
  it("weight and target count from the next step on", () => {
    fakeFbnet();
    render(<ThetaPanel />);
    const slider = screen.getByLabelText("Weight β");
    fireEvent.change(slider, { target: { value: "1.5" } });
    expect(setLive()).toEqual([]);
    fireEvent.pointerUp(slider);
    fireEvent.change(field("weight"), { target: { value: "2" } });
    fireEvent.keyDown(field("weight"), { key: "Enter" });
    fireEvent.change(field("target"), { target: { value: "0.18 ms" } });
    fireEvent.keyDown(field("target"), { key: "Enter" });
    expect(setLive()).toEqual([{ "fbnet.weight": 1.5 }, { "fbnet.weight": 2 }, { "fbnet.target": 0.18 }]);
  });

  it("what is no number is said and changes nothing", () => {
    fakeFbnet();
    render(<ThetaPanel />);
    fireEvent.change(field("target"), { target: { value: "fast" } });
    fireEvent.keyDown(field("target"), { key: "Enter" });
    expect(setLive()).toEqual([]);
    expect(field("target").getAttribute("aria-invalid")).toBe("true");
    expect(viewStore.getState().announcement).toBe("“fast” is no number.");
  });

  it("inside the logarithm β has no slider, but a reason", () => {
    fakeFbnet({ config: { "fbnet.loss": "inner" } });
    render(<ThetaPanel />);
    expect(field("weight")).toBeNull();
    expect(document.querySelector('[data-control="weight"]')?.textContent).toContain("it does not change the trade-off");
  });

  it.each([
    ["paper", /^loss 0\.\d\d = CE 1\.\d\d × latency 0\.\d\d$/],
    ["additiveLog", /^loss \d\.\d\d = CE 1\.\d\d \+ latency \d\.\d\d$/],
  ] as const)("the loss in its parts: %s", (kind, words) => {
    fakeFbnet({ config: { "fbnet.loss": kind } });
    render(<ThetaPanel />);
    expect(screen.getByText(words)).toBeTruthy();
  });

  it("reads numbers with their units", () => {
    expect(["1.5", " 15 ms ", "4.6 M", "2,5", "1e-3", "-1", "x", ""].map(parseNumber)).toEqual([1.5, 15, 4.6, 2.5, 0.001, null, null, null]);
    expect(["none", "", "–", "15", "x"].map(parseTarget)).toEqual([null, null, null, 15, undefined]);
    expect([targetText(null, "latency"), targetText(15, "latency"), targetText(4.6, "macs"), targetText(4_600_000, "macs")]).toEqual(["none", "15", "4.6", "4.6"]);
  });
});

describe("masks", () => {
  const tiles = () => [...document.querySelectorAll<SVGElement>("[data-row]")].map((g) => g.dataset["row"]);

  it("one tile a decision, with effective values in words", () => {
    const { space } = fakeFbnet({ algorithm: "fbnet-v2" });
    render(<ThetaPanel />);
    expect(tiles()).toEqual(space.masked?.rows("stage").map(({ id }) => id));
    expect(signals()).toMatch(/^Expected \d+.k MACs\. Effective resolution \d+(\.\d)? of 32, channels [\d., ]+\./);
    expect(screen.getByText("Effective MACs")).toBeTruthy();
    expect(figure().getAttribute("aria-label")).toMatch(/Likeliest: Resolution \d+², Stem \d+ ch, /);
  });

  it("as many as blocks decide for themselves", () => {
    const { space } = fakeFbnet({ algorithm: "fbnet-v2", config: { "fbnet2.share": "block" } });
    render(<ThetaPanel />);
    expect(tiles()).toHaveLength(space.masked?.rows("block").length ?? 0);
    expect(tiles().length).toBeGreaterThan(12);
  });

  it("arrows, pointer and table know options", () => {
    fakeFbnet({ algorithm: "fbnet-v2" });
    render(<ThetaPanel />);
    key("ArrowRight");
    expect(viewStore.getState().focus).toMatchObject({ edge: { group: 0, row: 0 } });
    expect(viewStore.getState().announcement).toMatch(/^Resolution: \d+² \d+.%, effective [\d.]+ of 32\.$/);
    fireEvent.pointerMove(picture(), { clientX: 60, clientY: 50 });
    expect(screen.getByText(/^Resolution · \d+²$/)).toBeTruthy();
    expect(screen.getByText(/^step \d+$/, { selector: "p span" })).toBeTruthy();
    key("t");
    expect([...document.querySelectorAll("th")].map((th) => th.textContent)).toEqual(["Decision", "Option", "P (%)", "Effective", "Kept"]);
    expect(screen.getAllByText("yes")).toHaveLength(12);
  });

  it("a network in focus elsewhere marks its option of every decision", () => {
    const { candidates } = fakeFbnet({ algorithm: "fbnet-v2", candidates: 2, phase: "search" });
    render(<ThetaPanel />);
    act(() => setFocus({ archId: candidates[1]?.id ?? "" }));
    expect(document.querySelectorAll("[data-taken]")).toHaveLength(12);
  });

  it("V shows why zeros stand between the pixels, and back", () => {
    fakeFbnet({ algorithm: "fbnet-v2" });
    render(<ThetaPanel />);
    key("v");
    expect(picture().getAttribute("aria-label")).toMatch(/^Each resolution reads its own pixels/);
    expect(screen.getByText("Z: back to their places")).toBeTruthy();
    fireEvent.click(screen.getByLabelText("Why zeros between the pixels"));
    expect(tiles()).toHaveLength(12);
  });

  it("loading and past", () => {
    fakeFbnet({ algorithm: "fbnet-v2", columns: 0, phase: "warmup", message: "Preparing kernels (1 of 9)" });
    const { unmount } = render(<ThetaPanel />);
    expect(state()).toBe("loading");
    expect(tiles()).toHaveLength(12);
    unmount();
    fakeFbnet({ algorithm: "fbnet-v2" });
    render(<ThetaPanel />);
    act(() => setCursor(240));
    expect(state()).toBe("past");
  });
});
