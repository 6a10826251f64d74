/** Reshape with a gradient (tfjs-core alone has none). */
import { customGrad, reshape, type Tensor } from "@tensorflow/tfjs-core";

export function viewAs(x: Tensor, shape: readonly number[]): Tensor {
  const from = x.shape;
  return customGrad((t) => ({
    value: reshape(t as Tensor, [...shape]),
    gradFunc: (dy: Tensor) => reshape(dy, from),
  }))(x);
}
