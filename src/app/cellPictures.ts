/** Draws cells for export: in the theme that is on screen, and as pixels through a canvas. Loaded code is that of the first picture only. */
import { AppError } from "@/lib/appError";
import { provideCellPictures } from "@/store/cellPictures";

/** Pixels of the PNG for one of the SVG. */
const scale = 2;

/** The SVG's own size, from its first attributes. */
function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const [, width, height] = /^<svg[^>]* width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  if (width === undefined || height === undefined) throw new AppError("bug", "The picture has no size.");
  return { width: Number(width), height: Number(height) };
}

async function pixelsOf(svg: string): Promise<Uint8Array> {
  const { width, height } = sizeOf(svg);
  const image = new Image(width, height);
  // A data URL, not a blob: pictures of blobs taint the canvas in some browsers.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  if (context === null) throw new AppError("bug", "This browser gives no canvas to draw the picture on.");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new AppError("bug", "The browser made no PNG of the picture.");
  return new Uint8Array(await blob.arrayBuffer());
}

export function publishCellPictures(): void {
  provideCellPictures({
    svg: async (cells, words) => {
      const { cellPicture } = await import("@/viz/cellPicture");
      const theme = document.documentElement.dataset["theme"] === "dark" ? "dark" : "light";
      return cellPicture(cells, { theme, ...words });
    },
    png: pixelsOf,
  });
}
