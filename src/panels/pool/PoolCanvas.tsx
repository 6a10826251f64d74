/** The canvas under the pool's overlay: draws when the layout changes, and every frame only while something moves. */
import { useEffect, useRef } from "react";
import { fitCanvas } from "@/viz/canvas";
import { readTokens } from "@/viz/tokens";
import { drawPool } from "./draw";
import type { PoolLayout } from "./layout";
import styles from "./pool.module.css";
import { advanceStory, isMoving, noStory } from "./story";

export interface PoolCanvasProps {
  readonly layout: PoolLayout;
  readonly generation: number;
  readonly theme: "light" | "dark";
  /** No motion: the reader prefers none, or looks at the past. */
  readonly isStill: boolean;
}

export function PoolCanvas({ layout, generation, theme, isStill }: PoolCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const story = useRef(noStory);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const indices = layout.marks.map((p) => p.mark.candidate.index).sort((a, b) => a - b);
    story.current = advanceStory(story.current, indices, generation, performance.now(), isStill);
    const tokens = readTokens(element);
    const scale = document.documentElement.dataset["present"] === undefined ? 1 : 1.3;
    let frame = 0;
    const paint = (): void => {
      const nowMs = performance.now();
      drawPool(fitCanvas(element, layout.width, layout.height), layout, { theme, tokens, scale }, story.current, nowMs);
      if (isMoving(story.current, nowMs)) frame = requestAnimationFrame(paint);
    };
    paint();
    return () => cancelAnimationFrame(frame);
  }, [layout, generation, theme, isStill]);
  // The overlay and the table say the same as text.
  return <canvas ref={canvas} className={styles["canvas"]} aria-hidden="true" />;
}
