/** Data browser: what is the network looking at? Its text and buttons are the interface; there is no second picture of it. */
import { useMemo, useRef, useState } from "react";
import { Figure } from "@/ui/Figure";
import { useExperiment, useMethod, useRun, useView } from "@/ui/hooks";
import { panelState } from "@/ui/panelState";
import { useSize } from "@/ui/useSize";
import { text } from "@/viz/copy";
import { ClassRows } from "./ClassRows";
import styles from "./data.module.css";
import { DatasetCard } from "./DatasetCard";
import { dataTable, describeData } from "./describe";
import { ImportBox } from "./ImportBox";
import { tilesPerRow } from "./layout";
import { type BrowserState, dataModel } from "./model";
import { SplitBar } from "./SplitBar";
import { useImages } from "./useImages";

const words = text.data;
const placeholderRows = Array.from({ length: 10 }, (_, i) => i);

/** What the panel looks like before the data set is known: rows at their final size. */
function Skeleton({ perRow, message }: { readonly perRow: number; readonly message: string }) {
  return (
    <div className={styles["card"]}>
      <p className={styles["quiet"]}>{message}</p>
      {placeholderRows.map((row) => (
        <div key={row} className={styles["tiles"]}>
          {Array.from({ length: perRow }, (_, i) => (
            <span key={i} className={styles["skeleton"]} />
          ))}
        </div>
      ))}
    </div>
  );
}

export function DataPanel() {
  const frame = useRef<HTMLDivElement>(null);
  const { width } = useSize(frame);
  const [browser, setBrowser] = useState<BrowserState>({ split: "weights", augment: false, page: 0 });
  const boot = useRun((run) => run.boot);
  const info = useRun((run) => run.info);
  const plan = useRun((run) => run.plan);
  const latest = useRun((run) => run.latest);
  const config = useExperiment((experiment) => experiment.config);
  const cursor = useView((view) => view.cursor);
  const method = useMethod();

  const perRow = tilesPerRow(width);
  const dataset = info?.dataset ?? null;
  const augment = browser.augment && browser.split !== "test";
  const request = {
    ...browser,
    augment,
    perRow,
    classes: dataset?.classes.length ?? 0,
    dataset: width > 0 ? (dataset?.sha256 ?? null) : null,
  };
  const { rows, retry } = useImages(request);
  const model = useMemo(
    () => (info ? dataModel({ info, plan, method, browser, perRow, rows }) : null),
    [info, plan, method, browser, perRow, rows],
  );
  const state = panelState({
    boot,
    plan,
    latest,
    config,
    cursor,
    applicable: true,
    error: null,
    hasData: model !== null,
  });
  return (
    <div ref={frame} className={styles["frame"]}>
      <Figure
        panel="data"
        state={state}
        step={cursor ?? latest?.step ?? 0}
        label={model ? describeData(model, browser) : words.label(words.none)}
        title={words.title}
        caption={words.caption}
        table={() => (model ? dataTable(model) : { columns: words.columns, rows: [] })}
        describe={() => (model ? describeData(model, browser) : words.empty)}
      >
        <div className={styles["scroll"]}>
          {state === "loading" && <Skeleton perRow={perRow} message={boot.message || words.loading} />}
          {state === "empty" && <p className={styles["empty"]}>{words.empty}</p>}
          {model && (
            <>
              <DatasetCard model={model} />
              <SplitBar model={model} browser={browser} onChange={setBrowser} />
              <p className={styles["pickHint"]}>{words.pick}</p>
              <ClassRows model={model} browser={{ ...browser, augment }} perRow={perRow} onRetry={retry} />
            </>
          )}
          {state !== "loading" && <ImportBox open={state === "empty"} />}
        </div>
      </Figure>
    </div>
  );
}
