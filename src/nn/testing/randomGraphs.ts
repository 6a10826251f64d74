/**
 * Only for tests: small random networks over every primitive, with awkward channel counts and sides, and batches for any graph.
 * The same seed gives the same network; a dozen seeds in a row cover every kind of block.
 */
import { rootKey, type Rng } from "@/lib/rng";
import { graphBuilder, type GraphBuilder, type InitPolicy } from "@/nas/graphBuilder";
import { sizeOf, type Graph, type Init } from "@/nas/graph";
import { dartsOps } from "./dartsLike";
import type { Batch } from "../executor";

/** Everything starts random, γ and β too, so that nothing hides behind ones and zeros. */
const wild = (std: number): Init => ({ kind: "normal", std });
const wildInit: InitPolicy = {
  conv: (k, cin) => wild(1.2 / Math.sqrt(k * k * cin)),
  depthwise: (k) => wild(1.2 / k),
  linear: (cin) => wild(1.2 / Math.sqrt(cin)),
  bias: wild(0.3),
  gamma: wild(1),
  beta: wild(0.5),
};

interface Draft {
  readonly b: GraphBuilder;
  readonly rng: Rng;
  /** Unique name of a block. */
  readonly name: string;
}

const pick = <T>(rng: Rng, list: readonly T[]): T => list[rng.int(list.length)] as T;
const coin = (rng: Rng): boolean => rng.int(2) === 0;
const widths = [4, 5, 6, 7, 8, 10, 12] as const;
const sideOf = (b: GraphBuilder, node: number): number => Math.min(b.shapeOf(node)[0] ?? 1, b.shapeOf(node)[1] ?? 1);
const strideFor = (d: Draft, from: number): number => (sideOf(d.b, from) >= 4 && coin(d.rng) ? 2 : 1);

function activation({ b, rng }: Draft, name: string, from: number): number {
  const kind = pick(rng, ["relu", "relu6", "hswish", "swish", "sigmoid"] as const);
  return b[kind](`${name}.${kind}`, from);
}

function convNorm(d: Draft, name: string, from: number, cout: number, k: number, stride = 1): number {
  return d.b.batchNorm(`${name}.bn`, d.b.conv(`${name}.conv`, from, { cout, k, stride, bias: d.rng.int(4) === 0 }), d.rng.int(3) > 0);
}

function depthwiseNorm(d: Draft, name: string, from: number, stride: number): number {
  const options = { k: pick(d.rng, [3, 5, 7]), stride, dilation: pick(d.rng, [1, 1, 2]) };
  return d.b.batchNorm(`${name}.bn`, d.b.depthwise(`${name}.dw`, from, options));
}

function squeeze({ b, rng, name }: Draft, from: number): number {
  const c = b.channelsOf(from);
  const hidden = b.relu(`${name}.se.relu`, b.linear(`${name}.se.in`, b.node(`${name}.se.mean`, { op: "globalAvgPool" }, [from]), pick(rng, [2, 3, 4])));
  const gate = pick(rng, ["hsigmoid", "sigmoid"] as const);
  return b.scale(`${name}.se`, from, b[gate](`${name}.se.gate`, b.linear(`${name}.se.out`, hidden, c)));
}

/** Inverted residual: expand, depthwise, squeeze, project, drop, add. */
function inverted(d: Draft, from: number): number {
  const { b, rng, name } = d;
  const stride = strideFor(d, from);
  const cin = b.channelsOf(from);
  let at = activation(d, `${name}.1`, convNorm(d, `${name}.1`, from, cin + pick(rng, [2, 3, 6]), 1));
  at = activation(d, `${name}.2`, depthwiseNorm(d, `${name}.2`, at, stride));
  if (coin(rng)) at = squeeze(d, at);
  at = convNorm(d, `${name}.3`, at, stride === 1 ? cin : pick(rng, widths), 1);
  if (stride !== 1) return at;
  return b.node(`${name}.add`, { op: "add" }, [from, b.dropPath(`${name}.drop`, at, 0.4, `${name}.drop`)]);
}

/** Two halves, of which one is worked on, shuffled together. */
function shuffled(d: Draft, from: number): number {
  const { b, rng, name } = d;
  const c = b.channelsOf(from);
  const half = Math.floor(c / 2);
  const strided = coin(rng);
  const part = (i: number): number =>
    b.node(`${name}.${i}`, strided ? { op: "stridedSlice", begin: i, step: 2 } : { op: "slice", begin: i * half, size: i === 0 ? half : c - half }, [from]);
  const keep = part(0);
  const main = b.relu(`${name}.relu`, convNorm(d, `${name}.pw`, depthwiseNorm(d, name, part(1), 1), pick(rng, [2, 3, 4]) * 2 - (b.channelsOf(keep) % 2), 1));
  const joined = b.node(`${name}.concat`, { op: "concat" }, coin(rng) ? [keep, main] : [main, keep]);
  const groups = [2, 3].filter((g) => b.channelsOf(joined) % g === 0);
  return groups.length === 0 ? joined : b.node(`${name}.shuffle`, { op: "shuffle", groups: pick(rng, groups) }, [joined]);
}

/** A candidate of a mixed op that keeps or halves the map: DARTS order, MobileNet order, bare, pooled. */
function candidate(d: Draft, name: string, from: number, stride: number, kind: number): number {
  const { b, rng } = d;
  const c = b.channelsOf(from);
  switch (kind) {
    case 0:
      return convNorm(d, name, b.depthwise(`${name}.dw`, b.relu(`${name}.relu`, from), { k: 3, stride, dilation: pick(rng, [1, 2]) }), c, 1);
    case 1:
      return activation(d, name, convNorm(d, name, from, c, 3, stride));
    case 2:
      return b.batchNorm(`${name}.bn`, b.node(`${name}.pool`, { op: pick(rng, ["maxPool", "avgPool"] as const), k: 3, stride, pad: 1, countPads: coin(rng) }, [from]), coin(rng));
    case 3:
      return b.conv(`${name}.conv`, from, { cout: c, k: 3, stride, bias: coin(rng) });
    default:
      return stride === 1 ? from : b.node(`${name}.max`, { op: "maxPool", k: 3, stride, pad: 1 }, [from]);
  }
}

/** One or two edges into a node, each a mixture. */
function mixed(d: Draft, from: number): number {
  const { b, rng, name } = d;
  const stride = strideFor(d, from);
  const count = dartsOps.length;
  const weights = b.architecture(`${name}.alpha`, 2 * count, wild(0.5));
  const soft = rng.int(3) > 0;
  const edges = Array.from({ length: 1 + rng.int(2) }, (_, e) => {
    const kinds = [0, 1, 2, 3, 4].filter((kind) => kind === e || coin(rng));
    const index = kinds.map((kind) => (kind + 1 + e) % count);
    return b.mix(`${name}.mix${e}`, kinds.map((kind) => candidate(d, `${name}.${e}.${kind}`, from, stride, kind)), { weights, begin: e * count, count, soft }, index);
  });
  return edges.reduce((sum, next) => b.node(`${name}.sum`, { op: "add" }, [sum, next]));
}

function grouped(d: Draft, from: number): number {
  const { b, rng, name } = d;
  const groups = [2, 3, 4, 5].filter((g) => b.channelsOf(from) % g === 0);
  const g = groups.length === 0 ? b.channelsOf(from) : pick(rng, groups);
  const conv = b.conv(`${name}.conv`, from, { cout: g * pick(rng, [1, 2, 3]), k: pick(rng, [1, 3]), stride: strideFor(d, from), groups: g, bias: coin(rng) });
  return b.relu6(`${name}.relu6`, b.batchNorm(`${name}.bn`, conv));
}

/** Two convolutions, one on the shifted map, side by side. */
function reduced({ b, rng, name }: Draft, from: number): number {
  const r = coin(rng) ? b.relu(`${name}.relu`, from) : from;
  const stride = sideOf(b, from) >= 3 ? 2 : 1;
  const one = b.conv(`${name}.conv1`, r, { cout: pick(rng, [2, 3, 4]), stride });
  const two = b.conv(`${name}.conv2`, b.node(`${name}.shift`, { op: "shift", by: 1 }, [r]), { cout: pick(rng, [2, 3, 4]), stride });
  return b.batchNorm(`${name}.bn`, b.node(`${name}.concat`, { op: "concat" }, [one, two]), false);
}

/** Resolutions mixed as in FBNetV2, then channels masked. */
function resolutions(d: Draft, from: number): number {
  const { b, rng, name } = d;
  const [h = 1, w = 1] = b.shapeOf(from);
  const c = b.channelsOf(from);
  const full = Math.max(h, w);
  const square = h === w ? from : b.node(`${name}.square`, { op: "scatter", side: full }, [from]);
  const sides = [...new Set([full, full - 1, Math.ceil(full / 2)])].filter((side) => side >= 1);
  const weights = b.architecture(`${name}.alpha`, sides.length, wild(0.5));
  const options = sides.map((side, i) => {
    const small = b.node(`${name}.${side}.sub`, { op: i === 1 ? "resize" : "subsample", side }, [square]);
    const worked = coin(rng) ? convNorm(d, `${name}.${side}`, small, c, 3) : b.conv(`${name}.${side}.conv`, small, { cout: c, k: 3 });
    return b.node(`${name}.${side}.scatter`, { op: "scatter", side: full }, [worked]);
  });
  const sum = b.mix(`${name}.mix`, options, { weights, begin: 0, count: sides.length, soft: true });
  return b.mask(`${name}.mask`, sum, b.architecture(`${name}.m`, c, wild(1)));
}

/** Both pools and a plain branch of one value, concatenated at odd places. */
function pooled(d: Draft, from: number): number {
  const { b, rng, name } = d;
  const stride = strideFor(d, from);
  const pool = { k: pick(rng, [2, 3]), stride, pad: 1 };
  const max = b.node(`${name}.max`, { op: "maxPool", ...pool }, [from]);
  const avg = b.node(`${name}.avg`, { op: "avgPool", ...pool, ...pick(rng, [{}, { countPads: true }, { countPads: false }]) }, [from]);
  const both = b.node(`${name}.add`, { op: "add" }, [max, avg]);
  const cut = b.node(`${name}.cut`, { op: "slice", begin: 1, size: Math.max(1, b.channelsOf(from) - 2) }, [max]);
  const joined = b.node(`${name}.concat`, { op: "concat" }, coin(rng) ? [cut, both] : [both, cut, cut]);
  return convNorm(d, name, b.relu(`${name}.relu`, joined), pick(rng, widths), 1);
}

/** One value read by many, and a convolution of a channel gather. */
function branches(d: Draft, from: number): number {
  const { b, rng, name } = d;
  const c = b.channelsOf(from);
  const one = activation(d, `${name}.1`, b.conv(`${name}.1.conv`, from, { cout: c, k: 3, bias: true }));
  const two = b.batchNorm(`${name}.2.bn`, from);
  const three = b.depthwise(`${name}.3.dw`, b.relu(`${name}.3.relu`, two), { k: 3 });
  const sum = b.node(`${name}.sum`, { op: "add" }, [b.node(`${name}.part`, { op: "add" }, [one, two]), three]);
  const odd = b.node(`${name}.odd`, { op: "stridedSlice", begin: 1, step: pick(rng, [2, 3]) }, [sum]);
  return b.node(`${name}.concat`, { op: "concat" }, [sum, convNorm(d, `${name}.odd`, odd, 3, 1)]);
}

const blocks = { inverted, shuffled, mixed, grouped, reduced, resolutions, pooled, branches } as const;
const kinds = Object.keys(blocks) as readonly (keyof typeof blocks)[];

/** The network of a seed: an input of 5 … 9 pixels a side, a stem, two or three blocks, a head. */
export function randomGraph(seed: number): Graph {
  const rng = rootKey(seed).fold("graph").stream();
  const side = 5 + rng.int(5);
  const b = graphBuilder([side, coin(rng) ? side : 5 + rng.int(5), pick(rng, [1, 3, 4])], wildInit);
  const draft = (name: string): Draft => ({ b, rng, name });
  let at = activation(draft("stem"), "stem", convNorm(draft("stem"), "stem", b.input, pick(rng, widths), pick(rng, [1, 2, 3])));
  const count = 2 + rng.int(2);
  for (let i = 0; i < count; i++) {
    // In turn over the seeds, so that neighbours cover them all.
    const kind = kinds[(3 * seed + i * (1 + (seed % 3))) % kinds.length] as keyof typeof blocks;
    at = blocks[kind](draft(`${i}.${kind}`), at);
    if (b.channelsOf(at) > 16) at = convNorm(draft(`${i}.narrow`), `${i}.narrow`, at, pick(rng, widths), 1);
  }
  let head = b.node("mean", { op: "globalAvgPool" }, [coin(rng) ? activation(draft("head"), "head", at) : at]);
  if (coin(rng)) head = b.hswish("hidden.act", b.linear("hidden", head, pick(rng, [5, 8])));
  return b.finish(b.linear("fc", head, pick(rng, [3, 4, 5, 10]), rng.int(4) > 0));
}

/** Images of normal noise, labels, and multipliers for every drop path of the graph. */
export function batchFor(graph: Graph, size: number, seed: number): Batch {
  const rng = rootKey(seed).fold("batch").stream();
  const [input, classes] = [graph.nodes[0]?.shape ?? [], sizeOf(graph.nodes[graph.output]?.shape ?? [])];
  const images = Float32Array.from({ length: size * sizeOf(input) }, () => rng.normal());
  const labels = Uint8Array.from({ length: size }, () => rng.int(classes));
  const masks = new Map<string, Float32Array>();
  for (const { attrs, shape } of graph.nodes)
    if (attrs.op === "dropPath") masks.set(attrs.scope, Float32Array.from({ length: attrs.units === true ? size * (shape.at(-1) ?? 0) : size }, () => (rng.next() < attrs.rate ? 0 : 1 / (1 - attrs.rate))));
  return masks.size === 0 ? { images, labels, size } : { images, labels, size, masks };
}
