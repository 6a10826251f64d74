/** A session over a real worker of this page. */
import { AppError } from "@/lib/appError";
import { type ClientEnv, type Port, PortSession } from "./client";
import type { FromWorker, Session } from "./protocol";

function workerPort(): Port {
  // The name tells the worker where the page is: data sets lie beside the page, not beside the script.
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: location.href.split("#")[0] ?? "" });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen: (onMessage, onFailure) => {
      const dead = (cause: unknown) => onFailure(new AppError("worker.dead", "The worker stopped with an error.", { recoverable: true, hint: "Resume from the last checkpoint.", cause }));
      worker.onmessage = (event: MessageEvent<FromWorker>) => onMessage(event.data);
      worker.onerror = (event) => dead(event.message);
      worker.onmessageerror = dead;
    },
    terminate: () => worker.terminate(),
  };
}

const pageEnv: ClientEnv = {
  now: () => performance.now(),
  afterPaint: (work) => {
    // A hidden tab paints nothing; its frames are acknowledged by a timer instead, so that no candidate is lost.
    if (document.visibilityState === "hidden") setTimeout(work, 200);
    else requestAnimationFrame(() => setTimeout(work, 0));
  },
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    return () => clearInterval(timer);
  },
};

export function openWorkerSession(): Session {
  return new PortSession(workerPort(), pageEnv);
}
