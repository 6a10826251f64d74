/** The import whose report is on screen: nothing of it is applied until the reader says so. */
import { createStore } from "zustand/vanilla";
import type { PendingImport } from "./actions";

export const importStore = createStore<{ readonly name: string; readonly pending: PendingImport | null }>()(() => ({ name: "", pending: null }));

export function holdImport(name: string, pending: PendingImport): void {
  importStore.setState({ name, pending });
}

export function dropImport(): void {
  importStore.setState({ name: "", pending: null });
}
