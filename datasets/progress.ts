/** A progress bar on a terminal; one line a phase anywhere else. */

export interface ProgressLine {
  /** `share` 0–1, or null when the end is not known. */
  update(message: string, share: number | null): void;
  /** Leave the bar and print a line. */
  done(line: string): void;
}

export interface ProgressOutput {
  readonly isTTY: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const WIDTH = 24;
const CLEAR = "\r\u001b[2K";

/** `now` is milliseconds of any clock; the bar is redrawn at most ten times a second. */
export function progressLine(out: ProgressOutput, now: () => number): ProgressLine {
  let lastMessage = "";
  let lastDrawn = -Infinity;
  return {
    update: (message, share) => {
      const isNew = message !== lastMessage;
      lastMessage = message;
      if (!out.isTTY) {
        if (isNew) out.write(`${message}\n`);
        return;
      }
      if (!isNew && share !== 1 && now() - lastDrawn < 100) return;
      lastDrawn = now();
      const filled = Math.round((share ?? 0) * WIDTH);
      const bar =
        share === null
          ? ""
          : `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${String(Math.floor(share * 100)).padStart(3)} %  `;
      out.write(CLEAR + `${bar}${message}`.slice(0, (out.columns ?? 80) - 1));
    },
    done: (line) => {
      lastMessage = "";
      out.write(`${out.isTTY ? CLEAR : ""}${line}\n`);
    },
  };
}
