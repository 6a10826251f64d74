/** `effective_cost.json`: expected shapes of a masked network and its cost by layer, with the gradients of every logit. On the host, in double precision. */
import { gumbelGradient, softGumbel } from "@/nas/cell/gumbel";
import { expectedCost } from "@/nas/relaxation/costModel";
import { effectiveCost, type EffectiveNetwork, type EffectiveValue } from "@/nas/space/fbnetV2Cost";
import type { Comparison } from "../compare";
import { type Fields, fileOf, runCases } from "../darts/fields";
import type { Handler } from "../types";
import { near } from "./near";

/** Figures have nine digits. */
const TOLERANCE = 1e-7;

function networkOf(golden: Fields): EffectiveNetwork {
  const stem = golden.fields("stem");
  return {
    resolution: { row: "resolution", values: golden.numbers("resolutions") },
    stem: { k: stem.number("k"), stride: stem.number("stride"), out: { row: "stem", values: stem.numbers("channels") } },
    blocks: golden.records("blocks").map((block, i) => ({
      stride: block.number("stride"),
      middle: { row: `b${i}.mid`, values: block.numbers("mid") },
      taps: { row: `b${i}.kernel`, values: block.numbers("k").map((k) => k * k) },
      out: { row: `b${i}.out`, values: block.numbers("channels") },
    })),
    norms: false,
    tail: null,
  };
}

function compareCost(golden: Fields, compare: Comparison): void {
  const net = networkOf(golden);
  const tau = golden.number("tau");
  const [alpha, noise] = [golden.fields("alpha"), golden.fields("gumbel")];
  const decided = [net.resolution, net.stem.out, ...net.blocks.flatMap(({ middle, out, taps }) => [middle, out, taps])];
  const rows = decided.map(({ row, values }) => ({ id: row, options: values }));
  const g = rows.map(({ id, options }) => softGumbel(alpha.tensor(id).data, noise.tensor(id).data, options.length, tau));
  const effective = ({ row, values }: EffectiveValue): number => {
    const at = g[rows.findIndex(({ id }) => id === row)];
    return values.reduce((sum, value, i) => sum + value * (at?.[i] ?? Number.NaN), 0);
  };

  // The shapes that every layer hands on.
  let sides = net.resolution.values;
  const halved = (stride: number): number => {
    sides = sides.map((side) => Math.ceil(side / stride));
    return effective({ row: net.resolution.row, values: sides });
  };
  let shape: Record<string, number> = { h: halved(net.stem.stride), cIn: 3, cOut: effective(net.stem.out) };
  const shapes = [shape];
  for (const { stride, middle, taps, out } of net.blocks) {
    const [hIn, cIn] = [shape["h"] ?? Number.NaN, shape["cOut"] ?? Number.NaN];
    shape = { hIn, h: stride > 1 ? halved(stride) : hIn, cIn, mid: effective(middle), k2: effective(taps), cOut: effective(out) };
    shapes.push(shape);
  }

  const figures = { flops: effectiveCost(rows, net, "macs"), params: effectiveCost(rows, net, "params") } as const;
  const perLayer = golden.has("perLayer") ? golden.records("perLayer") : [];
  for (const [i, layer] of perLayer.entries())
    for (const [key, value] of Object.entries(shapes[i] ?? {})) if (layer.has(key)) compare.number(`${layer.text("name")} ${key}`, value, layer.number(key), TOLERANCE);
  for (const [key, { model, layerOf }] of Object.entries(figures)) {
    const { total, terms, gradient } = expectedCost(model, g);
    compare.number(key, total, golden.number(key), TOLERANCE);
    for (const [i, layer] of perLayer.entries()) {
      const cost = terms.reduce((sum, term, t) => sum + (layerOf[t] === i ? term : 0), 0);
      if (layer.has(key)) compare.number(`${layer.text("name")} ${key}`, cost, layer.number(key), TOLERANCE);
    }
    const name = key === "flops" ? "gradFlops" : "gradParams";
    if (!golden.has(name)) continue;
    for (const [row, { data }] of golden.fields(name).tensors()) {
      const at = rows.findIndex(({ id }) => id === row);
      const weights = g[at];
      if (weights === undefined) compare.problem(`${row} decides nothing`);
      else near(compare, `${name} ${row}`, gumbelGradient(weights, gradient[at] ?? [], weights.length, tau), data);
    }
  }
}

export const effectiveCosts: Handler = async (value) =>
  runCases(fileOf(value).records("cases"), (golden) => `${golden.list("blocks").length} blocks, sides ${golden.numbers("resolutions").join(" ")}`, compareCost);
