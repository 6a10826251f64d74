// @vitest-environment jsdom
/** Export with previews and reasons, and the import report that applies nothing by itself. */
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fail, ok } from "@/lib/result";
import { importArchitecture } from "@/nas/formats/detect";
import { makeSpace } from "@/nas/space/registry";
import { showNetwork } from "@/store/network";
import { holdImport, importStore } from "@/store/pendingImport";
import { viewStore } from "@/store/view";
import { text } from "@/viz/copy";
import { freshPage, type Spies } from "../testing/shell";
import Dialogs from "./Dialogs";

let spies: Spies;

beforeEach(() => {
  spies = freshPage();
  showNetwork(null);
});
afterEach(cleanup);

/** The formats in the list and whether they can be chosen. */
function offered(): [string, boolean][] {
  return screen.getAllByRole<HTMLInputElement>("radio").map((radio) => [radio.value, !radio.disabled]);
}

/** Put a pair of cells on show, by id. */
function showCells(id: string): void {
  const choices = makeSpace("darts-cell", "nano").decode(id);
  if (choices === null) throw new Error("bad test id");
  const accuracies = { supernetAccuracy: null, retrainedAccuracy: null };
  showNetwork({ source: "sample", spaceId: "darts-cell", size: "nano", arch: { id, choices }, ...accuracies });
}

describe("export", () => {
  const file = (format: string) =>
    ok({ name: `net.${format}`, mime: "text/plain", text: `content of ${format}`, bytes: new Uint8Array(16) });

  it("previews the format that is chosen", async () => {
    spies.exportAs.mockImplementation(async (format: string) => file(format));
    viewStore.setState({ dialog: "export" });
    render(<Dialogs />);
    expect(await screen.findByText("content of arch")).toBeTruthy();
    await userEvent.click(await screen.findByRole("radio", { name: /gene vector/ }));
    expect(await screen.findByText("content of spos-vector")).toBeTruthy();
    expect(offered()).toEqual([
      ...["arch", "razor-1x", "razor-0x", "spos-vector", "safetensors", "tfjs"].map((format) => [format, true]),
    ]);
  });

  it("offers what a network of cells can be written in, and says why not", async () => {
    spies.exportAs.mockImplementation(async (format: string) => file(format));
    const nasnet =
      "n:s5.1+s3.0-s5.0+s3.0-ap.1+sk.0-ap.0+ap.0-s3.1+sk.1;r:s5.1+s7.0-mp.1+s7.0-ap.1+s5.0-sk.3+ap.2-s3.2+mp.1/456";
    showCells(nasnet);
    viewStore.setState({ dialog: "export" });
    render(<Dialogs />);
    const refused = await screen.findByRole("radio", {
      name: /MMRazor.*Not for this network\. The cells have 5 nodes/s,
    });
    expect(refused).toHaveProperty("disabled", true);
    expect(offered()).toEqual([
      ["arch", true],
      ["genotype", true],
      ["nni", true],
      ["razor-cells", false],
      ["cells-svg", true],
      ["cells-png", true],
      ["safetensors", true],
      ["tfjs", true],
    ]);
  });

  it("shows what a format leaves out, and pictures as pictures", async () => {
    spies.exportAs.mockImplementation(async (format: string) => {
      const made = { name: `net.${format}`, bytes: new Uint8Array(16) };
      return format === "cells-png"
        ? ok({ ...made, mime: "image/png", text: null })
        : ok({ ...made, mime: "application/json", text: "{}", notes: ["The list reduce_concat is lost."] });
    });
    vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:cells", revokeObjectURL: vi.fn() }));
    showCells("n:s3.0+s3.1;r:mp.0+sk.1");
    viewStore.setState({ dialog: "export" });
    render(<Dialogs />);
    expect(await screen.findByText("The list reduce_concat is lost.")).toBeTruthy();
    await userEvent.click(await screen.findByRole("radio", { name: /PNG picture/ }));
    expect(await screen.findByRole("img", { name: "Preview of net.cells-png" })).toHaveProperty("src", "blob:cells");
    expect(screen.getByRole("button", { name: text.shell.copy })).toHaveProperty("disabled", true);
    expect(screen.getByRole("button", { name: text.shell.download })).toHaveProperty("disabled", false);
    vi.unstubAllGlobals();
  });

  it("says why a format is not available and keeps the buttons off", async () => {
    spies.exportAs.mockResolvedValue(
      fail({
        code: "checkpoint.missing",
        message: "The winner is not retrained yet.",
        hint: "Let the run reach its end.",
      }),
    );
    viewStore.setState({ dialog: "export" });
    render(<Dialogs />);
    expect(await screen.findByText("The winner is not retrained yet.")).toBeTruthy();
    expect(screen.getByRole("button", { name: text.shell.download })).toHaveProperty("disabled", true);
    expect(screen.getByRole("button", { name: text.shell.copy })).toHaveProperty("disabled", true);
  });

  it("downloads a binary file, which it neither previews nor copies", async () => {
    spies.exportAs.mockResolvedValue(
      ok({ name: "net.safetensors", mime: "application/octet-stream", text: null, bytes: new Uint8Array(2048) }),
    );
    const create = vi.fn((_blob: Blob) => "blob:x");
    vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: create, revokeObjectURL: vi.fn() }));
    viewStore.setState({ dialog: "export" });
    render(<Dialogs />);
    expect(await screen.findByText(/Binary file/)).toBeTruthy();
    expect(screen.getByRole("button", { name: text.shell.copy })).toHaveProperty("disabled", true);
    await userEvent.click(screen.getByRole("button", { name: text.shell.download }));
    expect(create.mock.calls[0]?.[0].size).toBe(2048);
    vi.unstubAllGlobals();
  });

  it("turns a rejected promise into a sentence", async () => {
    spies.exportAs.mockRejectedValue(new Error("The worker is gone."));
    viewStore.setState({ dialog: "export" });
    render(<Dialogs />);
    expect(await screen.findByText("The worker is gone.")).toBeTruthy();
  });
});

describe("import", () => {
  function hold(): ReturnType<typeof vi.fn> {
    const read = importArchitecture("[0, 2, 1, 2, 0, 1, 2, 0]", {
      spaces: [makeSpace("macro8", "nano"), makeSpace("macro8", "tiny")],
    });
    if (!read.ok) throw new Error(read.problem.message);
    const apply = vi.fn();
    holdImport("vector.txt", { report: read.value, apply });
    viewStore.setState({ dialog: "import" });
    return apply;
  }

  it("shows the report and applies only on request", async () => {
    const apply = hold();
    render(<Dialogs />);
    expect(screen.getByRole("dialog", { name: "Import vector.txt" }).textContent).toMatch(
      /SPOS gene vector.*Also fits macro8 tiny.*Understood/s,
    );
    expect(apply).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: text.dialogs.import.apply }));
    expect(apply).toHaveBeenCalledOnce();
    expect(viewStore.getState().dialog).toBeNull();
    expect(importStore.getState().pending).toBeNull();
  });

  it("names the format of cells, what was ignored and why", () => {
    const read = importArchitecture(
      `{"normal/op_2_0": "sepconv3x3", "normal/input_2_0": [0], "normal/op_2_1": "skip_connect", "normal/input_2_1": 1,
        "reduce/op_2_0": "sep_conv_3x3", "reduce/input_2_0": 1, "reduce/op_2_1": "skip_connect", "reduce/input_2_1": 0, "width": 36}`,
      { spaces: [makeSpace("darts-cell", "nano")] },
    );
    if (!read.ok) throw new Error(read.problem.message);
    holdImport("exported.json", { report: read.value, apply: vi.fn() });
    viewStore.setState({ dialog: "import" });
    render(<Dialogs />);
    expect(screen.getByRole("dialog").textContent).toMatch(
      /NNI architecture dict for darts-cell, size nano.*n:s3\.0\+sk\.1;r:s3\.1\+sk\.0.*sepconv3x3.*sep_conv_3x3.*“width” \(it is the size of the network/s,
    );
  });

  it("changes nothing on Cancel", async () => {
    const apply = hold();
    render(<Dialogs />);
    await userEvent.click(screen.getByRole("button", { name: text.shell.cancel }));
    expect(apply).not.toHaveBeenCalled();
    expect(importStore.getState().pending).toBeNull();
  });
});

describe("help and about", () => {
  it("lists the shortcuts", () => {
    viewStore.setState({ dialog: "help" });
    render(<Dialogs />);
    expect(screen.getByRole("dialog").textContent).toMatch(/Space.*Train or pause/s);
  });

  it("credits the pictures", () => {
    viewStore.setState({ dialog: "about" });
    render(<Dialogs />);
    expect(screen.getByRole("dialog").textContent).toMatch(
      /Noto Emoji \(Google, Apache-2\.0\).*Twemoji.*CC-BY 4\.0.*Fluent Emoji \(Microsoft, MIT\)/s,
    );
  });
});
