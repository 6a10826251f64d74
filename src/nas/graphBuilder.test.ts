import { describe, expect, it } from "vitest";
import { activationFloats, costOf, nodeCosts } from "./cost";
import type { Op } from "./graph";
import { graphBuilder } from "./graphBuilder";
import { torchDefaultInit } from "./space/init";

const builder = (h = 7, w = 5, c = 6) => graphBuilder([h, w, c], torchDefaultInit);

describe("shapes", () => {
  const bad: readonly [string, Op][] = [
    ["slice past the end", { op: "slice", begin: 4, size: 3 }],
    ["strided slice past the end", { op: "stridedSlice", begin: 6, step: 2 }],
    ["shuffle that does not divide", { op: "shuffle", groups: 4 }],
    ["groups in a convolution whose axes differ", { op: "conv", k: 1, stride: 1, pad: 0, across: { k: 3, stride: 1, pad: 1 }, groups: 2, cin: 6, cout: 4, weight: "w" }],
    ["kernel wider than the map", { op: "conv", k: 1, stride: 1, pad: 0, across: { k: 7, stride: 1, pad: 0 }, groups: 1, cin: 6, cout: 4, weight: "w" }],
    ["pool larger than the map", { op: "maxPool", k: 9, stride: 1, pad: 0 }],
    ["add of one", { op: "add" }],
    ["dense layer on a map", { op: "linear", cin: 6, cout: 2, weight: "w" }],
    ["second input", { op: "input" }],
    ["map scaled by nothing", { op: "scale" }],
    ["mixture of fewer weights than inputs", { op: "mix", weights: "a", begin: 0, count: 2, soft: true, index: [] }],
    ["mixture by a weight that it has not", { op: "mix", weights: "a", begin: 0, count: 2, soft: true, index: [2] }],
    ["subsample to more pixels", { op: "subsample", side: 6 }],
    ["scatter to fewer pixels", { op: "scatter", side: 6 }],
    ["shift past the edge", { op: "shift", by: 5 }],
    ["path that is always dropped", { op: "dropPath", rate: 1, scope: "s" }],
  ];
  it.each(bad)("refuse a %s", (_, attrs) => {
    const b = builder();
    expect(() => b.node("x", attrs, [b.input])).toThrow(/does not fit/);
  });

  it("follow PyTorch's padding arithmetic", () => {
    const b = builder();
    expect(b.shapeOf(b.conv("c3", b.input, { cout: 4, k: 3, stride: 2 }))).toEqual([4, 3, 4]);
    expect(b.shapeOf(b.conv("valid", b.input, { cout: 4, k: 3, pad: 0 }))).toEqual([5, 3, 4]);
    expect(b.shapeOf(b.conv("wide", b.input, { cout: 4, k: 1, across: { k: 7, stride: 2 } }))).toEqual([7, 3, 4]);
    expect(b.shapeOf(b.conv("tall", b.input, { cout: 4, k: 7, stride: 2, across: { k: 1, stride: 1 } }))).toEqual([4, 5, 4]);
    expect(b.shapeOf(b.conv("both", b.input, { cout: 4, k: 2, pad: 0, across: { k: 3, pad: 2 } }))).toEqual([6, 7, 4]);
    expect(b.shapeOf(b.depthwise("d", b.input, { k: 5, stride: 2 }))).toEqual([4, 3, 6]);
    expect(b.shapeOf(b.depthwise("dil", b.input, { k: 3, dilation: 2 }))).toEqual([7, 5, 6]);
    expect(b.shapeOf(b.node("p", { op: "avgPool", k: 3, stride: 2, pad: 1 }, [b.input]))).toEqual([4, 3, 6]);
    expect(b.shapeOf(b.node("even", { op: "stridedSlice", begin: 0, step: 2 }, [b.input]))).toEqual([7, 5, 3]);
    expect(b.shapeOf(b.node("odd", { op: "stridedSlice", begin: 1, step: 4 }, [b.input]))).toEqual([7, 5, 2]);
    expect(b.shapeOf(b.node("cat", { op: "concat" }, [b.input, b.input, b.input]))).toEqual([7, 5, 18]);
    expect(b.shapeOf(b.linear("fc", b.node("gap", { op: "globalAvgPool" }, [b.input]), 3))).toEqual([3]);
  });

  it("of weights on maps, mixtures and resampling", () => {
    const b = builder();
    const alpha = b.architecture("alpha", 4, { kind: "normal", std: 1e-3 });
    const vector = b.node("gap", { op: "globalAvgPool" }, [b.input]);
    expect(b.shapeOf(b.scale("s", b.input, b.hsigmoid("g", vector)))).toEqual([7, 5, 6]);
    expect(() => b.scale("wide", b.input, b.linear("l", vector, 5))).toThrow(/does not fit/);
    expect(b.shapeOf(b.mix("one", [b.input], { weights: alpha, begin: 3, count: 1, soft: false }))).toEqual([7, 5, 6]);
    expect(() => b.mix("past", [b.input, b.input], { weights: alpha, begin: 3, count: 2, soft: true })).toThrow(/past needs 5 numbers of alpha/);
    expect(() => b.mask("masked", b.input, alpha)).toThrow(/masked needs 6 numbers of alpha/);
    expect(() => b.mask("unknown", b.input, "beta")).toThrow(/declares no parameter beta/);
    expect(() => b.mix("unequal", [b.input, vector], { weights: alpha, begin: 0, count: 2, soft: true })).toThrow(/does not fit/);
    expect(b.shapeOf(b.node("sub", { op: "subsample", side: 4 }, [b.input]))).toEqual([4, 4, 6]);
    expect(b.shapeOf(b.node("scat", { op: "scatter", side: 9 }, [b.input]))).toEqual([9, 9, 6]);
    expect(b.shapeOf(b.node("shift", { op: "shift", by: 1 }, [b.input]))).toEqual([7, 5, 6]);
    expect(b.shapeOf(b.dropPath("drop", vector, 0.2, "scope"))).toEqual([6]);
    expect(b.finish(vector).params.find((p) => p.name === "alpha")).toEqual({ name: "alpha", shape: [4], role: "architecture", init: { kind: "normal", std: 1e-3 } });
  });

  it("refuse taken names and nodes that do not exist", () => {
    const b = builder();
    b.relu("r", b.input);
    expect(() => b.relu("r", b.input)).toThrow(/already has something named r/);
    expect(() => b.relu("s", 99)).toThrow(/no node 99/);
    expect(() => b.finish(99)).toThrow(/no node 99/);
  });
});

describe("declarations", () => {
  it("name parameters and statistics after their node, with shapes, roles and slots", () => {
    const b = builder();
    const conv = b.inSlot("s", () => b.conv("s.conv", b.input, { cout: 4, k: 3, groups: 2, bias: true }));
    const free = b.batchNorm("s.free", conv, false);
    const graph = b.finish(b.batchNorm("s.bn", free));
    expect(graph.params.map((p) => [p.name, p.role, p.shape])).toEqual([
      ["s.conv.weight", "conv", [3, 3, 3, 4]],
      ["s.conv.bias", "bias", [4]],
      ["s.bn.weight", "gamma", [4]],
      ["s.bn.bias", "beta", [4]],
    ]);
    expect(graph.norms).toEqual([
      { stats: "s.free", channels: 4 },
      { stats: "s.bn", channels: 4 },
    ]);
    expect(graph.nodes.map((n) => n.slot)).toEqual([null, "s", null, null]);
    // Fan-in of a grouped convolution: k²·cin/groups = 27.
    expect(graph.params[0]?.init).toEqual({ kind: "normal", std: 1 / Math.sqrt(81) });
  });
});

describe("sharing", () => {
  it("declares what several nodes read once, with statistics of their own", () => {
    const b = builder();
    const a = b.batchNorm("a.bn", b.depthwise("a.dw", b.conv("a.conv", b.input, { cout: 4, k: 3, groups: 2 }), { k: 5 }));
    const c = b.conv("b.conv", b.input, { cout: 4, k: 3, groups: 2, stride: 2, weight: "a.conv.weight" });
    const d = b.depthwise("b.dw", c, { k: 5, weight: "a.dw.weight" });
    const graph = b.finish(b.batchNorm("b.bn", d, true, { gamma: "a.bn.weight", beta: "a.bn.bias" }));
    expect(graph.params.map((p) => p.name)).toEqual(["a.conv.weight", "a.dw.weight", "a.bn.weight", "a.bn.bias"]);
    expect(graph.norms.map((n) => n.stats)).toEqual(["a.bn", "b.bn"]);
    expect(graph.nodes[c]?.attrs).toMatchObject({ op: "conv", weight: "a.conv.weight", stride: 2, groups: 2 });
    expect(graph.nodes[d]?.attrs).toMatchObject({ op: "depthwise", weight: "a.dw.weight" });
    expect(graph.nodes.at(-1)?.attrs).toMatchObject({ stats: "b.bn", gamma: "a.bn.weight", beta: "a.bn.bias" });
    expect(b.shapeOf(a)).toEqual([7, 5, 4]);
  });

  it("refuses what does not fit or is not declared", () => {
    const b = builder();
    const a = b.batchNorm("a.bn", b.conv("a.conv", b.input, { cout: 4, k: 3, groups: 2 }));
    const b2 = b.depthwise("a.dw", a, { k: 5 });
    expect(() => b.conv("x", b.input, { cout: 4, k: 1, groups: 2, weight: "a.conv.weight" })).toThrow(/x needs a conv \[1,1,3,4\], but a.conv.weight is a conv \[3,3,3,4\]/);
    // As many numbers, otherwise arranged.
    const half = b.node("half", { op: "slice", begin: 0, size: 3 }, [b.input]);
    expect(() => b.conv("y", half, { cout: 4, k: 3, weight: "a.conv.weight" })).toThrow(/does not fit/);
    expect(() => b.depthwise("z", b2, { k: 5, weight: "a.conv.weight" })).toThrow(/does not fit/);
    expect(() => b.batchNorm("n", a, true, { gamma: "a.bn.bias", beta: "a.bn.weight" })).toThrow(/does not fit/);
    expect(() => b.batchNorm("m", b.input, true, { gamma: "a.bn.weight", beta: "a.bn.bias" })).toThrow(/does not fit/);
    expect(() => b.depthwise("u", b2, { k: 5, weight: "nobody" })).toThrow(/declares no parameter nobody/);
  });
});

describe("cost", () => {
  it("counts by the three conventions, node by node", () => {
    const b = builder(4, 4, 6);
    const conv = b.conv("conv", b.input, { cout: 8, k: 3, groups: 2, bias: true, stride: 2 });
    const bn = b.batchNorm("bn", conv);
    const plain = b.batchNorm("plain", bn, false);
    const relu = b.relu6("relu", plain);
    const dw = b.depthwise("dw", relu, { k: 3 });
    const pool = b.node("pool", { op: "maxPool", k: 2, stride: 2, pad: 0 }, [dw]);
    const gap = b.node("gap", { op: "globalAvgPool" }, [pool]);
    const graph = b.finish(b.linear("fc", gap, 10));
    const row = (macs: number, params: number, extra: number) => ({ macs, params, razorFlops: macs + extra });
    expect(nodeCosts(graph).map(({ macs, params, razorFlops }) => ({ macs, params, razorFlops }))).toEqual([
      row(0, 0, 0),
      row(9 * 3 * 8 * 4, 9 * 3 * 8 + 8, 8 * 4),
      row(0, 16, 2 * 32),
      row(0, 0, 32),
      row(0, 0, 32),
      row(9 * 8 * 4, 72, 0),
      row(0, 0, 32),
      row(0, 0, 8),
      row(80, 90, 0),
    ]);
    expect(costOf(graph)).toEqual({ macs: 864 + 288 + 80, params: 224 + 16 + 72 + 90, razorFlops: 1232 + 200 });
    expect(activationFloats(graph)).toBe(96 + 32 * 5 + 8 + 8 + 10);
  });

  it("of smooth activations, weights on maps and resampling is nought, and architecture parameters are not counted", () => {
    const b = builder(4, 4, 6);
    const alpha = b.architecture("alpha", 6, { kind: "constant", value: 1 });
    const gate = b.sigmoid("gate", b.linear("fc", b.node("gap", { op: "globalAvgPool" }, [b.input]), 6, false));
    const scaled = b.scale("scaled", b.hswish("act", b.input), gate);
    const mixed = b.mix("mixed", [b.mask("mask", scaled, alpha), b.dropPath("drop", scaled, 0.5, "s")], { weights: alpha, begin: 0, count: 6, soft: true });
    const moved = b.node("up", { op: "scatter", side: 5 }, [b.node("shift", { op: "shift", by: 1 }, [b.node("down", { op: "subsample", side: 3 }, [mixed])])]);
    expect(costOf(b.finish(moved))).toEqual({ macs: 36, params: 36, razorFlops: 36 + 96 });
  });

  it("of a convolution whose axes differ is that of its taps", () => {
    const b = builder(8, 8, 6);
    const graph = b.finish(b.conv("wide", b.input, { cout: 4, k: 1, stride: 2, across: { k: 7, stride: 1 }, bias: true }));
    expect(costOf(graph)).toEqual({ macs: 7 * 6 * 4 * 32, params: 7 * 6 * 4 + 4, razorFlops: 7 * 6 * 4 * 32 + 4 * 32 });
    expect(graph.params[0]?.shape).toEqual([1, 7, 6, 4]);
    expect(graph.params[0]?.init).toEqual({ kind: "normal", std: expect.closeTo(1 / Math.sqrt(3 * 42), 12) as number });
  });

  it("charges a shared parameter once", () => {
    const b = builder(4, 4, 3);
    const a = b.conv("a", b.input, { cout: 3 });
    const shared = b.node(
      "again",
      { op: "conv", k: 1, stride: 1, pad: 0, groups: 1, cin: 3, cout: 3, weight: "a.weight" },
      [a],
    );
    expect(costOf(b.finish(shared))).toEqual({ macs: 2 * 9 * 16, params: 9, razorFlops: 2 * 9 * 16 });
  });
});
