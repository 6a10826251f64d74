/** Ten class rows of 2× tiles: one tab stop, arrow keys inside, Enter or a click hands an image to the live test. */
import { type KeyboardEvent, memo, useEffect, useRef, useState } from "react";
import { setLiveTest } from "@/store/liveTest";
import { setFocus } from "@/store/view";
import { Button } from "@/ui/Button";
import { useView } from "@/ui/hooks";
import { text } from "@/viz/copy";
import { countText } from "@/viz/format";
import { rgbToRgba } from "@/viz/imageTo32";
import styles from "./data.module.css";
import { type Cell, cellAfter } from "./layout";
import { type BrowserState, type DataModel, imageBytes } from "./model";

const words = text.data;
type Row = DataModel["rows"][number];

const Picture = memo(function Picture({ image }: { readonly image: Uint8Array }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(rgbToRgba(image), 32, 32), 0, 0);
  }, [image]);
  return <canvas ref={canvas} width={32} height={32} className={styles["picture"]} aria-hidden="true" />;
});

interface RowProps {
  readonly row: Row;
  readonly browser: BrowserState;
  /** Name of the part on view. */
  readonly split: string;
  readonly perRow: number;
  /** Column that Tab enters, when this is the row that Tab enters. */
  readonly tabColumn: number | null;
  readonly onEnter: (column: number) => void;
  readonly onRetry: () => void;
}

function useSelection(classId: number): { dimmed: boolean; imageId: number | null } {
  const focused = useView((view) => view.focus.classId ?? view.pinA?.classId ?? null);
  const imageId = useView((view) => view.focus.imageId ?? view.pinA?.imageId ?? null);
  return { dimmed: focused !== null && focused !== classId, imageId: focused === classId ? imageId : null };
}

const ClassRow = memo(function ClassRow({ row, browser, split, perRow, tabColumn, onEnter, onRetry }: RowProps) {
  const { classId, name, state } = row;
  const { dimmed, imageId } = useSelection(classId);
  const choose = (image: Uint8Array, record: number): void => {
    setFocus({ classId, imageId: record });
    // A copy: the row's buffer goes when the page turns.
    setLiveTest({ image: image.slice(), source: words.source(split, record, browser.augment), label: classId });
  };
  return (
    <li className={styles["row"]} data-dim={dimmed}>
      <p className={styles["className"]}>
        {name} {state.status === "ready" && <span className={styles["quiet"]}>{countText(state.total)}</span>}
      </p>
      <div className={styles["tiles"]}>
        {state.status === "failed" ? (
          <p className={styles["failed"]}>
            {words.rowFailed}{" "}
            <Button small onClick={onRetry}>
              {words.retry}
            </Button>
          </p>
        ) : state.status === "loading" ? (
          Array.from({ length: perRow }, (_, i) => <span key={i} className={styles["skeleton"]} />)
        ) : (
          [...state.records].map((record, column) => {
            const image = state.images.subarray(column * imageBytes, (column + 1) * imageBytes);
            return (
              <button
                key={record}
                type="button"
                className={styles["tile"]}
                aria-label={words.tile(name, split, record)}
                aria-pressed={imageId === record}
                tabIndex={tabColumn === column ? 0 : -1}
                data-cell={`${classId}:${column}`}
                onFocus={() => onEnter(column)}
                onClick={() => choose(image, record)}
              >
                <Picture image={image} />
              </button>
            );
          })
        )}
      </div>
    </li>
  );
});

export interface ClassRowsProps {
  readonly model: DataModel;
  readonly browser: BrowserState;
  readonly perRow: number;
  readonly onRetry: () => void;
}

export function ClassRows({ model, browser, perRow, onRetry }: ClassRowsProps) {
  const list = useRef<HTMLUListElement>(null);
  const [cell, setCell] = useState<Cell>({ row: 0, column: 0 });
  const columns = model.rows.map(({ state }) => (state.status === "ready" ? state.records.length : 0));
  const entered = (columns[cell.row] ?? 0) > cell.column ? cell : { row: columns.findIndex((n) => n > 0), column: 0 };

  const onKeyDown = (event: KeyboardEvent): void => {
    const next = cellAfter(event.key, entered, columns);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    list.current?.querySelector<HTMLButtonElement>(`[data-cell="${next.row}:${next.column}"]`)?.focus();
  };
  return (
    // Arrow keys move between the buttons inside; the list itself is no control.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <ul ref={list} className={styles["rows"]} aria-label={words.tiles} onKeyDown={onKeyDown}>
      {model.rows.map((row) => (
        <ClassRow
          key={row.classId}
          row={row}
          browser={browser}
          split={words.split(browser.split, model.movesAlpha).toLowerCase()}
          perRow={perRow}
          tabColumn={entered.row === row.classId ? entered.column : null}
          onEnter={(column) => setCell({ row: row.classId, column })}
          onRetry={onRetry}
        />
      ))}
    </ul>
  );
}
