/** Hands a file to the browser's download. */
import type { ExportedFile } from "@/store/actions";

export function saveFile(file: ExportedFile): void {
  const url = URL.createObjectURL(new Blob([new Uint8Array(file.bytes)], { type: file.mime }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  // The download has its own reference to the blob once the click is handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
