/** Hangs the plain TypeScript kernels into tfjs for the backends whose memory we can look into (cpu, wasm). */
import { dim, windowOf, type WindowGeometry } from "../geometry";
import { defineHostKernel, type Host, type HostBackend, type HostBody } from "../host";
import { attr, type Attrs, type Inputs, type KernelName } from "../kernel";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { moments, normalise, normGrad, type NormSize } from "./batchNorm";
import { convFilterGrad, convForward, convInputGrad } from "./conv";
import { depthwiseFilterGrad, depthwiseForward, depthwiseInputGrad } from "./depthwise";
import { crossEntropy } from "./loss";
import { poolForward, poolGrad, type PoolKind } from "./pool";
import { adam, clipFactor, sgd } from "./update";

type Define = (name: KernelName, body: HostBody) => void;

/** Window attributes as the ops pass them: k, stride, pad, dilation, and the input map's h and w for gradients. */
function geometry(shape: readonly number[], attrs: Attrs): WindowGeometry {
  const window = { stride: attr(attrs, "stride"), pad: attr(attrs, "pad"), dilation: attrs["dilation"] ?? 1 };
  return windowOf(shape, attrs["kh"] ?? attr(attrs, "k"), attrs["kw"] ?? attr(attrs, "k"), window);
}

function inputShape(dy: TensorInfo, attrs: Attrs, channels: number): number[] {
  return [dim(dy.shape, 0), attr(attrs, "h"), attr(attrs, "w"), channels];
}

function normSize(x: TensorInfo, attrs: Attrs): NormSize {
  const channels = dim(x.shape, x.shape.length - 1);
  const rows = x.shape.slice(0, -1).reduce((a, n) => a * n, 1);
  return { rows, channels, eps: attr(attrs, "eps"), cap: attr(attrs, "cap") };
}

function registerConv(define: Define): void {
  define("NasConv", (host, inputs, attrs) => {
    const [x, w] = [inputs.get("x"), inputs.get("w")];
    const [g, cout] = [geometry(x.shape, attrs), dim(w.shape, 3)];
    const y = host.make([g.b, g.oh, g.ow, cout]);
    convForward(host.floats(x), host.floats(w), host.floats(y), g, cout);
    return y;
  });
  define("NasConvInputGrad", (host, inputs, attrs) => {
    const [dy, w] = [inputs.get("dy"), inputs.get("w")];
    const shape = inputShape(dy, attrs, dim(w.shape, 2));
    const dx = host.make(shape);
    convInputGrad(host.floats(dy), host.floats(w), host.floats(dx), geometry(shape, attrs), dim(w.shape, 3));
    return dx;
  });
  define("NasConvFilterGrad", (host, inputs, attrs) => {
    const [x, dy] = [inputs.get("x"), inputs.get("dy")];
    const [g, cout] = [geometry(x.shape, attrs), dim(dy.shape, 3)];
    const dw = host.make([g.kh, g.kw, g.c, cout]);
    convFilterGrad(host.floats(x), host.floats(dy), host.floats(dw), g, cout);
    return dw;
  });
}

function registerDepthwise(define: Define): void {
  define("NasDepthwise", (host, inputs, attrs) => {
    const [x, w] = [inputs.get("x"), inputs.get("w")];
    const g = geometry(x.shape, attrs);
    const y = host.make([g.b, g.oh, g.ow, g.c]);
    depthwiseForward(host.floats(x), host.floats(w), host.floats(y), g);
    return y;
  });
  define("NasDepthwiseInputGrad", (host, inputs, attrs) => {
    const [dy, w] = [inputs.get("dy"), inputs.get("w")];
    const shape = inputShape(dy, attrs, dim(dy.shape, 3));
    const dx = host.make(shape);
    depthwiseInputGrad(host.floats(dy), host.floats(w), host.floats(dx), geometry(shape, attrs));
    return dx;
  });
  define("NasDepthwiseFilterGrad", (host, inputs, attrs) => {
    const [x, dy] = [inputs.get("x"), inputs.get("dy")];
    const g = geometry(x.shape, attrs);
    const dw = host.make([g.kh, g.kw, g.c, 1]);
    depthwiseFilterGrad(host.floats(x), host.floats(dy), host.floats(dw), g);
    return dw;
  });
}

function batchNormTrain(host: Host, inputs: Inputs, attrs: Attrs): TensorInfo[] {
  const x = inputs.get("x");
  const size = normSize(x, attrs);
  const [y, mean, variance] = [host.make(x.shape), host.make([size.channels]), host.make([size.channels])];
  moments(host.floats(x), host.floats(mean), host.floats(variance), size);
  const [gamma, beta] = [host.floats(inputs.get("gamma")), host.floats(inputs.get("beta"))];
  normalise(host.floats(x), host.floats(mean), host.floats(variance), gamma, beta, host.floats(y), size);
  return [y, mean, variance];
}

function batchNormGrad(host: Host, inputs: Inputs, attrs: Attrs): TensorInfo[] {
  const x = inputs.get("x");
  const size = normSize(x, attrs);
  const [dx, dgamma, dbeta] = [host.make(x.shape), host.make([size.channels]), host.make([size.channels])];
  const named = (name: string): Float32Array => host.floats(inputs.get(name));
  normGrad(
    {
      dy: named("dy"), x: named("x"), mean: named("mean"), variance: named("variance"), gamma: named("gamma"), beta: named("beta"),
      dx: host.floats(dx), dgamma: host.floats(dgamma), dbeta: host.floats(dbeta),
    },
    size,
  );
  return [dx, dgamma, dbeta];
}

function registerBatchNorm(define: Define): void {
  define("NasBatchNormTrain", batchNormTrain);
  define("NasBatchNormGrad", batchNormGrad);
  define("NasBatchNormEval", (host, inputs, attrs) => {
    const x = inputs.get("x");
    const y = host.make(x.shape);
    const named = (name: string): Float32Array => host.floats(inputs.get(name));
    normalise(named("x"), named("mean"), named("variance"), named("gamma"), named("beta"), host.floats(y), normSize(x, attrs));
    return y;
  });
}

function poolKind(attrs: Attrs): PoolKind {
  if (attr(attrs, "max") === 1) return "max";
  return attr(attrs, "pads") === 1 ? "padded" : "mean";
}

function registerPool(define: Define): void {
  define("NasPool", (host, inputs, attrs) => {
    const x = inputs.get("x");
    const g = geometry(x.shape, attrs);
    const y = host.make([g.b, g.oh, g.ow, g.c]);
    poolForward(host.floats(x), host.floats(y), g, poolKind(attrs));
    return y;
  });
  define("NasPoolGrad", (host, inputs, attrs) => {
    const [dy, x] = [inputs.get("dy"), inputs.get("x")];
    const dx = host.make(x.shape);
    poolGrad(host.floats(dy), host.floats(x), host.floats(dx), geometry(x.shape, attrs), poolKind(attrs));
    return dx;
  });
}

function registerLoss(define: Define): void {
  define("NasSoftmaxCrossEntropy", (host, inputs, attrs) => {
    const [logits, labels] = [inputs.get("logits"), inputs.get("labels")];
    const [loss, dlogits, correct] = [host.make([]), host.make(logits.shape), host.make([])];
    const classes = dim(logits.shape, 1);
    const found = crossEntropy(host.floats(logits), host.ints(labels), host.floats(dlogits), classes, attr(attrs, "epsilon"));
    host.floats(loss)[0] = found.loss;
    host.floats(correct)[0] = found.correct;
    return [loss, dlogits, correct];
  });
}

function registerUpdates(define: Define): void {
  define("NasClipFactor", (host, inputs, attrs) => {
    const factor = host.make([]);
    host.floats(factor)[0] = clipFactor(inputs.all().map((info) => host.floats(info)), attr(attrs, "max"));
    return factor;
  });
  define("NasBlend", (host, inputs, attrs) => {
    const [a, b] = [inputs.get("a"), inputs.get("b")];
    const out = host.make(a.shape);
    const [from, and, into] = [host.floats(a), host.floats(b), host.floats(out)];
    const [ca, cb] = [attr(attrs, "ca"), attr(attrs, "cb")];
    for (let i = 0; i < into.length; i++) into[i] = ca * (from[i] as number) + cb * (and[i] as number);
    return out;
  });
  define("NasSgd", (host, inputs, attrs) => {
    const [p, buf] = [inputs.get("p"), inputs.find("buf")];
    const [p2, buf2] = [host.make(p.shape), host.make(p.shape)];
    const factor = host.floats(inputs.get("factor"))[0] as number;
    const options = { lr: attr(attrs, "lr"), momentum: attr(attrs, "momentum"), decay: attr(attrs, "decay"), nesterov: attr(attrs, "nesterov") === 1 };
    sgd(host.floats(p), host.floats(inputs.get("g")), buf === null ? null : host.floats(buf), factor, host.floats(p2), host.floats(buf2), options);
    return [p2, buf2];
  });
  define("NasAdam", (host, inputs, attrs) => {
    const [p, m, v] = [inputs.get("p"), inputs.find("m"), inputs.find("v")];
    const [p2, m2, v2] = [host.make(p.shape), host.make(p.shape), host.make(p.shape)];
    const see = (info: TensorInfo | null): Float32Array | null => (info === null ? null : host.floats(info));
    const arrays = { p: host.floats(p), g: host.floats(inputs.get("g")), m: see(m), v: see(v), p2: host.floats(p2), m2: host.floats(m2), v2: host.floats(v2) };
    const names = ["lr", "beta1", "beta2", "eps", "decay", "step"] as const;
    const [lr, beta1, beta2, eps, decay, step] = names.map((name) => attr(attrs, name)) as [number, number, number, number, number, number];
    adam(arrays, host.floats(inputs.get("factor"))[0] as number, { lr, beta1, beta2, eps, decay, step });
    return [p2, m2, v2];
  });
}

/** Registers every reference kernel for a backend; names that it already has are kept. */
export function registerReferenceKernels(target: HostBackend): void {
  const define: Define = (name, body) => defineHostKernel(target, name, body);
  registerConv(define);
  registerDepthwise(define);
  registerBatchNorm(define);
  registerPool(define);
  registerLoss(define);
  registerUpdates(define);
}
