/** The numbers of one cell: as a tip beside the pointer, and as a card with what can be done about them. */
import { X } from "lucide-react";
import { useState } from "react";
import type { LatencySettings } from "@/nas/latency/table";
import { Button, IconButton } from "@/ui/Button";
import { CommitInput } from "@/ui/CommitInput";
import { text as copy } from "@/viz/copy";
import { cellMs, usText } from "@/viz/copy/latency";
import type { LatencyProps } from "./LatencyBody";
import { whereOf } from "./describe";
import styles from "./latency.module.css";
import { type LatencyCell, type LatencyModel, parseMs } from "./model";
import type { PlacedCell, TableLayout } from "./tableLayout";
import { remeasure } from "./useLatencyControl";

const text = copy.latency;

/** Where the cell is, its time, its spread, and how the number came to be. */
export function cellLines(cell: LatencyCell, model: Pick<LatencyModel, "columns">, settings: LatencySettings | null): string[] {
  const { card, status } = text;
  const lines = [cell.slot < 0 ? `${text.fixedPart(cell.op)} · ${text.fixed}` : `${whereOf(cell, model)} · ${cell.op}`];
  if (cell.us !== null && cell.status !== "identity") lines.push(`${usText(cell.us)} ${card.median}`);
  if (cell.status === "measured" && cell.p10 !== null && cell.p90 !== null) {
    lines.push(`${card.range(cell.p10, cell.p90)} ${card.spread}`);
    if (settings) lines.push(card.readings(settings.runs, settings.batch));
  } else lines.push(status[cell.status]);
  if (cell.isNoisy) lines.push(text.legend.noisy);
  if (cell.overhead !== null) lines.push(card.overhead(cell.overhead));
  if (cell.places > 1) lines.push(card.same(cell.places));
  return lines;
}

/** Beside the cell, on the side that has more room. */
function beside({ x, y, width: w, height: h }: PlacedCell, { width, height }: TableLayout): Readonly<Record<string, number>> {
  const across = x + w / 2 > width / 2 ? { right: width - x + 6 } : { left: x + w + 6 };
  return { ...across, ...(y + h / 2 > height / 2 ? { bottom: Math.max(0, height - y - h) } : { top: y }) };
}

export interface CellTipProps {
  readonly placed: PlacedCell;
  readonly layout: TableLayout;
  readonly model: LatencyModel;
  readonly settings: LatencySettings | null;
}

export function CellTip({ placed, layout, model, settings }: CellTipProps) {
  return (
    <p className={styles["tip"]} style={beside(placed, layout)} aria-hidden="true">
      {cellLines(placed.cell, model, settings).map((line) => (
        <span key={line}>{line}</span>
      ))}
    </p>
  );
}

export function CellCard({ placed, layout, view, control }: LatencyProps & { readonly placed: PlacedCell; readonly layout: TableLayout }) {
  const { cell } = placed;
  const { model, shown } = view;
  const [isInvalid, setInvalid] = useState(false);
  const [first = "", ...rest] = cellLines(cell, model, shown.table?.settings ?? null);
  const { key } = cell;
  return (
    <div className={styles["card"]} style={beside(placed, layout)} role="group" aria-label={text.card.label(`${whereOf(cell, model)}, ${cell.op}`)}>
      <div className={styles["cardHead"]}>
        <strong>{first}</strong>
        <IconButton small label={text.card.close} icon={<X size={12} />} onClick={() => control.setOpen(null)} />
      </div>
      {rest.map((line) => (
        <span key={line}>{line}</span>
      ))}
      {key !== null && (
        <div className={styles["cardTools"]}>
          <CommitInput
            label={text.card.edit}
            value={cell.us === null ? "" : cellMs(cell.us)}
            width={64}
            inputMode="decimal"
            invalid={isInvalid}
            onCommit={(typed) => {
              const us = parseMs(typed);
              setInvalid(us === null);
              if (us !== null) control.edit(key, us);
            }}
          />
          <span className={styles["muted"]}>{isInvalid ? text.card.invalid : text.card.editHint}</span>
        </div>
      )}
      {key !== null && (
        <Button small disabled={shown.progress !== null} onClick={() => remeasure(cell, view, control)}>
          {text.card.remeasure}
        </Button>
      )}
    </div>
  );
}
