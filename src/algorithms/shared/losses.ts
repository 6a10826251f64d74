/**
 * Losses and architecture weights stay on the device until it is time to look; this remembers which step each belongs to and reads them in
 * batches.
 */
import { AppError } from "@/lib/appError";
import type { MethodEnv } from "../method";
import type { Phase } from "../phases";

interface Pending {
  readonly phase: Phase;
  readonly step: number;
  /** Null: a pass inside a step whose loss is not reported, but must be finite. */
  readonly lr: number | null;
  /** Indices into the sampling statistics that this loss belongs to. */
  readonly cells: readonly number[];
}

interface PendingAlpha {
  readonly step: number;
  readonly values: Promise<readonly Float32Array[]>;
}

/** Milliseconds of steps after which losses are read: enough for a live curve, few read-backs. */
const readEveryMs = 120;

export class LossReader {
  private readonly env: MethodEnv;
  private readonly onLoss: (loss: number, cells: readonly number[]) => void;
  private readonly onAlpha: (values: readonly Float32Array[], step: number) => void;
  private pending: Pending[] = [];
  private alphas: PendingAlpha[] = [];
  private lastRead: number;
  private failure: AppError | null = null;

  constructor(env: MethodEnv, onLoss: (loss: number, cells: readonly number[]) => void, onAlpha: (values: readonly Float32Array[], step: number) => void = () => undefined) {
    this.env = env;
    this.onLoss = onLoss;
    this.onAlpha = onAlpha;
    this.lastRead = env.now();
  }

  add(phase: Phase, step: number, lr: number, cells: readonly number[] = []): void {
    this.pending.push({ phase, step, lr, cells });
  }

  /** So many losses of the executor come before the step's own. */
  addInner(phase: Phase, step: number, passes: number): void {
    for (let i = 0; i < passes; i++) this.pending.push({ phase, step, lr: null, cells: [] });
  }

  /** Architecture weights by group as they are once everything submitted is done; asked for now, looked at with the losses. */
  addAlpha(step: number, values: Promise<readonly Float32Array[]>): void {
    // Whoever discards must not leave a rejection that nobody hears.
    values.catch(() => undefined);
    this.alphas.push({ step, values });
  }

  due(): boolean {
    return this.env.now() - this.lastRead >= readEveryMs;
  }

  /** Read what is pending and report it. What is not finite throws `train.nan` with its step, now and at every later read. */
  async read(): Promise<void> {
    if (this.failure) throw this.failure;
    if (this.pending.length === 0 && this.alphas.length === 0) return;
    const started = this.env.now();
    const [pending, alphas] = [this.pending, this.alphas];
    this.pending = [];
    this.alphas = [];
    const losses = pending.length > 0 ? await this.env.executor.takeLosses() : new Float32Array(0);
    for (const [i, entry] of pending.entries()) this.report(entry, losses[i] as number);
    for (const { step, values } of alphas) this.reportAlpha(step, await values);
    this.lastRead = this.env.now();
    this.env.spend("read", this.lastRead - started);
  }

  /** Forget what is pending and free it on the device; for a run that ends early, perhaps because the device is gone. */
  async discard(): Promise<void> {
    this.alphas = [];
    if (this.pending.length === 0) return;
    this.pending = [];
    await this.env.executor.takeLosses().catch(() => undefined);
  }

  private report({ phase, step, lr, cells }: Pending, loss: number): void {
    if (lr !== null) this.env.emit({ kind: "loss", step, phase, loss, lr });
    if (!Number.isFinite(loss)) throw this.fail(`${lr === null ? "The loss inside the step" : "Loss"} became ${Number.isNaN(loss) ? "NaN" : "infinite"} at step ${step}.`, step);
    if (lr !== null) this.onLoss(loss, cells);
  }

  private reportAlpha(step: number, groups: readonly Float32Array[]): void {
    const values = new Float32Array(groups.reduce((n, group) => n + group.length, 0));
    let at = 0;
    for (const group of groups) {
      values.set(group, at);
      at += group.length;
    }
    if (!values.every(Number.isFinite)) throw this.fail(`An architecture weight (α) stopped being a number by step ${step}.`, step);
    this.env.emit({ kind: "alpha", step, values });
    this.onAlpha(groups, step);
  }

  private fail(message: string, step: number): AppError {
    this.failure = new AppError("train.nan", message, {
      step,
      recoverable: true,
      hint: "Resume goes on from the last checkpoint with a learning rate three times lower.",
    });
    return this.failure;
  }
}
