/** Only for tests: small networks of what differentiable search adds: an auxiliary classifier, convolutions whose axes differ, outputs that are maps. */
import { rootKey, type Rng } from "@/lib/rng";
import type { Graph, Init } from "@/nas/graph";
import { graphBuilder, type GraphBuilder, type InitPolicy } from "@/nas/graphBuilder";

const wild = (std: number): Init => ({ kind: "normal", std });

/** Everything starts random, γ and β too, so that nothing hides behind ones and zeros. */
const wildInit: InitPolicy = {
  conv: (k, cin) => wild(1.2 / Math.sqrt(k * k * cin)),
  depthwise: (k) => wild(1.2 / k),
  linear: (cin) => wild(1.2 / Math.sqrt(cin)),
  bias: wild(0.3),
  gamma: wild(1),
  beta: wild(0.5),
};

const pick = <T>(rng: Rng, list: readonly T[]): T => list[rng.int(list.length)] as T;

function head(b: GraphBuilder, name: string, from: number, classes: number): number {
  return b.linear(`${name}.dense`, b.node(`${name}.mean`, { op: "globalAvgPool" }, [from]), classes);
}

/** 1×k and k×1 of a seed: odd channels, strides of one axis, paddings that grow or shrink the map, with and without a bias, behind a ReLU or not. */
export function rectangularBlock(b: GraphBuilder, rng: Rng, name: string, from: number): number {
  const k = pick(rng, [2, 3, 5, 7]);
  const strides = pick(rng, [[1, 1], [1, 2], [2, 1]] as const);
  const relu = rng.int(2) === 0 ? b.relu(`${name}.relu`, from) : from;
  const one = b.conv(`${name}.one`, relu, { cout: pick(rng, [3, 4, 6]), k: 1, stride: strides[0], across: { k, stride: strides[1], pad: Math.floor(k / 2) + rng.int(2) }, bias: rng.int(2) === 0 });
  const two = b.conv(`${name}.two`, one, { cout: pick(rng, [4, 5, 7]), k, stride: strides[1], pad: Math.floor(k / 2), across: { k: pick(rng, [1, 2]), stride: strides[0], pad: rng.int(2) } });
  return b.batchNorm(`${name}.bn`, two, rng.int(2) === 0);
}

/** A network of nothing but such convolutions, a mixture of two of them in the middle. */
export function rectangularGraph(seed: number): Graph {
  const rng = rootKey(seed).fold("rectangular").stream();
  const b = graphBuilder([5 + rng.int(3), 6 + rng.int(3), pick(rng, [3, 4])], wildInit);
  const alpha = b.architecture("alpha", 3, wild(0.5));
  const first = rectangularBlock(b, rng, "first", b.input);
  const candidates = [0, 1].map((i) => {
    const conv = b.conv(`edge.${i}.conv`, b.relu(`edge.${i}.relu`, first), { cout: b.channelsOf(first), k: 1 + 2 * i, across: { k: 3 - 2 * i } });
    return i === 0 ? b.batchNorm(`edge.${i}.bn`, conv, false) : conv;
  });
  const mixed = b.mix("edge", candidates, { weights: alpha, begin: 0, count: 3, soft: true }, [1, 2]);
  const joined = b.node("joined", { op: "concat" }, [mixed, first]);
  return b.finish(head(b, "head", joined, 5));
}

/** Two classifiers: the auxiliary one reads the middle through a pool, a convolution and a norm of its own. Architecture weights before and after it. */
export function auxiliaryGraph(seed: number, weight = 0.4): Graph {
  const rng = rootKey(seed).fold("auxiliary").stream();
  const b = graphBuilder([8, 8, 3], wildInit);
  const alpha = b.architecture("alpha", 6, wild(0.5));
  const stem = b.batchNorm("stem.bn", b.conv("stem.conv", b.input, { cout: 6, k: 3 }));
  const edge = (name: string, from: number, begin: number, stride: number): number => {
    const c = b.channelsOf(from);
    const conv = b.batchNorm(`${name}.bn`, b.conv(`${name}.conv`, b.relu(`${name}.relu`, from), { cout: c, k: 3, stride }), rng.int(2) === 0);
    const pool = b.batchNorm(`${name}.pool.bn`, b.node(`${name}.pool`, { op: "avgPool", k: 3, stride, pad: 1, countPads: false }, [from]), false);
    return b.mix(name, [conv, pool], { weights: alpha, begin, count: 3, soft: true }, [1, 2]);
  };
  const middle = edge("one", stem, 0, 2);
  const last = b.dropPath("drop", edge("two", middle, 3, 1), 0.3, "drop");
  const main = head(b, "main", b.node("sum", { op: "add" }, [middle, last]), 5);
  const pooled = b.node("aux.pool", { op: "avgPool", k: 2, stride: 2, pad: 0 }, [b.relu("aux.relu", middle)]);
  const conv = b.relu("aux.relu2", b.batchNorm("aux.bn", b.conv("aux.conv", pooled, { cout: 7 })));
  const auxiliary = head(b, "aux", conv, 5);
  return { ...b.finish(main), auxiliary: { output: auxiliary, weight } };
}

/** One cell-like graph whose output is a map: two inputs as channels of one, a reduction and a concatenation. */
export function mapGraph(seed: number): Graph {
  const rng = rootKey(seed).fold("map").stream();
  const b = graphBuilder([6, 6, 7], wildInit);
  const s0 = b.node("s0", { op: "slice", begin: 0, size: 4 }, [b.input]);
  const s1 = b.node("s1", { op: "slice", begin: 4, size: 3 }, [b.input]);
  const left = b.batchNorm("left.bn", b.conv("left.conv", b.relu("left.relu", s0), { cout: 5 }), false);
  const right = b.batchNorm("right.bn", b.depthwise("right.dw", b.relu("right.relu", b.conv("right.conv", s1, { cout: 5, bias: true })), { k: 3, dilation: pick(rng, [1, 2]) }));
  const alpha = b.architecture("alpha", 3, wild(0.5));
  const mixed = b.mix("mix", [left, right], { weights: alpha, begin: 0, count: 3, soft: rng.int(2) === 0 }, [0, 2]);
  const dropped = b.dropPath("drop", rectangularBlock(b, rng, "wide", mixed), 0.5, "drop");
  const outputs = [
    () => b.node("out", { op: "concat" }, [dropped, dropped]),
    () => b.relu("out", dropped),
    () => b.batchNorm("out", dropped),
    () => b.node("out", { op: "slice", begin: 1, size: 2 }, [dropped]),
    () => b.node("out", { op: "shift", by: 1 }, [dropped]),
    () => b.node("out", { op: "subsample", side: 2 }, [b.node("square", { op: "scatter", side: 12 }, [dropped])]),
  ];
  return b.finish((outputs[seed % outputs.length] as () => number)());
}
