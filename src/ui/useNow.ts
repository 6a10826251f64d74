/** The clock of the page, for sentences such as "saved 12 s ago". */
import { useEffect, useState } from "react";

/** Milliseconds since the epoch, refreshed every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
