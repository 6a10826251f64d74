/** Listens for the page's shortcuts. Off while typing, in dialogs, and for keys that the focused control uses itself. */
import { useEffect } from "react";
import { viewStore } from "@/store/view";
import { isShortcut } from "@/ui/keys";
import { runCommand } from "./commands";
import { commandFor } from "./keyboard";

export function useKeyboard(enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (!isShortcut(event) || viewStore.getState().dialog !== null) return;
      const command = commandFor(event);
      if (command === null || (event.repeat && command !== "back" && command !== "forward" && command !== "step"))
        return;
      event.preventDefault();
      runCommand(command);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [enabled]);
}
