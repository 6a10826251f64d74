// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Actions, provideActions } from "@/store/actions";
import { experimentStore } from "@/store/experiment";
import { clearLiveTest, liveTestStore } from "@/store/liveTest";
import { runStore } from "@/store/run";
import { viewStore } from "@/store/view";
import { fakeRun, resetStores, showRun } from "../testing/fakeRun";
import { DataPanel } from "./DataPanel";

const images = vi.fn<Actions["images"]>();
const importDataset = vi.fn<Actions["importDataset"]>();
const downloadDataset = vi.fn<Actions["downloadDataset"]>();
const cancelImport = vi.fn();
const figure = () => screen.getByRole("figure");
const stateOf = () => figure().getAttribute("data-state");

/** Three images of a class; the first byte of each is its class. */
const three: Actions["images"] = ({ classId, start, count }) =>
  Promise.resolve({
    images: new Uint8Array(count * 3072).fill(classId ?? 0),
    labels: new Uint8Array(count).fill(classId ?? 0),
    records: Int32Array.from({ length: count }, (_, i) => (classId ?? 0) * 100 + start + i),
    total: 100,
  });

beforeEach(() => {
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  vi.stubGlobal(
    "ResizeObserver",
    class {
      private readonly report: ResizeObserverCallback;
      constructor(report: ResizeObserverCallback) {
        this.report = report;
      }
      observe(): void {
        this.report(
          [{ contentRect: { width: 280, height: 500 } } as ResizeObserverEntry],
          this as unknown as ResizeObserver,
        );
      }
      disconnect(): void {}
    },
  );
  vi.stubGlobal("ImageData", class {});
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(280);
  images.mockReset().mockImplementation(three);
  importDataset.mockReset().mockResolvedValue();
  downloadDataset.mockReset().mockResolvedValue();
  cancelImport.mockReset();
  provideActions({ images, importDataset, downloadDataset, cancelImport } as unknown as Actions);
  resetStores();
  clearLiveTest();
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("DataPanel", () => {
  it("shows rows at their final size while booting", () => {
    render(<DataPanel />);
    expect(stateOf()).toBe("loading");
    expect(images).not.toHaveBeenCalled();
  });

  it("without a data set offers to bring one", () => {
    showRun(fakeRun({ steps: 1 }));
    runStore.setState({ info: { ...fakeRun().info, dataset: null, datasets: [] }, plan: null, latest: null });
    render(<DataPanel />);
    expect(stateOf()).toBe("empty");
    fireEvent.click(screen.getByRole("button", { name: /Download CIFAR-10/ }));
    expect(downloadDataset).toHaveBeenCalledOnce();
  });

  it("loads every class and hands a clicked image to the live test", async () => {
    showRun(fakeRun({ steps: 1 }));
    render(<DataPanel />);
    expect(stateOf()).toBe("live");
    const tile = await screen.findByRole("button", { name: "face, weights image 201" });
    fireEvent.click(tile);
    expect(viewStore.getState().focus).toEqual({ classId: 2, imageId: 201 });
    expect(liveTestStore.getState()).toMatchObject({ source: "weights image 201", label: 2 });
    expect(liveTestStore.getState().image).toEqual(new Uint8Array(3072).fill(2));
    expect(tile.getAttribute("aria-pressed")).toBe("true");
  });

  it("asks for another part, page and augmentation, and for nothing else", async () => {
    const user = userEvent.setup();
    showRun(fakeRun({ steps: 1 }));
    render(<DataPanel />);
    await screen.findByRole("button", { name: "vehicle, weights image 900" });
    await user.click(screen.getByRole("radio", { name: /Validation/ }));
    await screen.findByRole("button", { name: "vehicle, validation image 900" });
    await user.click(screen.getByRole("button", { name: "Next images" }));
    await screen.findByRole("button", { name: "vehicle, validation image 903" });
    await user.click(screen.getByRole("checkbox", { name: "As augmented in training" }));
    expect(images).toHaveBeenLastCalledWith(
      expect.objectContaining({ split: "validation", start: 3, count: 3, augment: true }),
    );
    await user.click(screen.getByRole("radio", { name: /Test/ }));
    expect(figure().textContent).toContain("used once");
    await screen.findByRole("button", { name: "vehicle, test image 900" });
    expect(images).toHaveBeenLastCalledWith(expect.objectContaining({ split: "test", start: 0, augment: false }));
  });

  it("moves between tiles by arrow keys with one tab stop", async () => {
    showRun(fakeRun({ steps: 1 }));
    render(<DataPanel />);
    await screen.findByRole("button", { name: "vehicle, weights image 900" });
    const list = screen.getByRole("list", { name: "Images by class" });
    const stops = within(list)
      .getAllByRole("button")
      .filter((b) => b.tabIndex === 0);
    expect(stops.length).toBe(1);
    act(() => stops[0]?.focus());
    fireEvent.keyDown(document.activeElement as Element, { key: "ArrowDown" });
    fireEvent.keyDown(document.activeElement as Element, { key: "ArrowRight" });
    expect(document.activeElement?.getAttribute("aria-label")).toBe("bird, weights image 101");
  });

  it("names a row that did not arrive and asks again", async () => {
    images.mockImplementation((args) => (args.classId === 1 ? Promise.resolve(null) : three(args)));
    showRun(fakeRun({ steps: 1 }));
    render(<DataPanel />);
    const retry = await screen.findByRole("button", { name: "Retry" });
    images.mockImplementation(three);
    fireEvent.click(retry);
    await screen.findByRole("button", { name: "bird, weights image 100" });
  });

  it("shows a real progress bar, cancels, and says why an import failed", async () => {
    showRun(fakeRun({ steps: 1 }));
    importDataset.mockRejectedValue(new Error("the archive ends too early"));
    render(<DataPanel />);
    fireEvent.change(screen.getByLabelText("Choose files", { selector: "input" }), {
      target: { files: [new File(["x"], "cifar-10.tar.gz")] },
    });
    expect((await screen.findByRole("alert")).textContent).toContain("ends too early");
    act(() =>
      runStore.setState({
        importing: { bytesRead: 40e6, totalBytes: 160e6, records: 12000, message: "Reading data_batch_2" },
      }),
    );
    const bar = screen.getByRole("progressbar", { name: "Import progress" });
    expect(bar.getAttribute("aria-valuenow")).toBe("25");
    expect(bar.getAttribute("aria-valuetext")).toContain("12,000 images");
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(cancelImport).toHaveBeenCalledOnce();
  });

  it("switches the data set of the next run and says that this one keeps its own", () => {
    const run = fakeRun({ steps: 1 });
    showRun(run);
    runStore.setState({
      info: {
        ...run.info,
        datasets: [
          ...run.info.datasets,
          { id: "cifar10", name: "CIFAR-10", origin: "opfs", train: 50000, test: 10000 },
        ],
      },
    });
    render(<DataPanel />);
    fireEvent.change(screen.getByRole("combobox", { name: "Data set" }), { target: { value: "cifar10" } });
    expect(experimentStore.getState().config.dataset).toBe("cifar10");
    expect(figure().textContent).toContain("restart it to use this one");
    expect(stateOf()).toBe("stale");
  });
});
