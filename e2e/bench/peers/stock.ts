/**
 * Plain tfjs: stock ops, stock gradients, stock optimizer, none of our kernels. What tfjs cannot differentiate or gets wrong is written
 * as its users have to: dilated depthwise filters are stuffed with zeros, average pools pad first, norms are moments and batchNorm.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { initialValues } from "@/nn/initialValues";
import { rootKey } from "@/lib/rng";
import type { BenchBackend } from "../../../src/cli/bench/types";
import { blockInputs, blockOutputGradient, evaluationBatches, paramValues, stepBatch, type BenchCase } from "../cases";
import { type CreatePeer, type Peer, type Results, Unsupported } from "../peer";
import { walk, type Params } from "./stockOps";

/** Makes a stock backend current. */
export async function startStock(backend: BenchBackend): Promise<void> {
  tf.enableProdMode();
  if (backend === "webgpu") {
    await import("@tensorflow/tfjs-backend-webgpu");
  } else {
    const [{ setWasmPaths }, { default: url }] = await Promise.all([
      import("@tensorflow/tfjs-backend-wasm"),
      import("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url"),
    ]);
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    setWasmPaths({ "tfjs-backend-wasm.wasm": url, "tfjs-backend-wasm-simd.wasm": url, "tfjs-backend-wasm-threaded-simd.wasm": url });
  }
  await tf.setBackend(backend);
  await tf.ready();
  if (tf.getBackend() !== backend) throw new Unsupported(`tfjs's ${backend} backend does not start here`);
}

async function idle(backend: BenchBackend): Promise<void> {
  if (backend !== "webgpu") return;
  const gpu = tf.backend() as WebGPUBackend;
  gpu.ensureCommandEncoderReady();
  gpu.endComputePassEncoder();
  gpu.submitQueue();
  await gpu.queue.onSubmittedWorkDone();
}

/** Reads and frees. */
async function take(tensors: ReadonlyMap<string, tf.Tensor>): Promise<Map<string, Float32Array>> {
  const out = new Map<string, Float32Array>();
  for (const [name, tensor] of tensors) {
    out.set(name, Float32Array.from(await tensor.data()));
    tensor.dispose();
  }
  return out;
}

function shared(backend: BenchBackend, label: string): Pick<Peer, "label" | "idle" | "bytes" | "dispose"> {
  return {
    label,
    idle: () => idle(backend),
    bytes: () => {
      const info = tf.memory();
      return "numBytesAllocatedInGPU" in info ? Number(info["numBytesAllocatedInGPU"]) : info.numBytes;
    },
    dispose: () => tf.disposeVariables(),
  };
}

function blockPeer(benchCase: BenchCase, backend: BenchBackend): Peer {
  const { graph, batch } = benchCase;
  const inputs = blockInputs(benchCase).map(({ values, shape }) => tf.tensor(values, [batch, ...shape]));
  const params: Params = new Map(graph.params.map((spec) => [spec.name, tf.tensor(paramValues(spec), [...spec.shape])]));
  const { values, shape } = blockOutputGradient(benchCase);
  const dy = tf.tensor(values, [batch, ...shape]);
  const xs = [...inputs, ...params.values()];
  const names = [...inputs.map((_, i) => `dx${i}`), ...graph.params.map(({ name }) => `d ${name}`)];
  const once = (): { value: tf.Tensor; grads: tf.Tensor[] } =>
    tf.engine().gradients(() => walk(graph, inputs, params, null).output, xs, dy, true);
  return {
    ...shared(backend, `tfjs ${tf.version_core}`),
    check: () => {
      const { value, grads } = once();
      return take(new Map([["y", value], ...names.map((name, i): [string, tf.Tensor] => [name, grads[i] as tf.Tensor])]));
    },
    run: () => {
      const { value, grads } = once();
      tf.dispose([value, grads]);
    },
  };
}

function stepPeer(benchCase: BenchCase, backend: BenchBackend): Peer {
  const { graph, batch, classes } = benchCase;
  const { images, labels } = stepBatch(benchCase);
  const x = tf.tensor(images, [batch, ...(graph.nodes[0]?.shape ?? [])]);
  const target = tf.oneHot(tf.tensor1d(Int32Array.from(labels), "int32"), classes);
  const key = rootKey(7);
  const variables = graph.params.map((spec) => tf.variable(tf.tensor(initialValues(spec, key), [...spec.shape]), true, spec.name));
  const params: Params = new Map(variables.map((variable) => [variable.name, variable]));
  const optimizer = tf.train.momentum(0.01, 0.9);
  const gradients = () =>
    tf.variableGrads(() => tf.losses.softmaxCrossEntropy(target, walk(graph, [x], params, null).output) as tf.Scalar, variables);
  return {
    ...shared(backend, `tfjs ${tf.version_core}`),
    check: () => {
      const { value, grads } = gradients();
      return take(new Map([["loss", value], ...Object.entries(grads).map(([name, g]): [string, tf.Tensor] => [`d ${name}`, g])]));
    },
    run: () => {
      const { value, grads } = gradients();
      // Names as a list: tfjs's types take the other form for variables.
      optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      tf.dispose([value, grads]);
    },
    dispose: () => {
      optimizer.dispose();
      tf.disposeVariables();
    },
  };
}

/** Statistics averaged over batches (variance unbiased), then loss and right answers with them. */
function evaluationPeer(benchCase: BenchCase, backend: BenchBackend): Peer {
  const { graph, batch, classes } = benchCase;
  const shape = graph.nodes[0]?.shape ?? [];
  const { recalibrate, test } = evaluationBatches(benchCase);
  const key = rootKey(7);
  const params: Params = new Map(graph.params.map((spec) => [spec.name, tf.tensor(initialValues(spec, key), [...spec.shape])]));
  const imagesOf = (b: { images: Float32Array }): tf.Tensor => tf.tensor(b.images, [batch, ...shape]);
  const sets = { recalibrate: recalibrate.map(imagesOf), test: test.map(imagesOf) };
  const labels = test.map((b) => tf.tensor1d(Int32Array.from(b.labels), "int32"));

  const once = (): Map<string, tf.Tensor> => {
    const stats = new Map<string, tf.Tensor>();
    for (const x of sets.recalibrate) {
      tf.tidy(() => {
        const seen = walk(graph, [x], params, null).stats;
        for (const [name, value] of seen) {
          const old = stats.get(name);
          stats.set(name, tf.keep(old === undefined ? tf.mul(value, 1 / recalibrate.length) : tf.add(old, tf.mul(value, 1 / recalibrate.length))));
          old?.dispose();
        }
      });
    }
    const totals = tf.tidy(() => {
      const parts = sets.test.map((x, i) => {
        const logits = walk(graph, [x], params, stats).output;
        const label = labels[i] as tf.Tensor1D;
        const right = tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), label), "float32"));
        const loss = tf.sum(tf.losses.softmaxCrossEntropy(tf.oneHot(label, classes), logits, undefined, undefined, tf.Reduction.NONE));
        return [loss, right] as const;
      });
      return [0, 1].map((which) => parts.map((part) => part[which] as tf.Tensor).reduce((a, b) => tf.add(a, b)));
    });
    return new Map([...stats, ["loss", totals[0] as tf.Tensor], ["correct", totals[1] as tf.Tensor]]);
  };
  return {
    ...shared(backend, `tfjs ${tf.version_core}`),
    check: async () => {
      const results: Map<string, Float32Array> = await take(once());
      const loss = results.get("loss");
      if (loss !== undefined) results.set("loss", loss.map((value) => value / (test.length * batch)));
      return results satisfies Results;
    },
    run: async () => {
      const results = once();
      await results.get("correct")?.data();
      tf.dispose([...results.values()]);
    },
  };
}

export const createPeer: CreatePeer = async (benchCase, { backend }) => {
  if (backend === "wasm" && benchCase.kind !== "evaluation") throw new Unsupported("tfjs-wasm has no gradients of convolutions");
  await startStock(backend);
  if (benchCase.kind === "block") return blockPeer(benchCase, backend);
  return benchCase.kind === "step" ? stepPeer(benchCase, backend) : evaluationPeer(benchCase, backend);
};
