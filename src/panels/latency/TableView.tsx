/** The table as a heat map, with its legend, the tip of the cell pointed at and the card of the cell that is open. */
import { type MouseEvent, useMemo, useRef } from "react";
import { useRun, useView } from "@/ui/hooks";
import { useTheme } from "@/ui/theme";
import { useSize } from "@/ui/useSize";
import { Button } from "@/ui/Button";
import { text as copy } from "@/viz/copy";
import { useTransientFocus } from "../useTransientFocus";
import { CellCard, CellTip } from "./CellCard";
import { describeCell } from "./describe";
import { HeatMap } from "./HeatMap";
import type { LatencyProps } from "./LatencyBody";
import styles from "./latency.module.css";
import { Legend } from "./Legend";
import { cellOf, measureSeconds } from "./model";
import { Published } from "./Published";
import { cellAt, layoutTable, placeOf } from "./tableLayout";
import { cellFocus, focusedCell, toggleCell } from "./useLatencyControl";

const text = copy.latency;

/** Text grows on a projector, and cells hold fewer digits. */
function textScale(): number {
  return document.documentElement.dataset["present"] === undefined ? 1 : 13 / 11;
}

export function TableView({ view, control }: LatencyProps) {
  const { model, state } = view;
  const body = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(body);
  const theme = useTheme();
  const layout = useMemo(() => layoutTable(model, { width, height }, textScale()), [model, width, height]);
  const [focus, pinA, pinB] = [useView((v) => v.focus), useView((v) => v.pinA), useView((v) => v.pinB)];
  const transient = useTransientFocus();
  const at = control.at ?? focusedCell(focus);
  const [pointed, open] = [placeOf(layout, at), placeOf(layout, control.open)];

  const hit = (event: MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return cellAt(layout, event.clientX - box.left, event.clientY - box.top)?.cell ?? null;
  };
  const leave = (): void => {
    control.setAt(null);
    transient.leave();
  };
  const spoken = cellOf(model, at);
  return (
    <>
      <div ref={body} className={styles["picture"]}>
        {width > 0 && height > 0 && (
          // A picture with keys of its own: the figure around it has the tab stop, the arrow keys and the table.
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={spoken ? describeCell(spoken, model) : text.label}
            onPointerMove={(event) => {
              const cell = hit(event);
              if (!cell) return leave();
              if (control.at?.slot !== cell.slot || control.at.choice !== cell.choice) control.setAt({ slot: cell.slot, choice: cell.choice });
              const named = cellFocus(cell);
              if (named) transient.enter(named);
              else transient.leave();
            }}
            onPointerLeave={leave}
            onClick={(event) => {
              const cell = hit(event);
              if (cell) toggleCell(cell, control);
            }}
          >
            <HeatMap {...{ layout, model, theme, focus, pinA, pinB, at }} isLog={control.isLog} />
          </svg>
        )}
        {pointed && pointed.cell !== open?.cell && <CellTip placed={pointed} {...{ layout, model }} settings={view.shown.table?.settings ?? null} />}
        {open && <CellCard key={`${open.cell.slot}/${open.cell.choice}`} placed={open} {...{ layout, view, control }} />}
        {(state === "empty" || (state === "loading" && !view.shown.progress)) && <Waiting {...{ view, control }} />}
      </div>
      <div className={styles["under"]}>
        <Legend {...{ model, theme }} isLog={control.isLog} pathKind={view.pathKind} />
        <Published canTrain={view.canTrainPublished} />
      </div>
    </>
  );
}

/** Before there is a table: what it would take, and the button that makes one. */
function Waiting({ view, control }: LatencyProps) {
  const message = useRun((run) => run.boot.message);
  if (view.state === "loading") {
    return (
      <p className={styles["message"]}>
        <span>{text.loading}</span>
        {message !== "" && <span className={styles["muted"]}>{message}</span>}
      </p>
    );
  }
  return (
    <div className={styles["message"]} data-action="">
      <span>{text.empty(view.model.needed)}</span>
      <Button weight="primary" onClick={() => control.measure(null)}>
        {text.measure(measureSeconds(view.model.needed))}
      </Button>
    </div>
  );
}
