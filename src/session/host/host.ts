/**
 * The worker's side of the session: answers commands, owns device, data and the current run. Everything impure is injected, so the
 * same host runs in a worker, in a test and in Node.
 */
import type { RunConfig } from "@/algorithms/configKeys";
import { methodOf } from "@/algorithms/methods";
import type { DeviceEnv } from "@/engine/device";
import type { LoadedDataset } from "@/engine/dataLoader";
import { AppError } from "@/lib/appError";
import { version } from "@/lib/version";
import { makeSpace } from "@/nas/space/registry";
import type { SizeId } from "@/nas/space/types";
import type { Executor } from "@/nn/executor";
import type { CheckpointContent, CheckpointStore } from "@/persist/checkpoints";
import { protocolVersion, type BootInfo, type CheckpointInfo, type Command, type CommandName, type Commands, type FromWorker, type ToWorker } from "../protocol";
import { toWire } from "../wireError";
import { calibrate } from "./calibration";
import { listRuns, loadRun, type ResumableRun, resumableOf, saveRun, takeSnapshot } from "./checkpointing";
import { DataHost, infoOf, type DataHostEnv } from "./dataHost";
import { DeviceHost } from "./deviceHost";
import { LatencyHost } from "./latencyHost";
import { classify, exportWeights } from "./modelFiles";
import { RunHost } from "./runHost";
import type { TruthHost } from "./truthHost";

export interface HostEnv {
  readonly build: string;
  readonly device: Omit<DeviceEnv, "onFatal" | "threads" | "isolated">;
  readonly data: Omit<DataHostEnv, "onLoad" | "onImport">;
  readonly checkpoints: CheckpointStore | null;
  readonly truth: TruthHost;
  readonly isolated: boolean;
  post(message: FromWorker, transfer: Transferable[]): void;
  now(): number;
  breathe(): Promise<void>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  newId(): string;
}

/** A run, whatever computes it. */
interface Opening {
  readonly runId: string;
  readonly config: RunConfig;
  readonly dataset: LoadedDataset;
}

type Handlers = { [K in CommandName]: (args: Commands[K]["args"]) => Promise<Commands[K]["result"]> };

/** Commands that open, close or boot: one after the other. */
const opening: ReadonlySet<CommandName> = new Set(["boot", "open", "reset", "resume", "cancel"]);

export class Host {
  private readonly env: HostEnv;
  private readonly data: DataHost;
  private readonly device: DeviceHost;
  private readonly latency: LatencyHost;
  private run: RunHost | null = null;
  private speed: Commands["speed"]["args"]["mode"] = "normal";
  private readonly handlers: Handlers;
  /** Opening, closing and booting, one after the other; other commands wait for what is under way. Never rejects. */
  private lifecycle: Promise<unknown> = Promise.resolve();
  /** Pauses so far: one that comes while a lost device is replaced holds the run that goes on. */
  private pauses = 0;

  constructor(env: HostEnv) {
    this.env = env;
    this.data = new DataHost({
      ...env.data,
      onLoad: (done, total) => this.boot("data", [done, total]),
      onImport: (progress) => env.post({ kind: "importProgress", progress }, []),
    });
    this.device = new DeviceHost({
      device: { ...env.device, isolated: env.isolated },
      inTurn: (work) => this.inTurn(work),
      onLost: async (error) => this.run?.abandon(error),
      onReplaced: (snapshot) => this.goOn(snapshot),
      onEnd: (error) => this.end(error),
    });
    this.latency = new LatencyHost({ storage: env.device.storage ?? null, app: version, now: env.now, breathe: env.breathe, post: (message) => env.post(message, []) });
    this.handlers = this.makeHandlers();
    env.post({ kind: "hello", protocol: protocolVersion, build: env.build }, []);
  }

  /** A message from the page. Never throws: failures become error replies. */
  async receive(message: ToWorker): Promise<void> {
    if (message.kind === "ack") {
      // An acknowledgement of a closed run is no credit for the next.
      if (message.runId === this.run?.env.runId) this.run.ack();
      return;
    }
    await this.answer(message);
  }

  private async answer<K extends CommandName>(command: Command & { readonly kind: K }): Promise<void> {
    const { kind, id, args } = command;
    try {
      const handler = this.handlers[kind] as ((given: unknown) => Promise<unknown>) | undefined;
      if (!handler) throw new AppError("protocol.version", `The worker does not know the command ${String(kind)}.`, { hint: "Reload the page." });
      // In the order of arrival: whatever is being opened or closed first comes to its end.
      const result = await (opening.has(kind) ? this.inTurn(() => handler(args)) : this.lifecycle.then(() => handler(args)));
      this.env.post({ kind: "reply", to: kind, id, ok: true, result }, []);
    } catch (cause) {
      this.env.post({ kind: "reply", to: kind, id, ok: false, error: toWire(cause) }, []);
    }
  }

  private makeHandlers(): Handlers {
    return {
      boot: (args) => this.bootUp(args),
      open: ({ config }) => this.open(config, null),
      play: ({ until }) => this.play(until),
      pause: async () => {
        this.pauses++;
        return { step: this.run ? await this.run.pause() : 0 };
      },
      step: ({ count }) => this.device.surviving(async () => ({ step: await this.current().step(count) })),
      reset: async () => this.open(this.current().config, null),
      cancel: () => this.close(),
      skipPhase: async () => this.quietly(() => this.current().run.skipPhase()),
      live: async ({ values }) => this.quietly(() => this.current().setLive(values)),
      speed: async ({ mode }) => {
        this.speed = mode;
        return this.quietly(() => this.run?.setSpeed(mode));
      },
      force: async ({ slot, choice }) => this.quietly(() => this.current().run.force(slot, choice)),
      evaluate: ({ choices }) =>
        this.device.surviving(() => {
          const run = this.current();
          return run.between(() => run.run.evaluate(choices));
        }),
      checkpoint: () => this.device.surviving(() => this.checkpoint(this.current())),
      checkpoints: async () => (this.env.checkpoints ? listRuns(this.env.checkpoints) : []),
      resume: ({ id }) => this.resume(id),
      classify: ({ image }) => this.between((run) => classify(run?.run ?? null, this.device.current.executor, run?.env.dataset ?? this.data.current(), image)),
      exportWeights: ({ format }) => this.between((run) => exportWeights(run?.run ?? null, run?.env.dataset ?? null, format, this.env.build)),
      images: async (args) => this.data.pictures(args, this.run?.env.config.seed ?? 7, this.run?.run.records ?? null),
      importDataset: ({ files }) => this.data.importFiles(files),
      downloadDataset: ({ urls }) => this.data.downloadCifar(urls),
      cancelImport: async () => this.quietly(() => this.data.cancelImport()),
      removeDataset: async ({ id }) => {
        await this.data.remove(id);
        return null;
      },
      truth: ({ source }) => this.env.truth.table(source),
      checkBackend: () => this.between(() => checkExecutor(this.device.current.executor)),
      latencyTable: ({ config }) => this.latency.table(this.device.current, config),
      latencyDevices: ({ config }) => this.latency.devices(this.device.current, config),
      keepLatency: async ({ table }) => {
        await this.latency.keep(this.device.current, table);
        return null;
      },
      measureLatency: ({ config, keys }) => this.device.surviving(() => this.latency.measure(this.device.current, config, keys, (work) => (this.run ? this.run.between(work) : work()))),
      cancelMeasure: async () => {
        await this.latency.cancel();
        return null;
      },
      memory: async () => this.device.current.executor.memory(),
    };
  }

  private quietly(work: () => void): null {
    work();
    return null;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.lifecycle.then(work);
    this.lifecycle = mine.catch(() => undefined);
    return mine;
  }

  private async bootUp({ backend, dataset, threads }: Commands["boot"]["args"]): Promise<BootInfo> {
    this.boot("device", "");
    await this.close();
    const device = await this.device.start(backend, threads);
    this.boot("device", device.device);
    const datasets = await this.data.list();
    let loaded: LoadedDataset | null = null;
    let problem: BootInfo["problem"] = null;
    try {
      loaded = await this.data.load(dataset);
    } catch (cause) {
      const { code, message, hint } = toWire(cause);
      problem = { code, message, ...(hint === null ? {} : { hint }) };
    }
    const calibrationMs = loaded ? await calibrate(device, loaded, this.env.now, (done, total) => this.boot("kernels", [done, total])) : null;
    return {
      backend: device.backend,
      executor: device.executor.kind,
      device: device.device,
      adapter: device.adapter,
      hardware: device.hardware,
      reason: device.reason,
      threads: device.threads,
      isolated: this.env.isolated,
      problem,
      dataset: loaded ? infoOf(loaded) : null,
      datasets,
      calibrationMs,
      checkpoint: this.env.checkpoints ? ((await listRuns(this.env.checkpoints))[0] ?? null) : null,
    };
  }

  private progress = { device: "", data: [0, 0] as readonly [number, number], kernels: [0, 0] as readonly [number, number] };

  private boot(part: "device" | "data" | "kernels", value: string | readonly [number, number]): void {
    this.progress = { ...this.progress, [part]: value };
    const message = part === "device" ? "Looking for a device" : part === "data" ? `Loading data ${value[0]} of ${value[1]}` : `Preparing kernels ${value[0]} of ${value[1]}`;
    this.env.post({ kind: "bootProgress", ...this.progress, message }, []);
  }

  private async open(config: RunConfig, resumable: ResumableRun | null): Promise<Commands["open"]["result"]> {
    const device = this.device.current;
    await this.close();
    const dataset = await this.data.load(config.dataset);
    if (resumable && resumable.datasetSha256 !== dataset.manifest.sha256) {
      throw new AppError("checkpoint.missing", `The checkpoint was made with another version of ${dataset.manifest.name}.`, { recoverable: true, hint: "Import that version again, or start a new run." });
    }
    this.device.forget();
    if (resumable) this.device.keep(resumable.content);
    this.run = this.start({ runId: this.env.newId(), config, dataset }, resumable, null);
    if (resumable && resumable.backend !== device.backend) {
      this.run.note("warning", `The checkpoint was made on ${resumable.backend}; on ${device.backend} the numbers that follow may differ in the last digits.`);
    }
    return this.run.plan;
  }

  private start({ runId, config, dataset }: Opening, resumable: ResumableRun | null, before: RunHost | null): RunHost {
    const { now, breathe, sleep } = this.env;
    const run = new RunHost(
      {
        runId,
        config,
        method: methodOf(config),
        space: makeSpace(config.space, config.size as SizeId),
        dataset,
        device: this.device.current,
        latency: this.latency.tables(this.device.current),
        now,
        breathe,
        sleep,
        send: (frame, transfer) => this.env.post(frame, transfer),
        save: (host) => this.save(host),
        survives: (error) => this.device.survives(error),
      },
      resumable,
      before,
    );
    run.setSpeed(this.speed);
    return run;
  }

  private async save(run: RunHost): Promise<CheckpointInfo | null> {
    const snapshot = await takeSnapshot(run);
    if (this.run === run) this.device.keep(snapshot);
    return this.env.checkpoints ? saveRun(this.env.checkpoints, run.env.runId, snapshot) : null;
  }

  /** The run on another device, as far as it was kept. */
  private goOn(snapshot: CheckpointContent | null): void {
    const { run } = this;
    if (!run) return;
    const next = this.start({ runId: run.env.runId, config: run.config, dataset: run.env.dataset }, snapshot && resumableOf(snapshot), run);
    this.run = next;
    next.note("warning", `The GPU was taken away (driver reset or sleep) at step ${run.run.status().step}. The run goes on from step ${next.run.status().step}.`);
  }

  /** Plays on over the loss of a device, unless a pause came meanwhile or the run is another. */
  private async play(until: Commands["play"]["args"]["until"]): Promise<Commands["play"]["result"]> {
    const { pauses } = this;
    const { runId } = this.current().env;
    let isAgain = false;
    return this.device.surviving(async () => {
      if (isAgain && this.run?.env.runId !== runId) return "stopped";
      if (isAgain && this.pauses !== pauses) return "paused";
      isAgain = true;
      return this.current().play(until);
    });
  }

  private async resume(id: string | null): Promise<Commands["resume"]["result"]> {
    if (!this.env.checkpoints) throw new AppError("checkpoint.missing", "This browser offers no private storage, so there are no checkpoints.", { recoverable: true });
    const resumable = await loadRun(this.env.checkpoints, id);
    return this.open(resumable.config, resumable);
  }

  private async checkpoint(run: RunHost): Promise<Commands["checkpoint"]["result"]> {
    const info = await run.between(() => run.saveNow());
    if (!info) throw new AppError("storage.quota", "This browser offers no private storage, so nothing can be saved.", { recoverable: true, hint: "Export the architecture instead." });
    return info;
  }

  private async close(): Promise<null> {
    const { run } = this;
    this.run = null;
    // A run that has ended lets nothing in between; and whatever comes next has the device to itself.
    const measured = this.latency.cancel();
    await run?.close();
    await measured;
    return null;
  }

  /** Work on the device outside the run: between two ticks of a running one. */
  private between<T>(work: (run: RunHost | null) => Promise<T>): Promise<T> {
    return this.device.surviving(async () => {
      const { run } = this;
      return run ? run.between(() => work(run)) : work(null);
    });
  }

  private end(error: AppError): void {
    this.env.post({ kind: "fatal", error: toWire(error) }, []);
    void this.run?.fail(error).catch(() => undefined);
  }

  private current(): RunHost {
    if (!this.run) throw new AppError("config.invalid", "There is no run yet.", { recoverable: true, hint: "Press Train." });
    return this.run;
  }
}

/** Loaded when somebody asks: the check brings the reference executor with it. */
async function checkExecutor(executor: Executor): Promise<Commands["checkBackend"]["result"]> {
  if (executor.kind === "plan") return (await import("@/nn/planCheck")).comparePlan(executor);
  return (await import("@/nn/backendCheck")).compareBackend(executor);
}
