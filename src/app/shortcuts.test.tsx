// @vitest-environment jsdom
/** Keys on the page: what they do, and where they are off. Figures answer T, D and F themselves. */
import { act, cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Candidate } from "@/nas/candidate";
import { history } from "@/store/history";
import { runStore } from "@/store/run";
import { setFocus, viewStore } from "@/store/view";
import { Figure } from "@/ui/Figure";
import { frameOf, latestState } from "@/ui/testing/runFixture";
import { freshPage, type Spies } from "./testing/shell";
import { useKeyboard } from "./useKeyboard";

let spies: Spies;

function Page({ broken = false }: { readonly broken?: boolean }) {
  useKeyboard(true);
  return (
    <>
      <input aria-label="text" />
      <button type="button">button</button>
      <Figure
        panel="pool"
        state="live"
        step={12}
        label="A pool."
        title="Candidate pool"
        table={() => ({
          columns: ["id", "accuracy"],
          rows: [
            ["a", 2],
            ["b", 1],
          ],
        })}
        describe={() => "Two candidates."}
      >
        {broken ? <Broken /> : <p>picture</p>}
      </Figure>
    </>
  );
}

function Broken(): never {
  throw new Error("no canvas");
}

beforeEach(() => {
  spies = freshPage();
});
afterEach(cleanup);

describe("page shortcuts", () => {
  it("trains and pauses with Space, steps with the full stop, resets with R", async () => {
    const user = userEvent.setup();
    render(<Page />);
    await user.keyboard(" .r");
    expect(spies.train).toHaveBeenCalledOnce();
    expect(spies.step).toHaveBeenLastCalledWith(1);
    expect(spies.reset).toHaveBeenCalledOnce();
    act(() => runStore.setState({ latest: latestState() }));
    await user.keyboard(" ");
    expect(spies.pause).toHaveBeenCalledOnce();
    await user.keyboard("{Shift>}>{/Shift}");
    expect(spies.step).toHaveBeenLastCalledWith(100);
  });

  it("is off in fields, for the key that presses a button, with Ctrl, and in dialogs", async () => {
    const user = userEvent.setup();
    render(<Page />);
    await user.type(screen.getByRole("textbox"), "r. e");
    screen.getByRole("button", { name: "button" }).focus();
    await user.keyboard(" ");
    await user.keyboard("{Control>}r{/Control}");
    act(() => viewStore.setState({ dialog: "export" }));
    await user.keyboard("r");
    expect(spies.reset).not.toHaveBeenCalled();
    expect(spies.train).not.toHaveBeenCalled();
    expect(spies.step).not.toHaveBeenCalled();
  });

  it("opens export and help, pins, clears, and returns to live", async () => {
    const user = userEvent.setup();
    render(<Page />);
    await user.keyboard("e");
    expect(viewStore.getState().dialog).toBe("export");
    act(() => viewStore.setState({ dialog: null, cursor: 3 }));
    act(() => setFocus({ slot: 2 }));
    await user.keyboard("pl");
    expect(viewStore.getState()).toMatchObject({ pinA: { slot: 2 }, cursor: null });
    act(() => setFocus({ slot: 3 }));
    await user.keyboard("c");
    expect(viewStore.getState().pinB).toEqual({ slot: 3 });
    await user.keyboard("{Escape}");
    expect(viewStore.getState()).toMatchObject({ pinA: null, pinB: null, focus: {} });
    await user.keyboard("?");
    expect(viewStore.getState().dialog).toBe("help");
  });

  it("walks from a candidate to its parent and back", async () => {
    const user = userEvent.setup();
    const make = (index: number, id: string, origin: Candidate["origin"]): Candidate => ({
      index,
      id,
      choices: {},
      origin,
      generation: index,
      arm: "evolution",
      macs: 1,
      params: 1,
      accuracy: { value: 0.5, n: 10 },
    });
    history.apply(
      frameOf(latestState(), [
        make(0, "00", { kind: "random" }),
        make(1, "01", { kind: "mutation", parent: "00", layers: [1] }),
      ]),
    );
    render(<Page />);
    act(() => setFocus({ candidate: 1 }));
    await user.keyboard("[[");
    expect(viewStore.getState().focus).toEqual({ candidate: 0, archId: "00" });
    await user.keyboard("[[");
    expect(viewStore.getState().announcement).toMatch(/no parent/);
    await user.keyboard("]");
    expect(viewStore.getState().focus).toEqual({ candidate: 1, archId: "01" });
  });

  it("scrubs through time", async () => {
    const user = userEvent.setup();
    runStore.setState({ latest: latestState({ step: 400 }) });
    render(<Page />);
    await user.keyboard(",,");
    expect(viewStore.getState().cursor).toBe(392);
    await user.keyboard(";;");
    expect(viewStore.getState().cursor).toBeNull();
  });
});

describe("figure", () => {
  const figure = (): HTMLElement => screen.getByRole("figure", { name: "A pool." });

  it("carries the marks of the contract and is one tab stop", () => {
    render(<Page />);
    expect(figure().dataset).toMatchObject({ panel: "pool", state: "live", step: "12" });
    expect(figure().tabIndex).toBe(0);
    expect(
      [...figure().querySelectorAll<HTMLElement>("button, [tabindex]")].every((element) => element.tabIndex < 0),
    ).toBe(true);
  });

  it("shows its data as a sortable table on T, its description on D, and fills the stage on F", async () => {
    const user = userEvent.setup();
    render(<Page />);
    figure().focus();
    await user.keyboard("t");
    expect(screen.queryByText("picture")).toBeNull();
    const cells = (): (string | null)[] => screen.getAllByRole("cell").map((cell) => cell.textContent);
    expect(cells()).toEqual(["a", "2", "b", "1"]);
    await user.click(screen.getByRole("button", { name: /accuracy/ }));
    expect(cells()).toEqual(["b", "1", "a", "2"]);
    figure().focus();
    await user.keyboard("{Escape}");
    expect(screen.getByText("picture")).toBeTruthy();
    await user.keyboard("d");
    expect(viewStore.getState().announcement).toBe("Two candidates.");
    await user.keyboard("f");
    expect(viewStore.getState().fullPanel).toBe("pool");
    await user.keyboard("f");
    expect(viewStore.getState().fullPanel).toBeNull();
  });

  it("answers T for the panel in front when nothing has the focus", async () => {
    const user = userEvent.setup();
    render(<Page />);
    act(() => viewStore.setState({ panel: "pool" }));
    await user.keyboard("t");
    expect(screen.getByRole("table")).toBeTruthy();
  });

  it("turns into an error with one button when its picture throws", () => {
    render(<Page broken />);
    expect(figure().dataset["state"]).toBe("error");
    expect(screen.getByRole("alert").textContent).toMatch(/could not be drawn.*no canvas/s);
    expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
  });
});
