/** Depthwise convolution [b, h, w, c] ∗ [k, k, c, 1] with stride, dilation and symmetric zero padding. */
import type { GradConfig, Tensor } from "@tensorflow/tfjs-core";
import { dim, type WindowAttrs } from "../geometry";
import { at, runOne, type Attrs } from "../kernel";

export function depthwise(x: Tensor, w: Tensor, attrs: WindowAttrs): Tensor {
  const { stride, pad, dilation = 1 } = attrs;
  return runOne("NasDepthwise", { x, w }, { k: dim(w.shape, 0), stride, pad, dilation, h: dim(x.shape, 1), w: dim(x.shape, 2) });
}

export const depthwiseGradient: GradConfig = {
  kernelName: "NasDepthwise",
  inputsToSave: ["x", "w"],
  gradFunc: (dy, saved, named) => {
    const attrs = named as Attrs;
    const [g, x, w] = [Array.isArray(dy) ? at(dy, 0) : dy, at(saved, 0), at(saved, 1)];
    return {
      x: () => runOne("NasDepthwiseInputGrad", { dy: g, w }, attrs),
      w: () => runOne("NasDepthwiseFilterGrad", { x, dy: g }, attrs),
    };
  },
};
