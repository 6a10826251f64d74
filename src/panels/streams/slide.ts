/** A new column slides in: the picture starts where the old one stood and is drawn together as the time axis grows. Pure reducer. */
import type { Span } from "./model";

export interface Slide {
  readonly span: Span | null;
  /** Factor on the time axis when the slide began; 1 = at rest. */
  readonly stretch: number;
  readonly startedAtMs: number;
}

export const noSlide: Slide = { span: null, stretch: 1, startedAtMs: 0 };
/** Time of a data join. */
export const slideMs = 400;

/** Factor on the time axis now: eased from where the slide began to 1. */
export function stretchAt({ stretch, startedAtMs }: Slide, nowMs: number): number {
  const t = Math.min(1, Math.max(0, (nowMs - startedAtMs) / slideMs));
  return t >= 1 ? 1 : 1 + (stretch - 1) * (1 - t) ** 3;
}

/**
 * The slide after the time on view became `span`: a longer one of the same beginning slides, from wherever the last slide has got to;
 * anything else, and a movement that nobody could see, is at rest.
 *
 * @param width of one picture in pixels
 */
export function nextSlide(slide: Slide, span: Span, width: number, nowMs: number, isStill: boolean): Slide {
  const old = slide.span;
  if (old && old[0] === span[0] && old[1] === span[1] && !isStill) return slide;
  const before = old ? old[1] - old[0] : 0;
  const grown = before > 0 ? (span[1] - span[0]) / before : 1;
  const stretch = stretchAt(slide, nowMs) * grown;
  const isVisible = old !== null && old[0] === span[0] && grown > 1 && grown < 2 && (stretch - 1) * width > 1.5;
  return isStill || !isVisible ? { ...noSlide, span } : { span, stretch, startedAtMs: nowMs };
}
