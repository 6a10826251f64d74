/**
 * The worker's device: chosen at boot, watched, and replaced once when a GPU is taken away (driver reset, sleep). The run then goes on from
 * its last snapshot in memory, a minute old at most. A device that is lost again before anything more was kept ends the run.
 */
import type { BackendChoice } from "@/algorithms/configKeys";
import { chooseDevice, type DeviceChoice, type DeviceEnv } from "@/engine/device";
import { AppError } from "@/lib/appError";
import type { CheckpointContent } from "@/persist/checkpoints";
import { placeOf } from "./checkpointing";

export interface DeviceHostEnv {
  readonly device: Omit<DeviceEnv, "onFatal">;
  /** Alone, between two openings. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing may be computed on the lost device any more. */
  onLost(error: AppError): Promise<void>;
  /** There is another one: whatever ran goes on from the snapshot, or from its start. */
  onReplaced(snapshot: CheckpointContent | null): void;
  /** There is none; the run has ended with this error. */
  onEnd(error: AppError): void;
}

export class DeviceHost {
  private readonly env: DeviceHostEnv;
  private chosen: DeviceChoice | null = null;
  /** Identity of the device that may report errors: one that was replaced has nothing more to say. */
  private newest: object | null = null;
  private threads = 0;
  /** What ended the device; only a fresh worker gets another. */
  private broken: AppError | null = null;
  private replacing: Promise<void> | null = null;
  private snapshot: CheckpointContent | null = null;
  /** Where the run went on after the last loss; null before any. */
  private wentOnFrom: string | null = null;

  constructor(env: DeviceHostEnv) {
    this.env = env;
  }

  /** Starts a backend; the one before is freed. `threads`: 0 = automatic. */
  async start(backend: BackendChoice, threads: number): Promise<DeviceChoice> {
    disposeQuietly(this.chosen);
    this.chosen = null;
    this.threads = threads;
    this.chosen = await chooseDevice(backend, this.newEnv());
    return this.chosen;
  }

  /** The device. Throws what ended it, or `backend.unavailable` before the boot. */
  get current(): DeviceChoice {
    if (this.broken) throw this.broken;
    if (!this.chosen) throw new AppError("backend.unavailable", "No backend has started yet.", { recoverable: true });
    return this.chosen;
  }

  /** Another run begins: what was kept of the one before is of no use to it. */
  forget(): void {
    this.snapshot = this.wentOnFrom = null;
  }

  /** What a run would go on from. Only a GPU can be lost; elsewhere a second copy would only take memory. */
  keep(snapshot: CheckpointContent): void {
    if (this.chosen?.backend === "webgpu") this.snapshot = snapshot;
  }

  /** Whether this error is a loss that is being repaired, or may be. The reference executor shares its device with tfjs, which cannot change it. */
  survives(error: unknown): error is AppError {
    if (!(error instanceof AppError) || error.code !== "gpu.lost" || this.broken) return false;
    return this.replacing !== null || (this.chosen?.backend === "webgpu" && this.wentOnFrom !== this.place());
  }

  /** Work on the device; done again on the next one when this one is lost meanwhile. */
  async surviving<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (cause) {
        if (!this.survives(cause)) throw cause;
        await this.replace(cause);
      }
    }
  }

  private newEnv(): DeviceEnv {
    const mine = {};
    this.newest = mine;
    return { ...this.env.device, threads: this.threads, onFatal: (error) => (this.newest === mine ? this.fatal(error) : undefined) };
  }

  private fatal(error: AppError): void {
    if (this.survives(error)) void this.replace(error).catch(() => undefined);
    else this.end(error);
  }

  private end(error: AppError): void {
    this.broken ??= error;
    this.env.onEnd(error);
  }

  /** Rejects with the loss when there is no other device. */
  private replace(error: AppError): Promise<void> {
    this.replacing ??= this.env.inTurn(() => this.rebuild(error)).finally(() => (this.replacing = null));
    return this.replacing;
  }

  private async rebuild(error: AppError): Promise<void> {
    const lost = this.current;
    this.wentOnFrom = this.place();
    await this.env.onLost(error);
    disposeQuietly(lost);
    try {
      this.chosen = await this.reopen(lost);
      this.env.onReplaced(this.snapshot);
    } catch {
      this.end(error);
      throw error;
    }
  }

  /** Another device of the same kind; a software adapter is no substitute for hardware. */
  private async reopen(lost: DeviceChoice): Promise<DeviceChoice> {
    const device = await chooseDevice("webgpu", this.newEnv());
    if (device.hardware === lost.hardware) return { ...device, reason: lost.reason };
    disposeQuietly(device);
    throw new AppError("backend.unavailable", "The GPU did not come back.", { recoverable: true });
  }

  private place(): string {
    return this.snapshot === null ? "start" : placeOf(this.snapshot);
  }
}

/** A device that is gone cannot be freed; what can be, is. */
function disposeQuietly(device: DeviceChoice | null): void {
  try {
    device?.executor.dispose();
  } catch {
    // Lost.
  }
}
