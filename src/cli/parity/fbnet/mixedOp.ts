/**
 * `mixed_op.json`: two layers of weighted candidates, pooled and classified: layer outputs, cross entropy, and the gradients of the four joint
 * losses. The network reads Gumbel-softmax weights as a search does; their gradients come back and go on to θ here.
 */
import type { Graph } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { addFbnetBlock, blockName } from "@/nas/space/fbnetV1";
import { torchDefaultInit } from "@/nas/space/init";
import type { Batch, Executor } from "@/nn/executor";
import type { Comparison } from "../compare";
import { mapOf } from "../darts/block";
import { Fields, fileOf, runCases, type Tensor } from "../darts/fields";
import { weightsFor, withStore } from "../darts/values";
import type { Handler } from "../types";
import { kernelNames, nested, normNames, ourNames } from "./blocks";
import { near } from "./near";
import { drawOf, eachLoss } from "./theta";

const mixture = "weights.layers";

interface Candidate {
  /** Path of its nodes. */
  readonly prefix: string;
  readonly slot: { readonly mutable: string; readonly cin: number; readonly cout: number; readonly stride: number };
  readonly choice: string;
  readonly keepPw: boolean;
  /** Null for an identity, which has no weights. */
  readonly golden: Fields | null;
}

type Layer = ReadonlyMap<string, Candidate>;

/** Candidates of a layer by their names in the file, which need not say what they are; `channels` enter. */
function layerOf(golden: Fields, index: number, channels: number): Layer {
  return new Map(
    golden.keys().map((key): [string, Candidate] => {
      const mutable = `l${index}.${key}`;
      if (golden.raw(key) === "identity") return [key, { prefix: `${mutable}.skip`, slot: { mutable, cin: channels, cout: channels, stride: 1 }, choice: "skip", keepPw: true, golden: null }];
      const config = golden.fields(key).fields("config");
      const choice = config.has("k") ? blockName({ k: config.number("k"), e: config.number("e"), g: config.numberOr("g", 1) }) : "skip";
      const slot = { mutable, cin: channels, cout: config.number("cout"), stride: config.numberOr("stride", 1) };
      return [key, { prefix: `${mutable}.${choice}`, slot, choice, keepPw: config.has("keepPw") ? config.flag("keepPw") : true, golden: golden.fields(key) }];
    }),
  );
}

function layersOf(file: Fields, channels: number): readonly Layer[] {
  let cin = channels;
  return file.records("layers").map((golden, index) => {
    const layer = layerOf(golden, index, cin);
    cin = [...layer.values()][0]?.slot.cout ?? cin;
    return layer;
  });
}

/** The network up to the output of layer `until`, or whole. */
function networkOf(layers: readonly Layer[], x: Tensor, classes: number, until: number | null): Graph {
  const b = graphBuilder(mapOf(x), torchDefaultInit);
  const count = Math.max(...layers.map((layer) => layer.size));
  const weights = b.architecture(mixture, layers.length * count, { kind: "constant", value: 1 / count });
  let at = b.input;
  for (const [i, layer] of layers.entries()) {
    const from = at;
    const candidates = [...layer.values()].map(({ slot, choice, keepPw }) => addFbnetBlock(b, from, slot, choice, keepPw));
    at = b.mix(`l${i}.mix`, candidates, { weights, begin: i * count, count, soft: false });
    if (i === until) return b.finish(at);
  }
  return b.finish(b.linear("fc", b.node("pool", { op: "globalAvgPool" }, [at]), classes));
}

/** Every weight of the file by our names. */
function weightsOf(file: Fields, layers: readonly Layer[]): ReadonlyMap<string, Tensor> {
  const blocks = layers.flatMap((layer) => [...layer.values()]).flatMap(({ golden, prefix }) => {
    if (golden === null) return [];
    const ours = ourNames(prefix);
    const kernels = kernelNames.filter((key) => golden.has(key)).map((key) => [ours(key), golden.tensor(key)] as const);
    const norms = [...nested(golden, normNames, ours)].filter(([name]) => !/\.(?:mean|var)$/.test(name));
    return [...kernels, ...norms];
  });
  return new Map([...blocks, ["fc.weight", file.tensor("fc")], ["fc.bias", file.tensor("fcBias")]]);
}

/** Our name of `grad.l0.k3_e1.pw`, `grad.l1.skip.bn.gamma` or `grad.fc`; null where we have none. */
function gradientName(theirs: string, layers: readonly Layer[]): string | null {
  if (theirs === "grad.fc") return "fc.weight";
  if (theirs === "grad.fcBias") return "fc.bias";
  const [, index = "", key = "", rest = ""] = /^grad\.l(\d+)\.([^.]+)\.(.+)$/.exec(theirs) ?? [];
  const candidate = layers[Number(index)]?.get(key);
  return candidate === undefined ? null : ourNames(candidate.prefix)(rest);
}

async function compareNetwork(executor: Executor, file: Fields, compare: Comparison): Promise<void> {
  const [x, fc] = [file.tensor("x"), file.tensor("fc")];
  const { m, lat, gradient } = drawOf(file);
  near(compare, "m", m, file.tensor("m").data);
  near(compare, "lat", [lat], [file.number("lat")]);
  const layers = layersOf(file, mapOf(x)[2]);
  const graph = networkOf(layers, x, fc.shape[1] ?? 0, null);
  const labels = file.numbers("labels");
  const batch: Batch = { images: Float32Array.from(x.data), labels: Uint8Array.from(labels), size: labels.length };
  const values = new Map([[mixture, Float32Array.from(m)], ...weightsFor(graph, weightsOf(file, layers))]);
  await withStore(executor, graph, values, async (store) => {
    const vectors = executor.vectors(store);
    for (const [i, raw] of (file.has("layerOut") ? file.list("layerOut") : []).entries()) {
      const want = new Fields({ out: raw }, `layerOut[${i}]`).tensor("out");
      near(compare, `layer ${i}`, await executor.logits(store, networkOf(layers, x, 0, i), "batch", batch), want.data);
    }
    if (file.has("logits")) near(compare, "logits", await executor.logits(store, graph, "batch", batch), file.tensor("logits").data);
    const backward = async (scale: number): Promise<{ readonly ce: number; readonly gradients: ReadonlyMap<string, Float32Array> }> => {
      executor.accumulate(store, [graph], batch, { labelSmoothing: 0, scale }, false);
      const [ce = Number.NaN] = await executor.takeLosses();
      const gradients = await vectors.read("gradients");
      vectors.clear("gradients", "all");
      return { ce, gradients };
    };
    const { ce, gradients: plain } = await backward(1);
    near(compare, "ce", [ce], [file.number("ce")]);
    if (file.has("gradThetaCeOnly")) near(compare, "gradThetaCeOnly", gradient(plain.get(mixture) ?? [], 0), file.tensor("gradThetaCeOnly").data);
    await eachLoss(file, compare, ce, lat, async (kind, want, { dCe, dCost }) => {
      const { gradients } = await backward(dCe);
      near(compare, `${kind} gradTheta`, gradient(gradients.get(mixture) ?? [], dCost), want.tensor("gradTheta").data);
      for (const key of want.keys().filter((name) => name.startsWith("grad."))) {
        const got = gradients.get(gradientName(key, layers) ?? "");
        if (got === undefined) compare.problem(`our network has no weight ${key}`);
        else near(compare, `${kind} ${key}`, got, want.tensor(key).data);
      }
    });
  });
}

export const mixedOp: Handler = async (value, context) => {
  const executor = await context.executor();
  const file = fileOf(value);
  return runCases([file], () => "two mixed layers", (golden, compare) => compareNetwork(executor, golden, compare));
};
