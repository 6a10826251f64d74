/** The run as segments, one a phase that has work, and one line: what the stepper and the progress bar show. */
import { type Phase, phaseIndex, phases, type RunConfig } from "@/store/keys";
import { searchesNothing, searchKind } from "@/store/methods";
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

export interface ProgressInput {
  readonly latest: RunState["latest"];
  /** Of the run, or of the experiment before there is one. */
  readonly config: Pick<RunConfig, "algorithm" | "retrain.arch">;
  /** Work planned a phase; null before the run is opened. */
  readonly totals: Readonly<Record<Phase, number>> | null;
}

/** Whether a phase has work: by the plan, or, before there is one, by what the method does. */
function hasWork(phase: Phase, { config, totals }: ProgressInput): boolean {
  if (totals !== null) return totals[phase] > 0;
  if (searchesNothing(config)) return phase === "warmup" || phase === "retrain" || phase === "test";
  return phase !== "recalibrate" || searchKind(config) === "sampled";
}

/** `latest` is null before a run: all segments lie ahead. */
export function progressModel(input: ProgressInput): ProgressModel {
  const { latest, config } = input;
  const nameOf = (phase: Phase): string => text.shell.phase(phase, config.algorithm);
  const now = latest === null ? -1 : phaseIndex(latest.phase);
  const complete = latest?.status === "complete";
  const fill = latest === null || latest.total <= 0 ? 0 : Math.min(1, latest.done / latest.total);
  const segments = phases
    .filter((phase) => hasWork(phase, input))
    .map((phase): PhaseSegment => {
      const at = phaseIndex(phase);
      const state = complete || at < now ? "done" : at === now ? "now" : "ahead";
      return { phase, name: nameOf(phase), state, fill: state === "done" ? 1 : state === "now" ? fill : 0 };
    });
  const share = complete ? 1 : (latest?.progress ?? 0);
  const percent = Math.round(100 * Math.min(1, Math.max(0, share)));
  const eta = latest === null || complete ? "" : etaText(latest.eta);
  const name = latest === null ? text.shell.bar.notStarted : nameOf(latest.phase);
  const canSkip = latest?.status === "running" || latest?.status === "paused";
  return {
    segments,
    percent,
    percentText: percentText(percent / 100, 0),
    eta,
    valueText: text.shell.bar.progressText(percentText(percent / 100, 0), name, eta),
    skip: canSkip ? text.shell.skip(latest.phase, config.algorithm) : null,
  };
}
