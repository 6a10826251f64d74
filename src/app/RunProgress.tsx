/** Where the run stands: its phases as one bar, the share done, the time left, and the button that ends a phase early. */
import { actions } from "@/store/actions";
import { Button } from "@/ui/Button";
import { useExperiment, useRun } from "@/ui/hooks";
import { text } from "@/viz/copy";
import { percentText } from "@/viz/format";
import styles from "./controlBar.module.css";
import { progressModel } from "./progressModel";

export function RunProgress() {
  const latest = useRun((run) => run.latest);
  const plan = useRun((run) => run.plan);
  const edited = useExperiment((experiment) => experiment.config);
  const model = progressModel({ latest, config: plan?.config ?? edited, totals: plan?.totals ?? null });
  const { phaseDone, phaseNow } = text.shell.bar;
  return (
    <div className={styles.progress}>
      <ol className={styles.phases} aria-label={text.shell.bar.phases}>
        {model.segments.map((segment, i) => (
          <li
            key={segment.phase}
            className={styles.phase}
            data-state={segment.state}
            aria-current={segment.state === "now" ? "step" : undefined}
            title={segment.name}
          >
            <span className={styles.phaseName}>
              <span className={styles.phaseNumber} aria-hidden="true">
                {segment.state === "done" ? "✓" : i + 1}
              </span>
              <span className={styles.phaseWord}>{segment.name}</span>
              <span className="visually-hidden">
                {segment.state === "done"
                  ? phaseDone("")
                  : segment.state === "now"
                    ? phaseNow("", percentText(segment.fill, 0))
                    : ""}
              </span>
            </span>
            <span className={styles.phaseTrack} aria-hidden="true">
              <span className={styles.phaseFill} style={{ transform: `scaleX(${segment.fill})` }} />
            </span>
          </li>
        ))}
      </ol>
      <div className={styles.skip}>
        {model.skip !== null && (
          <Button small onClick={() => actions().skipPhase()}>
            {model.skip}
          </Button>
        )}
      </div>
      <div
        role="progressbar"
        className={styles.eta}
        aria-label={text.shell.bar.progress}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={model.percent}
        aria-valuetext={model.valueText}
      >
        <span className={styles.percent}>{model.percentText}</span>
        <span className={styles.left}>{model.eta}</span>
      </div>
    </div>
  );
}
