/** The staging array of batches is shared by networks of any number of channels: what one leaves there must not reach another. */
import { expect, it } from "vitest";
import { referenceMachine } from "@/kernels/isa/reference/machine";
import { rootKey } from "@/lib/rng";
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import { checkBatch, checkNetwork } from "../backendCheckNetwork";
import { createPlanExecutor } from "./executor";

const sgd = { optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 0, decayNorms: false }, lr: 0.1, clip: null, labelSmoothing: 0 } as const;

async function losses(channelsBefore: number | null): Promise<Float32Array> {
  const executor = createPlanExecutor("wasm", referenceMachine());
  if (channelsBefore !== null) {
    const b = graphBuilder([32, 32, channelsBefore], torchDefaultInit);
    const other = b.finish(b.node("mean", { op: "globalAvgPool" }, [b.input]));
    const store = executor.createStore(other.params, other.norms, rootKey(1));
    await executor.logits(store, other, "running", { images: new Float32Array(4 * 32 * 32 * channelsBefore).fill(7), labels: new Uint8Array(4), size: 4 });
    store.dispose();
  }
  const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
  for (let i = 0; i < 3; i++) executor.trainStep(store, [checkNetwork], checkBatch(4, 1), sgd, true);
  const taken = await executor.takeLosses();
  executor.dispose();
  return taken;
}

it.each([5, 6])("%i channels before three", async (channels) => expect(await losses(channels)).toEqual(await losses(null)));
