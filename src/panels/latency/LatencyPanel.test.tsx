// @vitest-environment jsdom
/** The latency panel in each of its states, its views and keys, and what it asks of the device. */
import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ok } from "@/lib/result";
import { version } from "@/lib/version";
import type { LatencyTable } from "@/nas/latency/table";
import { change } from "@/store/experiment";
import { latencyStore } from "@/store/latency";
import { runStore } from "@/store/run";
import { setCursor, setFocus, viewStore } from "@/store/view";
import { type ActionCall, fakeActions } from "../testing/fakeActions";
import { fakeLayout } from "../testing/fakeDom";
import { type FakeFbnetOptions, fakeFbnet } from "../testing/fakeFbnet";
import { resetStores } from "../testing/fakeRun";
import { LatencyPanel } from "./LatencyPanel";

const asked = vi.hoisted(() => ({ measureLatency: vi.fn(), cancelMeasure: vi.fn(), editLatency: vi.fn(), estimateMissing: vi.fn(), useDevice: vi.fn() }));
vi.mock("@/store/latency", async (original) => ({ ...(await original<object>()), ...asked }));

let calls: ActionCall[];
let undo: () => void;
beforeEach(() => {
  undo = fakeLayout(820, 300);
  calls = fakeActions();
  resetStores();
  latencyStore.setState({ table: null, progress: null, devices: ["fake wasm"], problem: null });
  for (const fake of Object.values(asked)) fake.mockClear();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  undo();
});

// By selector: asking for roles among hundreds of cells takes a second.
const figure = () => document.querySelector("section[role=figure]") as HTMLElement;
const state = () => figure().dataset["state"];
const key = (name: string) => fireEvent.keyDown(figure(), { key: name });
const cell = (id: string) => document.querySelector(`[data-cell="${id}"]`) as SVGGElement;
const press = (name: string) => fireEvent.click([...document.querySelectorAll("button")].find((b) => (b.getAttribute("aria-label") ?? b.textContent) === name) as HTMLElement);
const picture = () => document.querySelector("svg[role=img]") as SVGSVGElement;
const pick = (id: string) => {
  const rect = cell(id).querySelector("rect") as SVGRectElement;
  const at = { clientX: Number(rect.getAttribute("x")) + 2, clientY: Number(rect.getAttribute("y")) + 2 };
  fireEvent.pointerMove(picture(), at);
  return at;
};
const show = (options: FakeFbnetOptions = {}) => {
  const made = fakeFbnet({ candidates: 7, ...options });
  render(<LatencyPanel />);
  return made;
};
const setLatest = (over: object) => act(() => runStore.setState({ latest: { ...(runStore.getState().latest as NonNullable<ReturnType<typeof runStore.getState>["latest"]>), ...over } }));

describe("states", () => {
  it("loading with the boot step, then empty: an outline and the button that measures", () => {
    change({ algorithm: "fbnet-v1" });
    render(<LatencyPanel />);
    expect(figure()).toMatchObject({ dataset: { state: "loading", panel: "latency" } });
    expect(screen.getByText("Starting")).toBeTruthy();
    act(() => runStore.setState({ boot: { ...runStore.getState().boot, status: "ready" } }));
    expect(state()).toBe("empty");
    expect(document.querySelectorAll('[data-status="missing"]').length).toBeGreaterThan(20);
    press("Measure (≈ 5\u00a0s)");
    expect(asked.measureLatency).toHaveBeenCalledWith(null);
  });

  it("measuring: cells fill, a real progress bar, cancel", () => {
    const made = fakeFbnet({ columns: 0 }).table as LatencyTable;
    fakeFbnet({ hasTable: false, columns: 0 });
    latencyStore.setState({ progress: { table: { ...made, entries: made.entries.slice(0, 3), fixed: [] }, done: 33, total: 286 } });
    render(<LatencyPanel />);
    expect(state()).toBe("loading");
    const bar = document.querySelector('[role="progressbar"]') as HTMLElement;
    expect([bar.getAttribute("aria-valuenow"), bar.getAttribute("aria-valuemax"), bar.getAttribute("aria-valuetext")]).toEqual(["33", "286", "33 of 286 readings"]);
    expect(document.querySelectorAll('[data-status="measured"]')).toHaveLength(3);
    expect(document.querySelectorAll('[data-status="pending"]').length).toBeGreaterThan(15);
    press("Cancel");
    expect(asked.cancelMeasure).toHaveBeenCalledOnce();
  });

  it("live, paused, stale", () => {
    show();
    expect(state()).toBe("live");
    expect(screen.getByText(/^expected 0\.\d+.ms · no target$/)).toBeTruthy();
    expect(screen.getByText(/wall clock, 11 readings · batch 1 · app/)).toBeTruthy();
    setLatest({ status: "paused" });
    expect(state()).toBe("paused");
    act(() => void change({ seed: 9 }));
    expect(state()).toBe("stale");
  });

  it("past: the expectation of that step, the way of then, nothing drawn yet", () => {
    show({ decided: 2 });
    const now = screen.getByText(/^expected/).textContent;
    act(() => setCursor(0));
    expect(figure()).toMatchObject({ dataset: { state: "past", step: "0" } });
    expect(screen.getByText(/^expected/).textContent).not.toBe(now);
    key("v");
    key("v");
    expect(document.querySelectorAll("[data-sample]")).toHaveLength(0);
    act(() => setCursor(null));
    expect(document.querySelectorAll("[data-sample]")).toHaveLength(7);
  });

  it("error: why it could not be measured, and once more; a table that is there stays", () => {
    change({ algorithm: "fbnet-v1" });
    latencyStore.setState({ problem: "The device was lost." });
    render(<LatencyPanel />);
    expect(state()).toBe("error");
    expect(screen.getByText("The device was lost.")).toBeTruthy();
    press("Try again");
    expect(asked.measureLatency).toHaveBeenCalledWith(null);
    cleanup();
    show();
    expect(state()).toBe("live");
    expect(screen.getByRole("alert").textContent).toBe("The device was lost.");
  });

  it.each([
    [{ algorithm: "spos" }, /SPOS bounds multiply–adds/, "pool"],
    [{ algorithm: "darts" }, /^DARTS weighs no cost/, "cells"],
    [{ algorithm: "fbnet-v3" }, /FBNetV3/, "joint"],
    [{ algorithm: "fbnet-v1", "retrain.arch": "01234" }, /nothing is searched/, "network"],
  ] as const)("not applicable: %o", (config, why, panel) => {
    change(config);
    render(<LatencyPanel />);
    expect(state()).toBe("not-applicable");
    expect(screen.getByText(why)).toBeTruthy();
    fireEvent.click(document.querySelector("section button:not([aria-pressed])") as HTMLElement);
    expect(viewStore.getState().panel).toBe(panel);
  });
});

describe("a cell", () => {
  it("under the pointer: median, range, n and batch; it is the page's focus", () => {
    show();
    pick("0/2");
    expect(viewStore.getState().focus).toEqual({ slot: 0, choice: 2, op: "k3_e3" });
    const tip = document.querySelector("p[aria-hidden]") as HTMLElement;
    expect(tip.textContent).toMatch(/Layer 1 · k3_e30\.\d+.ms median0\.\d+–0\.\d+ ms 10–90 %n = 11, batch 1overhead at most \d+.%/);
  });

  it("click opens its card and pins it: measure again, edit in ms, close", () => {
    const { table } = show();
    const named = table?.entries[1]?.key;
    fireEvent.click(picture(), pick("0/1"));
    expect(viewStore.getState().pinA).toMatchObject({ slot: 0, choice: 1 });
    const card = document.querySelector('[role="group"][aria-label^="Entry of"]') as HTMLElement;
    press("Measure again (R)");
    expect(asked.measureLatency).toHaveBeenCalledWith([named]);
    const input = within(card).getByLabelText("Milliseconds");
    fireEvent.change(input, { target: { value: "-3" } });
    fireEvent.blur(input);
    expect(asked.editLatency).not.toHaveBeenCalled();
    expect(screen.getByText("A time is a number above 0.")).toBeTruthy();
    fireEvent.change(input, { target: { value: "0.25" } });
    fireEvent.blur(input);
    expect(asked.editLatency).toHaveBeenCalledWith(named, 250);
    press("Close");
    expect(document.querySelector('[aria-label^="Entry of"]')).toBeNull();
  });

  it("by keys: arrows walk and read out, R measures again, an identity has nothing to measure", () => {
    const { table } = show();
    key("r");
    expect(viewStore.getState().announcement).toMatch(/Point at a cell first/);
    key("ArrowRight");
    key("ArrowRight");
    expect(viewStore.getState().announcement).toMatch(/^Layer 2, k3_e1: 0\.\d+.ms, measured\.$/);
    key("r");
    expect(asked.measureLatency).toHaveBeenCalledWith([table?.entries.find(({ key: k }) => k.startsWith("k3_e1_g1") && k.includes("i12"))?.key]);
    for (const name of ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "r"]) key(name);
    expect(asked.measureLatency).toHaveBeenCalledOnce();
    expect(viewStore.getState().announcement).toMatch(/nothing to measure/);
    key("Enter");
    expect(viewStore.getState().pinA).toEqual({ slot: 2, choice: 4, op: "skip" });
  });

  it("a focus from elsewhere rings it; a network in focus outlines its way", () => {
    show();
    act(() => setFocus({ slot: 3, choice: 1, op: "k3_e1_g2" }));
    expect(document.querySelector("p[aria-hidden]")?.textContent).toMatch(/^Layer 4 · k3_e1_g2/);
    act(() => setFocus({ archId: "01234" }));
    expect(screen.getByText("outlined: network in focus")).toBeTruthy();
  });
});

describe("tables", () => {
  const kept = (over: Partial<LatencyTable> = {}) => {
    const { table } = fakeFbnet();
    latencyStore.setState({ table: { ...(table as LatencyTable), app: version, ...over } });
    return table as LatencyTable;
  };

  it("of another device: a plain warning, and the picker of devices", () => {
    const table = kept();
    latencyStore.setState({ table: { ...table, device: { ...table.device, label: "pixel webgpu" } }, devices: ["fake wasm", "pixel webgpu"] });
    render(<LatencyPanel />);
    press("Kept");
    expect(screen.getByText(/Measured on another device, pixel webgpu/)).toBeTruthy();
    fireEvent.change(screen.getByLabelText("Device whose table is used"), { target: { value: "pixel webgpu" } });
    fireEvent.change(screen.getByLabelText("Device whose table is used"), { target: { value: "fake wasm" } });
    expect(asked.useDevice.mock.calls.at(-1)).toEqual([null]);
  });

  it("with holes: says how many, offers neighbours, shows them as —", () => {
    const table = kept();
    latencyStore.setState({ table: { ...table, entries: table.entries.slice(2) } });
    render(<LatencyPanel />);
    press("Kept");
    expect(screen.getByText("2 entries are missing")).toBeTruthy();
    expect(cell("0/0").textContent).toContain("—");
    press("Estimate from neighbours");
    expect(asked.estimateMissing).toHaveBeenCalledOnce();
  });

  it("are imported by the dialog and exported as a file", async () => {
    vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:x", revokeObjectURL: () => undefined }));
    const made = { name: "t.json", mime: "application/json", text: "{}", bytes: new Uint8Array(2) };
    const formats: string[] = [];
    fakeActions({ exportAs: (format) => (formats.push(format), Promise.resolve(ok(made))) });
    show();
    press("Import");
    expect(viewStore.getState().dialog).toBe("import");
    press("Export");
    await vi.waitFor(() => expect(viewStore.getState().announcement).toBe("Saved t.json."));
    expect(formats).toEqual(["latency-table"]);
  });
});

describe("check and cost", () => {
  it("V goes through the views; the fit in words, a point names its network", () => {
    const { table } = show();
    key("v");
    expect(viewStore.getState().announcement).toBe("View: Check.");
    expect(screen.getByText(/^measured = 0\.012.ms \+ 0\.93 · sum$/)).toBeTruthy();
    expect(screen.getByText("n = 8")).toBeTruthy();
    const point = table?.fit.points?.[0];
    fireEvent.pointerEnter(document.querySelector(`[data-point="${point?.id}"]`) as SVGElement);
    expect(viewStore.getState().focus.archId).toBe(point?.id);
    expect(screen.getByText(new RegExp(`^${point?.id}: sum 0\\.\\d+.ms, measured`))).toBeTruthy();
  });

  it("the target is a slider in the metric's unit, set on release", () => {
    show({ config: { "fbnet.target": 0.2 } });
    key("v");
    key("v");
    const slider = screen.getByRole("slider", { name: "Latency target" });
    expect(slider.getAttribute("aria-valuetext")).toMatch(/^0\.200.ms/);
    fireEvent.keyDown(slider, { key: "ArrowUp" });
    expect(calls).toEqual([]);
    fireEvent.keyUp(slider, { key: "ArrowUp" });
    const [call] = calls;
    const { "fbnet.target": value } = call?.args[0] as { "fbnet.target": number };
    expect(value).toBeGreaterThan(0.2);
    expect(value).toBeLessThan(0.21);
    fireEvent.keyDown(slider, { key: "Delete" });
    expect(calls.at(-1)).toEqual({ name: "setLive", args: [{ "fbnet.target": null }] });
  });

  it("drawn networks with their figures; the winner is marked and can be pinned", () => {
    const { candidates } = show();
    setLatest({ metrics: { ...runStore.getState().latest?.metrics, winner: { id: "x", index: 3 } } });
    key("v");
    key("v");
    const row = document.querySelector("[data-winner]") as HTMLElement;
    expect(row.dataset["sample"]).toBe(candidates[3]?.id);
    expect(within(row).getByLabelText("winner")).toBeTruthy();
    fireEvent.click(within(row).getByRole("button"));
    expect(viewStore.getState().pinA).toEqual({ archId: candidates[3]?.id, candidate: 3 });
  });
});

describe("words", () => {
  it("a sentence with the expectation, the slowest cell and the check", () => {
    show({ config: { "fbnet.target": 0.2 } });
    key("d");
    expect(viewStore.getState().announcement).toMatch(
      /^Latency on fake wasm, batch 1: 26 of 26 entries\. Slowest: k\d_e\d in Layer \d, 0\.\d+.ms\. The smallest entry is 0\.\d+.ms\. Expected 0\.\d+.ms, target 0\.200.ms\. Sums against 8 whole networks: r 0\.99, bias [+−]0\.\d+.ms\.$/,
    );
  });

  it("the same numbers as a table", () => {
    show();
    key("t");
    const heads = [...document.querySelectorAll("th")].map((th) => th.textContent);
    expect(heads.slice(0, 6)).toEqual(["Layer", "Candidate", "Key", "Median (ms)", "10 % (ms)", "90 % (ms)"]);
    expect(document.querySelectorAll("tbody tr")).toHaveLength(28);
  });

  it("published networks: trained only where their layers are", () => {
    show();
    act(() => void ((document.querySelector("details") as HTMLDetailsElement).open = true));
    fireEvent(document.querySelector("details") as HTMLElement, new Event("toggle"));
    const buttons = [...document.querySelectorAll("button")].filter((b) => b.textContent === "Train this here");
    expect(buttons.map((b) => b.disabled)).toEqual([true, true, true]);
    cleanup();
    show({ size: "full", columns: 2, candidates: 0 });
    act(() => void ((document.querySelector("details") as HTMLDetailsElement).open = true));
    fireEvent(document.querySelector("details") as HTMLElement, new Event("toggle"));
    fireEvent.click([...document.querySelectorAll("button")].find((b) => b.textContent === "Train this here") as HTMLElement);
    expect(calls).toEqual([{ name: "retrainArch", args: ["FBNet-A"] }]);
  });
});
