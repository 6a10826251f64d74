/** The picture at the size it gets: canvas below, text and pins above, the tip on top; legend and signals under it. */
import { useMemo, useRef } from "react";
import { useRun, useView } from "@/ui/hooks";
import type { PanelState } from "@/ui/panelState";
import { useReducedMotion, useTheme } from "@/ui/theme";
import { useSize } from "@/ui/useSize";
import { text as copy } from "@/viz/copy";
import { describeStreams } from "./describe";
import { heatTop } from "./heat";
import { useCalmLabels } from "./labels";
import { layoutPanel } from "./layout";
import type { StreamsModel } from "./model";
import { Legend, Signals } from "./Signals";
import styles from "./streams.module.css";
import { StreamsCanvas } from "./StreamsCanvas";
import { HeatScale, StreamsOverlay } from "./StreamsOverlay";
import { StreamsTip } from "./StreamsTip";
import { type StreamsControl } from "./useStreamsControl";
import { type StreamsData, useStreamsData } from "./useStreamsData";
import type { StreamsView } from "./useStreamsModel";
import { useStreamsPointer } from "./useStreamsPointer";

export interface StreamsPictureProps {
  readonly view: StreamsView;
  readonly model: StreamsModel;
  readonly control: StreamsControl;
}

/** Before there is α every op weighs the same: the view of now, outlines alone. */
function isWaiting(state: PanelState): boolean {
  return state === "loading" || state === "empty";
}

export function StreamsPicture({ view, model, control }: StreamsPictureProps) {
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(body);
  const waiting = isWaiting(view.state);
  const shown = waiting ? "now" : control.view;
  const solo = control.solo;
  const at = solo ? model.rows.findIndex(({ group, row }) => group === solo.group && row === solo.row) : -1;
  const layout = useMemo(() => layoutPanel(model, size, shown, at < 0 ? null : at), [model, size, shown, at]);
  const data = useStreamsData(waiting ? null : model, view.columns, shown);
  const message = useRun((run) => run.boot.message);
  const theme = useTheme();
  return (
    <div className={styles["body"]}>
      <div ref={body} className={styles["picture"]}>
        {size.width > 0 && size.height > 0 && <Layers {...{ view, model, control, layout, data, waiting }} />}
        {view.state === "loading" && (
          <p className={styles["message"]}>
            <span>{copy.streams.loading}</span>
            {message !== "" && <span className={styles["muted"]}>{message}</span>}
          </p>
        )}
      </div>
      <div className={styles["under"]}>
        <LegendLine model={model}>
          {shown === "heat" && data && <HeatScale top={heatTop(data.sampled)} theme={theme} />}
        </LegendLine>
        {!waiting && <Signals model={model} />}
      </div>
    </div>
  );
}

function LegendLine({ model, children }: { readonly model: StreamsModel; readonly children: React.ReactNode }) {
  const focus = useView((v) => v.focus);
  const theme = useTheme();
  return (
    <div className={styles["legendLine"]}>
      <Legend model={model} focus={focus} theme={theme} />
      {children}
    </div>
  );
}

interface LayersProps extends StreamsPictureProps {
  readonly layout: ReturnType<typeof layoutPanel>;
  readonly data: StreamsData | null;
  readonly waiting: boolean;
}

function Layers({ view, model, control, layout, data, waiting }: LayersProps) {
  const [focus, pinA, pinB] = [useView((v) => v.focus), useView((v) => v.pinA), useView((v) => v.pinB)];
  const theme = useTheme();
  const isReduced = useReducedMotion();
  const isPast = view.state === "past";
  const labels = useCalmLabels(model, !view.isRunning);
  const { pointed, brush, handlers } = useStreamsPointer(layout, model, data, control);
  const sentence = useMemo(() => describeStreams(waiting ? null : model), [model, waiting]);
  return (
    <>
      <StreamsCanvas
        {...{ layout, model, data, focus, theme, isPast }}
        isStill={isReduced || !view.isRunning || control.zoom !== null}
        hasWeights={!waiting}
      />
      {/* A picture with keys of its own: the figure around it has the tab stop, the arrow keys and the table. */}
      <svg width={layout.width} height={layout.height} role="img" aria-label={sentence} {...(waiting ? {} : handlers)}>
        <StreamsOverlay
          {...{ layout, model, labels, focus, pinA, pinB, theme, isPast, brush }}
          lines={data?.lines ?? null}
          hasWeights={!waiting}
        />
      </svg>
      {pointed && !brush && !waiting && <StreamsTip {...{ pointed, layout, model, data }} />}
    </>
  );
}
