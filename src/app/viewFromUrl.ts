/** View keys of the URL hash that belong to the page alone: theme, motion, panel and the projector layout. */
import { parseHash } from "@/store/urlState";
import type { PanelId, Theme, ViewState } from "@/store/view";

const themes: readonly Theme[] = ["light", "dark", "system"];
const panels: readonly PanelId[] = ["path", "pool", "curves", "data", "network", "streams", "cells"];

/** What the hash says about the view; values it does not know are left out. */
export function viewFromUrl(
  hash: string,
): Partial<Pick<ViewState, "theme" | "motion" | "panel">> & { readonly present: boolean } {
  const { view } = parseHash(hash);
  const theme = themes.find((name) => name === view["theme"]);
  const panel = panels.find((name) => name === (view["panel"] ?? view["panels"])?.split(",")[0]);
  return {
    ...(theme === undefined ? {} : { theme }),
    ...(view["motion"] === "reduced" ? { motion: "reduced" as const } : {}),
    ...(panel === undefined ? {} : { panel }),
    present: view["present"] === "1",
  };
}
