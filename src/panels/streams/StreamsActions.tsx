/** The panel's own controls: the four views, as derived, order, and the way back from a zoom or a single row. */
import { Activity, ArrowDownNarrowWide, AreaChart, Grid3x3, Rows3 } from "lucide-react";
import { useRef } from "react";
import { Button, IconButton } from "@/ui/Button";
import { useSize } from "@/ui/useSize";
import { text as copy } from "@/viz/copy";
import { type StreamView, streamViews } from "./model";
import styles from "./streams.module.css";
import type { StreamsControl } from "./useStreamsControl";

const text = copy.streams;

const icons: Readonly<Record<StreamView, typeof Activity>> = {
  streams: AreaChart,
  now: Grid3x3,
  heat: Rows3,
  entropy: Activity,
};

/** Width of the panel from which the views are words as well as icons. */
const wordsFrom = 640;

export function StreamsActions({ control }: { readonly control: StreamsControl }) {
  const { view, isDerived, sort, zoom, solo } = control;
  const panel = useRef<HTMLElement | null>(null);
  const { width } = useSize(panel);
  const isNarrow = width < wordsFrom + (zoom ? 80 : 0) + (solo ? 40 : 0);
  return (
    <div className={styles["actions"]} ref={(own) => void (panel.current = own?.closest("section") ?? null)}>
      {zoom && (
        <Button small onClick={() => control.set({ zoom: null })}>
          {text.resetZoom}
        </Button>
      )}
      {solo && view === "streams" && (
        <Button small title={text.resetSoloHint} onClick={() => control.set({ solo: null })}>
          {text.resetSolo}
        </Button>
      )}
      <div className={styles["views"]} role="group" aria-label={text.viewsLabel}>
        {streamViews.map((id) => {
          const Icon = icons[id];
          return (
            <Button
              key={id}
              small
              weight="quiet"
              className={styles["view"] ?? ""}
              icon={<Icon size={13} />}
              aria-label={text.views[id]}
              aria-pressed={view === id}
              title={text.viewHints[id]}
              onClick={() => control.setView(id)}
            >
              {!isNarrow && text.views[id]}
            </Button>
          );
        })}
      </div>
      <Button small weight="quiet" aria-pressed={isDerived} title={text.derivedHint} onClick={control.toggleDerived}>
        {text.derived}
      </Button>
      <IconButton
        small
        label={text.sort}
        icon={<ArrowDownNarrowWide size={13} />}
        aria-pressed={sort === "entropy"}
        onClick={() => control.set({ sort: sort === "entropy" ? "position" : "entropy" })}
      />
    </div>
  );
}
