/** Shows what the harness's browser offers: isolation, threads, WebGPU adapter. */
import { rootKey } from "@/lib/rng";
import type { Args, Log } from "./types";

export default async function hello(args: Args, log: Log): Promise<unknown> {
  log(
    `isolated ${globalThis.crossOriginIsolated}, ${navigator.hardwareConcurrency} cores, arguments ${JSON.stringify(args)}`,
  );
  const adapter = (await navigator.gpu?.requestAdapter()) ?? null;
  return { adapter: adapter?.info.architecture ?? null, draw: rootKey(1).stream().next() };
}
