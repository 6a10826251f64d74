/** The three views of the panel, in its head. */
import { LineChart, ScatterChart, Table } from "lucide-react";
import { Button } from "@/ui/Button";
import { text as copy } from "@/viz/copy";
import styles from "./latency.module.css";
import { type LatencyViewId, latencyViews } from "./model";
import type { LatencyControl } from "./useLatencyControl";

const text = copy.latency;

const icons: Readonly<Record<LatencyViewId, typeof Table>> = { table: Table, check: ScatterChart, cost: LineChart };

export function LatencyViews({ control }: { readonly control: LatencyControl }) {
  return (
    <div className={styles["views"]} role="group" aria-label={text.viewsLabel}>
      {latencyViews.map((id) => {
        const Icon = icons[id];
        return (
          <Button
            key={id}
            small
            weight="quiet"
            className={styles["view"] ?? ""}
            icon={<Icon size={13} />}
            aria-pressed={control.view === id}
            title={text.viewHints[id]}
            onClick={() => control.setView(id)}
          >
            {text.views[id]}
          </Button>
        );
      })}
    </div>
  );
}
