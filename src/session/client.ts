/**
 * The page's side of the session over any message port: pending replies by id, one acknowledgement a frame after it was shown,
 * and a watchdog. Whatever ends the connection rejects everything that waits; a call is never left hanging.
 */
import { AppError } from "@/lib/appError";
import { protocolVersion, type CommandName, type Commands, type FromWorker, type Session, type ToWorker } from "./protocol";
import { fromWire } from "./wireError";

/** What the client needs of a worker; a MessagePort or a test double will do. */
export interface Port {
  post(message: ToWorker, transfer: Transferable[]): void;
  listen(onMessage: (message: FromWorker) => void, onFailure: (error: AppError) => void): void;
  terminate(): void;
}

export interface ClientEnv {
  now(): number;
  /** Runs `work` after the next paint (or soon, when hidden). */
  afterPaint(work: () => void): void;
  every(ms: number, work: () => void): () => void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: AppError): void;
}

/** No sign of life for this long means the worker is dead. Steps on slow adapters block for seconds, so it is generous. */
const silenceMs = 60_000;
const graceMs = 2000;
const watchEveryMs = 5000;

export class PortSession implements Session {
  private readonly port: Port;
  private readonly env: ClientEnv;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Set<(message: FromWorker) => void>();
  private readonly stopWatching: () => void;
  private nextId = 1;
  private lastSign: number;
  private lastWatch: number;
  private closing: Promise<void> | null = null;
  private failure: AppError | null = null;
  state: Session["state"] = "opening";

  constructor(port: Port, env: ClientEnv) {
    this.port = port;
    this.env = env;
    this.lastSign = this.lastWatch = env.now();
    port.listen((message) => this.receive(message), (error) => this.fail(error));
    this.stopWatching = env.every(watchEveryMs, () => this.watch());
  }

  call<K extends CommandName>(kind: K, args: Commands[K]["args"], transfer: Transferable[] = []): Promise<Commands[K]["result"]> {
    if (this.state === "failed" || this.state === "closed" || this.state === "closing") {
      return Promise.reject(this.failure ?? new AppError("worker.dead", "The session is closed.", { recoverable: true, hint: "Start a new run." }));
    }
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve: (value) => resolve(value as Commands[K]["result"]), reject });
      try {
        this.port.post({ kind, id, args } as ToWorker, transfer);
      } catch (cause) {
        // What cannot be cloned was never sent: no reply will come.
        this.pending.delete(id);
        throw cause;
      }
    });
  }

  subscribe(listener: (message: FromWorker) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ask the host to stop at the next boundary, then end the worker, after two seconds at the latest. */
  close(): Promise<void> {
    this.closing ??= this.stop();
    return this.closing;
  }

  private async stop(): Promise<void> {
    if (this.isOver()) return;
    const stopped = this.call("cancel", {}).catch(() => undefined);
    this.state = "closing";
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([stopped, new Promise((resolve) => (timer = setTimeout(resolve, graceMs)))]);
    clearTimeout(timer);
    if (!this.isOver()) this.end("closed", new AppError("worker.dead", "The session was closed.", { recoverable: true }));
  }

  private isOver(): boolean {
    return this.state === "closed" || this.state === "failed";
  }

  private receive(message: FromWorker): void {
    if (this.isOver()) return;
    this.lastSign = this.env.now();
    switch (message.kind) {
      case "hello":
        if (message.protocol !== protocolVersion) {
          this.fail(new AppError("protocol.version", "The page and its worker are of different versions.", { hint: "Reload the page." }));
          return;
        }
        if (this.state === "opening") this.state = "ready";
        break;
      case "reply": {
        const waiting = this.pending.get(message.id);
        this.pending.delete(message.id);
        if (message.ok) waiting?.resolve(message.result);
        else waiting?.reject(fromWire(message.error));
        return;
      }
      case "frame": {
        const { runId, seq } = message;
        const received = this.env.now();
        this.env.afterPaint(() => {
          if (!this.isOver()) this.port.post({ kind: "ack", runId, seq, frameMs: this.env.now() - received }, []);
        });
        break;
      }
      default:
        break;
    }
    for (const listener of this.listeners) listener(message);
  }

  private watch(): void {
    const now = this.env.now();
    // A page that slept, or whose timers were held back, has not listened either.
    if (now - this.lastWatch > 3 * watchEveryMs) this.lastSign = now;
    this.lastWatch = now;
    if (this.pending.size === 0 || this.env.now() - this.lastSign < silenceMs) return;
    this.fail(new AppError("worker.dead", "The worker has stopped answering.", { recoverable: true, hint: "Resume from the last checkpoint." }));
  }

  private fail(error: AppError): void {
    if (this.isOver()) return;
    this.end("failed", error);
    const { code, message, hint, recoverable } = error;
    for (const listener of this.listeners) listener({ kind: "fatal", error: { code, message, hint: hint ?? null, recoverable, step: null, stack: null } });
  }

  private end(state: "closed" | "failed", error: AppError): void {
    this.state = state;
    this.failure = error;
    this.stopWatching();
    this.port.terminate();
    for (const waiting of this.pending.values()) waiting.reject(error);
    this.pending.clear();
  }
}
