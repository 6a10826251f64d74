/** Files dropped or pasted anywhere on the page, and text pasted outside a field, are opened; what they are is told by their content. */
import { useEffect, useState } from "react";
import { actions } from "@/store/actions";
import { holdImport } from "@/store/pendingImport";
import { addMessage } from "@/store/run";
import { viewStore } from "@/store/view";
import { isTyping } from "@/ui/keys";
import { text } from "@/viz/copy";

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") === true;
}

/** Pasted text goes the way of a dropped architecture file: a report first, or the sentence that says why not. */
async function openPasted(pasted: string): Promise<void> {
  const read = await actions().importFrom(pasted);
  if (!read.ok) return addMessage("warning", `${text.shell.messages.pasted}: ${read.problem.message}`);
  holdImport(text.shell.messages.pasted, read.value);
  viewStore.setState({ dialog: "import" });
}

/** True while files are dragged over the window. */
export function useDrop(): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const onDragOver = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      // A panel that wants the file itself (live test, truth) has taken it by now.
      if (event.defaultPrevented || !carriesFiles(event)) return;
      event.preventDefault();
      actions().openFiles([...(event.dataTransfer?.files ?? [])]);
    };
    const onPaste = (event: ClipboardEvent): void => {
      if (event.defaultPrevented || isTyping(event.target)) return;
      const files = [...(event.clipboardData?.files ?? [])];
      const pasted = event.clipboardData?.getData("text/plain") ?? "";
      if (files.length > 0) actions().openFiles(files);
      else if (pasted.trim() !== "") void openPasted(pasted);
      else return;
      event.preventDefault();
    };
    window.addEventListener("dragover", onDragOver);
    window.addEventListener("dragleave", onDragLeave);
    window.addEventListener("drop", onDrop);
    window.addEventListener("paste", onPaste);
    return () => {
      window.removeEventListener("dragover", onDragOver);
      window.removeEventListener("dragleave", onDragLeave);
      window.removeEventListener("drop", onDrop);
      window.removeEventListener("paste", onPaste);
    };
  }, []);
  return over;
}
