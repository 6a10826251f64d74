/** A bar with an ETA on a terminal, and a line now and then elsewhere. */
import { formatDuration, type Output } from "@/cli/search/progress";

const terminalEveryMs = 200;
const fileEveryMs = 30_000;

export class StudyProgress {
  private readonly output: Output;
  private readonly now: () => number;
  private part = "";
  private started = 0;
  private startedAt = 0;
  private shown = -Infinity;

  constructor(output: Output, now: () => number) {
    this.output = output;
    this.now = now;
  }

  update(part: string, done: number, total: number, loss: number | null): void {
    const now = this.now();
    if (part !== this.part) [this.part, this.started, this.startedAt, this.shown] = [part, now, done, -Infinity];
    const terminal = this.output.isTTY === true;
    if (done < total && now - this.shown < (terminal ? terminalEveryMs : fileEveryMs)) return;
    this.shown = now;
    const each = done > this.startedAt ? (now - this.started) / (done - this.startedAt) / 1000 : null;
    const text = [
      `${part} ${done}/${total}`,
      each === null ? "ETA –" : `${each < 10 ? `${Math.round(each * 1000)} ms` : `${each.toFixed(1)} s`} each, ETA ${formatDuration(each * (total - done))}`,
      ...(loss === null ? [] : [`loss ${loss.toFixed(3)}`]),
    ].join(", ");
    this.output.write(terminal ? `\r\u001b[2K${text}${done === total ? "\n" : ""}` : `${text}\n`);
  }
}
