// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { choicesOfGenotype } from "@/nas/cell/choices";
import { publishedGenotypes } from "@/nas/cell/published";
import { costOf } from "@/nas/cost";
import { type Actions, provideActions } from "@/store/actions";
import { change } from "@/store/experiment";
import { clearLiveTest, setLiveTest } from "@/store/liveTest";
import { networkStore, showNetwork, spaceOf } from "@/store/network";
import { runStore } from "@/store/run";
import { setCursor, viewStore } from "@/store/view";
import { countText } from "@/viz/format";
import { fakeRun, resetStores, showRun } from "../testing/fakeRun";
import { NetworkPanel } from "./NetworkPanel";
import { showSample, showWinner } from "./showSample";

const classify = vi.fn<Actions["classify"]>();
const retrainArch = vi.fn<Actions["retrainArch"]>();
const figure = () => screen.getByRole("figure");
const stateOf = () => figure().getAttribute("data-state");
const ready = { status: "ready", device: "wasm", data: [1, 1], kernels: [1, 1], message: "" } as const;
const distribution = (top: number): Float32Array =>
  Float32Array.from({ length: 10 }, (_, i) => (i === top ? 0.55 : 0.05));

beforeEach(() => {
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  vi.stubGlobal("ImageData", class {});
  classify.mockReset().mockResolvedValue({ inherited: distribution(2), retrained: distribution(4), id: "00000000" });
  retrainArch.mockReset();
  provideActions({ classify, retrainArch } as unknown as Actions);
  resetStores();
  clearLiveTest();
  showNetwork(null);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("NetworkPanel", () => {
  it("says what the boot does while loading", () => {
    render(<NetworkPanel />);
    expect(stateOf()).toBe("loading");
  });

  it("offers sample networks when there is none, and shows the cheapest", () => {
    runStore.setState({ boot: ready });
    render(<NetworkPanel />);
    expect(stateOf()).toBe("empty");
    fireEvent.click(screen.getByRole("button", { name: "Cheapest" }));
    expect(stateOf()).toBe("live");
    expect(networkStore.getState().shown?.arch.id).toBe(spaceOf("macro8", "nano").extremes("macs").min.id);
    expect(figure().textContent).toContain("not retrained yet");
  });

  it("shows the winner with both accuracies and their sample sizes", () => {
    const run = fakeRun({ steps: 30, candidates: 16, retrainSteps: 20, tested: true });
    showRun(run);
    render(<NetworkPanel />);
    act(() => showWinner());
    const winner = run.latest.metrics.winner;
    expect(figure().getAttribute("aria-label")).toContain(winner?.id);
    expect(figure().textContent).toContain("(n=500)");
    expect(figure().textContent).toContain("(n=2,000)");
    expect(stateOf()).toBe("live");
    act(() => setCursor(10));
    expect(stateOf()).toBe("past");
    act(() => setCursor(null));
    act(() => runStore.setState({ latest: { ...run.latest, status: "paused" } }));
    expect(stateOf()).toBe("paused");
    act(() => void change({ seed: 9 }));
    expect(stateOf()).toBe("stale");
  });

  it("offers to train what is on show, but not the run's own winner", () => {
    const run = fakeRun({ steps: 30, candidates: 16, retrainSteps: 20 });
    showRun(run);
    render(<NetworkPanel />);
    act(() => showWinner());
    expect(screen.queryByRole("button", { name: "Retrain this" })).toBeNull();
    act(() => showSample("dearest"));
    fireEvent.click(screen.getByRole("button", { name: "Retrain this" }));
    expect(retrainArch).toHaveBeenCalledWith("22222222");
  });

  it("shows imported cells with their ops once a kind, by the id that keeps the slots", () => {
    runStore.setState({ boot: ready });
    const choices = choicesOfGenotype(publishedGenotypes.DARTS_V1);
    act(() => void change({ algorithm: "darts", size: "small" }));
    render(<NetworkPanel />);
    const accuracies = { supernetAccuracy: null, retrainedAccuracy: null };
    const arch = { id: spaceOf("darts-cell", "small").canonical(choices).id, choices };
    act(() => showNetwork({ source: "imported", spaceId: "darts-cell", size: "small", arch, ...accuracies }));
    expect(stateOf()).toBe("live");
    expect(screen.getAllByRole("list", { name: /^DARTS cells, / }).map((list) => list.children.length)).toEqual([8, 8]);
    fireEvent.click(screen.getByRole("button", { name: "Retrain this" }));
    expect(retrainArch).toHaveBeenCalledWith(expect.stringMatching(/^n:s3\.1\+s3\.0-sk\.0\+s3\.1/));
  });

  it("closes the cells of a large network in the table, and opens one", async () => {
    const user = userEvent.setup();
    runStore.setState({ boot: ready });
    render(<NetworkPanel />);
    const choices = choicesOfGenotype(publishedGenotypes.DARTS_V2);
    const accuracies = { supernetAccuracy: null, retrainedAccuracy: null };
    act(() =>
      showNetwork({ source: "sample", spaceId: "darts-cell", size: "full", arch: { id: "x", choices }, ...accuracies }),
    );
    await user.click(screen.getByRole("tab", { name: "Layers" }));
    const table = screen.getByRole("table", { name: "Layers of the network" });
    expect(within(table).getAllByRole("row")).toHaveLength(1 + 1 + 20 + 1 + 1);
    expect(within(table).getByRole("row", { name: /^Whole network/ }).textContent).toContain("3,349,342");
    await user.click(within(table).getByRole("button", { name: "Cell 7, reduce" }));
    expect(within(table).getAllByRole("button", { name: /^2←0/ })).toHaveLength(1);
  });

  it("calls a network that follows the run what it is so far", () => {
    const run = fakeRun({ steps: 30 });
    showRun(run);
    render(<NetworkPanel />);
    const arch = spaceOf("macro8", "nano").extremes("macs").min;
    const accuracies = { supernetAccuracy: null, retrainedAccuracy: null };
    act(() => showNetwork({ source: "winner", spaceId: "macro8", size: "nano", arch, ...accuracies }));
    expect(figure().getAttribute("aria-label")).toMatch(/^What α says now/);
  });

  it("says how far retraining is instead of a number that is not there", () => {
    const run = fakeRun({ steps: 30, candidates: 16, retrainSteps: 20 });
    showRun(run);
    render(<NetworkPanel />);
    act(() => showWinner());
    expect(figure().textContent).toContain("retraining, step 20 of 20");
  });

  it("has a layer table whose total is the cost of the graph", async () => {
    const user = userEvent.setup();
    runStore.setState({ boot: ready });
    render(<NetworkPanel />);
    await user.click(screen.getByRole("button", { name: "Dearest" }));
    await user.click(screen.getByRole("tab", { name: "Layers" }));
    const space = spaceOf("macro8", "nano");
    const cost = costOf(space.graph(space.extremes("macs").max.choices));
    const table = screen.getByRole("table", { name: "Layers of the network" });
    const total = within(table).getByRole("row", { name: /^Whole network/ });
    expect(total.textContent).toContain(countText(cost.params));
    expect(total.textContent).toContain(countText(cost.macs));
    await user.click(screen.getByRole("button", { name: /Layer 1/ }));
    expect(within(table).getAllByRole("row", { name: /^depthwise/ }).length).toBe(1);
    expect(viewStore.getState().focus.slot).toBe(0);
  });

  it("asks the network about a picture that was handed over and names whose weights answer", async () => {
    runStore.setState({ boot: ready, info: fakeRun({ steps: 1 }).info });
    render(<NetworkPanel />);
    fireEvent.click(screen.getByRole("button", { name: "Dearest" }));
    act(() => setLiveTest({ image: new Uint8Array(3072), source: "validation image 3", label: 4 }));
    expect(screen.getByRole("tab", { name: "Live test" }).getAttribute("aria-selected")).toBe("true");
    const row = await screen.findByRole("row", { name: /^food/ });
    expect(row.textContent).toContain("✓");
    expect(
      within(row)
        .getAllByRole("cell")
        .map((cell) => cell.textContent?.replace("\u00a0", " ")),
    ).toEqual(["5 %", "55 %"]);
    expect(figure().textContent).toContain("must choose one");
    expect(figure().textContent).toContain("do not expect it to know photos");
    expect(figure().textContent).toContain("Answers come from the run's best network, 00000000");
    expect(classify).toHaveBeenCalledOnce();
  });

  it("says that there are no weights instead of inventing an answer", async () => {
    classify.mockResolvedValue({ inherited: null, retrained: null, id: null });
    runStore.setState({ boot: ready });
    render(<NetworkPanel />);
    fireEvent.click(screen.getByRole("button", { name: "Dearest" }));
    act(() => setLiveTest({ image: new Uint8Array(3072), source: "doodle" }));
    await waitFor(() => expect(figure().textContent).toContain("No weights yet"));
    expect(screen.queryByRole("row", { name: /class 0/ })).toBeNull();
  });

  it("refuses a file that is no picture and keeps what was under test", async () => {
    vi.stubGlobal("createImageBitmap", () => Promise.reject(new Error("no")));
    runStore.setState({ boot: ready });
    render(<NetworkPanel />);
    fireEvent.click(screen.getByRole("button", { name: "Dearest" }));
    act(() => setLiveTest({ image: new Uint8Array(3072), source: "first picture" }));
    fireEvent.change(screen.getByLabelText("Choose picture", { selector: "input" }), {
      target: { files: [new File(["x"], "odd.png", { type: "image/png" })] },
    });
    expect((await screen.findByRole("alert")).textContent).toContain("odd.png is not a picture");
    expect(figure().textContent).toContain("first picture");
  });

  it("keeps a network that cannot be built to itself and offers another", () => {
    runStore.setState({ boot: ready });
    const broken = { choices: { "layer.0": "no such op" }, id: "broken" };
    showNetwork({
      source: "imported",
      spaceId: "macro8",
      size: "nano",
      arch: broken,
      supernetAccuracy: null,
      retrainedAccuracy: null,
    });
    render(<NetworkPanel />);
    expect(stateOf()).toBe("error");
    fireEvent.click(screen.getByRole("button", { name: "Choose another network" }));
    expect(stateOf()).toBe("empty");
  });

  it("shows the layers as the figure's table too", () => {
    runStore.setState({ boot: ready });
    render(<NetworkPanel />);
    fireEvent.click(screen.getByRole("button", { name: "A random one" }));
    fireEvent.keyDown(figure(), { key: "t" });
    expect(screen.getAllByRole("row").length).toBeGreaterThan(20);
  });
});
