/** localStorage where the browser allows it, memory where it does not (private windows, embeds): layout is never worth an exception. */
import type { LayoutStorage } from "react-resizable-panels";

const memory = new Map<string, string>();

export const safeStorage: LayoutStorage = {
  getItem(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return memory.get(key) ?? null;
    }
  },
  setItem(key, value) {
    memory.set(key, value);
    try {
      localStorage.setItem(key, value);
    } catch {
      // Kept in memory; nothing to tell the reader.
    }
  },
};
