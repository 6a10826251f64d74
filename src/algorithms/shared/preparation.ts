/** Compiling ahead what a phase will run, as ticks: the page sees progress, a pause need not wait for the end, and no first step stalls. */
import type { Executor, ParamStore, PrepareWork } from "@/nn/executor";
import type { Tick } from "../method";

/** Sizes of the batches that so many images are cut into: the whole ones and the last. */
export function batchSizes(images: number, batch: number): number[] {
  const tail = images % batch;
  return [...(images >= batch ? [batch] : []), ...(tail > 0 ? [tail] : [])];
}

/** Prepares `work` on a store; `report` counts kernels. Abandoned, it compiles on by itself, which nobody needs to wait for. */
export async function* prepareTicks(executor: Executor, store: ParamStore, work: readonly PrepareWork[], report: (done: number, total: number) => void): AsyncGenerator<Tick, void, void> {
  // A pause may land before anything is compiled.
  yield { boundary: "chunk" };
  let abandoned = false;
  let ended = false;
  let wake: () => void = () => undefined;
  const prepared = executor.prepare(store, work, (done, total) => {
    if (abandoned) return;
    report(done, total);
    wake();
  });
  const end = prepared.finally(() => (ended = true));
  end.catch(() => undefined);
  try {
    for (;;) {
      await Promise.race([end, new Promise<void>((resolve) => (wake = resolve))]);
      if (ended) break;
      yield { boundary: "chunk" };
    }
    await end;
  } finally {
    abandoned = true;
  }
}
