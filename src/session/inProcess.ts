/** A session over a host in the same thread, with every message cloned as a worker would: for tests and Node. */
import { type ClientEnv, type Port, PortSession } from "./client";
import type { FromWorker, Session, ToWorker } from "./protocol";

/** What the host is given to post with, and what it must offer. */
export interface LocalHost {
  receive(message: ToWorker): Promise<void>;
}

const localEnv: ClientEnv = {
  now: () => performance.now(),
  afterPaint: (work) => setTimeout(work, 0),
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    return () => clearInterval(timer);
  },
};

/** `start` makes the host; it may post before it returns. */
export function openInProcessSession(start: (post: (message: FromWorker, transfer: Transferable[]) => void) => LocalHost): Session {
  let deliver: (message: FromWorker) => void = () => undefined;
  let ended = false;
  const outbox: FromWorker[] = [];
  const host = start((message, transfer) => {
    const copy = structuredClone(message, { transfer });
    outbox.push(copy);
    queueMicrotask(() => {
      const next = outbox.shift();
      if (next && !ended) deliver(next);
    });
  });
  const port: Port = {
    post: (message, transfer) => void host.receive(structuredClone(message, { transfer })),
    listen: (onMessage) => (deliver = onMessage),
    terminate: () => (ended = true),
  };
  return new PortSession(port, localEnv);
}
