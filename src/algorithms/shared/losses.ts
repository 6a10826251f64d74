/** Losses stay on the device until it is time to look; this remembers which step each belongs to and reads them in batches. */
import { AppError } from "@/lib/appError";
import type { MethodEnv } from "../method";
import type { Phase } from "../phases";

interface Pending {
  readonly phase: Phase;
  readonly step: number;
  readonly lr: number;
  /** Indices into the sampling statistics that this loss belongs to. */
  readonly cells: readonly number[];
}

/** Milliseconds of steps after which losses are read: enough for a live curve, few read-backs. */
const readEveryMs = 120;

export class LossReader {
  private readonly env: MethodEnv;
  private readonly onLoss: (loss: number, cells: readonly number[]) => void;
  private pending: Pending[] = [];
  private lastRead: number;
  private failure: AppError | null = null;

  constructor(env: MethodEnv, onLoss: (loss: number, cells: readonly number[]) => void) {
    this.env = env;
    this.onLoss = onLoss;
    this.lastRead = env.now();
  }

  add(phase: Phase, step: number, lr: number, cells: readonly number[] = []): void {
    this.pending.push({ phase, step, lr, cells });
  }

  due(): boolean {
    return this.env.now() - this.lastRead >= readEveryMs;
  }

  /** Read what is pending and report it. A loss that is not finite throws `train.nan` with its step, now and at every later read. */
  async read(): Promise<void> {
    if (this.failure) throw this.failure;
    if (this.pending.length === 0) return;
    const started = this.env.now();
    const pending = this.pending;
    this.pending = [];
    const losses = await this.env.executor.takeLosses();
    for (const [i, entry] of pending.entries()) this.report(entry, losses[i] as number);
    this.lastRead = this.env.now();
    this.env.spend("read", this.lastRead - started);
  }

  /** Forget what is pending and free it on the device; for a run that ends early, perhaps because the device is gone. */
  async discard(): Promise<void> {
    if (this.pending.length === 0) return;
    this.pending = [];
    await this.env.executor.takeLosses().catch(() => undefined);
  }

  private report({ phase, step, lr, cells }: Pending, loss: number): void {
    this.env.emit({ kind: "loss", step, phase, loss, lr });
    if (!Number.isFinite(loss)) {
      this.failure = new AppError("train.nan", `Loss became ${Number.isNaN(loss) ? "NaN" : "infinite"} at step ${step}.`, {
        step,
        recoverable: true,
        hint: "Resume goes on from the last checkpoint with a learning rate three times lower.",
      });
      throw this.failure;
    }
    this.onLoss(loss, cells);
  }
}
