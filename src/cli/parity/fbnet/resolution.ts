/** `resolution.json`: the pixels that a smaller resolution keeps, their way back between zeros, and two layers mixed over resolutions with their gradients. */
import { gumbelGradient, softGumbel } from "@/nas/cell/gumbel";
import type { Graph } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { addResolutionLayer } from "@/nas/space/fbnetV2Search";
import { torchDefaultInit } from "@/nas/space/init";
import type { Executor } from "@/nn/executor";
import type { Comparison } from "../compare";
import { imagesOnly, mapOf, probeBlock, sideOf } from "../darts/block";
import { Fields, fileOf, runCases, type Tensor } from "../darts/fields";
import { withStore } from "../darts/values";
import type { CaseResult, Handler } from "../types";
import { near } from "./near";

async function valueOf(executor: Executor, graph: Graph, x: Tensor): Promise<Float32Array> {
  return withStore(executor, graph, new Map(), (store) => executor.logits(store, graph, "running", imagesOnly(x)));
}

function resampled(x: Tensor, side: number, back: boolean): Graph {
  const b = graphBuilder(mapOf(x), torchDefaultInit);
  const small = b.node("small", { op: "subsample", side }, [b.input]);
  return b.finish(back ? b.node("back", { op: "scatter", side: sideOf(x) }, [small]) : small);
}

/** A map that holds its own coordinates tells which of its pixels were kept. */
async function compareMap(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const [from, to, index] = [golden.number("from"), golden.number("to"), golden.numbers("index")];
  const x = { shape: [1, from, from, 2], data: Float32Array.from({ length: 2 * from * from }, (_, i) => (i % 2 === 0 ? Math.floor(i / 2 / from) : Math.floor(i / 2) % from)) };
  const want = index.flatMap((row) => index.flatMap((column) => [row, column]));
  if (index.length !== to) return compare.problem(`index has ${index.length} numbers, not ${to}`);
  compare.absolute("index", await valueOf(executor, resampled(x, to, false), x), want, 0);
}

async function compareOp(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const [x, to] = [golden.tensor("x"), golden.number("to")];
  compare.absolute("sub", await valueOf(executor, resampled(x, to, false), x), golden.floats("sub"), 0);
  compare.absolute("interleaved", await valueOf(executor, resampled(x, to, true), x), golden.floats("interleaved"), 0);
}

/** The aggregate up to `until`: one option of the first layer, the first layer, or both. */
function aggregate(golden: Fields, until: "y" | "z" | number): Graph {
  const [options, stride, w, w2] = [golden.numbers("options"), golden.number("stride"), golden.tensor("w"), golden.tensor("w2")];
  const b = graphBuilder(mapOf(golden.tensor("x")), torchDefaultInit);
  const weights = b.architecture("weights", options.length, { kind: "constant", value: 1 / options.length });
  const kernels = { one: { k: w.shape[0] ?? 1, cout: w.shape[3] ?? 0, stride }, two: { k: w2.shape[0] ?? 1, cout: w2.shape[3] ?? 0 } };
  // The first convolution of each layer declares the kernel that all of its options share.
  const conv = (name: "one" | "two") => (from: number, i: number) => b.conv(`${name}${i === 0 ? "" : `.${i}`}`, from, i === 0 ? kernels[name] : { ...kernels[name], weight: `${name}.weight` });
  if (typeof until === "number") {
    const side = options[until] ?? 0;
    const used = b.mix("used", [b.input], { weights, begin: until, count: 1, soft: false });
    return b.finish(conv("one")(b.node("small", { op: "subsample", side }, [used]), 0));
  }
  const shared = { mixture: { weights, count: options.length }, index: options.map((_, i) => i), suffixes: options.map((_, i) => `.${i}`) };
  const first = addResolutionLayer(b, "first", b.input, { ...shared, sides: options, stride }, conv("one"));
  if (until === "y") return b.finish(first.node);
  return b.finish(addResolutionLayer(b, "second", first.node, { ...shared, sides: first.sides, stride: 1 }, conv("two")).node);
}

async function compareAggregate(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const [x, alpha, tau] = [golden.tensor("x"), golden.tensor("alpha"), golden.number("tau")];
  const options = golden.numbers("options").length;
  const g = softGumbel(alpha.data, golden.tensor("gumbel").data, options, tau);
  near(compare, "g", g, golden.tensor("g").data);
  const [weights, one, two] = [["weights", Float32Array.from(g)], ["one.weight", golden.floats("w")], ["two.weight", golden.floats("w2")]] as const;
  const batch = imagesOnly(x);
  for (const [i, raw] of (golden.has("optionOut") ? golden.list("optionOut") : []).entries()) {
    const want = new Fields({ out: raw }, `optionOut[${i}]`).tensor("out");
    const graph = aggregate(golden, i);
    const got = await withStore(executor, graph, new Map([["weights", new Float32Array(options).fill(1)], one]), (store) => executor.logits(store, graph, "running", batch));
    near(compare, `option ${i}`, got, want.data);
  }
  if (golden.has("y")) {
    const graph = aggregate(golden, "y");
    near(compare, "y", await withStore(executor, graph, new Map([weights, one]), (store) => executor.logits(store, graph, "running", batch)), golden.tensor("y").data);
  }
  const graph = aggregate(golden, "z");
  await probeBlock(executor, { graph, values: new Map([weights, one, two]), batch, upstream: golden.floats("dz") }, ({ output, inputGradient, gradients }) => {
    near(compare, "z", output, golden.tensor("z").data);
    const ours: Readonly<Record<string, ArrayLike<number>>> = {
      alpha: gumbelGradient(g, gradients.get("weights") ?? [], options, tau),
      x: inputGradient,
      w: gradients.get("one.weight") ?? [],
      w2: gradients.get("two.weight") ?? [],
    };
    for (const [name, { data }] of golden.fields("grad").tensors()) near(compare, `grad ${name}`, ours[name] ?? [], data);
    return Promise.resolve();
  });
}

export const resolution: Handler = async (value, context): Promise<readonly CaseResult[]> => {
  const executor = await context.executor();
  const file = fileOf(value);
  const parts = { indexMaps: compareMap, ops: compareOp, aggregate: compareAggregate } as const;
  const nameOf = (key: string, golden: Fields): string => (key === "aggregate" ? `${golden.numbers("options").join(" ")} of ${golden.number("size")}, stride ${golden.number("stride")}` : `${key} ${golden.number("from")} → ${golden.number("to")}`);
  const results: CaseResult[] = [];
  for (const [key, compareOne] of Object.entries(parts))
    results.push(...(await runCases(file.has(key) ? file.records(key) : [], (golden) => nameOf(key, golden), (golden, compare) => compareOne(executor, golden, compare))));
  return results;
};
