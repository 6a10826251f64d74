/**
 * The one place that tells tfjs how to differentiate our kernels. Stock gradients and chained ops are deliberately not loaded:
 * every primitive carries its own gradient, so tfjs-core is enough, in Node as in the bundle.
 */
import { registerGradient } from "@tensorflow/tfjs-core";
import { batchNormGradient } from "./ops/batchNorm";
import { convGradient } from "./ops/conv";
import { depthwiseGradient } from "./ops/depthwise";
import { crossEntropyGradient } from "./ops/loss";
import { poolGradient } from "./ops/pool";

let done = false;

/** Idempotent. */
export function registerGradients(): void {
  if (done) return;
  done = true;
  for (const config of [convGradient, depthwiseGradient, batchNormGradient, poolGradient, crossEntropyGradient]) registerGradient(config);
}
