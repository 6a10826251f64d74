/** Worker entry: joins the host to this worker's globals. Nothing else lives here. */
import wasmUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { browserHost } from "./host/browserHost";
import type { ToWorker } from "./protocol";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const early: ToWorker[] = [];
scope.onmessage = (event: MessageEvent<ToWorker>) => early.push(event.data);

browserHost(scope, wasmUrl).then(
  (host) => {
    scope.onmessage = (event: MessageEvent<ToWorker>) => void host.receive(event.data);
    for (const message of early.splice(0)) void host.receive(message);
  },
  // A rejected promise is no error event; the page must not wait for ever.
  (cause: unknown) => setTimeout(() => { throw cause; }), // prettier-ignore
);
