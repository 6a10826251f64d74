/** Losses stay on the device until it is time to look; this remembers which step each belongs to and reads them in batches. */
import { AppError } from "@/lib/appError";
import type { MethodEnv } from "../method";
import type { Phase } from "../phases";

interface Pending {
  readonly step: number;
  readonly lr: number;
  /** Indices into the sampling statistics that this loss belongs to. */
  readonly cells: readonly number[];
}

/** Milliseconds of steps after which losses are read: enough for a live curve, few read-backs. */
const readEveryMs = 120;

export class LossReader {
  private readonly env: MethodEnv;
  private readonly phase: Phase;
  private readonly onLoss: (loss: number, cells: readonly number[]) => void;
  private pending: Pending[] = [];
  private lastRead: number;
  last: number | null = null;

  constructor(env: MethodEnv, phase: Phase, onLoss: (loss: number, cells: readonly number[]) => void = () => undefined) {
    this.env = env;
    this.phase = phase;
    this.onLoss = onLoss;
    this.lastRead = env.now();
  }

  add(step: number, lr: number, cells: readonly number[] = []): void {
    this.pending.push({ step, lr, cells });
  }

  due(): boolean {
    return this.env.now() - this.lastRead >= readEveryMs;
  }

  /** Read what is pending and report it; a loss that is not finite ends the run at its step. */
  async read(): Promise<void> {
    if (this.pending.length === 0) return;
    const started = this.env.now();
    const pending = this.pending;
    this.pending = [];
    const losses = await this.env.executor.takeLosses();
    for (const [i, entry] of pending.entries()) {
      const loss = losses[i] as number;
      this.env.emit({ kind: "loss", step: entry.step, phase: this.phase, loss, lr: entry.lr });
      if (!Number.isFinite(loss)) {
        throw new AppError("train.nan", `Loss became ${Number.isNaN(loss) ? "NaN" : "infinite"} at step ${entry.step}.`, {
          step: entry.step,
          recoverable: true,
          hint: "Resume from the last checkpoint with a learning rate three times lower.",
        });
      }
      this.last = loss;
      this.onLoss(loss, entry.cells);
    }
    this.lastRead = this.env.now();
    this.env.spend("read", this.lastRead - started);
  }
}
