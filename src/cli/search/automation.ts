/** What the command knows of `window.nasPlayground`: a narrow view of the page's automation interface, nothing more. */

/** `state()`, read defensively: the page is another program. */
export interface PageState {
  readonly phase: string | null;
  readonly step: number;
  readonly totalSteps: number | null;
  /** 0–1 within the phase. */
  readonly phaseProgress: number | null;
  readonly etaSeconds: number | readonly [number, number] | null;
  readonly metrics: Readonly<Record<string, unknown>> | null;
  readonly backend: unknown;
  readonly error: string | { readonly code?: string; readonly message?: string; readonly hint?: string | null } | null;
  readonly complete: boolean;
}

/** Columns of equal length. */
export type Columns = Readonly<Record<string, ArrayLike<number>>>;

export interface Automation {
  readonly version: string;
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
  open(config: unknown, options?: { readonly strict?: boolean }): Promise<unknown>;
  play(): Promise<unknown>;
  pause(): Promise<unknown>;
  state(): PageState;
  history(channel: string): Columns;
  candidates(): readonly unknown[];
  exportAs(format: string): Promise<unknown>;
}

/** How a call in the page ended; errors lose their fields when they cross, so they cross as data. */
export type Crossed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string; readonly message: string; readonly hint: string };

export interface LossSample {
  readonly phase: number;
  readonly step: number;
  readonly loss: number;
  readonly lr: number;
}

/** One look at the page. */
export interface Poll {
  readonly state: PageState;
  /** How `play()` ended, or null while it runs. */
  readonly ended: Crossed<null> | null;
  /** Loss samples and candidates that were not there at the last look; empty without a log. */
  readonly losses: readonly LossSample[];
  readonly candidates: readonly unknown[];
}

/** Where the last look ended. */
export interface Cursor {
  /** Last loss sample seen, as [phase, step]. */
  readonly loss: readonly [number, number];
  readonly candidates: number;
}

/** Phase names by index, as in the `phase` column of a history channel. */
export const PHASES = ["warmup", "supernet", "recalibrate", "search", "retrain", "test"] as const;
