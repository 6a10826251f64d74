/** Element-wise primitives with gradients: sum of two maps, bias, activations. */
import {
  add, cast, clipByValue, clone, customGrad, div, greater, less, logicalAnd, mul, relu as stockRelu, sigmoid as stockSigmoid, sub, sum, type Tensor,
} from "@tensorflow/tfjs-core"; // prettier-ignore

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

/** Where low < x < high, as numbers. */
const inside = (x: Tensor, low: number, high: number): Tensor => cast(logicalAnd(greater(x, low), less(x, high)), "float32");

/** min(max(x, 0), 6); no gradient at either end, as PyTorch. */
export function relu6(x: Tensor): Tensor {
  return customGrad((t, save) => {
    (save as Save)([t as Tensor]);
    return { value: clipByValue(t as Tensor, 0, 6), gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, inside(saved[0] as Tensor, 0, 6)) };
  })(x);
}

const ramp = (x: Tensor): Tensor => div(clipByValue(add(x, 3), 0, 6), 6);

/** A function of one variable by value and derivative, both of x. */
function smooth(x: Tensor, value: (x: Tensor) => Tensor, derivative: (x: Tensor) => Tensor): Tensor {
  return customGrad((t, save) => {
    (save as Save)([t as Tensor]);
    return { value: value(t as Tensor), gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, derivative(saved[0] as Tensor)) };
  })(x);
}

/** relu6(x + 3)/6. */
export function hsigmoid(x: Tensor): Tensor {
  return smooth(x, ramp, (t) => div(inside(t, -3, 3), 6));
}

/** x·relu6(x + 3)/6. */
export function hswish(x: Tensor): Tensor {
  return smooth(x, (t) => mul(t, ramp(t)), (t) => add(ramp(t), div(mul(t, inside(t, -3, 3)), 6)));
}

/** 1/(1 + e⁻ˣ). */
export function sigmoid(x: Tensor): Tensor {
  return smooth(x, stockSigmoid, (t) => {
    const s = stockSigmoid(t);
    return mul(s, sub(1, s));
  });
}

/** x/(1 + e⁻ˣ). */
export function swish(x: Tensor): Tensor {
  return smooth(x, (t) => mul(t, stockSigmoid(t)), (t) => {
    const s = stockSigmoid(t);
    return mul(s, add(1, mul(t, sub(1, s))));
  });
}
