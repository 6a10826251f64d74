/**
 * The frame every panel hangs in: title, state, one tab stop, the same data as a table (T) and as a sentence (D), full stage (F),
 * and a boundary that keeps a broken panel from taking the others with it.
 */
import { Maximize2, Minimize2, Table2 } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { announce, type PanelId, viewStore } from "@/store/view";
import { text } from "@/viz/copy";
import { IconButton } from "./Button";
import { DataTable } from "./DataTable";
import { ErrorBoundary } from "./ErrorBoundary";
import styles from "./figure.module.css";
import { registerFigure } from "./figureCommands";
import { useView } from "./hooks";
import { isShortcut } from "./keys";
import { PanelMessage } from "./PanelMessage";
import type { PanelState } from "./panelState";
import { StateChip } from "./StateChip";
import type { TableData } from "./tableData";

export interface FigureProps {
  readonly panel: PanelId;
  readonly state: PanelState;
  /** Step that is shown: the cursor's, or the newest. */
  readonly step: number;
  /** The picture as one sentence; what a screen reader meets first. */
  readonly label: string;
  readonly title: string;
  readonly subtitle?: ReactNode;
  /** Controls of the panel, right in its header. */
  readonly actions?: ReactNode;
  /** Columns and rows of what is drawn, made only when asked for. */
  readonly table: () => TableData;
  readonly describe: () => string;
  /** What to look at, one line; shown on a projector. */
  readonly caption?: string;
  /** Keys that the panel itself understands; runs before T, D and F. Call `preventDefault` to keep a key. */
  readonly onKeyDown?: (event: KeyboardEvent<HTMLElement>) => void;
  readonly children: ReactNode;
}

export function toggleFull(panel: PanelId): void {
  viewStore.setState((state) => ({ fullPanel: state.fullPanel === panel ? null : panel, panel }));
}

export function Figure(props: FigureProps) {
  const { panel, step, label, title, subtitle, actions, caption, describe, children } = props;
  const root = useRef<HTMLElement>(null);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const [tableShown, setTableShown] = useState(false);
  const [sentence, setSentence] = useState<string | null>(null);
  const [broken, setBroken] = useState(false);
  const full = useView((view) => view.fullPanel === panel);
  const state = broken ? "error" : props.state;

  const say = useCallback(() => {
    const said = latest.current.describe();
    announce(said);
    setSentence((old) => (old === said ? null : said));
  }, []);
  useEffect(
    () =>
      registerFigure(panel, {
        toggleTable: () => setTableShown((shown) => !shown),
        describe: say,
        focus: () => root.current?.focus(),
      }),
    [panel, say],
  );

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (!isShortcut(event.nativeEvent)) return;
    props.onKeyDown?.(event);
    if (event.defaultPrevented) return;
    const key = event.key.toLowerCase();
    if (key === "t") setTableShown(!tableShown);
    else if (key === "d") say();
    else if (key === "f") toggleFull(panel);
    else if (key === "escape" && tableShown) setTableShown(false);
    else return;
    event.preventDefault();
  };

  return (
    // A figure is one tab stop with keys of its own (arrows, T, D, F): role and handler belong together here.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      ref={root}
      role="figure"
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      className={styles.figure}
      data-panel={panel}
      data-state={state}
      data-step={step}
      aria-label={label}
      onKeyDown={onKeyDown}
    >
      <div className={styles.header}>
        <h2 className={styles.title}>{title}</h2>
        {subtitle !== undefined && <span className={styles.subtitle}>{subtitle}</span>}
        <StateChip state={state} />
        <div className={styles.actions}>
          {actions}
          {/* Not tab stops: T and F do the same from the figure itself. */}
          <IconButton
            small
            tabIndex={-1}
            label={text.shell.tableOf(title)}
            icon={<Table2 size={14} />}
            aria-pressed={tableShown}
            onClick={() => setTableShown(!tableShown)}
          />
          <IconButton
            small
            tabIndex={-1}
            label={text.shell.fullOf(title)}
            icon={full ? <Minimize2 size={14} /> : <Maximize2 size={14} />}
            aria-pressed={full}
            onClick={() => toggleFull(panel)}
          />
        </div>
      </div>
      <div className={styles.body}>
        <ErrorBoundary
          onError={() => setBroken(true)}
          fallback={(error, retry) => (
            <PanelMessage
              tone="error"
              text={text.shell.panelBroken}
              detail={error.message}
              action={{
                label: text.shell.tryAgain,
                onAct: () => {
                  setBroken(false);
                  retry();
                },
              }}
            />
          )}
        >
          {tableShown ? <DataTable data={props.table()} name={text.shell.tableOf(title)} /> : children}
        </ErrorBoundary>
      </div>
      {sentence !== null && <p className={styles.sentence}>{describe()}</p>}
      {caption !== undefined && <p className={styles.caption}>{caption}</p>}
    </section>
  );
}
