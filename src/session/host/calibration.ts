/** A three-second look at this machine: what one nano training step costs here, so that sizes can be proposed with a time. */
import { plainBatches } from "@/data/batcher";
import type { DeviceChoice } from "@/engine/device";
import type { LoadedDataset } from "@/engine/dataLoader";
import { rootKey } from "@/lib/rng";
import { macro8 } from "@/nas/space/macro8";

const budgetMs = 1500;
const maxSteps = 5;

/** Median milliseconds of a nano step (batch 32) after one warm-up step; null where software WebGPU would take longer than the look is worth. */
export async function calibrate(device: DeviceChoice, { data }: LoadedDataset, now: () => number, onProgress: (done: number, total: number) => void): Promise<number | null> {
  if (device.device === "webgpu" && !device.hardware) return null;
  const space = macro8("nano");
  const graph = space.graph(space.decode("11111111") ?? {});
  const { executor } = device;
  const store = executor.createStore(graph.params, graph.norms, rootKey(0));
  const batches = plainBatches({ set: data.train, indices: data.weights.subarray(0, 32), batch: 32, table: data.table });
  const times: number[] = [];
  const steps = maxSteps + 1;
  let kernels = 0;
  try {
    await executor.prepare(store, [{ graph, batch: 32, mode: "train", optimizer: "sgd" }], (done, total) => {
      kernels = total;
      onProgress(done, total + steps);
    });
    for (let i = 0; i <= maxSteps; i++) {
      const started = now();
      executor.trainStep(store, [graph], batches.fill(0), { optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 0, decayNorms: false }, lr: 0, clip: 5, labelSmoothing: 0 }, false);
      await executor.takeLosses();
      if (i > 0) times.push(now() - started);
      onProgress(kernels + i + 1, kernels + steps);
      if (times.reduce((a, b) => a + b, 0) > budgetMs) break;
    }
  } finally {
    store.dispose();
  }
  onProgress(kernels + steps, kernels + steps);
  return times.sort((a, b) => a - b)[times.length >> 1] ?? null;
}
