/** How what a panel shows relates to now: paused, in the past, or of a configuration that has changed since. */
import { actions } from "@/store/actions";
import { setCursor } from "@/store/view";
import { text } from "@/viz/copy";
import { countText } from "@/viz/format";
import styles from "./figure.module.css";
import { useView } from "./hooks";
import type { PanelState } from "./panelState";

export function StateChip({ state }: { readonly state: PanelState }) {
  const cursor = useView((view) => view.cursor);
  if (state === "paused") return <span className={styles.chip}>{text.shell.pausedChip}</span>;
  if (state === "past") {
    return (
      <span className={styles.chip}>
        {text.shell.viewingStep(countText(cursor ?? 0))}
        <button type="button" className={styles.chipButton} onClick={() => setCursor(null)}>
          {text.shell.live}
        </button>
      </span>
    );
  }
  if (state === "stale") {
    return (
      <span className={styles.chip}>
        {text.shell.configChanged}
        <button type="button" className={styles.chipButton} onClick={() => actions().reset()}>
          {text.settings.restart}
        </button>
      </span>
    );
  }
  return null;
}
