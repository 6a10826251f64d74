/**
 * Effective cost of FBNetV2's search (arXiv 2004.05565 section 3.3; spec fbnet 2.3): every convolution costs the product of the expected side (twice),
 * input width, output width and kernel. A depthwise convolution is linear in its width; a first 1×1 convolution runs at the block's input side. At
 * one-hot distributions the sum is `costOf` of the member, norms and classifier included.
 */
import type { CostForm, CostModel, CostTerm } from "../relaxation/costModel";
import { blocksOf, type FbnetV2Layout } from "./fbnetV2Layout";
import { channelsRow, maskedRows } from "./fbnetV2Search";
import type { MaskShare } from "./types";

/** Something that a row decides, or, without that row, its first value. */
export interface EffectiveValue {
  readonly row: string;
  /** By option. */
  readonly values: readonly number[];
}

export interface EffectiveBlock {
  readonly stride: number;
  readonly middle: EffectiveValue;
  /** Values: k². */
  readonly taps: EffectiveValue;
  readonly out: EffectiveValue;
}

/** A network of a k×k stem and inverted residuals in terms of what is decided about it. */
export interface EffectiveNetwork {
  /** Row of the resolution, and the sides of the input. */
  readonly resolution: EffectiveValue;
  readonly stem: { readonly k: number; readonly stride: number; readonly out: EffectiveValue };
  readonly blocks: readonly EffectiveBlock[];
  /** Whether γ and β of the norms are parameters too. */
  readonly norms: boolean;
  /** Last convolution and classifier with bias; null where the network ends with its blocks. */
  readonly tail: { readonly last: number; readonly classes: number } | null;
}

/** An expectation over a row, or a number where nothing is decided. */
type Factor = { readonly form: number } | number;

const gammaAndBeta = 2;

function product(factors: readonly Factor[]): CostTerm {
  return {
    times: factors.reduce<number>((times, factor) => (typeof factor === "number" ? times * factor : times), 1),
    forms: factors.flatMap((factor) => (typeof factor === "number" ? [] : [factor.form])),
  };
}

/**
 * The cost as a model over `rows`; `layerOf` has the layer of every term: 0 the stem, then the blocks, last convolution and classifier as one more.
 */
export function effectiveCost(rows: readonly { readonly id: string; readonly options: readonly number[] }[], net: EffectiveNetwork, metric: "macs" | "params"): { readonly model: CostModel; readonly layerOf: readonly number[] } {
  const forms: CostForm[] = [];
  const terms: CostTerm[] = [];
  const layerOf: number[] = [];
  let layer = 0;
  const expect = ({ row, values }: EffectiveValue): Factor => {
    const index = rows.findIndex(({ id }) => id === row);
    if (index < 0) return values[0] ?? 0;
    forms.push({ row: index, values });
    return { form: forms.length - 1 };
  };
  const add = (...factors: readonly Factor[]): void => {
    terms.push(product(factors));
    layerOf.push(layer);
  };
  const convolution = (side: Factor, ...weights: readonly Factor[]): void => (metric === "macs" ? add(side, side, ...weights) : add(...weights));
  const norm = (width: Factor): void => {
    if (metric === "params" && net.norms) add(gammaAndBeta, width);
  };
  let sides = net.resolution.values;
  const halved = (stride: number): Factor => {
    sides = sides.map((side) => Math.ceil(side / stride));
    return expect({ row: net.resolution.row, values: sides });
  };

  let side = halved(net.stem.stride);
  let width = expect(net.stem.out);
  convolution(side, 3 * net.stem.k ** 2, width);
  norm(width);
  for (const { stride, middle: mid, taps, out } of net.blocks) {
    layer++;
    const middle = expect(mid);
    convolution(side, width, middle);
    norm(middle);
    if (stride > 1) side = halved(stride);
    convolution(side, middle, expect(taps));
    norm(middle);
    width = expect(out);
    convolution(side, middle, width);
    norm(width);
  }
  if (net.tail) {
    layer++;
    const { last, classes } = net.tail;
    convolution(side, width, last);
    norm(last);
    add(last, classes);
    if (metric === "params") add(classes);
  }
  return { model: { rows: rows.map(({ options }) => options.length), forms, terms }, layerOf };
}

/** Effective cost over the rows of a space's search. */
export function maskedCost(layout: FbnetV2Layout, share: MaskShare, metric: "macs" | "params"): CostModel {
  const net: EffectiveNetwork = {
    resolution: { row: "resolution", values: layout.resolutions },
    stem: { k: 3, stride: layout.stemStride, out: { row: "stem", values: layout.stem } },
    blocks: blocksOf(layout).map((block) => ({
      stride: block.stride,
      middle: { row: `${block.at}.expansion`, values: block.mids },
      taps: { row: `${block.at}.kernel`, values: block.kernels.map((k) => k * k) },
      out: { row: channelsRow(block, share), values: block.channels },
    })),
    norms: true,
    tail: { last: layout.last, classes: layout.classes },
  };
  return effectiveCost(maskedRows(layout, share), net, metric).model;
}
