/** The canvas under the overlay: draws when numbers, size or focus change, and every frame only while a new column slides in. */
import { useEffect, useMemo, useRef } from "react";
import type { AlphaGroup } from "@/nas/space/types";
import type { Focus } from "@/store/view";
import { fitCanvas } from "@/viz/canvas";
import { type PaletteTheme, opColor } from "@/viz/palette";
import { readTokens } from "@/viz/tokens";
import { drawEntropy, drawHeat, drawNow, drawStreams, type DrawStyle, type Inks, makeInks } from "./draw";
import { type HeatPixels, heatPixels } from "./heat";
import type { StreamsLayout } from "./layout";
import type { StreamsModel } from "./model";
import { nextSlide, noSlide, stretchAt } from "./slide";
import styles from "./streams.module.css";
import type { StreamsData } from "./useStreamsData";

export interface StreamsCanvasProps {
  readonly layout: StreamsLayout;
  readonly model: StreamsModel;
  /** null in the view of now. */
  readonly data: StreamsData | null;
  readonly focus: Focus;
  readonly theme: PaletteTheme;
  readonly isPast: boolean;
  /** No motion: the reader prefers none, or nothing is running. */
  readonly isStill: boolean;
  /** False before there is α: the outlines of even shares alone. */
  readonly hasWeights: boolean;
}

interface Cached<T> {
  readonly key: readonly unknown[];
  readonly value: T;
}

/** The value made for the same key before, or a new one. */
function cached<T>(held: { current: Cached<T> | null }, key: readonly unknown[], make: () => T): T {
  if (!held.current || held.current.key.some((part, i) => part !== key[i])) held.current = { key, value: make() };
  return held.current.value;
}

function imageOf({ width, height, data }: HeatPixels): HTMLCanvasElement {
  const picture = document.createElement("canvas");
  picture.width = width;
  picture.height = height;
  picture.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
  return picture;
}

export function StreamsCanvas(props: StreamsCanvasProps) {
  const { layout, model, data, focus, theme, isPast, isStill, hasWeights } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const inks = useRef<Cached<Inks> | null>(null);
  const picture = useRef<Cached<HTMLCanvasElement> | null>(null);
  const slide = useRef(noSlide);
  const pixels = useMemo(
    () => (layout.view === "heat" && data ? heatPixels(model, data.sampled, focus, theme) : null),
    [layout.view, data, model, focus, theme],
  );
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const context = fitCanvas(element, layout.width, layout.height);
    const style: DrawStyle = {
      ...{ theme, focus, isPast, tokens: readTokens(element) },
      inks: cached(inks, inkKey(model.groups, theme), () => makeInks(context, model.groups, theme)),
      scale: document.documentElement.dataset["present"] === undefined ? 1 : 1.5,
    };
    const cell = layout.rows[0]?.box.width ?? 0;
    slide.current = nextSlide(slide.current, model.span, cell, performance.now(), isStill || layout.view !== "streams");
    let frame = 0;
    const paint = (isFirst: boolean): void => {
      const ctx = isFirst ? context : fitCanvas(element, layout.width, layout.height);
      const stretch = stretchAt(slide.current, performance.now());
      if (layout.view === "now") drawNow(ctx, layout, model, style, hasWeights);
      else if (layout.view === "heat" && pixels)
        drawHeat(
          ctx,
          layout,
          model,
          pixels,
          cached(picture, [pixels], () => imageOf(pixels)),
          style,
        );
      else if (layout.view === "entropy" && data?.lines) drawEntropy(ctx, layout, model, data.lines, style);
      else if (layout.view === "streams" && data) drawStreams(ctx, layout, model, data, style, stretch);
      if (stretch > 1) frame = requestAnimationFrame(() => paint(false));
    };
    paint(true);
    return () => cancelAnimationFrame(frame);
  }, [layout, model, data, pixels, focus, theme, isPast, isStill, hasWeights]);
  // The overlay and the table say the same as text.
  return <canvas ref={canvas} className={styles["canvas"]} aria-hidden="true" />;
}

/** Inks depend on the theme and on which ops there are, not on the weights. */
function inkKey(groups: readonly AlphaGroup[], theme: PaletteTheme): string[] {
  return groups.flatMap(({ ops }) => ops.map((op) => opColor(op, theme)));
}
