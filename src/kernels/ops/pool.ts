/** Max, average and global average pooling with PyTorch's padding: never a maximum, and counted by an average when asked for. */
import type { GradConfig, Tensor } from "@tensorflow/tfjs-core";
import { dim } from "../geometry";
import { at, runOne, type Attrs } from "../kernel";
import { viewAs } from "./reshape";

export interface PoolAttrs {
  readonly k: number;
  readonly stride: number;
  readonly pad: number;
}

export interface AvgPoolAttrs extends PoolAttrs {
  /** Divide by k² everywhere (PyTorch's count_include_pad); false: by the pixels inside. Absent: true. */
  readonly countPads?: boolean;
}

export function maxPool(x: Tensor, { k, stride, pad }: PoolAttrs): Tensor {
  return runOne("NasPool", { x }, { kh: k, kw: k, stride, pad, max: 1, pads: 0 });
}

export function avgPool(x: Tensor, { k, stride, pad, countPads = true }: AvgPoolAttrs): Tensor {
  return runOne("NasPool", { x }, { kh: k, kw: k, stride, pad, max: 0, pads: countPads ? 1 : 0 });
}

/** [b, h, w, c] → [b, c]. */
export function globalAvgPool(x: Tensor): Tensor {
  const y = runOne("NasPool", { x }, { kh: dim(x.shape, 1), kw: dim(x.shape, 2), stride: 1, pad: 0, max: 0, pads: 0 });
  return viewAs(y, [dim(x.shape, 0), dim(x.shape, 3)]);
}

export const poolGradient: GradConfig = {
  kernelName: "NasPool",
  inputsToSave: ["x"],
  gradFunc: (dy, saved, named) => {
    const g = Array.isArray(dy) ? at(dy, 0) : dy;
    return { x: () => runOne("NasPoolGrad", { dy: g, x: at(saved, 0) }, named as Attrs) };
  },
};
