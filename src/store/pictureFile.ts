/** A picture file dropped or pasted anywhere, on its way to the live test, which alone knows how to make 32 × 32 of it. */
import { createStore } from "zustand/vanilla";

export const pictureFileStore = createStore<{ readonly file: File | null }>()(() => ({ file: null }));

export function offerPicture(file: File): void {
  pictureFileStore.setState({ file });
}

export function takePicture(): File | null {
  const { file } = pictureFileStore.getState();
  if (file) pictureFileStore.setState({ file: null });
  return file;
}
