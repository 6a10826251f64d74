/** The arrangement for the window as it is now. */
import { useEffect, useState } from "react";
import { type LayoutMode, layoutMode } from "./layoutMode";

export function useLayoutMode(present: boolean): LayoutMode {
  const read = (): LayoutMode => layoutMode(window.innerWidth, window.innerHeight, present);
  const [mode, setMode] = useState(read);
  useEffect(() => {
    const update = (): void => {
      const next = layoutMode(window.innerWidth, window.innerHeight, present);
      setMode((old) => (old.kind === next.kind && old.short === next.short && old.dock === next.dock ? old : next));
    };
    update();
    window.addEventListener("resize", update);
    return () => window.removeEventListener("resize", update);
  }, [present]);
  return mode;
}
