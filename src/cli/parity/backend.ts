/** Runs kinds where the backend is: loads a handler, gives it the executor, one for the whole run. In Node and in the page. */
import { chooseDevice } from "@/engine/device";
import type { AppError } from "@/lib/appError";
import type { Executor } from "@/nn/executor";
import { failedCase, type Handler, type ParityBackend, reasonOf, type RunKind } from "./types";

/** Handlers by kind, each loaded when it is needed. */
export type Handlers = Readonly<Record<string, () => Promise<Handler>>>;

export interface Runner {
  readonly run: RunKind;
  close(): Promise<void>;
}

/** Two, so that their meeting is part of what is compared. */
const THREADS = 2;

/** Runs in this realm. The backend starts with the first kind that asks for it; a device that complains fails the kind that it served. */
export function runnerHere(backend: ParityBackend, handlers: Handlers): Runner {
  const complaints: AppError[] = [];
  let started: Promise<Executor> | null = null;
  const executor = (): Promise<Executor> => {
    started ??= chooseDevice(backend, { gpu: globalThis.navigator?.gpu ?? null, threads: THREADS, onFatal: (error) => complaints.push(error) }).then(
      (chosen) => chosen.executor,
    );
    return started;
  };
  return {
    run: async (kind, value, sibling) => {
      const load = Object.hasOwn(handlers, kind) ? handlers[kind] : undefined;
      if (load === undefined) throw new Error(`There is no handler for ${kind}.`);
      const handler = await load();
      const before = complaints.length;
      const results = await handler(value, { backend, executor, sibling });
      return [...results, ...complaints.slice(before).map((error) => failedCase("(device)", reasonOf(error)))];
    },
    close: async () => {
      const running = await started?.catch(() => null);
      running?.dispose();
    },
  };
}
