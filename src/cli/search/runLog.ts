/** `--log`: one JSON line per phase, candidate and loss sample, flushed as it happens. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { PHASES, type PageState, type Poll } from "./automation";

export interface RunLog {
  phase(state: PageState): void;
  samples(poll: Poll): void;
  /** The last line: metrics, and why it ended early, if it did. */
  end(state: PageState, reason: string | null): void;
  close(): void;
}

/** Truncates the file; `now` is injected for the time stamps. */
export function openRunLog(file: string, now: () => Date): RunLog {
  mkdirSync(path.dirname(file), { recursive: true });
  const descriptor = openSync(file, "w");
  const line = (event: string, fields: Readonly<Record<string, unknown>>): void => {
    writeSync(descriptor, `${JSON.stringify({ time: now().toISOString(), event, ...fields })}\n`);
  };
  return {
    phase: ({ phase, step, totalSteps, backend }) => line("phase", { phase, step, totalSteps, backend }),
    samples: ({ losses, candidates }) => {
      for (const { phase, step, loss, lr } of losses) line("loss", { phase: PHASES[phase] ?? phase, step, loss, lr });
      for (const candidate of candidates) line("candidate", { candidate });
    },
    end: ({ phase, step, metrics, backend, complete }, reason) => line("end", { phase, step, backend, complete, reason, metrics }),
    close: () => closeSync(descriptor),
  };
}
