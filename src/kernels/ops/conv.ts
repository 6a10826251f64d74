/** Convolution [b, h, w, cin] ∗ [k, k, cin/groups, cout] → [b, oh, ow, cout], symmetric zero padding as in PyTorch. */
import type { GradConfig, Tensor } from "@tensorflow/tfjs-core";
import { AppError } from "@/lib/appError";
import { dim } from "../geometry";
import { at, runOne, type Attrs } from "../kernel";
import { concatChannels, sliceChannels } from "./channels";
import { viewAs } from "./reshape";

export interface ConvAttrs {
  readonly stride: number;
  readonly pad: number;
  readonly groups?: number;
}

function attrsOf(x: Tensor, w: Tensor, attrs: ConvAttrs): Attrs {
  // The input map's size travels along because a gradient cannot tell it from dy.
  return { k: dim(w.shape, 0), stride: attrs.stride, pad: attrs.pad, h: dim(x.shape, 1), w: dim(x.shape, 2) };
}

export function conv(x: Tensor, w: Tensor, attrs: ConvAttrs): Tensor {
  const groups = attrs.groups ?? 1;
  if (groups === 1) return runOne("NasConv", { x, w }, attrsOf(x, w, attrs));
  const [cin, cout] = [dim(w.shape, 2), dim(w.shape, 3) / groups];
  if (!Number.isInteger(cout) || cin * groups !== dim(x.shape, 3))
    throw new AppError("bug", `${dim(x.shape, 3)} → ${dim(w.shape, 3)} channels do not split into ${groups} groups`);
  const parts = Array.from({ length: groups }, (_, i) => {
    const [xi, wi] = [sliceChannels(x, i * cin, cin), sliceChannels(w, i * cout, cout)];
    return runOne("NasConv", { x: xi, w: wi }, attrsOf(xi, wi, attrs));
  });
  return concatChannels(parts);
}

/** Dense layer: [b, cin] · [cin, cout], the 1×1 convolution of a 1×1 map. The gradient reaches both. */
export function linear(x: Tensor, w: Tensor): Tensor {
  const [b, cin, cout] = [dim(x.shape, 0), dim(w.shape, 0), dim(w.shape, 1)];
  const attrs = { k: 1, stride: 1, pad: 0, h: 1, w: 1 };
  return viewAs(runOne("NasConv", { x: viewAs(x, [b, 1, 1, cin]), w: viewAs(w, [1, 1, cin, cout]) }, attrs), [b, cout]);
}

export const convGradient: GradConfig = {
  kernelName: "NasConv",
  inputsToSave: ["x", "w"],
  gradFunc: (dy, saved, named) => {
    const attrs = named as Attrs;
    const [g, x, w] = [Array.isArray(dy) ? at(dy, 0) : dy, at(saved, 0), at(saved, 1)];
    return {
      x: () => runOne("NasConvInputGrad", { dy: g, w }, attrs),
      w: () => runOne("NasConvFilterGrad", { x, dy: g }, attrs),
    };
  },
};
