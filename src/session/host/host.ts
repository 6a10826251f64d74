/**
 * The worker's side of the session: answers commands, owns device, data and the current run. Everything impure is injected, so the
 * same host runs in a worker, in a test and in Node.
 */
import type { RunConfig } from "@/algorithms/configKeys";
import { methodOf } from "@/algorithms/methods";
import { chooseDevice, type DeviceChoice, type DeviceEnv } from "@/engine/device";
import type { LoadedDataset } from "@/engine/dataLoader";
import { AppError } from "@/lib/appError";
import { makeSpace } from "@/nas/space/registry";
import type { SizeId } from "@/nas/space/types";
import { compareBackend } from "@/nn/backendCheck";
import type { CheckpointStore } from "@/persist/checkpoints";
import { protocolVersion, type BootInfo, type Command, type CommandName, type Commands, type FromWorker, type ToWorker } from "../protocol";
import { toWire } from "../wireError";
import { calibrate } from "./calibration";
import { listRuns, loadRun, type ResumableRun, saveRun } from "./checkpointing";
import { DataHost, infoOf, type DataHostEnv } from "./dataHost";
import { classify, exportWeights } from "./modelFiles";
import { RunHost } from "./runHost";
import type { TruthHost } from "./truthHost";

export interface HostEnv {
  readonly build: string;
  readonly device: Omit<DeviceEnv, "onFatal">;
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

type Handlers = { [K in CommandName]: (args: Commands[K]["args"]) => Promise<Commands[K]["result"]> };

/** Commands that open, close or boot: one after the other. */
const opening: ReadonlySet<CommandName> = new Set(["boot", "open", "reset", "resume", "cancel"]);

export class Host {
  private readonly env: HostEnv;
  private readonly data: DataHost;
  private device: DeviceChoice | null = null;
  private run: RunHost | null = null;
  private speed: Commands["speed"]["args"]["mode"] = "normal";
  private readonly handlers: Handlers;
  /** Opening, closing and booting, one after the other; other commands wait for what is under way. Never rejects. */
  private lifecycle: Promise<unknown> = Promise.resolve();
  /** What ended the device; only a fresh worker gets another. */
  private broken: AppError | null = null;

  constructor(env: HostEnv) {
    this.env = env;
    this.data = new DataHost({
      ...env.data,
      onLoad: (done, total) => this.boot("data", [done, total]),
      onImport: (progress) => env.post({ kind: "importProgress", progress }, []),
    });
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
      play: async ({ until }) => this.current().play(until),
      pause: async () => ({ step: this.run ? await this.run.pause() : 0 }),
      step: async ({ count }) => ({ step: await this.current().step(count) }),
      reset: async () => this.open(this.current().config, null),
      cancel: () => this.close(),
      skipPhase: async () => this.quietly(() => this.current().run.skipPhase()),
      live: async ({ values }) => this.quietly(() => this.current().setLive(values)),
      speed: async ({ mode }) => {
        this.speed = mode;
        return this.quietly(() => this.run?.setSpeed(mode));
      },
      force: async ({ slot, choice }) => this.quietly(() => this.current().run.force(slot, choice)),
      evaluate: async ({ choices }) => {
        const run = this.current();
        return run.between(() => run.run.evaluate(choices));
      },
      checkpoint: async () => this.checkpoint(this.current()),
      checkpoints: async () => (this.env.checkpoints ? listRuns(this.env.checkpoints) : []),
      resume: ({ id }) => this.resume(id),
      classify: ({ image }) => this.between((run) => classify(run?.run ?? null, this.needDevice().executor, run?.env.dataset ?? this.data.current(), image)),
      exportWeights: ({ format }) => this.between((run) => exportWeights(run?.run ?? null, run?.env.dataset ?? null, format, this.env.build)),
      images: async (args) => this.data.pictures(args, this.run?.env.config.seed ?? 7),
      importDataset: ({ files }) => this.data.importFiles(files),
      downloadDataset: ({ urls }) => this.data.downloadCifar(urls),
      cancelImport: async () => this.quietly(() => this.data.cancelImport()),
      removeDataset: async ({ id }) => {
        await this.data.remove(id);
        return null;
      },
      truth: ({ source }) => this.env.truth.table(source),
      checkBackend: () => this.between(() => compareBackend(this.needDevice().executor)),
      memory: async () => this.needDevice().executor.memory(),
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

  private async bootUp({ backend, dataset }: Commands["boot"]["args"]): Promise<BootInfo> {
    this.boot("device", [0, 1]);
    this.device = await chooseDevice(backend, { ...this.env.device, onFatal: (error) => this.fatal(error) });
    this.boot("device", [1, 1]);
    const datasets = await this.data.list();
    let loaded: LoadedDataset | null = null;
    let problem: BootInfo["problem"] = null;
    try {
      loaded = await this.data.load(dataset);
    } catch (cause) {
      const { code, message, hint } = toWire(cause);
      problem = { code, message, ...(hint === null ? {} : { hint }) };
    }
    const calibrationMs = loaded ? await calibrate(this.device, loaded, this.env.now, (done, total) => this.boot("kernels", [done, total])) : null;
    const { device } = this;
    return {
      backend: device.backend,
      device: device.device,
      adapter: device.adapter,
      hardware: device.hardware,
      reason: device.reason,
      threads: 1,
      isolated: this.env.isolated,
      problem,
      dataset: loaded ? infoOf(loaded) : null,
      datasets,
      calibrationMs,
      checkpoint: this.env.checkpoints ? ((await listRuns(this.env.checkpoints))[0] ?? null) : null,
    };
  }

  private progress = { device: "", data: [0, 0] as readonly [number, number], kernels: [0, 0] as readonly [number, number] };

  private boot(part: "device" | "data" | "kernels", [done, total]: readonly [number, number]): void {
    if (part === "device") this.progress = { ...this.progress, device: this.device ? this.device.device : "" };
    else this.progress = { ...this.progress, [part]: [done, total] };
    const message = part === "device" ? "Looking for a device" : part === "data" ? `Loading data ${done} of ${total}` : `Preparing kernels ${done} of ${total}`;
    this.env.post({ kind: "bootProgress", ...this.progress, message }, []);
  }

  private async open(config: RunConfig, resumable: ResumableRun | null): Promise<Commands["open"]["result"]> {
    const device = this.needDevice();
    await this.close();
    const dataset = await this.data.load(config.dataset);
    if (resumable && resumable.datasetSha256 !== dataset.manifest.sha256) {
      throw new AppError("checkpoint.missing", `The checkpoint was made with another version of ${dataset.manifest.name}.`, { recoverable: true, hint: "Import that version again, or start a new run." });
    }
    const { now, breathe, sleep, checkpoints } = this.env;
    this.run = new RunHost(
      {
        runId: this.env.newId(),
        config,
        method: methodOf(config.algorithm),
        space: makeSpace(config.space, config.size as SizeId),
        dataset,
        device,
        now,
        breathe,
        sleep,
        send: (frame, transfer) => this.env.post(frame, transfer),
        save: (host) => (checkpoints ? saveRun(checkpoints, host) : Promise.resolve(null)),
      },
      resumable && { saved: resumable.saved, record: resumable.record },
    );
    this.run.setSpeed(this.speed);
    if (resumable && resumable.backend !== device.backend) {
      this.run.note("warning", `The checkpoint was made on ${resumable.backend}; on ${device.backend} the numbers that follow may differ in the last digits.`);
    }
    return this.run.plan;
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
    await run?.close();
    return null;
  }

  /** Work on the device outside the run: between two ticks of a running one. */
  private async between<T>(work: (run: RunHost | null) => Promise<T>): Promise<T> {
    const { run } = this;
    return run ? run.between(() => work(run)) : work(null);
  }

  private fatal(error: AppError): void {
    this.env.post({ kind: "fatal", error: toWire(error) }, []);
    this.broken ??= error;
    void this.run?.fail(error).catch(() => undefined);
  }

  private current(): RunHost {
    if (!this.run) throw new AppError("config.invalid", "There is no run yet.", { recoverable: true, hint: "Press Train." });
    return this.run;
  }

  private needDevice(): DeviceChoice {
    if (this.broken) throw this.broken;
    if (!this.device) throw new AppError("backend.unavailable", "No backend has started yet.", { recoverable: true });
    return this.device;
  }
}
