/**
 * Our kernels as compositions of stock tfjs ops, for backends whose memory we cannot look into (webgpu, webgl).
 * Right before fast: known stock traps are avoided here (dilated depthwise gradients, average-pool gradients at borders,
 * rank-5 pads), speed comes from the compiled executor.
 */
import {
  add, addN, argMax, avgPool, cast, conv2d, depthwiseConv2d, div, engine, equal, exp, logSoftmax, maxPool, mean, minimum,
  mul, neg, oneHot, ones, pad, relu, reshape, rsqrt, scalar, slice, sqrt, square, sub, sum, tensor, tidy, greater, less, logicalAnd,
  clipByValue, type NamedAttrMap, type Tensor, type Tensor4D, type TensorInfo,
} from "@tensorflow/tfjs-core"; // prettier-ignore
import { AppError } from "@/lib/appError";
import { dim, windowOf, type WindowGeometry } from "../geometry";
import { attr, defineKernel, type Attrs, type Inputs, type KernelName, type TfBackend } from "../kernel";

type Compose = (get: (name: string) => Tensor, attrs: Attrs, inputs: Inputs) => Tensor | Tensor[];

/** A kernel's inputs are tensors here: our ops go through the engine, which passes them on as they are. */
function asTensor(info: TensorInfo): Tensor {
  if ("rank" in info) return info as Tensor;
  throw new AppError("bug", "composed kernels need tensors");
}

const run = (name: string, inputs: Record<string, Tensor>, attrs: NamedAttrMap): Tensor => engine().runKernel<Tensor>(name, inputs, attrs);
const as4D = (t: Tensor): Tensor4D => reshape(t, t.shape as [number, number, number, number]);

function windowAttrs(attrs: Attrs): { strides: number; pad: number; dataFormat: "NHWC"; dimRoundingMode: "floor" } {
  return { strides: attr(attrs, "stride"), pad: attr(attrs, "pad"), dataFormat: "NHWC", dimRoundingMode: "floor" };
}

function inputShape(dy: Tensor, attrs: Attrs, channels: number): [number, number, number, number] {
  return [dim(dy.shape, 0), attr(attrs, "h"), attr(attrs, "w"), channels];
}

const convOps: Partial<Record<KernelName, Compose>> = {
  NasConv: (get, attrs) => conv2d(as4D(get("x")), as4D(get("w")), attr(attrs, "stride"), attr(attrs, "pad"), "NHWC", 1, "floor"),
  NasConvInputGrad: (get, attrs) => {
    const [dy, filter] = [get("dy"), get("w")];
    return run("Conv2DBackpropInput", { dy, filter }, { ...windowAttrs(attrs), inputShape: inputShape(dy, attrs, dim(filter.shape, 2)) });
  },
  NasConvFilterGrad: (get, attrs) => {
    const [x, dy, k] = [get("x"), get("dy"), attr(attrs, "k")];
    return run("Conv2DBackpropFilter", { x, dy }, { ...windowAttrs(attrs), filterShape: [k, k, dim(x.shape, 3), dim(dy.shape, 3)] });
  },
};

/** [k, k, c, 1] → [d(k−1)+1, d(k−1)+1, c, 1] with zeros between the taps. Rank 3 at most on the way. */
function stuff(w: Tensor, d: number): Tensor {
  const [k, c] = [dim(w.shape, 0), dim(w.shape, 2)];
  const wide = d * (k - 1) + 1;
  const rows = reshape(pad(reshape(w, [k, 1, k * c]), [[0, 0], [0, d - 1], [0, 0]]), [k * d, k * c]);
  const cut = reshape(slice(rows, [0, 0], [wide, k * c]), [wide * k, 1, c]);
  const both = reshape(pad(cut, [[0, 0], [0, d - 1], [0, 0]]), [wide, k * d, c]);
  return reshape(slice(both, [0, 0, 0], [wide, wide, c]), [wide, wide, c, 1]);
}

/** Adjoint of {@link stuff}: keeps the taps. */
function unstuff(dw: Tensor, k: number, d: number): Tensor {
  const [wide, c] = [dim(dw.shape, 0), dim(dw.shape, 2)];
  const columns = reshape(pad(reshape(dw, [wide, wide, c]), [[0, 0], [0, k * d - wide], [0, 0]]), [wide * k, d, c]);
  const thin = reshape(slice(columns, [0, 0, 0], [wide * k, 1, c]), [wide, k * c]);
  const rows = reshape(pad(thin, [[0, k * d - wide], [0, 0]]), [k, d, k * c]);
  return reshape(slice(rows, [0, 0, 0], [k, 1, k * c]), [k, k, c, 1]);
}

const depthwiseOps: Partial<Record<KernelName, Compose>> = {
  NasDepthwise: (get, attrs) => {
    const w = stuff(get("w"), attr(attrs, "dilation"));
    return depthwiseConv2d(as4D(get("x")), as4D(w), attr(attrs, "stride"), attr(attrs, "pad"), "NHWC", 1, "floor");
  },
  NasDepthwiseInputGrad: (get, attrs) => {
    const dy = get("dy");
    const filter = stuff(get("w"), attr(attrs, "dilation"));
    const rest = { ...windowAttrs(attrs), dilations: [1, 1], inputShape: inputShape(dy, attrs, dim(dy.shape, 3)) };
    return run("DepthwiseConv2dNativeBackpropInput", { dy, filter }, rest);
  },
  NasDepthwiseFilterGrad: (get, attrs) => {
    const [x, dy, k, d] = [get("x"), get("dy"), attr(attrs, "k"), attr(attrs, "dilation")];
    const wide = d * (k - 1) + 1;
    const rest = { ...windowAttrs(attrs), dilations: [1, 1], filterShape: [wide, wide, dim(x.shape, 3), 1] };
    return unstuff(run("DepthwiseConv2dNativeBackpropFilter", { x, dy }, rest), k, d);
  },
};

function activate(z: Tensor, cap: number): Tensor {
  if (cap === 0) return z;
  return cap > 0 ? clipByValue(z, 0, cap) : relu(z);
}

function gate(z: Tensor, dy: Tensor, cap: number): Tensor {
  if (cap === 0) return dy;
  const open = cap > 0 ? logicalAnd(greater(z, 0), less(z, cap)) : greater(z, 0);
  return mul(dy, cast(open, "float32"));
}

const flat = (x: Tensor): Tensor => reshape(x, [-1, dim(x.shape, x.shape.length - 1)]);

const normOps: Partial<Record<KernelName, Compose>> = {
  NasBatchNormTrain: (get, attrs) => {
    const x = flat(get("x"));
    const mu = mean(x, 0);
    const centred = sub(x, mu);
    const variance = mean(square(centred), 0);
    const scale = mul(rsqrt(add(variance, attr(attrs, "eps"))), get("gamma"));
    const y = activate(add(mul(centred, scale), get("beta")), attr(attrs, "cap"));
    return [reshape(y, get("x").shape), mu, variance];
  },
  NasBatchNormEval: (get, attrs) => {
    const x = flat(get("x"));
    const scale = mul(rsqrt(add(get("variance"), attr(attrs, "eps"))), get("gamma"));
    const y = activate(add(mul(sub(x, get("mean")), scale), get("beta")), attr(attrs, "cap"));
    return reshape(y, get("x").shape);
  },
  NasBatchNormGrad: (get, attrs) => {
    const rstd = rsqrt(add(get("variance"), attr(attrs, "eps")));
    const xhat = mul(sub(flat(get("x")), get("mean")), rstd);
    const g = gate(add(mul(xhat, get("gamma")), get("beta")), flat(get("dy")), attr(attrs, "cap"));
    const [dbeta, dgamma] = [sum(g, 0), sum(mul(g, xhat), 0)];
    const rows = dim(xhat.shape, 0);
    const inner = sub(g, div(add(dbeta, mul(xhat, dgamma)), rows));
    return [reshape(mul(mul(get("gamma"), rstd), inner), get("x").shape), dgamma, dbeta];
  },
};

function poolGeometry(x: Tensor, attrs: Attrs): WindowGeometry {
  return windowOf(x.shape, attr(attrs, "kh"), attr(attrs, "kw"), { stride: attr(attrs, "stride"), pad: attr(attrs, "pad") });
}

/** Real pixels under every window of one image, as [1, oh, ow, 1]. */
function windowCounts(g: WindowGeometry): Tensor {
  const covered = (o: number, k: number, size: number): number =>
    Math.min(o * g.stride - g.pad + k, size) - Math.max(o * g.stride - g.pad, 0);
  const rows = Array.from({ length: g.oh }, (_, o) => covered(o, g.kh, g.h));
  const columns = Array.from({ length: g.ow }, (_, o) => covered(o, g.kw, g.w));
  return mul(tensor(rows, [1, g.oh, 1, 1]), tensor(columns, [1, 1, g.ow, 1]));
}

/** What an average over the zero-padded map is multiplied with. */
function poolScale(g: WindowGeometry, attrs: Attrs): Tensor {
  return attr(attrs, "pads") === 1 ? scalar(1) : div(g.kh * g.kw, windowCounts(g));
}

const poolOps: Partial<Record<KernelName, Compose>> = {
  NasPool: (get, attrs) => {
    const x = get("x");
    const g = poolGeometry(x, attrs);
    const window: [number, number] = [g.kh, g.kw];
    if (attr(attrs, "max") === 1) return maxPool(as4D(x), window, g.stride, g.pad, "floor");
    const padded = pad(x, [[0, 0], [g.pad, g.pad], [g.pad, g.pad], [0, 0]]);
    // With a padding in numbers stock pools take the window's height for its width too.
    return mul(avgPool(as4D(padded), window, g.stride, "valid"), poolScale(g, attrs));
  },
  NasPoolGrad: (get, attrs) => {
    const [dy, x] = [get("dy"), get("x")];
    const g = poolGeometry(x, attrs);
    const shared = { filterSize: [g.kh, g.kw], strides: [g.stride, g.stride] };
    if (attr(attrs, "max") === 1) {
      const output = maxPool(as4D(x), [g.kh, g.kw], g.stride, g.pad, "floor");
      return run("MaxPoolGrad", { dy, input: x, output }, { ...shared, pad: g.pad, dimRoundingMode: "floor" });
    }
    const padded = pad(x, [[0, 0], [g.pad, g.pad], [g.pad, g.pad], [0, 0]]);
    const even = mul(dy, poolScale(g, attrs));
    const dx = run("AvgPoolGrad", { dy: even, input: padded }, { ...shared, pad: "valid" });
    return slice(dx, [0, g.pad, g.pad, 0], [g.b, g.h, g.w, g.c]);
  },
};

const lossOps: Partial<Record<KernelName, Compose>> = {
  NasSoftmaxCrossEntropy: (get, attrs) => {
    const [logits, labels] = [get("logits"), get("labels")];
    const [batch, classes, epsilon] = [dim(logits.shape, 0), dim(logits.shape, 1), attr(attrs, "epsilon")];
    const logP = logSoftmax(logits);
    const q = add(mul(cast(oneHot(cast(labels, "int32"), classes), "float32"), 1 - epsilon), epsilon / classes);
    const loss = div(neg(sum(mul(q, logP))), batch);
    const right = sum(cast(equal(argMax(logits, 1), labels), "float32"));
    return [loss, div(sub(exp(logP), q), batch), right];
  },
};

/** Sum of many tensors, few at a time: stock addN binds all of them and passes the device's buffer limit unnoticed. */
function total(list: Tensor[]): Tensor {
  let rest = list;
  while (rest.length > 1) {
    const groups: Tensor[] = [];
    for (let i = 0; i < rest.length; i += 6) groups.push(addN(rest.slice(i, i + 6)));
    rest = groups;
  }
  return rest[0] ?? scalar(0);
}

const updateOps: Partial<Record<KernelName, Compose>> = {
  NasClipFactor: (_get, attrs, inputs) => {
    const norm = sqrt(total(inputs.all().map((g) => sum(square(asTensor(g))))));
    return minimum(ones([]), div(attr(attrs, "max"), add(norm, 1e-6)));
  },
  NasBlend: (get, attrs) => add(mul(get("a"), attr(attrs, "ca")), mul(get("b"), attr(attrs, "cb"))),
  NasSgd: (get, attrs, inputs) => {
    const [p, momentum] = [get("p"), attr(attrs, "momentum")];
    const d = add(mul(get("g"), get("factor")), mul(p, attr(attrs, "decay")));
    const buf = inputs.find("buf") === null ? d : add(mul(get("buf"), momentum), d);
    const u = attr(attrs, "nesterov") === 1 ? add(d, mul(buf, momentum)) : buf;
    return [sub(p, mul(u, attr(attrs, "lr"))), buf];
  },
  NasAdam: (get, attrs, inputs) => {
    const [p, beta1, beta2, step] = [get("p"), attr(attrs, "beta1"), attr(attrs, "beta2"), attr(attrs, "step")];
    const d = add(mul(get("g"), get("factor")), mul(p, attr(attrs, "decay")));
    const [m1, v1] = [mul(d, 1 - beta1), mul(square(d), 1 - beta2)];
    const m = inputs.find("m") === null ? m1 : add(mul(get("m"), beta1), m1);
    const v = inputs.find("v") === null ? v1 : add(mul(get("v"), beta2), v1);
    const denominator = add(div(sqrt(v), Math.sqrt(1 - beta2 ** step)), attr(attrs, "eps"));
    return [sub(p, mul(div(m, denominator), attr(attrs, "lr") / (1 - beta1 ** step))), m, v];
  },
};

const all: Partial<Record<KernelName, Compose>> = { ...convOps, ...depthwiseOps, ...normOps, ...poolOps, ...lossOps, ...updateOps };

/** Registers the composed kernels for one backend. */
export function registerComposedKernels(backendName: TfBackend): void {
  for (const [name, compose] of Object.entries(all)) {
    // Keys of `all` are kernel names by its type; Object.entries forgets that.
    defineKernel(name as KernelName, backendName, (inputs, attrs) => tidy(() => compose((n) => asTensor(inputs.get(n)), attrs, inputs)));
  }
}
