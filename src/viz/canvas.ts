/** Sharp canvases: the backing store follows the screen's pixels, drawing code stays in CSS pixels. */

/**
 * Size a canvas to `width` × `height` CSS pixels and return its context, scaled and cleared.
 * The backing store is reallocated only when the size really changed. Throws where there is no 2-D context, which no supported browser lacks.
 */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser gives no 2-D canvas.");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
