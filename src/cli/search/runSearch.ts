/** One headless run from open to export, over a {@link Driver}: testable with a driver that is not a browser. */
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@/lib/appError";
import { type Cursor, type PageState, type Poll } from "./automation";
import { type Driver, toError } from "./driver";
import type { RunLog } from "./runLog";

/** Looks at the page a second: smooth enough for a bar, nothing for the run to notice. */
const POLL_MS = 250;

export interface ProgressSink {
  update(state: PageState): void;
  say(sentence: string): void;
}

export interface RunOptions {
  readonly progress: ProgressSink;
  readonly log: RunLog | null;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Time between looks; tests pass their own. */
  readonly wait?: () => Promise<void>;
}

export interface RunOutcome {
  /** The architecture file, or null when there was nothing to write yet. */
  readonly text: string | null;
  readonly interrupted: boolean;
}

/** Why the page says that the run cannot go on, or null. */
export function stateError(state: PageState): AppError | null {
  const { error } = state;
  if (error === null || error === undefined) return null;
  if (typeof error === "string") return new AppError("bug", error);
  return toError({ code: error.code ?? "bug", message: error.message ?? "The run failed.", hint: error.hint ?? "" });
}

function advance(cursor: Cursor, poll: Poll): Cursor {
  const last = poll.losses.at(-1);
  return {
    loss: last === undefined ? cursor.loss : [last.phase, last.step],
    candidates: cursor.candidates + poll.candidates.length,
  };
}

/** Waits between looks, cut short by Ctrl-C. */
async function pauseBetween(signal: AbortSignal): Promise<void> {
  await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
}

async function exportWhatThereIs(driver: Driver): Promise<string | null> {
  try {
    return await driver.exportAs("arch");
  } catch {
    return null;
  }
}

/**
 * Open, play, look until it ends, export. After Ctrl-C: pause at the next step boundary and export what there is.
 * Throws an {@link AppError} with the page's own sentence when the run cannot go on.
 */
export async function runSearch(driver: Driver, raw: Readonly<Record<string, string>>, options: RunOptions): Promise<RunOutcome> {
  const { progress, log, signal } = options;
  const wait = options.wait ?? (() => pauseBetween(signal));
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  if (!signal.aborted) await Promise.race([driver.open(raw), aborted]);
  if (signal.aborted) return { text: null, interrupted: true };
  await driver.play();
  let cursor: Cursor = { loss: [-1, -1], candidates: 0 };
  let phase: string | null = null;
  const look = async (): Promise<Poll> => {
    const poll = await driver.poll(cursor, log !== null);
    cursor = advance(cursor, poll);
    if (poll.state.phase !== phase) {
      phase = poll.state.phase;
      log?.phase(poll.state);
    }
    log?.samples(poll);
    progress.update(poll.state);
    return poll;
  };

  while (!signal.aborted) {
    const poll = await look();
    const problem = stateError(poll.state) ?? (poll.ended?.ok === false ? toError(poll.ended) : null);
    if (problem !== null) {
      log?.end(poll.state, problem.message);
      throw problem;
    }
    if (poll.ended !== null || poll.state.complete) break;
    await wait();
  }
  if (signal.aborted) {
    progress.say("Stopping at the next step …");
    await driver.pause();
    const { state } = await look();
    log?.end(state, "interrupted");
    return { text: await exportWhatThereIs(driver), interrupted: true };
  }
  const { state } = await look();
  log?.end(state, null);
  return { text: await driver.exportAs("arch"), interrupted: false };
}
