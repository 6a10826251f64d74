/** What lies at a point of the architecture-weights picture, and where a step stands on its time axes. Pure geometry. */
import type { StreamBox } from "@/viz/streamLayout";
import { labelBox, type PlacedRow, type StreamsLayout } from "./layout";
import type { Span, StreamRow, StreamsModel, StreamView } from "./model";

export interface Hit {
  readonly index: number;
  readonly op: number | null;
  /** Step under the pointer; null in the view of now. */
  readonly step: number | null;
}

/** Stacks and entropies over time, for hits. */
export interface HitData {
  readonly bins: number;
  /** Upper edges of the stacks, as `stackRows` gives them. */
  readonly upper: Float32Array;
  /** Entropies of the model's rows, [row][bin]. */
  readonly entropies: Float32Array | null;
}

function isInside({ x, y, width, height }: StreamBox, px: number, py: number, slack = 0): boolean {
  return px >= x - slack && px < x + width + slack && py >= y - slack && py < y + height + slack;
}

/** Step at a point of a time axis, and the nearest bin. */
export function stepAt({ x, width }: StreamBox, [from, to]: Span, px: number): number {
  return from + Math.min(1, Math.max(0, (px - x) / Math.max(1, width))) * (to - from);
}

export function binAt({ x, width }: StreamBox, bins: number, px: number): number {
  return Math.min(bins - 1, Math.max(0, Math.round(((px - x) / Math.max(1, width)) * (bins - 1))));
}

/** x of a step, held inside the box. */
export function xAt({ x, width }: StreamBox, [from, to]: Span, step: number): number {
  return x + (to > from ? Math.min(1, Math.max(0, (step - from) / (to - from))) : 1) * width;
}

function opAt(
  row: StreamRow,
  { box, axis }: PlacedRow,
  view: StreamView,
  data: HitData | null,
  px: number,
  py: number,
): number | null {
  const n = row.ops.length;
  const up = (box.y + box.height - py) / box.height;
  if (view === "streams") {
    if (!data) return null;
    const b = binAt(box, data.bins, px);
    for (let p = 0; p < n; p++)
      if (up <= (data.upper[(row.offset + p) * data.bins + b] ?? 0)) return row.order[p] ?? null;
    return row.order[n - 1] ?? null;
  }
  const share = axis === "up" ? up : (px - box.x) / box.width;
  return row.order[Math.min(n - 1, Math.max(0, Math.floor(share * n)))] ?? null;
}

/** What lies at a point: a row with an op, the nearest line of an entropy chart, or the row whose label is there; null for nothing. */
export function hitAt(
  layout: StreamsLayout,
  model: StreamsModel,
  data: HitData | null,
  px: number,
  py: number,
): Hit | null {
  for (const { group, box } of layout.charts) {
    if (!data?.entropies || !isInside(box, px, py, 4)) continue;
    const b = binAt(box, data.bins, px);
    const at = (box.y + box.height - py) / box.height;
    let [index, best] = [-1, 0.08];
    for (const [i, row] of model.rows.entries()) {
      if (row.group !== group) continue;
      const distance = Math.abs((data.entropies[i * data.bins + b] ?? 0) - at);
      if (distance < best) [index, best] = [i, distance];
    }
    return index < 0 ? null : { index, op: null, step: stepAt(box, model.span, px) };
  }
  for (const placed of layout.rows) {
    const row = model.rows[placed.index];
    if (!row) continue;
    const { box } = placed;
    if (isInside(box, px, py))
      return {
        index: placed.index,
        op: opAt(row, placed, layout.view, data, px, py),
        step: layout.view === "now" ? null : stepAt(box, model.span, px),
      };
    if (isInside(labelBox(layout, placed), px, py)) return { index: placed.index, op: null, step: null };
  }
  return null;
}
