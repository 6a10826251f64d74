/** `ops_*.json`: candidate ops and the preprocessing of cells, forward and backward, in search and derived form. */
import { addCellOp, addFactorizedReduce, addReluConvNorm, opGraph, type CellMode } from "@/nas/cell/ops";
import type { Graph } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import type { Executor } from "@/nn/executor";
import type { Comparison } from "../compare";
import type { Handler } from "../types";
import { compareBlock, imagesOnly, mapOf } from "./block";
import { type Fields, fileOf, runCases } from "./fields";

/** Search networks have norms without scale and offset; the flag and the mode say the same twice. */
function modeOf(golden: Fields): CellMode {
  const affine = golden.has("affine") ? golden.flag("affine") : golden.text("mode") === "eval";
  const named = golden.has("mode") ? golden.text("mode") : affine ? "eval" : "search";
  const poolsBare = golden.has("pool_bn") && golden.text("op").includes("pool") ? !golden.flag("pool_bn") : affine;
  if ((named === "eval") !== affine || poolsBare !== affine) throw new Error("Only search ops (norms without scale and offset, one after a pool) and derived ops (with both, bare pools) are built.");
  return affine ? "derived" : "search";
}

/** Nought times what the op would read: for maps that are not square, which a search never has. */
function zeroGraph([h, w, c]: readonly [number, number, number], stride: number): { readonly graph: Graph; readonly values: ReadonlyMap<string, Float32Array> } {
  const b = graphBuilder([h, w, c], torchDefaultInit);
  const weights = b.architecture("zero", 1, { kind: "constant", value: 0 });
  const read = b.node("pixels", { op: "maxPool", k: 1, stride, pad: 0 }, [b.input]);
  return { graph: b.finish(b.mix("none", [read], { weights, begin: 0, count: 1, soft: false })), values: new Map([["zero", new Float32Array(1)]]) };
}

function graphOf(golden: Fields): { readonly graph: Graph; readonly values?: ReadonlyMap<string, Float32Array> } {
  const [op, stride, mode] = [golden.text("op"), golden.number("stride"), modeOf(golden)];
  const shape = mapOf(golden.tensor("x"));
  const [side, width, channels] = shape;
  if (op === "none" && side !== width) return zeroGraph(shape, stride);
  const isAlone = op === "none" || op === "skip_connect";
  if (isAlone && side === width) return { graph: opGraph(op, { channels, side, stride, mode }) };
  const b = graphBuilder(shape, torchDefaultInit);
  const cout = golden.numberOr("C_out", channels);
  if (op === "relu_conv_bn") return { graph: b.finish(addReluConvNorm(b, "", b.input, cout, mode)) };
  if (op === "factorized_reduce") return { graph: b.finish(addFactorizedReduce(b, "", b.input, cout, mode)) };
  const output = addCellOp(b, "", b.input, op, stride, mode);
  return { graph: b.finish(output === b.input ? b.node("identity", { op: "slice", begin: 0, size: channels }, [output]) : output) };
}

async function compareOp(executor: Executor, golden: Fields, compare: Comparison, gradients: number): Promise<void> {
  const { graph, values } = graphOf(golden);
  const block = { graph, batch: imagesOnly(golden.tensor("x")), ...(values && { architecture: values }) };
  await compareBlock(executor, golden, compare, block, { values: 1e-5, gradients }, (dx) => {
    compare.tensor("dx", dx, golden.tensor("dx").data, gradients);
  });
}

function handlerWith(gradients: number): Handler {
  return async (value, context) => {
    const executor = await context.executor();
    return runCases(fileOf(value).records("cases"), (golden) => golden.text("name"), (golden, compare) => compareOp(executor, golden, compare, gradients));
  };
}

/** Pools, skips, none. */
export const poolOps = handlerWith(1e-5);
/** Everything with a depthwise or dense convolution. */
export const convOps = handlerWith(5e-5);
