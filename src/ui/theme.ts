/** What the reader asked for and what the system prefers, as one answer each: theme and motion. */
import { useCallback, useSyncExternalStore } from "react";
import { useView } from "./hooks";

/** Whether a media query holds, as it changes; false where there are no media queries (tests). */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = globalThis.matchMedia?.(query);
      list?.addEventListener("change", listener);
      return () => list?.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => globalThis.matchMedia?.(query).matches ?? false);
}

/** The theme on screen: the reader's choice, or the system's. */
export function useTheme(): "light" | "dark" {
  const chosen = useView((state) => state.theme);
  const dark = useMedia("(prefers-color-scheme: dark)");
  return chosen === "system" ? (dark ? "dark" : "light") : chosen;
}

/** True when joins must be instant and stories become stills. */
export function useReducedMotion(): boolean {
  const chosen = useView((state) => state.motion);
  const reduced = useMedia("(prefers-reduced-motion: reduce)");
  return chosen === "reduced" || reduced;
}
