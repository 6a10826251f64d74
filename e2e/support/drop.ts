/** Files dropped on the page, as a hand would: real DragEvents with a DataTransfer that carries File objects. */
import type { Page } from "./test";

export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type?: string;
}

/** Drop files on an element (the page by default). */
export async function drop(page: Page, files: readonly DroppedFile[], target = "#stage"): Promise<void> {
  const plain = files.map(({ name, bytes, type = "" }) => ({
    name,
    type,
    base64: Buffer.from(bytes).toString("base64"),
  }));
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer();
    for (const { name, type, base64 } of list) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      data.items.add(new File([bytes], name, { type }));
    }
    return data;
  }, plain);
  for (const event of ["dragenter", "dragover", "drop"])
    await page.dispatchEvent(target, event, { dataTransfer: transfer });
  await transfer.dispose();
}

/** Drop a file of `size` zero bytes, made in the page. */
export async function dropHuge(page: Page, name: string, size: number): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, bytes]) => {
      const data = new DataTransfer();
      // One megabyte, many times: the browser keeps a list of parts, not a copy of each.
      const part = new Blob([new Uint8Array(1_048_576).fill(0x61)]);
      data.items.add(
        new File(
          Array.from({ length: Math.ceil(bytes / part.size) }, () => part),
          fileName,
        ),
      );
      return data;
    },
    [name, size] as const,
  );
  for (const event of ["dragenter", "dragover", "drop"])
    await page.dispatchEvent("#stage", event, { dataTransfer: transfer });
  await transfer.dispose();
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
