/** Reset, Train or Pause, Step. What the buttons say comes from the run's own reports, never from what was just pressed. */
import { Pause, Play, RotateCcw, StepForward } from "lucide-react";
import { actions } from "@/store/actions";
import type { RunState } from "@/store/run";
import { Button, IconButton } from "@/ui/Button";
import { useRun } from "@/ui/hooks";
import { text } from "@/viz/copy";
import { runCommand, toggleTrain } from "./commands";
import styles from "./controlBar.module.css";

export interface TrainButton {
  readonly label: string;
  readonly icon: "play" | "pause";
  /** Why it cannot be pressed; null when it can. */
  readonly blocked: string | null;
  readonly hint: string | null;
  readonly busy: boolean;
}

/** Words and state of the Train button for a state of the run. */
export function trainButton({
  boot,
  latest,
  pending,
  queued,
}: Pick<RunState, "boot" | "latest" | "pending" | "queued">): TrainButton {
  const bar = text.shell.bar;
  const free = { blocked: null, hint: null, busy: false };
  if (boot.status === "busy-tab") return { ...free, label: bar.train, icon: "play", blocked: bar.busyTab };
  if (boot.status === "failed") return { ...free, label: bar.train, icon: "play", blocked: boot.message };
  if (pending === "pause") return { label: bar.pausing, icon: "pause", blocked: null, hint: null, busy: true };
  if (queued) return { ...free, label: bar.queued, icon: "pause", hint: bar.queuedHint, busy: true };
  if (latest?.status === "running") return { ...free, label: bar.pause, icon: "pause" };
  if (pending === "play" || pending === "open")
    return { label: bar.starting, icon: "play", blocked: null, hint: null, busy: true };
  if (latest?.status === "complete") return { ...free, label: bar.complete, icon: "play", blocked: bar.completeHint };
  return { ...free, label: latest !== null && latest.step > 0 ? bar.resume : bar.train, icon: "play" };
}

export function Transport() {
  const boot = useRun((run) => run.boot);
  const latest = useRun((run) => run.latest);
  const pending = useRun((run) => run.pending);
  const queued = useRun((run) => run.queued);
  const button = trainButton({ boot, latest, pending, queued });
  const idle = boot.status === "busy-tab" || boot.status === "failed";
  const press = (): void => {
    if (button.blocked === null) toggleTrain();
  };
  return (
    <div className={styles.transport}>
      <IconButton
        label={text.shell.bar.reset}
        icon={<RotateCcw size={16} />}
        disabled={idle}
        onClick={() => actions().reset()}
      />
      {/* aria-disabled, not disabled: the reason stays readable. */}
      <Button
        weight="primary"
        className={styles.train ?? ""}
        icon={button.icon === "play" ? <Play size={14} fill="currentColor" /> : <Pause size={14} fill="currentColor" />}
        aria-disabled={button.blocked !== null}
        aria-busy={button.busy}
        title={button.blocked ?? button.hint ?? undefined}
        aria-description={button.blocked ?? button.hint ?? undefined}
        data-control="train"
        onClick={press}
      >
        {button.label}
      </Button>
      <IconButton
        label={text.shell.bar.step}
        icon={<StepForward size={16} />}
        disabled={idle || latest?.status === "complete"}
        onClick={(event) => runCommand(event.shiftKey ? "bigStep" : "step")}
      />
    </div>
  );
}
