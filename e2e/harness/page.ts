/** The page of the harness: runs the module that the address names, here or in a worker, and keeps its result for the command. */
import type { Args, HarnessModule, WorkerReply } from "./types";

declare global {
  interface Window {
    /** The result of the module as JSON text; rejects with what it threw. */
    harnessResult: Promise<string>;
  }
}

function runHere(module: string, args: Args): Promise<unknown> {
  return import(/* @vite-ignore */ module).then((m: HarnessModule) => m.default(args, (line) => console.log(line)));
}

function runInWorker(module: string, args: Args): Promise<unknown> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("error", (event) => reject(new Error(`The worker failed: ${event.message}`)));
    worker.addEventListener("message", ({ data }: MessageEvent<WorkerReply>) => {
      if (data.type === "log") console.log(data.line);
      else if (data.type === "result") resolve(data.value);
      else reject(new Error(data.message));
    });
    worker.postMessage({ module, args });
  });
}

const query = new URLSearchParams(location.search);
const module = query.get("module") ?? "";
const args = JSON.parse(query.get("args") ?? "{}") as Args;
const run = query.get("worker") === null ? runHere : runInWorker;

window.harnessResult = run(module, args).then((value) => JSON.stringify(value ?? null));
// The command asks for the result later; until then a rejection would count as nobody's.
window.harnessResult.catch(() => undefined);
