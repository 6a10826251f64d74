/**
 * One run in the worker: method, loop, frames, checkpoints. Turns what the method reports into frames and knows no method.
 */
import { parseConfig } from "@/algorithms/config";
import { liveKeys, type RunConfig } from "@/algorithms/configKeys";
import type { LatencyTables, Method, MethodEnv, MethodEvent, MethodRun, SavedState, Tick } from "@/algorithms/method";
import { phaseIndex } from "@/algorithms/phases";
import type { DeviceChoice } from "@/engine/device";
import type { LoadedDataset } from "@/engine/dataLoader";
import { Pacer } from "@/engine/pacer";
import { Progress } from "@/engine/progress";
import { type Outcome, RunLoop } from "@/engine/runLoop";
import { AppError } from "@/lib/appError";
import { rootKey } from "@/lib/rng";
import type { Space } from "@/nas/space/types";
import { Mailbox } from "./mailbox";
import { accuracySplits, type CheckpointInfo, type Frame, type LatestState, type RunPlan, type RunStatus, type Until } from "../protocol";
import { type AccuracyPoint, RunRecord } from "./runRecord";
import { toWire } from "../wireError";

export interface RunHostEnv {
  readonly runId: string;
  readonly config: RunConfig;
  readonly method: Method;
  readonly space: Space;
  readonly dataset: LoadedDataset;
  readonly device: DeviceChoice;
  readonly latency: LatencyTables;
  now(): number;
  breathe(): Promise<void>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  send(frame: Frame, transfer: ArrayBuffer[]): void;
  /** Keep the state; called at phase ends and at most once a minute while running. */
  save(host: RunHost): Promise<CheckpointInfo | null>;
  /** Whether another run will take over after this error, so that nobody need be told. */
  survives(error: AppError): boolean;
}

export interface Resumed {
  readonly saved: SavedState;
  readonly record: RunRecord;
}

const offerEveryMs = { slow: 16, normal: 100, fast: 1000 } as const;
const checkpointEveryMs = 60_000;
const memoryEveryMs = 1000;

export class RunHost {
  readonly env: RunHostEnv;
  readonly run: MethodRun;
  readonly plan: RunPlan;
  readonly record: RunRecord;
  private readonly loop: RunLoop;
  private readonly mailbox: Mailbox;
  private readonly progress: Progress;
  private speed: keyof typeof offerEveryMs = "normal";
  private lastOffer = 0;
  private lastSave: number;
  private saving: Promise<unknown> | null = null;
  private split = { data: 0, submit: 0, wait: 0, read: 0 };
  private shownSplit = this.split;
  private memory = { tensors: 0, bytes: 0 };
  private memoryAt = -memoryEveryMs;
  private sampled = 0;
  /** Units done at the last tick, and when: a chunk of the test phase is many units. */
  private counted = { phase: "warmup", done: 0, at: 0 };
  private failed: AppError | null = null;
  private settings: RunConfig;
  private closed = false;
  /** Another run takes over: nothing more is sent. */
  private abandoned = false;
  /** Losses up to this step, and these accuracies, were told by the run before this one. */
  private readonly toldStep: number;
  private readonly toldAccuracies: ReadonlySet<string>;
  private readonly toldAlpha: number;
  private readonly toldCost: number;
  private readonly pacer: Pacer | null;
  /** A finished run is saved once. */
  private kept = false;

  /** `before`: an abandoned run that this one continues under the same name; the page is not told anything twice. */
  constructor(env: RunHostEnv, resumed: Resumed | null, before: RunHost | null = null) {
    this.env = env;
    this.record = resumed?.record ?? new RunRecord();
    this.mailbox = before?.mailbox ?? new Mailbox(env.runId, env.send);
    this.toldStep = Math.max(before?.toldStep ?? 0, before?.record.losses().at(-1)?.step ?? 0);
    this.toldAccuracies = new Set(before ? [...before.toldAccuracies, ...before.record.accuracies().map(nameOf)] : []);
    this.toldAlpha = Math.max(before?.toldAlpha ?? -1, before?.record.alphas().at(-1)?.step ?? -1);
    this.toldCost = Math.max(before?.toldCost ?? -1, before?.record.costs().at(-1)?.step ?? -1);
    this.pacer = env.device.device === "webgpu" ? new Pacer({ now: env.now, fence: () => env.device.executor.idle() }) : null;
    const { config, dataset } = env;
    this.settings = config;
    const methodEnv: MethodEnv = {
      config,
      space: env.space,
      executor: env.device.executor,
      latency: env.latency,
      data: dataset.data,
      key: rootKey(config.seed),
      now: env.now,
      emit: (event) => this.onEvent(event),
      spend: (kind, ms) => (this.split[kind] += ms),
    };
    this.run = env.method.start(methodEnv, resumed?.saved ?? null);
    this.progress = new Progress(this.run.totals, this.run.unitImages);
    this.loop = new RunLoop(this.run, { now: env.now, breathe: env.breathe, sleep: env.sleep, pace: () => this.pace(), onTick: (tick, ms) => this.onTick(tick, ms) });
    this.lastSave = env.now();
    const { data } = dataset;
    const records = this.run.records ?? { weights: data.weights, validation: data.architecture };
    this.plan = {
      runId: env.runId,
      config,
      totals: this.run.totals,
      splits: {
        weights: records.weights.length,
        validation: records.validation.length,
        test: data.test.count,
        evalImages: Math.min(records.validation.length, config["eval.images"] ?? records.validation.length),
        recalibration: Math.min(records.weights.length, config["bn.recal"] * config["train.batch"]),
      },
    };
    if (resumed && !before) this.replay();
    this.offer(true);
  }

  async play(until: Until | null): Promise<Outcome> {
    return this.guard(() => this.loop.play(until));
  }

  async step(count: number): Promise<number> {
    await this.guard(() => this.loop.step(count));
    return this.run.status().step;
  }

  async pause(): Promise<number> {
    await this.loop.pause();
    if (!this.failed) await this.guard(() => Promise.resolve());
    return this.run.status().step;
  }

  /** Stop and release everything. Frames end with status `stopped`. */
  async close(): Promise<void> {
    this.closed = true;
    try {
      await this.loop.abort();
      this.deliver();
      await this.saving;
    } finally {
      this.run.dispose();
    }
  }

  /** The device is gone and another run will go on: says nothing, frees what can be freed. */
  async abandon(error: AppError): Promise<void> {
    this.silence(error);
    try {
      await this.loop.abort();
      await this.saving;
      this.run.dispose();
    } catch {
      // Nothing on a device that is gone needs to be freed.
    }
  }

  /** Something outside the run broke (device lost, validation error): nothing computed from here on may be shown. */
  async fail(error: AppError): Promise<void> {
    if (this.failed && !this.abandoned) return;
    this.failed = error;
    this.abandoned = false;
    this.mailbox.append({ kind: "error", error: toWire(error) });
    this.deliver();
    await this.loop.abort();
  }

  ack(): void {
    this.mailbox.ack();
  }

  setSpeed(speed: keyof typeof offerEveryMs): void {
    this.speed = speed;
    this.loop.slow = speed === "slow";
  }

  note(level: "info" | "warning", message: string): void {
    this.mailbox.append({ kind: "note", level, message, step: this.run.status().step });
    this.offer(true);
  }

  /** The configuration as it stands, live settings included: what a checkpoint and a reset go on with. */
  get config(): RunConfig {
    return this.settings;
  }

  /** Take over live settings, clamped like any configuration. */
  setLive(values: Partial<RunConfig>): void {
    const { config } = parseConfig({ ...this.settings, ...values }, "clamp");
    const taken = Object.fromEntries(liveKeys.filter((key) => key in values || config[key] !== this.settings[key]).map((key) => [key, config[key]]));
    this.settings = { ...this.settings, ...taken };
    this.run.setLive(taken);
  }

  get status(): RunStatus {
    return this.failed ? "error" : this.loop.state;
  }

  /** Work between ticks (a question, an export) must not overlap a step: stand still, do it, go on as before. */
  async between<T>(work: () => Promise<T>): Promise<T> {
    return this.loop.between(work);
  }

  async saveNow(): Promise<CheckpointInfo | null> {
    this.lastSave = this.env.now();
    const saving = this.env.save(this);
    this.saving = saving.catch(() => null);
    const info = await saving;
    if (info) this.mailbox.append({ kind: "checkpoint", checkpoint: info });
    return info;
  }

  private silence(error: AppError): void {
    this.failed = error;
    this.abandoned = true;
    this.mailbox.hold();
  }

  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      if (this.failed) throw this.failed;
      const outcome = await work();
      if (this.failed) throw this.failed;
      if (!this.closed) {
        await this.loop.between(() => this.rest());
        this.deliver();
      }
      return outcome;
    } catch (cause) {
      if (!this.failed && cause instanceof AppError && this.env.survives(cause)) this.silence(cause);
      if (!this.failed) {
        const error = toWire(cause);
        this.failed = cause instanceof AppError ? cause : new AppError(error.code, error.message, { cause });
        this.mailbox.append({ kind: "error", error });
      }
      this.deliver();
      throw cause;
    }
  }

  /** What the page may read once a command is answered: all losses; and a finished run is kept. */
  private async rest(): Promise<void> {
    await this.run.settle();
    if (this.loop.state === "complete" && !this.kept) {
      this.kept = true;
      await this.saveQuietly();
    }
  }

  /** A GPU must not be given more than a pause may wait for. */
  private async pace(): Promise<void> {
    if (this.pacer) this.split.wait += await this.pacer.submitted();
  }

  private async onTick(tick: Tick, unitMs: number): Promise<void> {
    const status = this.run.status();
    const units = status.phase === this.counted.phase ? status.done - this.counted.done : 0;
    if (tick.boundary === "chunk" && units > 0) this.progress.observe(status.phase, (this.env.now() - this.counted.at) / units);
    if (tick.boundary === "step") {
      this.progress.observe(status.phase, unitMs / Math.max(1, units));
      this.sampled++;
    }
    if (tick.boundary === "phase" || this.env.now() - this.lastSave >= checkpointEveryMs) {
      // Apart from saving: what goes wrong in here is the run's, not the disk's.
      await this.run.settle();
      await this.saveQuietly();
    }
    this.offer(tick.boundary === "phase");
    this.counted = { phase: status.phase, done: status.done, at: this.env.now() };
  }

  /** A checkpoint that fails (full disk) is a note; the run goes on. */
  private async saveQuietly(): Promise<void> {
    try {
      await this.saveNow();
    } catch (cause) {
      const { code, message } = toWire(cause);
      if (code.startsWith("gpu.")) throw cause;
      const text = code === "storage.quota" ? "Couldn't save: browser storage is full. The run continues; export now or delete old data." : `Couldn't save a checkpoint: ${message}`;
      this.mailbox.append({ kind: "note", level: "warning", message: text, step: this.run.status().step });
    }
  }

  private onEvent(event: MethodEvent): void {
    const { step } = this.run?.status() ?? { step: 0 };
    switch (event.kind) {
      case "phase":
        this.mailbox.append({ kind: "phase", phase: event.phase, step, total: event.total });
        return;
      case "loss": {
        const point = { step: event.step, phase: phaseIndex(event.phase), loss: event.loss, lr: event.lr };
        this.record.addLoss(point);
        if (event.step > this.toldStep) this.mailbox.addLoss(point);
        return;
      }
      case "accuracy": {
        const point = { step: event.step, phase: phaseIndex(event.phase), split: accuracySplits.indexOf(event.split), accuracy: event.accuracy.value, n: event.accuracy.n };
        this.record.addAccuracy(point);
        if (!this.toldAccuracies.has(nameOf(point))) this.mailbox.addAccuracy(point);
        return;
      }
      case "alpha": {
        const { step: at, values } = event;
        this.record.addAlpha({ step: at, values });
        // The mailbox gives its arrays away.
        if (at > this.toldAlpha) this.mailbox.addAlpha({ step: at, values: values.slice() });
        return;
      }
      case "cost": {
        const { step: at, expected, tau } = event;
        this.record.addCost({ step: at, expected, tau });
        if (at > this.toldCost) this.mailbox.addCost({ step: at, expected, tau });
        return;
      }
      case "note":
        this.mailbox.append({ kind: "note", level: event.level, message: event.message, step });
        return;
      case "candidate":
      case "generation":
      case "report":
        this.mailbox.append(event);
        return;
      default:
        event satisfies never;
    }
  }

  /** After a resume the page gets the whole history again. */
  private replay(): void {
    for (const point of this.record.losses()) this.mailbox.addLoss(point);
    for (const point of this.record.accuracies()) this.mailbox.addAccuracy(point);
    for (const { step, values } of this.record.alphas()) this.mailbox.addAlpha({ step, values: values.slice() });
    for (const point of this.record.costs()) this.mailbox.addCost(point);
    for (const candidate of this.run.candidates()) this.mailbox.append({ kind: "candidate", candidate });
  }

  private offer(now: boolean): void {
    if (this.abandoned) return;
    const time = this.env.now();
    if (!now && time - this.lastOffer < offerEveryMs[this.speed]) return;
    this.lastOffer = time;
    this.mailbox.offer(() => this.latest());
  }

  private deliver(): void {
    if (this.abandoned) return;
    this.lastOffer = this.env.now();
    this.mailbox.deliver(() => this.latest());
  }

  private latest(): LatestState {
    const status = this.run.status();
    const paths = this.run.paths();
    const { phase, done, total } = status;
    const time = this.env.now();
    if (time - this.memoryAt >= memoryEveryMs) {
      this.memory = this.env.device.executor.memory();
      this.memoryAt = time;
    }
    if (Object.values(this.split).some((ms) => ms > 0)) this.shownSplit = this.split;
    this.split = { data: 0, submit: 0, wait: 0, read: 0 };
    const { sampled } = this;
    this.sampled = 0;
    const unitMs = this.progress.unitMs(phase);
    return {
      phase,
      step: status.step,
      status: this.status,
      done,
      total,
      generation: status.generation,
      eta: this.status === "complete" ? [0, 0] : this.progress.eta(phase, done),
      progress: this.status === "complete" ? 1 : this.progress.share(phase, done),
      metrics: { loss: status.lastLoss, lr: status.lastLr, ...this.run.metrics() },
      stepMs: unitMs,
      imagesPerSecond: unitMs > 0 ? this.imagesPerUnit(phase) / (unitMs / 1000) : 0,
      split: this.shownSplit,
      memory: this.memory,
      path: paths.path.slice(),
      sampled,
      counts: paths.counts.slice(),
      expected: paths.expected.slice(),
      lossSum: paths.lossSum.slice(),
      lossSquares: paths.lossSquares.slice(),
      pairs: paths.pairs.slice(),
      rejected: this.run.rejected(),
      message: status.message,
    };
  }

  private imagesPerUnit(phase: LatestState["phase"]): number {
    if (phase === "supernet") return this.env.config["train.batch"];
    if (phase === "retrain") return this.env.config["retrain.batch"];
    return this.run.unitImages[phase];
  }
}

/** What tells one accuracy of a run from another. */
function nameOf({ phase, split, step }: AccuracyPoint): string {
  return `${phase}/${split}/${step}`;
}
