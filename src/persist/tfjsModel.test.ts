import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { unzipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { sizeOf, type Graph, type GraphNode, type Op, type ParamSpec } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import { makeSpace } from "@/nas/space/registry";
import { exportTfjsModel, zipTfjsModel, type TfjsModelInfo } from "./tfjsModel";

const info: TfjsModelInfo = {
  name: "test",
  app: "0.1.0",
  classNames: ["a", "b", "c"],
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
  extra: { id: "02120112" },
};

/** Small graphs by hand: every op gets the next id; shapes are given. */
function handmade(input: readonly number[]): {
  add(attrs: Op, shape: readonly number[], ...inputs: number[]): number;
  graph(): Graph;
} {
  const nodes: GraphNode[] = [{ id: 0, name: "input", attrs: { op: "input" }, inputs: [], shape: input, slot: null }];
  const params: ParamSpec[] = [];
  const norms: { stats: string; channels: number }[] = [];
  const param = (name: string, shape: readonly number[], role: ParamSpec["role"]): void =>
    void params.push({ name, shape, role, init: { kind: "constant", value: 0 } });
  return {
    add(attrs, shape, ...inputs) {
      const id = nodes.length;
      const channels = shape.at(-1) ?? 0;
      nodes.push({ id, name: `${attrs.op}:${id}`, attrs, inputs, shape, slot: null });
      if (attrs.op === "conv") param(attrs.weight, [attrs.k, attrs.k, attrs.cin / attrs.groups, attrs.cout], "conv");
      if (attrs.op === "depthwise") param(attrs.weight, [attrs.k, attrs.k, channels, 1], "depthwise");
      if (attrs.op === "linear") param(attrs.weight, [attrs.cin, attrs.cout], "linear");
      if ((attrs.op === "conv" || attrs.op === "linear") && attrs.bias !== undefined)
        param(attrs.bias, [attrs.cout], "bias");
      if (attrs.op === "batchNorm") {
        norms.push({ stats: attrs.stats, channels });
        if (attrs.gamma !== undefined) param(attrs.gamma, [channels], "gamma");
        if (attrs.beta !== undefined) param(attrs.beta, [channels], "beta");
      }
      return id;
    },
    graph: () => ({ nodes, output: nodes.length - 1, params, norms }),
  };
}

function randomWeights(graph: Graph, seed: number): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>();
  const draw = (name: string, length: number, from: number, to: number): void => {
    const rng = rootKey(seed).fold(name).stream();
    weights.set(
      name,
      Float32Array.from({ length }, () => from + (to - from) * rng.next()),
    );
  };
  for (const { name, shape } of graph.params) draw(name, sizeOf(shape), -0.5, 0.5);
  for (const { stats, channels } of graph.norms) {
    draw(`${stats}.mean`, channels, -0.3, 0.3);
    draw(`${stats}.var`, channels, 0.3, 1.5);
  }
  return weights;
}

type Plain = Extract<Op, { op: "hswish" | "hsigmoid" | "sigmoid" | "swish" | "scale" | "mask" | "mix" | "subsample" | "scatter" | "resize" | "shift" | "dropPath" }>;

/** Pixel by pixel: value of x at the place that `from` gives for a pixel of the result, zero where it gives none. */
function moved(x: tf.Tensor, h: number, w: number, from: (i: number, size: number) => number): tf.Tensor {
  const [b = 0, ih = 0, iw = 0, c = 0] = x.shape;
  const values = x.dataSync();
  const data = Float32Array.from({ length: b * h * w * c }, (_, i) => {
    const [ch, ox, oy, n] = [i % c, Math.floor(i / c) % w, Math.floor(i / c / w) % h, Math.floor(i / c / w / h)];
    const [iy, ix] = [from(oy, ih), from(ox, iw)];
    return iy >= 0 && iy < ih && ix >= 0 && ix < iw ? (values[((n * ih + iy) * iw + ix) * c + ch] ?? 0) : 0;
  });
  return tf.tensor(data, [b, h, w, c]);
}

/** Ops without a TensorFlow counterpart, by their definitions. */
function special(attrs: Plain, xs: readonly tf.Tensor[], shape: readonly number[], weights: ReadonlyMap<string, Float32Array>): tf.Tensor {
  const x = xs[0] as tf.Tensor;
  const [h = 0, w = 0] = shape;
  const gate = (): tf.Tensor => tf.div(1, tf.add(1, tf.exp(tf.neg(x))));
  const ramp = (): tf.Tensor => tf.div(tf.minimum(tf.maximum(tf.add(x, 3), 0), 6), 6);
  switch (attrs.op) {
    case "hswish":
      return tf.mul(x, ramp());
    case "hsigmoid":
      return ramp();
    case "sigmoid":
      return gate();
    case "swish":
      return tf.mul(x, gate());
    case "scale":
      return tf.mul(x, tf.reshape(xs[1] as tf.Tensor, [3, 1, 1, -1]));
    case "mask":
      return tf.mul(x, tf.tensor1d(weights.get(attrs.weights) as Float32Array));
    case "mix": {
      const own = Array.from(weights.get(attrs.weights) as Float32Array).slice(attrs.begin, attrs.begin + attrs.count);
      const total = own.reduce((sum, a) => sum + Math.exp(a), 0);
      const p = own.map((a) => (attrs.soft ? Math.exp(a) / total : a));
      return xs.map((t, i) => tf.mul(t, p[attrs.index[i] as number] as number)).reduce((a, b) => tf.add(a, b));
    }
    case "subsample":
      return moved(x, h, w, (i, size) => Math.floor((i * size) / attrs.side));
    case "scatter":
      return moved(x, h, w, (i, size) => Array.from({ length: size }, (_, k) => Math.floor((k * attrs.side) / size)).indexOf(i));
    case "resize": {
      // Every pixel many times over, then means of equal blocks.
      const many = moved(x, h * (x.shape[1] ?? 0), w * (x.shape[2] ?? 0), (i) => Math.floor(i / attrs.side));
      return tf.avgPool(many as tf.Tensor4D, [x.shape[1] ?? 1, x.shape[2] ?? 1], [x.shape[1] ?? 1, x.shape[2] ?? 1], "valid");
    }
    case "shift":
      return moved(x, h, w, (i) => i + attrs.by);
    case "dropPath":
      return x;
  }
}

/** Plain tfjs ops, padding by hand: what the model must agree with. */
function reference(graph: Graph, weights: ReadonlyMap<string, Float32Array>, images: tf.Tensor4D): Float32Array {
  const weight = (name: string, shape: number[]): tf.Tensor =>
    tf.tensor(weights.get(name) ?? new Float32Array(), shape);
  const values: tf.Tensor[] = [];
  const padded = (x: tf.Tensor, pad: number, fill = 0, across = pad): tf.Tensor4D =>
    tf.pad(
      x,
      [
        [0, 0],
        [pad, pad],
        [across, across],
        [0, 0],
      ],
      fill,
    ) as tf.Tensor4D;
  for (const { attrs, inputs, shape } of graph.nodes) {
    const at = (i: number): tf.Tensor => values[inputs[i] ?? 0] ?? images;
    const x = at(0);
    const c = shape.at(-1) ?? 0;
    switch (attrs.op) {
      case "input":
        values.push(images);
        break;
      case "conv": {
        const wide = attrs.across ?? attrs;
        const w = weight(attrs.weight, [attrs.k, wide.k, attrs.cin / attrs.groups, attrs.cout]) as tf.Tensor4D;
        const [xs, ws] = [tf.split(padded(x, attrs.pad, 0, wide.pad), attrs.groups, 3), tf.split(w, attrs.groups, 3)];
        const y = tf.concat(
          xs.map((part, i) => tf.conv2d(part as tf.Tensor4D, ws[i] as tf.Tensor4D, [attrs.stride, wide.stride], "valid")),
          3,
        );
        values.push(attrs.bias === undefined ? y : tf.add(y, weight(attrs.bias, [c])));
        break;
      }
      case "depthwise":
        values.push(
          tf.depthwiseConv2d(
            padded(x, attrs.pad),
            weight(attrs.weight, [attrs.k, attrs.k, c, 1]) as tf.Tensor4D,
            attrs.stride,
            "valid",
            "NHWC",
            attrs.dilation,
          ),
        );
        break;
      case "batchNorm": {
        const centred = tf.div(
          tf.sub(x, weight(`${attrs.stats}.mean`, [c])),
          tf.sqrt(tf.add(weight(`${attrs.stats}.var`, [c]), attrs.eps)),
        );
        const scaled = attrs.gamma === undefined ? centred : tf.mul(centred, weight(attrs.gamma, [c]));
        values.push(attrs.beta === undefined ? scaled : tf.add(scaled, weight(attrs.beta, [c])));
        break;
      }
      case "relu":
        values.push(tf.maximum(x, 0));
        break;
      case "relu6":
        values.push(tf.minimum(tf.maximum(x, 0), 6));
        break;
      case "maxPool":
        values.push(tf.maxPool(padded(x, attrs.pad, -1e30), attrs.k, attrs.stride, "valid"));
        break;
      case "avgPool": {
        const sums = tf.avgPool(padded(x, attrs.pad), attrs.k, attrs.stride, "valid");
        const counts = tf.avgPool(padded(tf.onesLike(x), attrs.pad), attrs.k, attrs.stride, "valid");
        values.push(attrs.countPads === false ? tf.div(sums, counts) : sums);
        break;
      }
      case "globalAvgPool":
        values.push(tf.mean(x, [1, 2]));
        break;
      case "linear": {
        const y = tf.matMul(x as tf.Tensor2D, weight(attrs.weight, [attrs.cin, attrs.cout]) as tf.Tensor2D);
        values.push(attrs.bias === undefined ? y : tf.add(y, weight(attrs.bias, [attrs.cout])));
        break;
      }
      case "add":
        values.push(inputs.slice(1).reduce((sum, _, i) => tf.add(sum, at(i + 1)), x));
        break;
      case "concat":
        values.push(
          tf.concat(
            inputs.map((_, i) => at(i)),
            -1,
          ),
        );
        break;
      case "slice":
        values.push(tf.slice(x, [0, 0, 0, attrs.begin], [-1, -1, -1, attrs.size]));
        break;
      case "stridedSlice":
        values.push(tf.gather(x, tf.range(attrs.begin, x.shape[3] ?? 0, attrs.step, "int32"), 3));
        break;
      case "shuffle":
        values.push(
          tf.gather(
            x,
            tf.tensor1d(
              Array.from(
                { length: c },
                (_, i) => (i % attrs.groups) * (c / attrs.groups) + Math.floor(i / attrs.groups),
              ),
              "int32",
            ),
            3,
          ),
        );
        break;
      default:
        values.push(special(attrs, inputs.map((_, i) => at(i)), shape, weights));
    }
  }
  return (values[graph.output] as tf.Tensor).dataSync() as Float32Array;
}

/** Load the zip as a user would and compare the logits of three images. */
async function compare(graph: Graph, seed: number, tolerance: number): Promise<void> {
  const weights = randomWeights(graph, seed);
  const rng = rootKey(seed).fold("images").stream();
  const input = graph.nodes[0]?.shape ?? [];
  const pixels = Float32Array.from({ length: 3 * sizeOf(input) }, () => rng.normal());
  const files = unzipSync(zipTfjsModel(exportTfjsModel(graph, weights, info)));
  const json = JSON.parse(new TextDecoder().decode(files["model.json"])) as Record<string, unknown> & {
    weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
  };
  const model = await loadGraphModel(
    tf.io.fromMemory({
      format: "graph-model",
      modelTopology: json["modelTopology"] as object,
      signature: json["signature"] as object,
      userDefinedMetadata: json["userDefinedMetadata"] as Record<string, unknown>,
      weightSpecs: json.weightsManifest[0]?.weights ?? [],
      weightData: (files["weights.bin"] as Uint8Array).slice().buffer,
    }),
  );
  const [got, want] = tf.tidy(() => {
    const images = tf.tensor4d(pixels, [3, ...input] as [number, number, number, number]);
    const logits = model.predict(images) as tf.Tensor;
    expect(logits.shape).toEqual([3, ...(graph.nodes[graph.output]?.shape ?? [])]);
    return [logits.dataSync() as Float32Array, reference(graph, weights, images)];
  });
  model.dispose();
  const scale = want.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const error = want.reduce((max, value, i) => Math.max(max, Math.abs(value - (got[i] ?? NaN))), 0);
  expect(scale).toBeGreaterThan(1e-3);
  expect(error / scale).toBeLessThan(tolerance);
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("exportTfjsModel", () => {
  it("covers every primitive: padding, strides, dilation, groups, biases, shuffles, both pools", async () => {
    const g = handmade([11, 9, 4]);
    const bn = (stats: string, affine: boolean): Op => ({
      op: "batchNorm",
      stats,
      eps: 1e-3,
      momentum: 0.1,
      ...(affine ? { gamma: `${stats}.weight`, beta: `${stats}.bias` } : {}),
    });
    const grouped = g.add(
      { op: "conv", k: 3, stride: 1, pad: 1, groups: 2, cin: 4, cout: 8, weight: "c1.weight", bias: "c1.bias" },
      [11, 9, 8],
      0,
    );
    const normed = g.add({ op: "relu6" }, [11, 9, 8], g.add(bn("n1", false), [11, 9, 8], grouped));
    const keep = g.add({ op: "stridedSlice", begin: 1, step: 2 }, [11, 9, 4], normed);
    const main = g.add({ op: "slice", begin: 2, size: 4 }, [11, 9, 4], normed);
    const wide = g.add(
      { op: "depthwise", k: 3, stride: 1, pad: 2, dilation: 2, weight: "d1.weight" },
      [11, 9, 4],
      main,
    );
    const joined = g.add({ op: "concat" }, [11, 9, 8], keep, g.add(bn("n2", true), [11, 9, 4], wide));
    const mixed = g.add({ op: "shuffle", groups: 2 }, [11, 9, 8], joined);
    const max = g.add({ op: "maxPool", k: 3, stride: 2, pad: 1 }, [6, 5, 8], mixed);
    const avg = g.add({ op: "avgPool", k: 3, stride: 2, pad: 1, countPads: false }, [6, 5, 8], mixed);
    const strided = g.add(
      { op: "depthwise", k: 5, stride: 2, pad: 2, dilation: 1, weight: "d2.weight" },
      [6, 5, 8],
      mixed,
    );
    const sum = g.add({ op: "relu" }, [6, 5, 8], g.add({ op: "add" }, [6, 5, 8], max, avg, strided));
    const valid = g.add({ op: "avgPool", k: 2, stride: 1, pad: 0 }, [5, 4, 8], sum);
    g.add(
      { op: "linear", cin: 8, cout: 3, weight: "fc.weight", bias: "fc.bias" },
      [3],
      g.add({ op: "globalAvgPool" }, [8], valid),
    );
    await compare(g.graph(), 1, 1e-5);
  });

  it("covers smooth activations, weights on maps, mixtures, resampling and counted padding", async () => {
    const b = graphBuilder([9, 9, 4], torchDefaultInit);
    const alpha = b.architecture("alpha", 5, { kind: "constant", value: 0 });
    const gate = b.hsigmoid("gate", b.linear("squeeze", b.node("mean", { op: "globalAvgPool" }, [b.input]), 4));
    const scaled = b.scale("scaled", b.hswish("hswish", b.conv("stem", b.input, { cout: 4, k: 3 })), gate);
    const masked = b.mask("masked", b.swish("swish", scaled), b.architecture("m", 4, { kind: "constant", value: 1 }));
    const dropped = b.dropPath("dropped", b.sigmoid("sigmoid", scaled), 0.5, "first");
    const soft = b.mix("soft", [masked, dropped, scaled], { weights: alpha, begin: 1, count: 4, soft: true }, [3, 0, 2]);
    const averaged = b.node("averaged", { op: "resize", side: 8 }, [soft]);
    const small = b.node("small", { op: "subsample", side: 7 }, [averaged]);
    const spread = b.node("spread", { op: "scatter", side: 9 }, [b.conv("inner", small, { cout: 4, k: 3 })]);
    const shifted = b.node("shifted", { op: "shift", by: 1 }, [soft]);
    const hard = b.mix("hard", [spread, shifted], { weights: alpha, begin: 0, count: 2, soft: false });
    const pooled = b.node("pooled", { op: "avgPool", k: 3, stride: 2, pad: 1 }, [hard]);
    await compare(b.finish(b.linear("fc", b.node("out", { op: "globalAvgPool" }, [pooled]), 3)), 4, 1e-5);
  });

  it("covers convolutions whose axes differ, and leaves an auxiliary classifier out", async () => {
    const b = graphBuilder([9, 8, 3], torchDefaultInit);
    const one = b.conv("one", b.input, { cout: 5, k: 1, stride: 1, across: { k: 7, stride: 2, pad: 3 }, bias: true });
    const two = b.conv("two", b.relu("relu", one), { cout: 4, k: 7, stride: 2, across: { k: 1, stride: 1, pad: 0 } });
    const odd = b.conv("odd", two, { cout: 4, k: 2, pad: 0, across: { k: 3, pad: 2 } });
    const head = (name: string, from: number): number => b.linear(name, b.node(`${name}.mean`, { op: "globalAvgPool" }, [from]), 3);
    const auxiliary = head("aux", b.batchNorm("aux.bn", b.relu("aux.relu", one)));
    const graph = { ...b.finish(head("fc", odd)), auxiliary: { output: auxiliary, weight: 0.4 } };
    await compare(graph, 5, 1e-5);
    const model = exportTfjsModel(graph, new Map([...randomWeights(graph, 5)].filter(([name]) => !name.startsWith("aux"))), info);
    expect(model.modelJson).not.toContain("aux");
  });

  it.each([
    ["macro8", "02120112"],
    ["macro8", "12012210"],
    ["spos", "012313"],
    ["spos", "333210"],
  ] as const)("gives the logits of %s nano %s", async (id, genes) => {
    const space = makeSpace(id, "nano");
    const choices = space.decode(genes);
    if (choices === null) throw new Error(genes);
    await compare(space.graph(choices), 2, 1e-4);
  });

  it("states what a user must know, and names the missing weight", () => {
    const space = makeSpace("macro8", "nano");
    const graph = space.graph(space.extremes("macs").min.choices);
    const weights = randomWeights(graph, 3);
    const model = JSON.parse(exportTfjsModel(graph, weights, info).modelJson) as {
      format: string;
      userDefinedMetadata: unknown;
    };
    expect(model.format).toBe("graph-model");
    expect(model.userDefinedMetadata).toMatchObject({
      classNames: ["a", "b", "c"],
      normalization: { mean: [0.5, 0.5, 0.5] },
      id: "02120112",
    });
    weights.delete("stem.bn.mean");
    expect(() => exportTfjsModel(graph, weights, info)).toThrow("The weights lack stem.bn.mean.");
  });
});
