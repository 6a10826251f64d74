/** The run as six segments and one line: what the stepper and the progress bar show. */
import { type Phase, phaseIndex, phases } from "@/store/keys";
import type { RunState } from "@/store/run";
import { text } from "@/viz/copy";
import { durationText, percentText } from "@/viz/format";

export interface PhaseSegment {
  readonly phase: Phase;
  readonly name: string;
  readonly state: "done" | "now" | "ahead";
  /** Share of the phase that is done, 0–1. */
  readonly fill: number;
}

export interface ProgressModel {
  readonly segments: readonly PhaseSegment[];
  /** Whole run, 0–100. */
  readonly percent: number;
  readonly percentText: string;
  /** `~2 min`, `2 min – 4 min`, or empty when unknown. */
  readonly eta: string;
  /** What a screen reader hears. */
  readonly valueText: string;
  /** Words of the button that ends the running phase early; null when it cannot be ended. */
  readonly skip: string | null;
}

export function etaText(eta: readonly [number, number] | null): string {
  if (eta === null) return "";
  const [low, high] = [durationText(eta[0]), durationText(eta[1])];
  return low === high ? `~${low}` : `${low} – ${high}`;
}

/** `latest` is null before a run: all segments lie ahead. */
export function progressModel(latest: RunState["latest"]): ProgressModel {
  const now = latest === null ? -1 : phaseIndex(latest.phase);
  const complete = latest?.status === "complete";
  const fill = latest === null || latest.total <= 0 ? 0 : Math.min(1, latest.done / latest.total);
  const segments = phases.map((phase, i): PhaseSegment => {
    const state = complete || i < now ? "done" : i === now ? "now" : "ahead";
    return {
      phase,
      name: text.shell.phases[phase] ?? phase,
      state,
      fill: state === "done" ? 1 : state === "now" ? fill : 0,
    };
  });
  const share = complete ? 1 : (latest?.progress ?? 0);
  const percent = Math.round(100 * Math.min(1, Math.max(0, share)));
  const eta = latest === null || complete ? "" : etaText(latest.eta);
  const name = segments[now]?.name ?? text.shell.bar.notStarted;
  return {
    segments,
    percent,
    percentText: percentText(percent / 100, 0),
    eta,
    valueText: text.shell.bar.progressText(percentText(percent / 100, 0), name, eta),
    skip: latest?.status === "running" || latest?.status === "paused" ? (text.shell.skips[latest.phase] ?? null) : null,
  };
}
