/** The picture under live test: handed over by the data browser, a file, the clipboard or the doodle pad. Not part of a run. */
import { createStore } from "zustand/vanilla";

/** A picture as it was given, before it became 32 × 32; a smaller copy of a large one, for display only. */
export interface OriginalPicture {
  /** RGBA, not premultiplied, row by row. */
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

export interface LiveTestState {
  /** 32 × 32 × 3 RGB bytes that the network sees; null = nothing chosen yet. */
  readonly image: Uint8Array | null;
  /** Where it is from, for a caption: "validation image 312", a file name, "doodle". */
  readonly source: string;
  /** Class index when the picture is from a labelled set. */
  readonly label: number | null;
  /** What it looked like before; null when it was 32 × 32 to begin with. */
  readonly original: OriginalPicture | null;
  /** What was cropped, scaled or filled, one sentence; empty when nothing was. */
  readonly note: string;
}

export const emptyLiveTest: LiveTestState = { image: null, source: "", label: null, original: null, note: "" };

export const liveTestStore = createStore<LiveTestState>()(() => emptyLiveTest);

/** Put a picture under test; what is not given is as for a 32 × 32 picture without a label. */
export function setLiveTest(
  next: { readonly image: Uint8Array; readonly source: string } & Partial<LiveTestState>,
): void {
  liveTestStore.setState({ ...emptyLiveTest, ...next });
}

export function clearLiveTest(): void {
  liveTestStore.setState(emptyLiveTest);
}
