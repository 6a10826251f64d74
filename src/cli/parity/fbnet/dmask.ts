/** `dmask.json`: channel masks of given logits and noise, behind a convolution and behind norm and ReLU, with the gradients back to the logits. */
import { gumbelGradient, softGumbel } from "@/nas/cell/gumbel";
import type { Graph } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { maskGradient, maskOf } from "@/nas/relaxation/masks";
import { torchDefaultInit } from "@/nas/space/init";
import type { Executor, Probe } from "@/nn/executor";
import type { Comparison } from "../compare";
import { imagesOnly, mapOf, probeBlock } from "../darts/block";
import { type Fields, fileOf, runCases } from "../darts/fields";
import type { Values } from "../darts/values";
import type { Handler } from "../types";
import { near } from "./near";

/** What stands between the convolution and the mask, and behind the mask. */
type Form = "bare" | "after norm" | "before norm";

function graphOf(golden: Fields, form: Form): Graph {
  const [k = 1, , , cout = 0] = golden.tensor("w").shape;
  const b = graphBuilder(mapOf(golden.tensor("x")), torchDefaultInit);
  const weights = b.architecture("mask", cout, { kind: "constant", value: 1 });
  const conv = b.conv("conv", b.input, { cout, k });
  if (form === "bare") return b.finish(b.mask("y", conv, weights));
  if (form === "after norm") return b.finish(b.mask("y", b.relu("relu", b.batchNorm("bn", conv)), weights));
  return b.finish(b.relu("y", b.batchNorm("bn", b.mask("masked", conv, weights))));
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

async function compareMask(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const [options, alpha, tau, x] = [golden.numbers("options"), golden.tensor("alpha"), golden.number("tau"), golden.tensor("x")];
  const g = softGumbel(alpha.data, golden.tensor("gumbel").data, options.length, tau);
  const mask = maskOf(g, options, golden.tensor("w").shape.at(-1) ?? 0);
  near(compare, "g", g, golden.tensor("g").data);
  near(compare, "mask", mask, golden.tensor("mask").data);
  if (golden.has("effectiveChannels")) near(compare, "effective channels", [options.reduce((sum, width, i) => sum + width * (g[i] ?? NaN), 0)], [golden.number("effectiveChannels")]);
  const alphaGradient = ({ gradients }: Probe): Float64Array => gumbelGradient(g, maskGradient(gradients.get("mask") ?? [], options), options.length, tau);
  const values: Values = new Map([["mask", Float32Array.from(mask)], ["conv.weight", golden.floats("w")]]);
  const probed = (form: Form, normed: boolean, body: (probe: Probe) => void): Promise<void> => {
    const bn = normed ? golden.fields("bn") : null;
    const all = bn ? new Map([...values, ["bn.weight", bn.floats("gamma")], ["bn.bias", bn.floats("beta")]]) : values;
    return probeBlock(executor, { graph: graphOf(golden, form), values: all, batch: imagesOnly(x), upstream: golden.floats("dy") }, (probe) => Promise.resolve(body(probe)));
  };
  const gradients = (key: string, probe: Probe): void => {
    const names: Readonly<Record<string, string>> = { w: "conv.weight", gamma: "bn.weight", beta: "bn.bias" };
    for (const [name, { data }] of golden.fields(key).tensors()) {
      const got = name === "alpha" ? alphaGradient(probe) : name === "x" ? probe.inputGradient : (probe.gradients.get(names[name] ?? "") ?? []);
      near(compare, `${key} ${name}`, got, data);
    }
  };
  await probed("bare", false, (probe) => {
    near(compare, "y", probe.output, golden.tensor("y").data);
    gradients("grad", probe);
  });
  if (!golden.has("yBnReluMask")) return;
  let behind = 0;
  await probed("after norm", true, (probe) => {
    near(compare, "yBnReluMask", probe.output, golden.tensor("yBnReluMask").data);
    gradients("gradBnReluMask", probe);
    behind = largest(alphaGradient(probe));
  });
  if (!golden.has("gradAlphaIfMaskBeforeBn")) return;
  await probed("before norm", true, (probe) => {
    // Rounding and nothing else: only its order says something.
    const limit = Math.max(10 * largest(golden.tensor("gradAlphaIfMaskBeforeBn").data), 1e-3 * behind);
    compare.exact("the gradient through a mask before the norm vanishes", largest(alphaGradient(probe)) <= limit, true);
  });
}

export const dmask: Handler = async (value, context) => {
  const executor = await context.executor();
  return runCases(fileOf(value).records("cases"), (golden) => `channels ${golden.numbers("options").join(" ")}, τ ${golden.number("tau")}`, (golden, compare) => compareMask(executor, golden, compare));
};
