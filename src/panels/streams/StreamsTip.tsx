/** What is under the pointer, in words beside it: row, operation with share and rank, step. */
import { text as copy } from "@/viz/copy";
import { opStyle } from "@/viz/palette";
import { binAt } from "./hit";
import type { StreamsLayout } from "./layout";
import { rankOf, type StreamRow, type StreamsModel } from "./model";
import styles from "./streams.module.css";
import type { StreamsData } from "./useStreamsData";
import type { Pointed } from "./useStreamsPointer";

const text = copy.streams.tip;

export interface TipProps {
  readonly pointed: Pointed;
  readonly layout: StreamsLayout;
  readonly model: StreamsModel;
  readonly data: StreamsData | null;
}

/** Shares of a row at a bin of the resampled numbers. */
function weightsAt(row: StreamRow, { sampled: { values, bins } }: StreamsData, bin: number): Float32Array {
  return Float32Array.from(row.ops, (_, k) => values[(row.offset + k) * bins + bin] ?? 0);
}

/** The lines of the tip. */
export function tipLines({ pointed, layout, model, data }: TipProps): string[] {
  const row = model.rows[pointed.index];
  if (!row) return [];
  const chart = layout.charts.find(({ group }) => group === row.group);
  const box = chart?.box ?? layout.rows.find(({ index }) => index === pointed.index)?.box;
  const bin = data && box && pointed.step !== null ? binAt(box, data.bins, pointed.x) : null;
  const weights = data && bin !== null ? weightsAt(row, data, bin) : row.weights;
  const lines = [text.where(model.groups[row.group]?.label ?? "", row.label)];
  const op = pointed.op;
  if (op !== null)
    lines.push(text.op(opStyle(row.ops[op] ?? "").code, weights[op] ?? 0, rankOf({ weights }, op), row.ops.length));
  else if (data?.lines && bin !== null)
    lines.push(text.entropy(data.lines.rows[pointed.index * data.bins + bin] ?? row.entropy));
  else lines.push(text.entropy(row.entropy));
  lines.push(text.step(Math.round(pointed.step ?? model.step)));
  return lines;
}

export function StreamsTip(props: TipProps) {
  const { x, y } = props.pointed;
  const { width, height } = props.layout;
  const across = x > width / 2 ? { right: width - x + 12 } : { left: x + 12 };
  const down = y > height / 2 ? { bottom: height - y + 8 } : { top: y + 8 };
  return (
    <p className={styles["tip"]} style={{ ...across, ...down }} aria-hidden="true">
      {tipLines(props).map((line) => (
        <span key={line}>{line}</span>
      ))}
    </p>
  );
}
