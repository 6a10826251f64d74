/**
 * Only for tests: small networks with everything that stochastic search adds: mixtures by weights that the host computes, grouped candidates,
 * channel masks in several places, and a block that runs at several resolutions with one set of weights.
 */
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

const classes = 4;

function headOf(b: GraphBuilder, from: number): number {
  return b.linear("fc", b.node("mean", { op: "globalAvgPool" }, [from]), classes);
}

/** An inverted residual as FBNet's: (grouped) 1×1, shuffle, depthwise, (grouped) 1×1, and its input where shapes allow. */
function block(b: GraphBuilder, name: string, from: number, { k, e, g, cout, stride }: { k: number; e: number; g: number; cout: number; stride: number }): number {
  const cin = b.channelsOf(from);
  const wide = b.relu(`${name}.relu1`, b.batchNorm(`${name}.bn1`, b.conv(`${name}.expand`, from, { cout: cin * e, groups: g })));
  const mixed = g > 1 ? b.node(`${name}.shuffle`, { op: "shuffle", groups: g }, [wide]) : wide;
  const filtered = b.relu(`${name}.relu2`, b.batchNorm(`${name}.bn2`, b.depthwise(`${name}.dw`, mixed, { k, stride })));
  const project = b.batchNorm(`${name}.bn3`, b.conv(`${name}.project`, filtered, { cout, groups: g }));
  return cin === cout && stride === 1 ? b.node(`${name}.add`, { op: "add" }, [project, from]) : project;
}

/** FBNet V1's supernet: two layers, each a mixture without softmax of blocks and a skip, in slots of their own; the second layer halves the map. */
export function stochasticGraph(): Graph {
  const b = graphBuilder([8, 8, 3], wildInit);
  const weights = b.architecture("weights", 11, wild(0.7));
  let at = b.relu("stem.relu", b.batchNorm("stem.bn", b.conv("stem.conv", b.input, { cout: 6, k: 3 })));
  at = b.inSlot("layer.0", () => {
    const keep = { cout: 6, stride: 1 };
    const candidates = [block(b, "layer.0.a", at, { k: 3, e: 1, g: 1, ...keep }), block(b, "layer.0.b", at, { k: 3, e: 1, g: 2, ...keep }), block(b, "layer.0.c", at, { k: 5, e: 2, g: 1, ...keep }), at];
    return b.mix("layer.0", candidates, { weights, begin: 0, count: 5, soft: false }, [0, 1, 2, 4]);
  });
  at = b.inSlot("layer.1", () => {
    const cut = { cout: 8, stride: 2 };
    const skip = b.relu("layer.1.skip.relu", b.batchNorm("layer.1.skip.bn", b.conv("layer.1.skip.conv", at, { cout: 8, stride: 2 })));
    const candidates = [block(b, "layer.1.a", at, { k: 3, e: 2, g: 1, ...cut }), block(b, "layer.1.b", at, { k: 5, e: 1, g: 2, ...cut }), skip];
    return b.mix("layer.1", candidates, { weights, begin: 5, count: 5, soft: false }, [1, 2, 4]);
  });
  at = b.mix("alone", [at], { weights, begin: 10, count: 1, soft: false });
  return b.finish(headOf(b, at));
}

/** What is read again at every resolution after the first. */
interface Shared {
  readonly suffix: string;
  readonly first: boolean;
}

/**
 * FBNet V2's supernet: a stem and two blocks at three resolutions, every weight, γ and β shared by all of them, statistics apart; the widths
 * masked after a norm, after an activation and (one mask twice) on both sides of a depthwise mixture of two kernels; a block that may be left out.
 */
export function maskedGraph(): Graph {
  const b = graphBuilder([8, 8, 3], wildInit);
  const [sides, mid, stage, kernel] = [
    b.architecture("resolution", 4, wild(0.7)),
    b.architecture("mid", 8, wild(0.7)),
    b.architecture("stage", 6, wild(0.7)),
    b.architecture("kernel", 6, wild(0.7)),
  ];
  const conv = ({ suffix, first }: Shared, name: string, from: number, options: Parameters<GraphBuilder["conv"]>[2]): number =>
    b.conv(`${name}${suffix}`, from, first ? options : { ...options, weight: `${name}.weight` });
  const depthwise = ({ suffix, first }: Shared, name: string, from: number, options: Parameters<GraphBuilder["depthwise"]>[2]): number =>
    b.depthwise(`${name}${suffix}`, from, first ? options : { ...options, weight: `${name}.weight` });
  const norm = ({ suffix, first }: Shared, name: string, from: number): number =>
    first ? b.batchNorm(`${name}${suffix}`, from) : b.batchNorm(`${name}${suffix}`, from, true, { gamma: `${name}.weight`, beta: `${name}.bias` });

  const stem = (s: Shared, from: number): number => b.mask(`stem.mask${s.suffix}`, b.relu(`stem.relu${s.suffix}`, norm(s, "stem.bn", conv(s, "stem.conv", from, { cout: 6, k: 3 }))), stage);
  const residual = (s: Shared, from: number): number => {
    const wide = b.mask(`block.mask1${s.suffix}`, b.hswish(`block.act1${s.suffix}`, norm(s, "block.bn1", conv(s, "block.expand", from, { cout: 8, groups: 2 }))), mid);
    const mixed = b.node(`block.shuffle${s.suffix}`, { op: "shuffle", groups: 2 }, [wide]);
    const filtered = [3, 5].map((k) => norm(s, `block.bn2.${k}`, depthwise(s, `block.dw.${k}`, mixed, { k })));
    const picked = b.mix(`block.kernels${s.suffix}`, filtered, { weights: kernel, begin: 1, count: 2, soft: false });
    const masked = b.mask(`block.mask2${s.suffix}`, b.hswish(`block.act2${s.suffix}`, picked), mid);
    const out = b.mask(`block.mask3${s.suffix}`, norm(s, "block.bn3", conv(s, "block.project", masked, { cout: 6 })), stage);
    const sum = b.node(`block.add${s.suffix}`, { op: "add" }, [out, from]);
    return b.mix(`block.or${s.suffix}`, [sum, from], { weights: kernel, begin: 3, count: 3, soft: false }, [0, 2]);
  };
  const reduce = (s: Shared, from: number): number => norm(s, "reduce.bn", depthwise(s, "reduce.dw", from, { k: 3, stride: 2 }));
  /** Σ g·Z(F(S(x))) over the sides 8, 6 and 5, or ratios of them. */
  const everywhere = (name: string, from: number, body: (s: Shared, from: number) => number): number => {
    const [side = 0] = b.shapeOf(from);
    const options = [8, 6, 5].map((of, i) => {
      const s = { suffix: i === 0 ? "" : `@${of}`, first: i === 0 };
      return body(s, b.node(`${name}.sub${s.suffix}`, { op: "subsample", side: Math.ceil((side * of) / 8) }, [from]));
    });
    const full = b.shapeOf(options[0] as number)[0] ?? 0;
    const scattered = options.map((node, i) => b.node(`${name}.scatter.${i}`, { op: "scatter", side: full }, [node]));
    return b.mix(name, scattered, { weights: sides, begin: 1, count: 3, soft: false });
  };
  const at = [everywhere("stems", b.input, stem)].map((x) => everywhere("blocks", x, residual)).map((x) => everywhere("reduced", x, reduce));
  return b.finish(headOf(b, at[0] as number));
}
