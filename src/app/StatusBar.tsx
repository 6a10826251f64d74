/** One line of facts: state, step, what computes and why, rate, memory, warnings, when it was saved. */
import { useExperiment, useRun } from "@/ui/hooks";
import { useNow } from "@/ui/useNow";
import type { RunState } from "@/store/run";
import { text } from "@/viz/copy";
import { bytesText, countText, durationText } from "@/viz/format";
import styles from "./statusBar.module.css";

const words = text.shell.status;

/** Boot in words until Train works, then the state of the run. */
export function statusText({ boot, latest }: Pick<RunState, "boot" | "latest">): {
  readonly text: string;
  readonly tone: "busy" | "live" | "rest" | "bad";
} {
  if (boot.status === "failed") return { text: words.failed, tone: "bad" };
  if (boot.status === "busy-tab") return { text: words.busyTab, tone: "rest" };
  if (boot.status === "booting") {
    const [data, kernels] = [boot.data, boot.kernels];
    const steps = words.boot(
      boot.device,
      data[1] > 0 ? words.data(data[0], data[1]) : "",
      kernels[1] > 0 ? words.kernels(kernels[0], kernels[1]) : "",
    );
    return { text: steps === "" ? boot.message : steps, tone: "busy" };
  }
  if (latest === null) return { text: words.ready, tone: "rest" };
  const tone = latest.status === "running" ? "live" : latest.status === "error" ? "bad" : "rest";
  return { text: text.shell.statuses[latest.status] ?? latest.status, tone };
}

function Machine() {
  const info = useRun((run) => run.info);
  if (info === null) return null;
  const parts = [
    info.device === "webgpu" ? "WebGPU" : info.device.toUpperCase(),
    info.adapter,
    info.device === "webgpu" && !info.hardware ? words.software : null,
    info.executor === "plan" ? null : words.tfjs,
    info.threads > 1 ? words.threads(info.threads) : null,
  ];
  const why = [
    info.reason,
    info.executor === "plan" ? words.plan : words.reference,
    info.device === "wasm" ? words.threads(info.threads) : null,
    info.isolated ? words.isolated : words.notIsolated,
    info.backend,
  ]
    .filter((line) => line !== null)
    .join("\n");
  return (
    <span className={styles.item} title={why} aria-description={why}>
      {parts.filter((part) => part !== null && part !== "").join(" · ")}
    </span>
  );
}

function Saved() {
  const savedAt = useRun((run) => run.savedAt);
  const now = useNow(5000);
  if (savedAt === null) return null;
  const seconds = Math.max(0, (now - savedAt) / 1000);
  return <span className={styles.item}>{seconds < 5 ? words.justNow : words.saved(durationText(seconds))}</span>;
}

/** Sentences that are worth a look; a note of the settings and the same note of the run count once. */
function useWarnings(): number {
  const messages = useRun((run) => run.messages);
  const ran = useRun((run) => run.notes);
  const edited = useExperiment((experiment) => experiment.notes);
  const notes = [...ran, ...edited].map((note) => note.message);
  return new Set([
    ...messages.filter((message) => message.level === "warning").map((message) => message.text),
    ...notes,
  ]).size;
}

export function StatusBar() {
  const boot = useRun((run) => run.boot);
  const latest = useRun((run) => run.latest);
  const plan = useRun((run) => run.plan);
  const warnings = useWarnings();
  const status = statusText({ boot, latest });
  return (
    <footer className={styles.bar} aria-label={text.shell.status.label}>
      <span className={styles.item} data-tone={status.tone} data-status={latest?.status ?? boot.status}>
        <span className={styles.dot} aria-hidden="true" />
        {status.text}
      </span>
      {latest !== null && plan !== null && (
        <span className={styles.item}>
          {text.shell.phase(latest.phase, plan.config.algorithm)}{" "}
          {words.step(countText(latest.done), countText(latest.total))}
        </span>
      )}
      {latest !== null && latest.message !== "" && <span className={styles.message}>{latest.message}</span>}
      <span className={styles.gap} />
      <Machine />
      {latest !== null && latest.imagesPerSecond > 0 && (
        <span className={styles.item}>{words.rate(countText(latest.imagesPerSecond))}</span>
      )}
      {latest !== null && latest.memory.bytes > 0 && (
        <span className={styles.item} title={words.tensors(countText(latest.memory.tensors))}>
          {bytesText(latest.memory.bytes)}
        </span>
      )}
      {warnings > 0 && <span className={styles.item}>⚠ {words.warnings(warnings)}</span>}
      <Saved />
    </footer>
  );
}
