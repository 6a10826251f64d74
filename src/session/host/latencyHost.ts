/** The worker's latency tables: which device this is, tables kept of it and of others, and measuring outside of a run's own warm-up. */
import type { RunConfig } from "@/algorithms/configKeys";
import type { LatencyTables } from "@/algorithms/method";
import { KeptTables, memoryTexts, type TextKeeper } from "@/algorithms/shared/keptTables";
import { type Measured, type MeasureProgress, measureTicks } from "@/algorithms/shared/latencyTable";
import type { DeviceChoice } from "@/engine/device";
import { AppError } from "@/lib/appError";
import { rootKey } from "@/lib/rng";
import type { LatencyTable } from "@/nas/latency/table";
import { isBadReading } from "@/nas/latency/tableJson";
import { makeSpace } from "@/nas/space/registry";
import type { FromWorker } from "../protocol";

export interface LatencyHostEnv {
  /** Null: tables last as long as the worker. */
  readonly storage: TextKeeper | null;
  readonly app: string;
  now(): number;
  /** Lets messages in. */
  breathe(): Promise<void>;
  post(message: FromWorker): void;
}

/** Work while whatever runs stands still. */
export type Between = <T>(work: () => Promise<T>) => Promise<T>;

type Measuring = AsyncGenerator<MeasureProgress, Measured>;

/** The page is told at most so often, and a run that plays waits no longer for its next tick. */
const reportEveryMs = 100;

/** Printable ASCII only: a label is a value of the setup, too. */
const plain = (name: string): string => name.replace(/[^\x20-\x7e]/g, "").trim().slice(0, 100);

/** What tables call the device: the adapter with its backend, else the backend with its threads. */
export function latencyDevice({ backend, device, adapter, threads, executor }: Pick<DeviceChoice, "backend" | "device" | "adapter" | "threads" | "executor">): LatencyTables["device"] {
  // Elsewhere the adapter is one that is not used.
  const name = device === "webgpu" ? plain(adapter ?? "") : "";
  const [vendor = "", ...rest] = name.split(" ");
  const worked = device === "wasm" ? ` ${threads} thread${threads === 1 ? "" : "s"}` : "";
  return { label: name === "" ? `${backend}${worked}` : `${name} ${backend}`, vendor, architecture: rest.join(" "), backend, executor: executor.kind, threads };
}

export class LatencyHost {
  private readonly env: LatencyHostEnv;
  private readonly storage: TextKeeper;
  private measuring: { readonly stop: AbortController; readonly ended: Promise<unknown> } | null = null;

  constructor(env: LatencyHostEnv) {
    this.env = env;
    this.storage = env.storage ?? memoryTexts();
  }

  /** The tables as runs on this device use them. */
  tables(device: DeviceChoice): LatencyTables {
    return new KeptTables(this.storage, latencyDevice(device), this.env.app);
  }

  table(device: DeviceChoice, config: RunConfig): Promise<LatencyTable | null> {
    return this.tables(device).load(makeSpace(config.space, config.size), config["fbnet.tableBatch"], config["fbnet.device"]);
  }

  async devices(device: DeviceChoice, config: RunConfig): Promise<readonly string[]> {
    const tables = this.tables(device);
    const { label } = tables.device;
    const kept = await tables.labels(makeSpace(config.space, config.size), config["fbnet.tableBatch"]);
    return [label, ...kept.filter((other) => other !== label)];
  }

  async keep(device: DeviceChoice, table: LatencyTable): Promise<void> {
    if ([...table.entries, ...table.fixed].some(isBadReading)) throw new AppError("config.invalid", "The latency table has times that are not above 0; it was not kept.", { recoverable: true });
    await this.tables(device).save(table);
  }

  /**
   * Measures this device, in slices between the ticks of a run that plays, and keeps the table. A measurement under way is cancelled. With `keys` only
   * these are measured into the kept table; without one, everything.
   */
  async measure(device: DeviceChoice, config: RunConfig, keys: readonly string[] | null, between: Between): Promise<Measured> {
    // Known from the first moment on: a run that is opened right now must find it.
    const before = this.cancel();
    const stop = new AbortController();
    const work = before.then(() => this.measureNow(device, config, keys, between, stop.signal));
    const mine = { stop, ended: work.catch(() => undefined) };
    this.measuring = mine;
    try {
      return await work;
    } finally {
      if (this.measuring === mine) this.measuring = null;
    }
  }

  /** Ends what is being measured; resolves when nothing of it is left on the device. */
  async cancel(): Promise<void> {
    this.measuring?.stop.abort();
    await this.measuring?.ended;
  }

  private async measureNow(device: DeviceChoice, config: RunConfig, keys: readonly string[] | null, between: Between, signal: AbortSignal): Promise<Measured> {
    const { now, breathe, app } = this.env;
    const space = makeSpace(config.space, config.size);
    const batch = config["fbnet.tableBatch"];
    const tables = this.tables(device);
    const base = keys && (await tables.load(space, batch, null));
    const again = keys && base ? { keys, base } : null;
    const measuring = measureTicks({ executor: device.executor, space, device: tables.device, batch, app, again, key: rootKey(config.seed).fold("latency"), now: () => now() });
    try {
      for (;;) {
        if (signal.aborted) throw new AppError("cancelled", "Measuring was cancelled.", { recoverable: true });
        const next = await between(() => this.slice(measuring));
        if (next.done) {
          await tables.save(next.value.table);
          return next.value;
        }
        const { done, total, table } = next.value;
        this.env.post({ kind: "latencyProgress", table: table(), done, total });
        await breathe();
      }
    } finally {
      await measuring.return(undefined as never);
    }
  }

  /** Readings for a tenth of a second. */
  private async slice(measuring: Measuring): Promise<IteratorResult<MeasureProgress, Measured>> {
    const from = this.env.now();
    for (;;) {
      const next = await measuring.next();
      if (next.done === true || this.env.now() - from >= reportEveryMs) return next;
    }
  }
}
