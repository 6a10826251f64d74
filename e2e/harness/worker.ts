/** The worker of the harness (`--worker`): compute runs where the product runs it, off the window's thread. */
import type { Args, HarnessModule, WorkerReply } from "./types";

const reply = (message: WorkerReply): void => self.postMessage(message);

self.addEventListener("message", ({ data }: MessageEvent<{ module: string; args: Args }>) => {
  import(/* @vite-ignore */ data.module)
    .then((m: HarnessModule) => m.default(data.args, (line) => reply({ type: "log", line })))
    .then((value) => reply({ type: "result", value }))
    .catch((cause: unknown) =>
      reply({ type: "error", message: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }),
    );
});
