/**
 * A static network as a tfjs graph model (`model.json` + `weights.bin`) that `tf.loadGraphModel` loads. Written as TensorFlow NodeDefs
 * by hand: nothing here needs tfjs. Input `images` [n, h, w, c], normalised; output `logits` [n, classes].
 */
import { AppError } from "@/lib/appError";
import type { JsonValue } from "@/nas/formats/json";
import type { Graph } from "@/nas/graph";
import { requireWeight, type Weights } from "./safetensors";
import { writeActivation, writeDropPath, writeMask, writeMix, writeResize, writeScale, writeScatter, writeShift, writeSubsample } from "./tfjsModelOps";
import { dims, first, FLOAT, INT, ints, LOWEST, ModelWriter, text, type Attr, type Context } from "./tfjsModelWriter";
import { zipFiles } from "./zip";

/** What a user of the model must know beside the weights; written to `userDefinedMetadata`. */
export interface TfjsModelInfo {
  readonly name: string;
  readonly app: string;
  readonly classNames: readonly string[];
  /** Per channel, for `(value / 255 − mean) / std`. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Anything else, e.g. architecture id and accuracy. */
  readonly extra?: Readonly<Record<string, JsonValue>>;
}

export interface TfjsModel {
  readonly modelJson: string;
  readonly weightsBin: Uint8Array;
}

/** One axis of a window. */
interface Axis {
  readonly stride: number;
  readonly pad: number;
}

/** Shape attributes of a convolution; symmetric padding is explicit, as tfjs executes it for both kinds. `across`: the horizontal axis where it differs. */
function convAttrs(down: Axis, dilation: number, across: Axis = down): Readonly<Record<string, Attr>> {
  const paddings: Readonly<Record<string, Attr>> =
    down.pad === 0 && across.pad === 0
      ? { padding: text("VALID") }
      : { padding: text("EXPLICIT"), explicit_paddings: ints([0, 0, down.pad, down.pad, across.pad, across.pad, 0, 0]) };
  return {
    T: FLOAT,
    data_format: text("NHWC"),
    strides: ints([1, down.stride, across.stride, 1]),
    dilations: ints([1, dilation, dilation, 1]),
    ...paddings,
  };
}

function addBias(ctx: Context, value: string, bias: string | undefined, channels: number): string {
  if (bias === undefined) return value;
  const constant = ctx.writer.floats(bias, [channels], requireWeight(ctx.weights, bias, channels));
  return ctx.writer.add(`${ctx.node.name}/bias`, "BiasAdd", [value, constant], { T: FLOAT, data_format: text("NHWC") });
}

function concat(writer: ModelWriter, name: string, inputs: readonly string[]): string {
  return writer.add(name, "ConcatV2", [...inputs, writer.ints(`${name}/axis`, [], [-1])], {
    T: FLOAT,
    Tidx: INT,
    N: { i: String(inputs.length) },
  });
}

function sliceChannels(writer: ModelWriter, name: string, input: string, begin: number, size: number): string {
  const starts = writer.ints(`${name}/begin`, [4], [0, 0, 0, begin]);
  return writer.add(name, "Slice", [input, starts, writer.ints(`${name}/size`, [4], [-1, -1, -1, size])], {
    T: FLOAT,
    Index: INT,
  });
}

/** Grouped convolutions become one convolution a group: tfjs has no groups. */
function writeConv(ctx: Context): string {
  const { writer, weights, node } = ctx;
  const { attrs } = node;
  if (attrs.op !== "conv") throw new AppError("bug", "Not a convolution.");
  const { k, across, groups, cin, cout, weight } = attrs;
  const wide = across?.k ?? k;
  const each = cin / groups;
  const values = requireWeight(weights, weight, k * wide * each * cout);
  const input = first(ctx).name;
  if (groups === 1) {
    const filter = writer.floats(weight, [k, wide, cin, cout], values);
    return addBias(ctx, writer.add(node.name, "Conv2D", [input, filter], convAttrs(attrs, 1, across)), attrs.bias, cout);
  }
  const out = cout / groups;
  const parts = Array.from({ length: groups }, (_, g) => {
    const filter = new Float32Array(k * k * each * out);
    for (let row = 0; row < k * k * each; row++)
      filter.set(values.subarray(row * cout + g * out, row * cout + (g + 1) * out), row * out);
    const slice = sliceChannels(writer, `${node.name}/in${g}`, input, g * each, each);
    return writer.add(
      `${node.name}/group${g}`,
      "Conv2D",
      [slice, writer.floats(`${weight}/group${g}`, [k, k, each, out], filter)],
      convAttrs(attrs, 1),
    );
  });
  return addBias(ctx, concat(writer, node.name, parts), attrs.bias, cout);
}

function writeBatchNorm(ctx: Context): string {
  const { writer, weights, node } = ctx;
  const { attrs } = node;
  if (attrs.op !== "batchNorm") throw new AppError("bug", "Not a batch norm.");
  const channels = node.shape.at(-1) ?? 0;
  const vector = (name: string | undefined, fallback: string, fill: number): string =>
    name === undefined
      ? writer.floats(`${node.name}/${fallback}`, [channels], new Float32Array(channels).fill(fill))
      : writer.floats(name, [channels], requireWeight(weights, name, channels));
  const inputs = [
    first(ctx).name,
    vector(attrs.gamma, "gamma", 1),
    vector(attrs.beta, "beta", 0),
    vector(`${attrs.stats}.mean`, "", 0),
    vector(`${attrs.stats}.var`, "", 0),
  ];
  return writer.add(node.name, "FusedBatchNormV3", inputs, {
    T: FLOAT,
    U: FLOAT,
    data_format: text("NHWC"),
    epsilon: { f: attrs.eps },
    is_training: { b: false },
  });
}

/** PyTorch pooling: max ignores the padding; an average that does not count it is rescaled at the border by a constant map. */
function writePool(ctx: Context): string {
  const { writer, node } = ctx;
  const { attrs } = node;
  if (attrs.op !== "maxPool" && attrs.op !== "avgPool") throw new AppError("bug", "Not a pooling.");
  const { k, stride, pad } = attrs;
  const counted = attrs.op === "maxPool" || (attrs.countPads ?? true);
  const { name: input, node: source } = first(ctx);
  let padded = input;
  if (pad > 0) {
    const paddings = writer.ints(`${node.name}/paddings`, [4, 2], [0, 0, pad, pad, pad, pad, 0, 0]);
    const fill = writer.floats(`${node.name}/fill`, [], Float32Array.of(attrs.op === "maxPool" ? LOWEST : 0));
    padded = writer.add(`${node.name}/pad`, "PadV2", [input, paddings, fill], { T: FLOAT, Tpaddings: INT });
  }
  const window = {
    T: FLOAT,
    data_format: text("NHWC"),
    ksize: ints([1, k, k, 1]),
    strides: ints([1, stride, stride, 1]),
    padding: text("VALID"),
  };
  const pooled = writer.add(node.name, attrs.op === "maxPool" ? "MaxPool" : "AvgPool", [padded], window);
  if (pad === 0 || counted) return pooled;
  const [hin = 0, win = 0] = source.shape;
  const [hout = 0, wout = 0] = node.shape;
  const inside = (at: number, side: number): number =>
    Math.min(at * stride - pad + k, side) - Math.max(at * stride - pad, 0);
  const scale = Float32Array.from(
    { length: hout * wout },
    (_, i) => (k * k) / (inside(Math.floor(i / wout), hin) * inside(i % wout, win)),
  );
  return writer.add(`${node.name}/rescale`, "Mul", [
    pooled,
    writer.floats(`${node.name}/scale`, [1, hout, wout, 1], scale),
  ]);
}

function writeShuffle(ctx: Context, groups: number): string {
  const { writer, node } = ctx;
  const [h = 0, w = 0, c = 0] = node.shape;
  const reshape = (name: string, input: string, shape: readonly number[]): string =>
    writer.add(name, "Reshape", [input, writer.ints(`${name}/shape`, [shape.length], shape)], {
      T: FLOAT,
      Tshape: INT,
    });
  const split = reshape(`${node.name}/split`, first(ctx).name, [-1, h, w, groups, c / groups]);
  const perm = writer.ints(`${node.name}/perm`, [5], [0, 1, 2, 4, 3]);
  return reshape(node.name, writer.add(`${node.name}/swap`, "Transpose", [split, perm], { T: FLOAT, Tperm: INT }), [
    -1,
    h,
    w,
    c,
  ]);
}

function writeLinear(ctx: Context): string {
  const { writer, weights, node } = ctx;
  const { attrs } = node;
  if (attrs.op !== "linear") throw new AppError("bug", "Not a linear layer.");
  const weight = writer.floats(
    attrs.weight,
    [attrs.cin, attrs.cout],
    requireWeight(weights, attrs.weight, attrs.cin * attrs.cout),
  );
  const product = writer.add(node.name, "MatMul", [first(ctx).name, weight], {
    T: FLOAT,
    transpose_a: { b: false },
    transpose_b: { b: false },
  });
  return addBias(ctx, product, attrs.bias, attrs.cout);
}

function writeNode(ctx: Context): string {
  const { writer, weights, node, from } = ctx;
  const { attrs } = node;
  switch (attrs.op) {
    case "input":
      return writer.add("images", "Placeholder", [], { dtype: FLOAT, shape: dims([-1, ...node.shape]) });
    case "conv":
      return writeConv(ctx);
    case "depthwise": {
      const channels = node.shape.at(-1) ?? 0;
      const filter = writer.floats(
        attrs.weight,
        [attrs.k, attrs.k, channels, 1],
        requireWeight(weights, attrs.weight, attrs.k * attrs.k * channels),
      );
      return writer.add(
        node.name,
        "DepthwiseConv2dNative",
        [first(ctx).name, filter],
        convAttrs(attrs, attrs.dilation),
      );
    }
    case "batchNorm":
      return writeBatchNorm(ctx);
    case "relu":
      return writer.add(node.name, "Relu", [first(ctx).name]);
    case "relu6":
      return writer.add(node.name, "Relu6", [first(ctx).name]);
    case "hswish":
    case "hsigmoid":
    case "sigmoid":
    case "swish":
      return writeActivation(ctx, attrs.op);
    case "scale":
      return writeScale(ctx);
    case "mask":
      return writeMask(ctx, attrs.weights);
    case "mix":
      return writeMix(ctx, attrs);
    case "subsample":
      return writeSubsample(ctx, attrs.side);
    case "scatter":
      return writeScatter(ctx, attrs.side);
    case "resize":
      return writeResize(ctx, attrs.side);
    case "shift":
      return writeShift(ctx, attrs.by);
    case "dropPath":
      return writeDropPath(ctx);
    case "maxPool":
    case "avgPool":
      return writePool(ctx);
    case "globalAvgPool":
      return writer.add(node.name, "Mean", [first(ctx).name, writer.ints(`${node.name}/axes`, [2], [1, 2])], {
        T: FLOAT,
        Tidx: INT,
        keep_dims: { b: false },
      });
    case "linear":
      return writeLinear(ctx);
    case "add":
      return from
        .slice(1)
        .reduce(
          (sum, { name }, i) =>
            writer.add(i === from.length - 2 ? node.name : `${node.name}/${i}`, "AddV2", [sum, name]),
          first(ctx).name,
        );
    case "concat":
      return concat(
        writer,
        node.name,
        from.map(({ name }) => name),
      );
    case "slice":
      return sliceChannels(writer, node.name, first(ctx).name, attrs.begin, attrs.size);
    case "stridedSlice": {
      const four = (name: string, values: readonly number[]): string =>
        writer.ints(`${node.name}/${name}`, [4], values);
      const inputs = [
        first(ctx).name,
        four("begin", [0, 0, 0, attrs.begin]),
        four("end", [0, 0, 0, 0]),
        four("strides", [1, 1, 1, attrs.step]),
      ];
      return writer.add(node.name, "StridedSlice", inputs, {
        T: FLOAT,
        Index: INT,
        begin_mask: { i: "7" },
        end_mask: { i: "15" },
      });
    }
    case "shuffle":
      return writeShuffle(ctx, attrs.groups);
    default:
      attrs satisfies never;
      throw new AppError("bug", `Node ${node.name} has an op that the exporter does not know.`);
  }
}

/** The input, and what the output depends on: an auxiliary classifier is for training only. */
function neededNodes(graph: Graph): ReadonlySet<number> {
  const needed = new Set([graph.output]);
  for (const node of [...graph.nodes].reverse()) {
    if (node.attrs.op === "input") needed.add(node.id);
    if (needed.has(node.id)) for (const id of node.inputs) needed.add(id);
  }
  return needed;
}

/**
 * Graph and weights (running statistics under `<stats>.mean`, `<stats>.var`) → graph model in evaluation mode.
 * Throws `bug` when a weight is missing or has another length.
 */
export function exportTfjsModel(graph: Graph, weights: Weights, info: TfjsModelInfo): TfjsModel {
  const writer = new ModelWriter();
  const names: (string | undefined)[] = [];
  const needed = neededNodes(graph);
  for (const node of graph.nodes) {
    if (!needed.has(node.id)) continue;
    const from = node.inputs.map((id) => {
      const [name, source] = [names[id], graph.nodes[id]];
      if (name === undefined || source === undefined)
        throw new AppError("bug", `Node ${node.name} reads node ${id}, which does not come before it.`);
      return { name, node: source };
    });
    names[node.id] = writeNode({ writer, weights, node, from });
  }
  const inputNode = graph.nodes.find((node) => node.attrs.op === "input");
  const last = names[graph.output];
  const outputNode = graph.nodes[graph.output];
  if (inputNode === undefined || last === undefined || outputNode === undefined)
    throw new AppError("bug", "The graph has no input or no output.");
  const logits = writer.add("logits", "Identity", [last]);
  const weightsBin = writer.weightBytes();
  const signatureOf = (name: string, shape: readonly number[]): unknown => ({
    name: `${name}:0`,
    dtype: "DT_FLOAT",
    tensorShape: dims([-1, ...shape])["shape"],
  });
  const model = {
    format: "graph-model",
    generatedBy: `NAS Playground ${info.app}`,
    convertedBy: null,
    signature: {
      inputs: { images: signatureOf("images", inputNode.shape) },
      outputs: { logits: signatureOf(logits, outputNode.shape) },
    },
    userDefinedMetadata: {
      name: info.name,
      classNames: info.classNames,
      normalization: { ...info.normalization, rule: "(value / 255 - mean) / std per channel, NHWC float32" },
      ...info.extra,
    },
    modelTopology: { node: writer.nodes, library: {}, versions: { producer: 1882, minConsumer: 12 } },
    weightsManifest: [{ paths: ["weights.bin"], weights: writer.specs }],
  };
  return { modelJson: JSON.stringify(model), weightsBin };
}

/** The two files of a graph model in one zip; unpacked, `tf.loadGraphModel` reads `model.json`. */
export function zipTfjsModel(model: TfjsModel): Uint8Array {
  return zipFiles(
    new Map([
      ["model.json", new TextEncoder().encode(model.modelJson)],
      ["weights.bin", model.weightsBin],
    ]),
  );
}
