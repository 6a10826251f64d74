// @vitest-environment jsdom
/** Export with previews and reasons, and the import report that applies nothing by itself. */
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fail, ok } from "@/lib/result";
import { importArchitecture } from "@/nas/formats/detect";
import { makeSpace } from "@/nas/space/registry";
import { holdImport, importStore } from "@/store/pendingImport";
import { viewStore } from "@/store/view";
import { text } from "@/viz/copy";
import { freshPage, type Spies } from "../testing/shell";
import Dialogs from "./Dialogs";
import { exportFormats } from "./ExportDialog";

let spies: Spies;

beforeEach(() => {
  spies = freshPage();
});
afterEach(cleanup);

describe("export", () => {
  const file = (format: string) =>
    ok({ name: `net.${format}`, mime: "text/plain", text: `content of ${format}`, bytes: new Uint8Array(16) });

  it("previews the format that is chosen", async () => {
    spies.exportAs.mockImplementation(async (format: string) => file(format));
    viewStore.setState({ dialog: "export" });
    render(<Dialogs />);
    expect(await screen.findByText("content of arch")).toBeTruthy();
    await userEvent.click(screen.getByRole("radio", { name: /gene vector/ }));
    expect(await screen.findByText("content of spos-vector")).toBeTruthy();
    expect(screen.getAllByRole("radio")).toHaveLength(exportFormats.length);
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
