/** Files, clipboard and doodles → the picture under test. Nothing leaves the page, and nothing is resized without being shown. */
import { fail, ok, type Result } from "@/lib/result";
import { type OriginalPicture, setLiveTest } from "@/store/liveTest";
import { text } from "@/viz/copy";
import { imageTo32, type RgbaPixels } from "@/viz/imageTo32";

const words = text.network.test;
const maxBytes = 50e6;
const maxPixels = 64e6;
/** Side of the copy kept for display. */
const previewSide = 256;

/** Files that are worth decoding; the decoder has the last word. */
export function isPicture(file: Pick<File, "type" | "name">): boolean {
  return file.type.startsWith("image/") || /\.(png|jpe?g|gif|webp|bmp|avif)$/i.test(file.name);
}

function pixelsOf(source: CanvasImageSource, width: number, height: number): RgbaPixels | null {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.drawImage(source, 0, 0, width, height);
  return { data: context.getImageData(0, 0, width, height).data, width, height };
}

/** Puts decoded pixels under test: the network's 32 × 32 from all of them, and a small copy to show beside it. */
export function testPixels(pixels: RgbaPixels, source: string, original: OriginalPicture): void {
  const { bytes, note } = imageTo32(pixels);
  setLiveTest({ image: bytes, source, original, note });
}

/** Decodes a picture file and puts it under test. Refusals are sentences; whatever was under test stays. */
export async function testPicture(file: File, source: string = words.sourceFile(file.name)): Promise<Result<null>> {
  if (file.size > maxBytes) return fail({ code: "import.unreadable", message: words.tooLarge(file.name) });
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return fail({ code: "import.unreadable", message: words.notPicture(file.name) });
  }
  try {
    const { width, height } = bitmap;
    if (width * height > maxPixels) return fail({ code: "import.unreadable", message: words.tooLarge(file.name) });
    const pixels = pixelsOf(bitmap, width, height);
    const shrink = Math.min(1, previewSide / Math.max(width, height));
    const preview = pixelsOf(bitmap, Math.max(1, Math.round(width * shrink)), Math.max(1, Math.round(height * shrink)));
    if (!pixels || !preview) return fail({ code: "import.unreadable", message: words.notPicture(file.name) });
    testPixels(pixels, source, preview);
    return ok(null);
  } finally {
    bitmap.close();
  }
}

/** The first picture of a drop or paste; null when there is none. */
export function pictureOf(transfer: Pick<DataTransfer, "files"> | null): File | null {
  return [...(transfer?.files ?? [])].find(isPicture) ?? null;
}

/** The picture in the clipboard, where the browser lets a page read it on a click. */
export async function testClipboard(): Promise<Result<null>> {
  const none = fail({ code: "import.unreadable", message: `${words.noPicture} ${words.pasteHint}.` });
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((t) => t.startsWith("image/"));
      if (type)
        return await testPicture(new File([await item.getType(type)], words.sourcePaste, { type }), words.sourcePaste);
    }
  } catch {
    return none;
  }
  return none;
}
