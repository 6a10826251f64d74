/** The page's one connection to a worker: opened, booted, replaced. Frames go to history and run state; nobody else sees the session. */
import { AppError } from "@/lib/appError";
import { openWorkerSession } from "@/session/workerSession";
import type { BootInfo, Commands, Frame, FromWorker, LogEntry, Session } from "@/session/protocol";
import type { BackendChoice } from "@/algorithms/configKeys";
import { history } from "./history";
import { latencyStore } from "./latencyState";
import { addMessage, runStore } from "./run";
import { announce } from "./view";

export interface BootRequest {
  readonly backend: BackendChoice;
  readonly dataset: string;
  /** 0 = as many as leave a core free. */
  readonly threads: number;
}

let session: Session | null = null;
interface Booted {
  readonly request: BootRequest;
  readonly info: Promise<BootInfo>;
}
let booted: Booted | null = null;
/** Replacing one session by the next, one replacement after the other. Never rejects. */
let replacing: Promise<unknown> = Promise.resolve();
let runId: string | null = null;
/** Frames that came before the reply that says whose they are. */
let early: Frame[] = [];
let open: () => Session = openWorkerSession;

/** Tests bring their own session. */
export function useSessionFactory(factory: () => Session): void {
  open = factory;
}

/** Frames of another run than this one are dropped. Null: the next run is not known yet; its first frames wait for its name. */
export function followRun(id: string | null): void {
  runId = id;
  const held = early;
  early = [];
  if (id !== null) for (const frame of held) receive(frame);
}

/** Boot a worker for this backend, its threads and data, or use the one that runs; a failed one is always replaced. */
export function connect(request: BootRequest, fresh = false): Promise<BootInfo> {
  const same = booted?.request.backend === request.backend && booted.request.dataset === request.dataset && booted.request.threads === request.threads;
  if (!fresh && same && booted && session?.state !== "failed" && runStore.getState().boot.status !== "failed") return booted.info;
  const { status } = runStore.getState().boot;
  runStore.setState({
    boot: { status: status === "busy-tab" ? status : "booting", device: "", data: [0, 0], kernels: [0, 0], message: "Starting" },
    info: null,
    plan: null,
    latest: null,
  });
  const opened = replacing.then(replaceSession);
  replacing = opened.catch(() => undefined);
  const mine: Booted = { request, info: opened.then((fresh) => bootOn(fresh, request, () => booted === mine)) };
  booted = mine;
  return mine.info;
}

async function replaceSession(): Promise<Session> {
  await session?.close();
  followRun(null);
  const mine = open();
  session = mine;
  mine.subscribe((message) => {
    if (session === mine) receive(message);
  });
  return mine;
}

/** Whoever asked for a boot that another has replaced gets the other's answer. */
async function bootOn(mine: Session, request: BootRequest, isNewest: () => boolean): Promise<BootInfo> {
  try {
    const info = await mine.call("boot", request);
    if (!isNewest() && booted) return await booted.info;
    const { boot } = runStore.getState();
    runStore.setState({ info, boot: { ...boot, status: boot.status === "busy-tab" ? "busy-tab" : "ready", message: "Ready" } });
    return info;
  } catch (cause) {
    if (!isNewest() && booted) return booted.info;
    const error = toWireLike(cause);
    runStore.setState({ error, boot: { ...runStore.getState().boot, status: "failed", message: error.message } });
    throw cause;
  }
}

/** Send a command to the current worker. */
export function call<K extends keyof Commands>(kind: K, args: Commands[K]["args"], transfer: Transferable[] = []): Promise<Commands[K]["result"]> {
  if (!session) return Promise.reject(new AppError("worker.dead", "The worker has not started yet.", { recoverable: true }));
  return session.call(kind, args, transfer);
}

/** An error as the run state keeps it. */
export function toWireLike(cause: unknown): NonNullable<ReturnType<typeof runStore.getState>["error"]> {
  if (cause instanceof AppError) {
    const { code, message, hint, recoverable, step, stack } = cause;
    return { code, message, hint: hint ?? null, recoverable, step: step ?? null, stack: stack ?? null };
  }
  return { code: "bug", message: cause instanceof Error ? cause.message : String(cause), hint: "Reset, and please report this.", recoverable: false, step: null, stack: null };
}

function receive(message: FromWorker): void {
  switch (message.kind) {
    case "frame":
      if (runId === null) early = [...early.filter((frame) => frame.runId === message.runId), message];
      if (message.runId !== runId) return;
      history.apply(message);
      runStore.setState({ latest: message.latest });
      for (const entry of message.log) record(entry);
      return;
    case "bootProgress": {
      const { device, data, kernels, message: text } = message;
      runStore.setState({ boot: { ...runStore.getState().boot, device, data, kernels, message: text } });
      return;
    }
    case "importProgress":
      runStore.setState({ importing: message.progress });
      return;
    case "latencyProgress":
      latencyStore.setState({ progress: { table: message.table, done: message.done, total: message.total } });
      return;
    case "fatal":
      runStore.setState({ error: message.error });
      return;
    case "hello":
    case "heartbeat":
    case "reply":
      return;
    default:
      message satisfies never;
  }
}

const phaseNames = { warmup: "Warm-up", supernet: "Supernet", recalibrate: "Recalibrate", search: "Search", retrain: "Retrain", test: "Test" } as const;

function record(entry: LogEntry): void {
  switch (entry.kind) {
    case "phase":
      announce(`${phaseNames[entry.phase]} phase begins.`);
      return;
    case "note":
      addMessage(entry.level, entry.message);
      return;
    case "checkpoint":
      runStore.setState({ lastCheckpoint: entry.checkpoint, savedAt: Date.parse(entry.checkpoint.createdAt) });
      return;
    case "error":
      runStore.setState({ error: entry.error });
      announce(entry.error.message);
      return;
    case "candidate":
    case "generation":
    case "report":
      return;
    default:
      entry satisfies never;
  }
}
