// @vitest-environment jsdom
/** The control bar in every state of a run, the status bar, the setup form, messages and the error card. */
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { change, experimentStore } from "@/store/experiment";
import { pairProblem, spaceIds } from "@/store/keys";
import { initialRun, runStore, type RunState } from "@/store/run";
import { latestState, runPlan } from "@/ui/testing/runFixture";
import { ControlBar } from "./ControlBar";
import { ErrorCard } from "./ErrorCard";
import { layoutMode } from "./layoutMode";
import { Messages } from "./Messages";
import { SetupForm } from "./SetupForm";
import { StatusBar } from "./StatusBar";
import { freshPage, type Spies } from "./testing/shell";
import { trainButton } from "./Transport";

const wide = layoutMode(1440, 900);
const ready: RunState["boot"] = { ...initialRun.boot, status: "ready" };
let spies: Spies;

beforeEach(() => {
  spies = freshPage();
});
afterEach(cleanup);

describe("trainButton", () => {
  const base = { boot: ready, latest: null, pending: null, queued: false } as const;
  it.each([
    ["ready", base, "Train", null, false],
    ["queued while booting", { ...base, boot: initialRun.boot, queued: true }, "Starts in ~3 s", null, true],
    ["starting", { ...base, pending: "play" }, "Starting…", null, true],
    ["running", { ...base, latest: latestState() }, "Pause", null, false],
    ["pausing", { ...base, latest: latestState(), pending: "pause" }, "Pausing…", null, true],
    ["paused", { ...base, latest: latestState({ status: "paused" }) }, "Train on", null, false],
    [
      "complete",
      { ...base, latest: latestState({ status: "complete" }) },
      "Complete",
      "The run is complete. Reset starts it again with the same seed.",
      false,
    ],
    [
      "second tab",
      { ...base, boot: { ...ready, status: "busy-tab" } },
      "Train",
      "Another tab is training. This one shows only.",
      false,
    ],
  ] as const)("%s", (_, state, label, blocked, busy) => {
    expect(trainButton(state)).toMatchObject({ label, blocked, busy });
  });
});

describe("control bar", () => {
  const show = (run: Partial<RunState> = {}): void => {
    runStore.setState(run);
    render(<ControlBar mode={wide} onFocus={() => undefined} />);
  };

  it("trains, pauses, steps and resets", async () => {
    const user = userEvent.setup();
    show();
    await user.click(screen.getByRole("button", { name: "Train" }));
    expect(spies.train).toHaveBeenCalledOnce();
    act(() => runStore.setState({ latest: latestState() }));
    await user.click(screen.getByRole("button", { name: "Pause" }));
    expect(spies.pause).toHaveBeenCalledOnce();
    await user.click(screen.getByRole("button", { name: /^Step/ }));
    expect(spies.step).toHaveBeenCalledWith(1);
    await user.click(screen.getByRole("button", { name: /^Reset/ }));
    expect(spies.reset).toHaveBeenCalledOnce();
  });

  it("does nothing in a second tab and says why", async () => {
    show({ boot: { ...ready, status: "busy-tab" } });
    const button = screen.getByRole("button", { name: "Train" });
    expect(button.getAttribute("aria-disabled")).toBe("true");
    expect(button.title).toMatch(/Another tab/);
    await userEvent.click(button);
    expect(spies.train).not.toHaveBeenCalled();
  });

  it("shows progress as a real progressbar and ends a phase early", async () => {
    show({
      latest: latestState({ progress: 0.41, eta: [120, 120] }),
      plan: runPlan(experimentStore.getState().config),
    });
    const bar = screen.getByRole("progressbar");
    expect(bar.getAttribute("aria-valuenow")).toBe("41");
    expect(bar.getAttribute("aria-valuetext")?.replaceAll("\u00a0", " ")).toBe("41 %, Supernet, ~2 min left");
    await userEvent.click(screen.getByRole("button", { name: "Search now" }));
    expect(spies.skipPhase).toHaveBeenCalledOnce();
  });

  it("changes size, seed and speed", async () => {
    const user = userEvent.setup();
    show();
    await user.selectOptions(screen.getByRole("combobox", { name: "Size" }), "small");
    expect(experimentStore.getState().config.size).toBe("small");
    const seed = screen.getByRole("textbox", { name: "Seed" });
    await user.clear(seed);
    await user.type(seed, "42{Enter}");
    expect(experimentStore.getState().config.seed).toBe(42);
    await user.click(screen.getByRole("button", { name: "New seed" }));
    expect(experimentStore.getState().config.seed).toBeLessThan(10_000);
    await user.click(screen.getByRole("radio", { name: "Fast" }));
    expect(spies.setSpeed).toHaveBeenCalledWith("fast");
  });

  it("names no algorithm that is not there", () => {
    show();
    expect(
      within(screen.getByRole("combobox", { name: "Algorithm" }))
        .getAllByRole("option")
        .map((option) => option.textContent),
    ).toEqual(["SPOS", "DARTS", "GDAS", "FBNet", "FBNetV2", "FBNetV3"]);
  });

  it("takes a method's own space with the method, and keeps one that is chosen with it", async () => {
    const user = userEvent.setup();
    show();
    const pick = (name: string, value: string) => user.selectOptions(screen.getByRole("combobox", { name }), value);
    await pick("Algorithm", "darts");
    expect(experimentStore.getState().config).toMatchObject({ algorithm: "darts", space: "darts-cell" });
    await pick("Search space", "macro8");
    expect(experimentStore.getState().config).toMatchObject({ algorithm: "darts", space: "macro8" });
    await pick("Algorithm", "spos");
    expect(experimentStore.getState().config).toMatchObject({ algorithm: "spos", space: "macro8" });
  });

  it("greys exactly the spaces that the method cannot search, with the reason", () => {
    show();
    const options = within(screen.getByRole("combobox", { name: "Search space" })).getAllByRole("option");
    const problems = spaceIds.map((space) => pairProblem("spos", space));
    expect(options.map((option) => (option as HTMLOptionElement).disabled)).toEqual(problems.map((p) => p !== null));
    expect(options.map((option) => option.getAttribute("title"))).toEqual(problems);
  });

  it("says when one architecture is trained and nothing is searched, and leads back", async () => {
    show();
    expect(screen.queryByText(/^Retraining/)).toBeNull();
    act(() => void change({ space: "darts-cell", "retrain.arch": "DARTS_V2" }));
    expect(screen.getByText("Retraining DARTS_V2")).toBeTruthy();
    expect(screen.getAllByRole("listitem").map((item) => item.title)).toEqual(["Warm-up", "Retrain", "Test"]);
    await userEvent.click(screen.getByRole("button", { name: /^Search instead/ }));
    expect(experimentStore.getState().config["retrain.arch"]).toBeNull();
    expect(screen.queryByText(/^Retraining/)).toBeNull();
  });

  it("predicts times once the networks are counted", async () => {
    const data = { id: "emoji10", train: 10_000 };
    show({
      info: { calibrationMs: 40, device: "wasm", dataset: data, datasets: [data] } as unknown as RunState["info"],
    });
    act(() => void change({ algorithm: "gdas" }));
    const size = screen.getByRole("combobox", { name: "Size" });
    await waitFor(() => expect(within(size).getByRole("option", { name: /^Full ≈/ })).toBeTruthy());
    expect(within(size).getByRole("option", { name: /^Nano ≈ \d/ })).toBeTruthy();
  });
});

/** Of the supernet; retraining has one too. */
const clipField = (): HTMLElement => {
  const field = document.getElementById("set-train.clip");
  if (field === null) throw new Error("no field");
  return field;
};

describe("setup form", () => {
  it("has a labelled field for every setting", () => {
    render(<SetupForm />);
    expect(screen.getAllByRole("group").map((group) => group.querySelector("legend")?.textContent)).toEqual([
      "Supernet",
      "Batch norm",
      "Evolution",
      "Retraining",
      "Data and machine",
    ]);
    expect(screen.getByRole("textbox", { name: "At most" })).toHaveProperty("value", "1430k");
    expect(screen.getByRole("checkbox", { name: /Random search/ })).toHaveProperty("checked", true);
  });

  it("asks for what a search by α needs, the order of its gradient by name", async () => {
    const user = userEvent.setup();
    act(() => void change({ algorithm: "darts" }));
    render(<SetupForm />);
    expect(screen.getAllByRole("group").map((group) => group.querySelector("legend")?.textContent)).toEqual([
      "Search",
      "Architecture weights",
      "Batch norm",
      "Retraining",
      "Data and machine",
    ]);
    const order = screen.getByRole("combobox", { name: "Order" });
    await user.selectOptions(order, "Second");
    expect(experimentStore.getState().config["darts.order"]).toBe(2);
    const limit = screen.getByRole("textbox", { name: "Skip limit" });
    expect(limit).toHaveProperty("value", "off");
    await user.clear(limit);
    await user.type(limit, "2{Enter}");
    expect(experimentStore.getState().config["darts.skipLimit"]).toBe(2);
    await user.click(screen.getByRole("button", { name: "All defaults" }));
    expect(experimentStore.getState().config).toMatchObject({ algorithm: "darts", "darts.skipLimit": null });
  });

  it("closes the weight of a cost that has no effect, with the reason, and opens it again", async () => {
    const user = userEvent.setup();
    act(() => void change({ algorithm: "fbnet-v1" }));
    render(<SetupForm />);
    const weight = (): HTMLElement => screen.getByRole("textbox", { name: "Exponent β" });
    expect(weight()).toHaveProperty("disabled", false);
    await user.selectOptions(screen.getByRole("combobox", { name: "Loss" }), "inner");
    expect(weight()).toHaveProperty("disabled", true);
    expect(screen.getByText(/only a factor: it would not move/)).toBeTruthy();
    await user.selectOptions(screen.getByRole("combobox", { name: "Loss" }), "additive");
    expect(screen.getByRole("textbox", { name: "Factor α" })).toHaveProperty("disabled", false);
  });

  it("takes the architecture to train as text, and none again", async () => {
    const user = userEvent.setup();
    act(() => void change({ algorithm: "darts" }));
    render(<SetupForm />);
    const field = screen.getByRole("textbox", { name: "Only train" });
    expect(field).toHaveProperty("value", "none");
    await user.clear(field);
    await user.type(field, "DARTS_V2{Enter}");
    expect(experimentStore.getState().config["retrain.arch"]).toBe("DARTS_V2");
    await user.click(screen.getByRole("button", { name: /default none.*Only train/ }));
    expect(experimentStore.getState().config["retrain.arch"]).toBeNull();
  });

  it("clamps with a visible note, offers the default, and undoes", async () => {
    const user = userEvent.setup();
    render(<SetupForm />);
    const field = screen.getByRole("textbox", { name: "Mutation probability" });
    await user.clear(field);
    await user.type(field, "7{Enter}");
    expect(experimentStore.getState().config["evo.prob"]).toBe(1);
    expect(screen.getByText(/evo\.prob = 7 is outside 0 to 1; using 1/)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: /default 0\.1.*Mutation probability/ }));
    expect(experimentStore.getState().config["evo.prob"]).toBe(0.1);
    await user.click(screen.getByRole("button", { name: "Undo" }));
    expect(experimentStore.getState().config["evo.prob"]).toBe(1);
  });

  it("passes a live setting to the run, and marks others as stale", async () => {
    const user = userEvent.setup();
    runStore.setState({ plan: runPlan(experimentStore.getState().config) });
    render(<SetupForm />);
    const limit = screen.getByRole("textbox", { name: "At most" });
    await user.clear(limit);
    await user.type(limit, "1.2M{Enter}");
    expect(spies.setLive).toHaveBeenCalledWith({ "evo.limit": 1.2e6 });
    expect(screen.queryByText("Settings changed since this run.")).toBeNull();
    await user.selectOptions(screen.getByRole("combobox", { name: "Sampler" }), "fair");
    expect(screen.getByText("Settings changed since this run.")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Restart to apply" }));
    expect(spies.reset).toHaveBeenCalledOnce();
  });

  it("forgets a half-typed value on Escape", async () => {
    const user = userEvent.setup();
    render(<SetupForm />);
    const field = clipField();
    await user.clear(field);
    await user.type(field, "99{Escape}");
    expect(field).toHaveProperty("value", "5");
  });
});

describe("messages and errors", () => {
  it("dismisses a message", async () => {
    runStore.setState({ messages: [{ id: 9, level: "warning", text: "Half the data is missing." }] });
    render(<Messages />);
    await userEvent.click(screen.getByRole("button", { name: /^Dismiss: Half/ }));
    expect(screen.queryByText(/Half the data/)).toBeNull();
    expect(runStore.getState().messages).toEqual([]);
  });

  it("says what happened, what was kept, and offers a way on", async () => {
    runStore.setState({
      error: {
        code: "train.nan",
        message: "Loss became NaN at step 812.",
        hint: null,
        recoverable: true,
        step: 812,
        stack: null,
      },
    });
    render(<ErrorCard />);
    const card = screen.getByRole("alert");
    expect(card.textContent).toMatch(/no longer a number.*step 812.*lower learning rate/s);
    await userEvent.click(within(card).getByRole("button", { name: "Resume" }));
    expect(spies.resume).toHaveBeenCalledWith(null);
    await userEvent.click(within(card).getByRole("button", { name: "Reset" }));
    expect(spies.reset).toHaveBeenCalledOnce();
  });

  it("has words for a code it does not know", () => {
    runStore.setState({
      error: { code: "bug", message: "x is undefined", hint: null, recoverable: false, step: null, stack: null },
    });
    render(<ErrorCard />);
    expect(screen.getByRole("alert").textContent).toMatch(/Something went wrong.*x is undefined/s);
    expect(screen.queryByRole("button", { name: "Resume" })).toBeNull();
  });
});

describe("status bar", () => {
  it("tells the boot in words, then the run", () => {
    runStore.setState({
      boot: { status: "booting", device: "WASM", data: [1, 12], kernels: [12, 31], message: "Compiling" },
    });
    render(<StatusBar />);
    expect(screen.getByText(/Data 1\/12.*Kernels 12\/31/)).toBeTruthy();
    act(() =>
      runStore.setState({ boot: ready, latest: latestState(), plan: runPlan(experimentStore.getState().config) }),
    );
    expect(screen.getByText("live")).toBeTruthy();
    expect(screen.getByText("Supernet 120/600")).toBeTruthy();
    expect(screen.getByText("762 img/s")).toBeTruthy();
  });
});

it("commits a field when it is left", () => {
  render(<SetupForm />);
  const field = clipField();
  fireEvent.change(field, { target: { value: "3" } });
  fireEvent.blur(field);
  expect(experimentStore.getState().config["train.clip"]).toBe(3);
});
