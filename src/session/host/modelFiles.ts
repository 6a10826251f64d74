/** Weights of the retrained network as files, and answers of both weight sets for one picture. */
import type { MethodRun, Weights } from "@/algorithms/method";
import { normaliseInto } from "@/data/augment";
import { IMAGE_BYTES } from "@/data/manifest";
import type { LoadedDataset } from "@/engine/dataLoader";
import { AppError } from "@/lib/appError";
import type { Batch, Executor } from "@/nn/executor";
import { networkSafetensors } from "@/persist/safetensors";
import { exportTfjsModel, zipTfjsModel } from "@/persist/tfjsModel";
import type { Commands, FileBytes } from "../protocol";

/** Parameters and running statistics of a network by name. */
async function readWeights({ graph, store, stats }: Weights): Promise<Map<string, Float32Array>> {
  const out = new Map<string, Float32Array>();
  for (const { name } of graph.params) out.set(name, await store.read(name));
  const tables = stats === "running" ? null : await stats.read();
  for (const norm of graph.norms) {
    for (const part of ["mean", "var"] as const) {
      const name = `${norm.stats}.${part}`;
      out.set(name, tables?.get(name) ?? (await store.read(name)));
    }
  }
  return out;
}

/** Throws `import.unreadable`-free sentences: weights exist only once retraining has begun. */
export async function exportWeights(run: MethodRun | null, dataset: LoadedDataset | null, format: "safetensors" | "tfjs", app: string): Promise<FileBytes> {
  const weights = await run?.weights("retrained");
  const metrics = run?.metrics();
  const winner = metrics?.winner;
  if (!weights || !dataset || !winner) throw new AppError("config.invalid", "There are no retrained weights yet.", { recoverable: true, hint: "Let the run reach the Retrain phase." });
  const values = await readWeights(weights);
  const accuracy = metrics?.test ?? null;
  if (format === "safetensors") {
    const metadata: Record<string, string> = { architecture: winner.id, dataset: dataset.manifest.id, classes: dataset.manifest.classes.join(","), mean: dataset.mean.join(","), std: dataset.std.join(",") };
    if (accuracy) metadata["test_accuracy"] = `${accuracy.value} on ${accuracy.n} images`;
    return { name: `${winner.id}.safetensors`, mime: "application/octet-stream", bytes: networkSafetensors(weights.graph, values, metadata) };
  }
  const model = exportTfjsModel(weights.graph, values, {
    name: winner.id,
    app,
    classNames: dataset.manifest.classes,
    normalization: { mean: dataset.mean, std: dataset.std },
    extra: accuracy ? { testAccuracy: { value: accuracy.value, n: accuracy.n } } : {},
  });
  return { name: `${winner.id}.tfjs.zip`, mime: "application/zip", bytes: zipTfjsModel(model) };
}

function softmax(logits: Float32Array): Float32Array {
  const top = Math.max(...logits);
  const exps = Float32Array.from(logits, (z) => Math.exp(z - top));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
}

/** Class probabilities of one 32×32 picture (uint8 NHWC) by inherited and by retrained weights. */
export async function classify(run: MethodRun | null, executor: Executor, dataset: LoadedDataset | null, image: Uint8Array): Promise<Commands["classify"]["result"]> {
  if (image.length !== IMAGE_BYTES) throw new AppError("bug", `a picture has ${IMAGE_BYTES} bytes, not ${image.length}`);
  if (!run || !dataset) return { inherited: null, retrained: null, id: null };
  const images = new Float32Array(IMAGE_BYTES);
  normaliseInto(images, 0, image, 0, dataset.data.table);
  const batch: Batch = { images, labels: new Uint8Array(1), size: 1 };
  const ask = async (kind: "inherited" | "retrained"): Promise<Float32Array | null> => {
    const weights = await run.weights(kind);
    return weights ? softmax(await executor.logits(weights.store, weights.graph, weights.stats, batch)) : null;
  };
  const metrics = run.metrics();
  return { inherited: await ask("inherited"), retrained: await ask("retrained"), id: (metrics.winner ?? metrics.best)?.id ?? null };
}
