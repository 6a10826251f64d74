/** Resampled numbers of the view on show: made when α, span or view change, not when the focus does. */
import { useMemo } from "react";
import type { AlphaColumn } from "@/store/alphaHistory";
import { type Sampled, stackRows } from "@/viz/streamLayout";
import type { HitData } from "./hit";
import { type EntropyLines, entropyLines, sampleStreams, type StreamsModel, type StreamView } from "./model";

/** Time bins by view: more stack bins cost frames, not insight; a heat line is one pixel high and may be finer. */
export const binsOf: Readonly<Record<StreamView, number>> = { streams: 61, now: 1, heat: 240, entropy: 121 };

export interface StreamsData extends HitData {
  readonly sampled: Sampled;
  readonly lines: EntropyLines | null;
}

export function makeData(model: StreamsModel, columns: readonly AlphaColumn[], view: StreamView): StreamsData {
  const bins = binsOf[view];
  const sampled = sampleStreams(model, columns, bins);
  const lines = view === "entropy" ? entropyLines(model, sampled) : null;
  const orders = model.groups.map((_, g) => model.rows.find((row) => row.group === g)?.order ?? []);
  const upper = view === "streams" ? stackRows(sampled, model.groups, orders) : new Float32Array(0);
  return { bins, sampled, lines, upper, entropies: lines?.rows ?? null };
}

export function useStreamsData(
  model: StreamsModel | null,
  columns: readonly AlphaColumn[],
  view: StreamView,
): StreamsData | null {
  return useMemo(
    () => (model && columns.length > 0 && view !== "now" ? makeData(model, columns, view) : null),
    [model, columns, view],
  );
}
