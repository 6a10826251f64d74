/** Pointing is transient: focus comes at once and leaves 60 ms after the pointer, so that crossing a gap does not flicker. */
import { useEffect, useRef } from "react";
import { clearFocus, type Focus, setFocus } from "@/store/view";

const leaveMs = 60;

export interface TransientFocus {
  enter(focus: Focus): void;
  leave(): void;
}

/** Focus by pointer, shared by panels. The focus is left alone when the panel goes away. */
export function useTransientFocus(): TransientFocus {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const handlers = useRef<TransientFocus>({
    enter: (focus) => {
      clearTimeout(timer.current);
      setFocus(focus);
    },
    leave: () => {
      clearTimeout(timer.current);
      timer.current = setTimeout(clearFocus, leaveMs);
    },
  });
  return handlers.current;
}
