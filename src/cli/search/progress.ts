/** What the command shows while it runs: a bar on a terminal, one line a phase elsewhere, nothing when quiet. */
import type { PageState } from "./automation";

/** The part of a stream that is used. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_CELLS = 24;

/** 75 → "1:15", 3675 → "1:01:15". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function formatEta(eta: PageState["etaSeconds"]): string {
  if (eta === null || eta === undefined) return "ETA –";
  if (typeof eta === "number") return Number.isFinite(eta) ? `ETA ${formatDuration(eta)}` : "ETA –";
  const [low, high] = eta;
  return Math.round(low) === Math.round(high) ? `ETA ${formatDuration(high)}` : `ETA ${formatDuration(low)}–${formatDuration(high)}`;
}

/** The bar: phase, progress within it, step, ETA, loss. */
export function formatBar(state: PageState): string {
  const fraction = Math.min(1, Math.max(0, state.phaseProgress ?? 0));
  const filled = Math.round(fraction * BAR_CELLS);
  const step = state.totalSteps === null || state.totalSteps === undefined ? `step ${state.step}` : `step ${state.step}/${state.totalSteps}`;
  const loss = state.metrics?.["loss"];
  return [
    (state.phase ?? "starting").padEnd(11),
    `[${"█".repeat(filled)}${"░".repeat(BAR_CELLS - filled)}]`,
    `${String(Math.floor(fraction * 100)).padStart(3)} %`,
    step,
    formatEta(state.etaSeconds),
    ...(typeof loss === "number" && Number.isFinite(loss) ? [`loss ${loss.toFixed(3)}`] : []),
  ].join("  ");
}

export class Progress {
  readonly #output: Output;
  readonly #isQuiet: boolean;
  #phase: string | null = null;
  #hasBar = false;

  constructor(output: Output, isQuiet: boolean) {
    this.#output = output;
    this.#isQuiet = isQuiet;
  }

  update(state: PageState): void {
    if (this.#isQuiet) return;
    if (this.#output.isTTY === true) {
      const width = Math.max(20, (this.#output.columns ?? 80) - 1);
      this.#output.write(`\r\u001b[2K${formatBar(state).slice(0, width)}`);
      this.#hasBar = true;
      return;
    }
    if (state.phase === null || state.phase === this.#phase) return;
    this.#phase = state.phase;
    this.#output.write(`${state.phase}: ${formatEta(state.etaSeconds)}, on ${String(state.backend)}\n`);
  }

  /** A sentence above the bar. */
  say(sentence: string): void {
    if (this.#isQuiet) return;
    this.clear();
    this.#output.write(`${sentence}\n`);
  }

  /** Take the bar away. */
  clear(): void {
    if (this.#hasBar) this.#output.write("\r\u001b[2K");
    this.#hasBar = false;
  }

  end(sentence: string): void {
    this.say(sentence);
  }
}
