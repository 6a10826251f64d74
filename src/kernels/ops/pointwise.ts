/** Element-wise primitives with gradients: sum of two maps, bias, ReLU and ReLU6. */
import { add, cast, clipByValue, clone, customGrad, greater, less, logicalAnd, mul, relu as stockRelu, sum, type Tensor } from "@tensorflow/tfjs-core";

type Save = (tensors: Tensor[]) => void;

export function addMaps(a: Tensor, b: Tensor): Tensor {
  return customGrad((x, y) => ({
    value: add(x as Tensor, y as Tensor),
    // Two tensors: tfjs frees a gradient once it has been summed into another.
    gradFunc: (dy: Tensor) => [clone(dy), clone(dy)],
  }))(a, b);
}

/** Adds [c] to every row. */
export function addBias(x: Tensor, bias: Tensor): Tensor {
  const axes = x.shape.slice(0, -1).map((_, i) => i);
  return customGrad((t, b) => ({
    value: add(t as Tensor, b as Tensor),
    gradFunc: (dy: Tensor) => [clone(dy), sum(dy, axes)],
  }))(x, bias);
}

export function relu(x: Tensor): Tensor {
  return customGrad((t, save) => {
    const y = stockRelu(t as Tensor);
    (save as Save)([y]);
    return { value: y, gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, cast(greater(saved[0] as Tensor, 0), "float32")) };
  })(x);
}

/** min(max(x, 0), 6); no gradient at either end, as PyTorch. */
export function relu6(x: Tensor): Tensor {
  return customGrad((t, save) => {
    (save as Save)([t as Tensor]);
    const gate = (z: Tensor): Tensor => cast(logicalAnd(greater(z, 0), less(z, 6)), "float32");
    return { value: clipByValue(t as Tensor, 0, 6), gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, gate(saved[0] as Tensor)) };
  })(x);
}
