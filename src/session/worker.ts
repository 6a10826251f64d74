/** Worker entry: joins the host to this worker's globals. Nothing else lives here. */
import wasmUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { browserHost } from "./host/browserHost";
import type { ToWorker } from "./protocol";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const early: ToWorker[] = [];
scope.onmessage = (event: MessageEvent<ToWorker>) => early.push(event.data);

void browserHost(scope, wasmUrl).then((host) => {
  scope.onmessage = (event: MessageEvent<ToWorker>) => void host.receive(event.data);
  for (const message of early.splice(0)) void host.receive(message);
});
