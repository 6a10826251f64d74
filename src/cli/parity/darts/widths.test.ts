/** Other folders of the same kinds: other widths, shapes and options than the copy's, by hand; and what no network of ours can be. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import cellGolden from "@/golden/darts/cell_eval.json";
import deriveGolden from "@/golden/darts/derive.json";
import mixedGolden from "@/golden/darts/mixed_op.json";
import nasbenchGolden from "@/golden/darts/nasbench201.json";
import { rootKey } from "@/lib/rng";
import { batchNorm } from "./batchNorm";
import { derivedCells } from "./cells";
import { counts } from "./counts";
import { derive } from "./derive";
import { misc } from "./misc";
import { mixedOp } from "./mixedOp";
import { nasbench201 } from "./nasbench201";
import { convOps, poolOps } from "./ops";
import { sgd } from "./optimizers";
import { type Bench, changed, openBench } from "./testing";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench("cpu");
});
afterAll(() => bench.dispose());

const rng = rootKey(11).stream();
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const tensor = (shape: readonly number[], at: (i: number) => number = () => Math.fround(rng.normal())) => ({ shape, data: Array.from({ length: size(shape) }, (_, i) => at(i)) });
const op = (name: string, fields: Record<string, unknown>) => ({ cases: [{ name, weights: {}, dweights: {}, ...fields }] });

describe("other widths and shapes", () => {
  it.each([1, 2])("none at stride %i on maps that are not square", async (stride) => {
    const out = tensor([3, 6 / stride, 4 / stride, 5]);
    const zero = (shape: readonly number[]) => tensor(shape, () => 0);
    const results = await bench.run(poolOps, op("none", { op: "none", stride, mode: "search", affine: false, pool_bn: false, x: tensor([3, 6, 4, 5]), dy: out, y: zero(out.shape), dx: zero([3, 6, 4, 5]) }));
    expect(results[0]).toMatchObject({ status: "pass", absError: 0 });
  });

  it("a skip of seven channels is its input, and its gradient the output's", async () => {
    const [x, dy] = [tensor([1, 3, 5, 7]), tensor([1, 3, 5, 7])];
    expect((await bench.run(poolOps, op("skip", { op: "skip_connect", stride: 1, mode: "eval", x, dy, y: x, dx: dy })))[0]?.status).toBe("pass");
  });

  it("bare mean pools divide by what is inside the map", async () => {
    const [h, w, c] = [5, 3, 2];
    const x = tensor([1, h, w, c]);
    const window = (i: number): number[] => {
      const [y0, x0, k] = [Math.floor(i / (w * c)), Math.floor(i / c) % w, i % c];
      const inside = (v: number, most: number): boolean => v >= 0 && v < most;
      return [-1, 0, 1].flatMap((dy) => [-1, 0, 1].flatMap((dx) => (inside(y0 + dy, h) && inside(x0 + dx, w) ? [((y0 + dy) * w + x0 + dx) * c + k] : [])));
    };
    const y = tensor([1, h, w, c], (i) => window(i).reduce((sum, at) => sum + (x.data[at] as number), 0) / window(i).length);
    const dy = tensor([1, h, w, c], () => 1);
    const dx = tensor([1, h, w, c], (i) => window(i).reduce((sum, at) => sum + 1 / window(at).length, 0));
    expect((await bench.run(poolOps, op("pool", { op: "avg_pool_3x3", stride: 1, mode: "eval", affine: true, pool_bn: false, x, dy, y, dx })))[0]?.status).toBe("pass");
  });

  it("3 → 5 channels: ReLU, 1×1, norm with scale and offset", async () => {
    const [n, h, w, cin, cout] = [2, 3, 4, 3, 5];
    const [x, conv, gamma, beta] = [tensor([n, h, w, cin]), tensor([1, 1, cin, cout]), tensor([cout]), tensor([cout])];
    const rows = n * h * w;
    const u = Array.from({ length: rows }, (_, r) => Array.from({ length: cout }, (__, k) => Array.from({ length: cin }, (___, c) => Math.max(0, x.data[r * cin + c] as number) * (conv.data[c * cout + k] as number)).reduce((a, b) => a + b, 0)));
    const column = (k: number): number[] => u.map((row) => row[k] as number);
    const mean = Array.from({ length: cout }, (_, k) => column(k).reduce((a, b) => a + b, 0) / rows);
    const variance = mean.map((m, k) => column(k).reduce((a, v) => a + (v - m) ** 2, 0) / rows);
    const y = tensor([n, h, w, cout], (i) => {
      const [r, k] = [Math.floor(i / cout), i % cout];
      return (((u[r] as number[])[k] as number) - (mean[k] as number)) / Math.sqrt((variance[k] as number) + 1e-5) * (gamma.data[k] as number) + (beta.data[k] as number); // prettier-ignore
    });
    const dy = tensor(y.shape);
    const dbeta = tensor([cout], (k) => dy.data.reduce((sum, v, i) => sum + (i % cout === k ? v : 0), 0));
    const golden = op("relu_conv_bn", {
      op: "relu_conv_bn", stride: 1, affine: true, C_in: cin, C_out: cout, x, dy, y,
      weights: { conv, "bn.gamma": gamma, "bn.beta": beta }, dweights: { "bn.beta": dbeta },
      bn_after: { "bn.mean": tensor([cout], (k) => 0.1 * (mean[k] as number)), "bn.var": tensor([cout], (k) => 0.9 + (0.1 * (variance[k] as number) * rows) / (rows - 1)) },
    }); // prettier-ignore
    const results = await bench.run(convOps, changed(golden, "cases/0", (one: object) => ({ ...one, dx: tensor([n, h, w, cin]) })));
    // Everything but the input's gradient, which is made up here.
    expect(results[0]).toMatchObject({ status: "fail", note: "1 of 5 comparisons differ: worst dx" });
  });

  it("one step of a norm of three channels with another momentum", async () => {
    const x = tensor([4, 1, 1, 3]);
    const column = (k: number): number[] => [0, 1, 2, 3].map((r) => x.data[3 * r + k] as number);
    const mean = (k: number): number => column(k).reduce((a, b) => a + b, 0) / 4;
    const variance = (k: number): number => column(k).reduce((a, v) => a + (v - mean(k)) ** 2, 0) / 4;
    const file = {
      gamma: tensor([3], () => 2), beta: tensor([3], () => 0.5), eps: 1e-3, torch_momentum: 0.25,
      steps: [{
        x, dy: tensor(x.shape, () => 1), dx: tensor(x.shape, () => 0), dgamma: tensor([3], () => 0), dbeta: tensor([3], () => 4),
        y: tensor(x.shape, (i) => (2 * ((x.data[i] as number) - mean(i % 3))) / Math.sqrt(variance(i % 3) + 1e-3) + 0.5),
        running_mean: tensor([3], (k) => 0.25 * mean(k)), running_var: tensor([3], (k) => 0.75 + (0.25 * variance(k) * 4) / 3),
      }],
    }; // prettier-ignore
    expect((await bench.run(batchNorm, file))[0]).toMatchObject({ name: "1 steps", status: "pass" });
  });

  it("SGD of other shapes, without momentum", async () => {
    const step = { lr: 0.5, grads: [tensor([2, 1], () => 3), tensor([1], () => 4)], total_norm: Math.sqrt(34), params: [tensor([2, 1], () => 1 - 0.5 * (3 * (1 / (Math.sqrt(34) + 1e-6)) + 0.1)), tensor([1], () => 2 - 0.5 * (4 * (1 / (Math.sqrt(34) + 1e-6)) + 0.2))] };
    const buffers = [tensor([2, 1], () => 3 / (Math.sqrt(34) + 1e-6) + 0.1), tensor([1], () => 4 / (Math.sqrt(34) + 1e-6) + 0.2)];
    const golden = { clip_norm: 1, momentum: 0.5, weight_decay: 0.1, params0: [tensor([2, 1], () => 1), tensor([1], () => 2)], steps: [{ ...step, momentum_buffers: buffers }] };
    expect((await bench.run(sgd, { cases: [golden] }))[0]).toMatchObject({ name: "case 0", status: "pass" });
  });

  it("windows of another length, and only that", async () => {
    const results = await bench.run(misc, { cutout_8: [{ center_y: 0, center_x: 31, y1: 0, y2: 4, x1: 27, x2: 32, zeros: 20 }] });
    expect(results).toMatchObject([{ name: "cutout_8 at 0,31", status: "pass" }]);
  });
});

describe("what is not ours", () => {
  const noteOf = async (handler: typeof poolOps, file: unknown): Promise<string> => {
    const [one] = await bench.run(handler, file);
    expect(one?.status).toBe("fail");
    return one?.note ?? "";
  };
  const conv = { stride: 1, mode: "eval", affine: true, x: tensor([1, 4, 4, 2]), dy: tensor([1, 4, 4, 2]), y: tensor([1, 4, 4, 2]), dx: tensor([1, 4, 4, 2]) };

  it("an op that nobody knows, or that cannot be built", async () => {
    expect(await noteOf(convOps, op("a", { ...conv, op: "sep_conv_9x9" }))).toBe('There is no cell op "sep_conv_9x9".');
    expect(await noteOf(convOps, op("a", { ...conv, op: "conv_3x1_1x3" }))).toContain("no network can be built from it");
    expect(await noteOf(counts, { eval: [{ genotype: "ENAS", C: 4, layers: 3, macs: 1 }] })).toContain('The genotype "ENAS" is not known; there are DARTS_V1');
  });

  it("weights too few or too many", async () => {
    expect(await noteOf(convOps, op("a", { ...conv, op: "relu_conv_bn" }))).toBe("The file has no weight for conv.weight.");
    expect(await noteOf(poolOps, op("a", { ...conv, op: "skip_connect", weights: { dw: tensor([1]) } }))).toBe("Our network has no weight dw.weight.");
  });

  it("norms with scale and offset in a search op", async () => {
    expect(await noteOf(convOps, op("a", { ...conv, op: "relu_conv_bn", mode: "search" }))).toContain("Only search ops");
  });

  it("other columns of α, drop path elsewhere, inputs of odd sizes, other cells", async () => {
    expect(await noteOf(mixedOp, changed(mixedGolden, "cases/0/primitives", ["none"]))).toContain("the file has none.");
    await expect(bench.run(derive, { ...deriveGolden, primitives: ["none"] })).rejects.toThrow("The ops of an edge are none, max_pool_3x3");
    expect(await noteOf(derivedCells, changed(cellGolden, "cases/0/drop_mask_op_index/0", 5))).toContain("Drop path acts on ops.0, ops.1");
    expect(await noteOf(derivedCells, changed(cellGolden, "cases/0/s1", tensor([4, 4, 4, 12])))).toContain("exactly when the cell before was a reduction");
    expect(await noteOf(nasbench201, changed(nasbenchGolden, "search_cell/conv_bias", false))).toContain("convolutions with a bias");
  });

  it("a case that lacks a field, by name", async () => {
    expect(await noteOf(poolOps, op("a", { op: "none", stride: 1, mode: "search", x: conv.x, y: conv.y }))).toContain('"dy" of "cases"[0] is missing.');
  });
});
