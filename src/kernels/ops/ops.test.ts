/** Every primitive and its gradients against float64 definitions and central differences, on cpu and on wasm. */
import { memory, tensor, tidy, type Tensor } from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "../backends";
import {
  batchNorm64, conv64, depthwise64, differences, outShape, pool64, randomValues, relativeError, runOp, type Case, type Forward64, type Values,
} from "../testing/support"; // prettier-ignore
import { batchNormEval, batchNormTrain, type Activation } from "./batchNorm";
import { concatChannels, shuffleChannels, sliceChannels, strideChannels } from "./channels";
import { conv, linear } from "./conv";
import { depthwise } from "./depthwise";
import { softmaxCrossEntropy } from "./loss";
import { addBias, addMaps, relu, relu6 } from "./pointwise";
import { avgPool, globalAvgPool, maxPool } from "./pool";

const base: Case = { b: 2, h: 6, w: 5, c: 4, cout: 5, k: 3, stride: 1, pad: 1, dilation: 1 };

/** Value and all gradients of `op` against `forward`. */
function check(op: (...xs: Tensor[]) => Tensor, forward: Forward64, inputs: readonly Values[], yShape: readonly number[], tolerance = 1e-5): void {
  const dy = randomValues("dy", yShape);
  const got = runOp(op, inputs, dy);
  expect(relativeError(got.value, forward(inputs.map((v) => v.data)))).toBeLessThan(tolerance);
  inputs.forEach((_, i) => {
    const { at, grad } = differences(forward, inputs, i, dy.data);
    expect(relativeError(at.map((n) => (got.grads[i] as Float32Array)[n] as number), grad)).toBeLessThan(tolerance);
  });
}

function convCase(s: Case): void {
  const inputs = [randomValues("x", [s.b, s.h, s.w, s.c]), randomValues("w", [s.k, s.k, s.c, s.cout])];
  check((x, w) => conv(x as Tensor, w as Tensor, s), conv64(s), inputs, [s.b, ...outShape(s), s.cout]);
}

function depthwiseCase(s: Case): void {
  const inputs = [randomValues("x", [s.b, s.h, s.w, s.c]), randomValues("w", [s.k, s.k, s.c, 1])];
  check((x, w) => depthwise(x as Tensor, w as Tensor, s), depthwise64(s), inputs, [s.b, ...outShape(s), s.c]);
}

function poolCase(s: Case, isMax: boolean): void {
  check((x) => (isMax ? maxPool(x as Tensor, s) : avgPool(x as Tensor, { ...s, countPads: false })), pool64(s, isMax), [randomValues("x", [s.b, s.h, s.w, s.c])], [s.b, ...outShape(s), s.c]);
}

const acts: Record<Activation, (z: number) => number> = {
  none: (z) => z,
  relu: (z) => Math.max(z, 0),
  relu6: (z) => Math.min(Math.max(z, 0), 6),
};

for (const backend of ["tfjs-cpu", "tfjs-wasm"] as const)
  describe(backend, () => {
    beforeAll(() => initBackend(backend));

    it.each([
      ["pointwise", { k: 1, pad: 0 }],
      ["pointwise strided", { k: 1, pad: 0, stride: 2 }],
      ["pointwise, few to many", { k: 1, pad: 0, c: 3, cout: 21 }],
      ["pointwise, many to few", { k: 1, pad: 0, c: 13, cout: 2 }],
      ["3×3", {}],
      ["3×3, 3 to 4", { c: 3, cout: 4 }],
      ["3×3 strided", { stride: 2, h: 7, w: 8 }],
      ["5×5 strided", { k: 5, pad: 2, stride: 2, c: 2, cout: 8 }],
      ["even filter without padding", { k: 2, pad: 0 }],
      ["1×1 with padding", { k: 1, pad: 1 }],
    ])("conv %s", (_name, change) => convCase({ ...base, ...change }));

    it.each([
      ["3×3", {}],
      ["3×3, odd channels", { c: 7 }],
      ["3×3 strided", { stride: 2, h: 8, w: 7 }],
      ["5×5", { k: 5, pad: 2, h: 9, w: 9 }],
      ["5×5 strided, odd channels", { k: 5, pad: 2, stride: 2, h: 8, w: 11, c: 5 }],
      ["7×7", { k: 7, pad: 3, h: 8, w: 8 }],
      ["7×7 strided", { k: 7, pad: 3, stride: 2, h: 9, w: 8, c: 8 }],
      ["3×3 dilated", { dilation: 2, pad: 2, h: 9, w: 8 }],
      ["5×5 dilated strided", { k: 5, dilation: 2, pad: 4, stride: 2, h: 10, w: 9 }],
      ["4×4, more padding than the filter", { k: 4, pad: 5 }],
      ["1×1 with padding", { k: 1, pad: 1 }],
    ])("depthwise %s", (_name, change) => depthwiseCase({ ...base, ...change }));

    it("odd shapes, strides and dilations", () => {
      const shapes = fc.record({
        b: fc.integer({ min: 1, max: 2 }), h: fc.integer({ min: 4, max: 9 }), w: fc.integer({ min: 4, max: 9 }), c: fc.integer({ min: 1, max: 9 }),
        cout: fc.integer({ min: 1, max: 9 }), k: fc.integer({ min: 1, max: 4 }), stride: fc.integer({ min: 1, max: 3 }), pad: fc.integer({ min: 0, max: 3 }),
        dilation: fc.integer({ min: 1, max: 2 }),
      }); // prettier-ignore
      const fits = (s: Case): boolean => outShape(s).every((n) => n > 0);
      fc.assert(
        fc.property(shapes, (s) => {
          fc.pre(fits(s));
          depthwiseCase(s);
          const dense = { ...s, dilation: 1 };
          convCase(dense);
        }),
        { numRuns: 12, seed: 5 },
      );
    });

    it("grouped conv = one conv per group", () => {
      const [x, w] = [randomValues("x", [1, 4, 4, 6]), randomValues("w", [3, 3, 3, 4])];
      const grouped: Forward64 = ([xs, ws]) => {
        const [xa, wa] = [xs as ArrayLike<number>, ws as ArrayLike<number>];
        const s = { ...base, b: 1, h: 4, w: 4, c: 3, cout: 2 };
        const half = (list: ArrayLike<number>, width: number, part: number): number[] => Array.from(list).filter((_, i) => Math.floor((i % (2 * width)) / width) === part);
        const [one, two] = [0, 1].map((part) => conv64(s)([half(xa, 3, part), half(wa, 2, part)])) as [Float64Array, Float64Array];
        return Float64Array.from({ length: 64 }, (_, i) => (i % 4 < 2 ? one : two)[Math.floor(i / 4) * 2 + (i % 2)] as number);
      };
      check((a, b) => conv(a as Tensor, b as Tensor, { stride: 1, pad: 1, groups: 2 }), grouped, [x, w], [1, 4, 4, 4]);
    });

    it.each([
      ["max 3×3", {}, true],
      ["max strided", { stride: 2, c: 3 }, true],
      ["average 3×3", {}, false],
      ["average strided", { stride: 2, h: 7, c: 3 }, false],
      ["average without padding", { k: 2, stride: 2, pad: 0 }, false],
    ])("pool %s", (_name, change, isMax) => poolCase({ ...base, ...change }, isMax));

    it.each(["none", "relu", "relu6"] as const)("batch norm, training, %s", (act) => {
      for (const c of [4, 7]) {
        const gamma = { shape: [c], data: randomValues("gamma", [c]).data.map((v) => v * 3 + 2) };
        const inputs = [randomValues("x", [3, 4, 5, c], 2), gamma, randomValues("beta", [c], 2)];
        const op = (x?: Tensor, g?: Tensor, b?: Tensor): Tensor => batchNormTrain(x as Tensor, g as Tensor, b as Tensor, 1e-5, act).y;
        check(op, batchNorm64(c, 1e-5, acts[act]), inputs, [3, 4, 5, c], 2e-5);
      }
    });

    it("batch norm statistics stay exact far from zero", () => {
      const c = 5;
      const x = randomValues("far", [40, 9, 9, c]).data.map((v) => v * 0.1 + 100);
      const got = tidy(() => {
        const norm = batchNormTrain(tensor(x, [40, 9, 9, c]), tensor(new Float32Array(c).fill(1)), tensor(new Float32Array(c)), 1e-5, "none");
        return [norm.mean.dataSync(), norm.variance.dataSync()] as const;
      });
      const rows = x.length / c;
      for (let k = 0; k < c; k++) {
        const column = Array.from({ length: rows }, (_, r) => x[r * c + k] as number);
        const mean = column.reduce((a, v) => a + v, 0) / rows;
        const variance = column.reduce((a, v) => a + (v - mean) ** 2, 0) / rows;
        expect(Math.abs((got[0][k] as number) - mean)).toBeLessThan(1e-4);
        expect(Math.abs((got[1][k] as number) - variance) / variance).toBeLessThan(1e-3);
      }
    });

    it("batch norm, evaluation", () => {
      const [x, g, b, m] = ["x", "g", "b", "m"].map((n) => randomValues(n, n === "x" ? [2, 3, 3, 6] : [6])) as [Values, Values, Values, Values];
      const v = randomValues("v", [6]).data.map((n) => n * n + 0.5);
      const got = tidy(() => batchNormEval(tensor(x.data, [2, 3, 3, 6]), { mean: tensor(m.data), variance: tensor(v) }, tensor(g.data), tensor(b.data), 1e-3, "relu").dataSync());
      const want = x.data.map((n, i) => Math.max(0, ((n - (m.data[i % 6] as number)) / Math.sqrt((v[i % 6] as number) + 1e-3)) * (g.data[i % 6] as number) + (b.data[i % 6] as number)));
      expect(relativeError(got, want)).toBeLessThan(1e-5);
    });

    it("element-wise, channels, heads", () => {
      const x = randomValues("x", [2, 3, 3, 8], 4);
      const other = randomValues("other", [2, 3, 3, 8]);
      const per = (f: (v: number) => number): Forward64 => ([a]) => Float64Array.from(a as ArrayLike<number>, f);
      const pick = (cs: readonly number[]): Forward64 => ([a]) =>
        Float64Array.from({ length: 18 * cs.length }, (_, i) => (a as ArrayLike<number>)[Math.floor(i / cs.length) * 8 + (cs[i % cs.length] as number)] as number);
      check((a) => relu(a as Tensor), per((v) => Math.max(v, 0)), [x], x.shape);
      check((a) => relu6(a as Tensor), per((v) => Math.min(6, Math.max(v, 0))), [x], x.shape);
      check((a, b) => addMaps(a as Tensor, b as Tensor), ([a, b]) => Float64Array.from(a as ArrayLike<number>, (v, i) => v + ((b as ArrayLike<number>)[i] as number)), [x, other], x.shape);
      check((a) => addMaps(a as Tensor, a as Tensor), per((v) => 2 * v), [x], x.shape);
      check((a) => sliceChannels(a as Tensor, 2, 3), pick([2, 3, 4]), [x], [2, 3, 3, 3]);
      check((a) => strideChannels(a as Tensor, 1, 2), pick([1, 3, 5, 7]), [x], [2, 3, 3, 4]);
      check((a) => shuffleChannels(a as Tensor, 2), pick([0, 4, 1, 5, 2, 6, 3, 7]), [x], x.shape);
      check((a) => shuffleChannels(a as Tensor, 4), pick([0, 2, 4, 6, 1, 3, 5, 7]), [x], x.shape);
      check((a) => concatChannels([sliceChannels(a as Tensor, 4, 4), sliceChannels(a as Tensor, 0, 3)]), pick([4, 5, 6, 7, 0, 1, 2]), [x], [2, 3, 3, 7]);
      const mean: Forward64 = ([a]) => Float64Array.from({ length: 16 }, (_, i) => {
        let sum = 0;
        for (let p = 0; p < 9; p++) sum += (a as ArrayLike<number>)[(Math.floor(i / 8) * 9 + p) * 8 + (i % 8)] as number;
        return sum / 9;
      }); // prettier-ignore
      check((a) => globalAvgPool(a as Tensor), mean, [x], [2, 8]);
      const dense: Forward64 = ([a, w, b]) => Float64Array.from({ length: 6 }, (_, i) => {
        let sum = (b as ArrayLike<number>)[i % 3] as number;
        for (let k = 0; k < 5; k++) sum += ((a as ArrayLike<number>)[Math.floor(i / 3) * 5 + k] as number) * ((w as ArrayLike<number>)[k * 3 + (i % 3)] as number);
        return sum;
      }); // prettier-ignore
      check((a, w, b) => addBias(linear(a as Tensor, w as Tensor), b as Tensor), dense, [randomValues("a", [2, 5]), randomValues("w", [5, 3]), randomValues("b", [3])], [2, 3]);
    });

    it("cross entropy", () => {
      const logits = randomValues("z", [5, 7], 2);
      const labels = [3, 0, 6, 6, 1];
      const forward = (epsilon: number): Forward64 => ([z]) => {
        let loss = 0;
        labels.forEach((label, b) => {
          const row = Array.from({ length: 7 }, (_, k) => (z as ArrayLike<number>)[b * 7 + k] as number);
          const total = Math.log(row.reduce((a, v) => a + Math.exp(v), 0));
          row.forEach((v, k) => (loss -= ((k === label ? 1 - epsilon : 0) + epsilon / 7) * (v - total)));
        });
        return Float64Array.of(loss / 5);
      };
      for (const epsilon of [0, 0.1]) check((z) => softmaxCrossEntropy(z as Tensor, tensor(labels, [5], "int32"), epsilon).loss, forward(epsilon), [logits], []);
      const correct = tidy(() => softmaxCrossEntropy(tensor(logits.data, [5, 7]), tensor(labels, [5], "int32"), 0).correct.dataSync()[0]);
      const want = labels.filter((label, b) => {
        const row = logits.data.subarray(b * 7, b * 7 + 7);
        return row.indexOf(Math.max(...row)) === label;
      }).length;
      expect(correct).toBe(want);
    });

    it("leaves no tensor behind", () => {
      const before = memory().numTensors;
      depthwiseCase(base);
      convCase(base);
      expect(memory().numTensors).toBe(before);
    });
  });
