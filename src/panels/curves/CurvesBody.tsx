/** Chart, time cursor and machine at the size they get; mounted only while there is something to draw. */
import { useCallback, useMemo, useRef } from "react";
import { history } from "@/store/history";
import { useMethod, useRun } from "@/ui/hooks";
import { useSize } from "@/ui/useSize";
import { Chart } from "./Chart";
import styles from "./curves.module.css";
import { curvesLayout, wholeRun, zoomed } from "./layout";
import { Machine } from "./Machine";
import { curvesModel } from "./model";
import { Scrubber } from "./Scrubber";

export type View = readonly [number, number] | null;

export interface CurvesBodyProps {
  /** History version: the model is made anew when it changes. */
  readonly version: number;
  readonly cursor: number | null;
  readonly log: boolean;
  readonly zoom: View;
  readonly onZoom: (view: View) => void;
  /** Shown over the empty axes while the boot goes on. */
  readonly loading: string | null;
}

const scrubberHeight = 24;
/** Below this chart height there is no room for lanes and shares. */
const foldedBelow = 132;

export function CurvesBody({ version, cursor, log, zoom, onZoom, loading }: CurvesBodyProps) {
  const charts = useRef<HTMLDivElement>(null);
  const size = useSize(charts);
  const info = useRun((run) => run.info);
  const { algorithm } = useMethod();
  const { width } = size;
  const height = Math.max(40, size.height - scrubberHeight);

  // Zoomed in, the same number of bins a pixel needs more bins over the whole run.
  const share = zoom ? Math.max(0.05, (zoom[1] - zoom[0]) / Math.max(20, history.latest()?.step ?? 20)) : 1;
  const bins = Math.min(4096, Math.ceil(Math.max(60, width) / share));
  const model = useMemo(
    () => curvesModel({ history, version, info, algorithm, cursor, bins }),
    [version, info, algorithm, cursor, bins],
  );
  const layout = useMemo(
    () => curvesLayout(model, { width, height, log, domain: zoom }),
    [model, width, height, log, zoom],
  );
  const whole = wholeRun(model);
  const zoomAboutCursor = useCallback(
    (factor: number | null) => {
      const all = wholeRun(model);
      onZoom(factor === null ? null : zoomed(zoom ?? all, model.at, factor, all));
    },
    [model, zoom, onZoom],
  );
  return (
    <div className={styles["body"]}>
      <div ref={charts} className={styles["charts"]}>
        {loading !== null && <p className={styles["loading"]}>{loading}</p>}
        <Chart model={model} layout={layout} width={width} height={height} whole={whole} onZoom={onZoom} />
        <Scrubber layout={layout} live={model.live} cursor={cursor} onZoom={zoomAboutCursor} />
      </div>
      <Machine model={model} folded={height < foldedBelow} />
    </div>
  );
}
