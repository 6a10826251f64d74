/** Smooth activations, weights on maps, mixtures, resampling, counted padding and soft targets, against float64 definitions. */
import { memory, tensor, type Tensor } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "../backends";
import { differences, randomValues, relativeError, runOp, type Forward64, type Values } from "../testing/support";
import { strideChannels } from "./channels";
import { softTargetCrossEntropy } from "./loss";
import { hsigmoid, hswish, sigmoid, swish } from "./pointwise";
import { avgPool } from "./pool";
import { resize, scatter, shift, subsample } from "./resample";
import { maskChannels, mixMaps, scaleExamples, scaleMap, type MixAttrs } from "./weighted";

type Numbers = ArrayLike<number>;
const at = (list: Numbers | undefined, i: number): number => list?.[i] ?? NaN;

function check(op: (...xs: Tensor[]) => Tensor, forward: Forward64, inputs: readonly Values[], yShape: readonly number[]): void {
  const dy = randomValues("dy", yShape);
  const got = runOp(op, inputs, dy);
  expect(relativeError(got.value, forward(inputs.map((v) => v.data)))).toBeLessThan(1e-5);
  inputs.forEach((_, i) => {
    const { at: where, grad } = differences(forward, inputs, i, dy.data);
    expect(relativeError(where.map((n) => at(got.grads[i], n)), grad)).toBeLessThan(1e-5);
  });
}

const each = (f: (x: number) => number): Forward64 => ([x]) => Float64Array.from(x as Numbers, f);
const ramp = (x: number): number => Math.min(Math.max(x + 3, 0), 6) / 6;
const gate = (x: number): number => 1 / (1 + Math.exp(-x));

/** y of a map [b, h, w, c] → [b, oh, ow, c] that copies the pixel which `from` names, zero where it names none. */
function moved([b, h, w, c]: readonly [number, number, number, number], oh: number, ow: number, from: (i: number, size: number) => number): Forward64 {
  return ([x]) =>
    Float64Array.from({ length: b * oh * ow * c }, (_, i) => {
      const [ch, ox, oy, n] = [i % c, Math.floor(i / c) % ow, Math.floor(i / c / ow) % oh, Math.floor(i / c / ow / oh)];
      const [iy, ix] = [from(oy, h), from(ox, w)];
      return iy < 0 || ix < 0 || iy >= h || ix >= w ? 0 : at(x, ((n * h + iy) * w + ix) * c + ch);
    });
}

function mixed({ begin, count, soft, index }: MixAttrs): Forward64 {
  return ([a, ...xs]) => {
    const own = Array.from(a as Numbers).slice(begin, begin + count);
    const total = own.reduce((sum, v) => sum + Math.exp(v), 0);
    const p = own.map((v) => (soft ? Math.exp(v) / total : v));
    return Float64Array.from({ length: xs[0]?.length ?? 0 }, (_, n) => xs.reduce((sum, x, i) => sum + at(p, index[i] ?? 0) * at(x, n), 0));
  };
}

for (const backend of ["tfjs-cpu", "tfjs-wasm"] as const)
  describe(backend, () => {
    beforeAll(() => initBackend(backend));
    const map = randomValues("x", [2, 5, 4, 3], 3);

    it.each([
      ["hswish", hswish, (x: number) => x * ramp(x)],
      ["hsigmoid", hsigmoid, ramp],
      ["sigmoid", sigmoid, gate],
      ["swish", swish, (x: number) => x * gate(x)],
    ] as const)("%s", (_name, op, f) => check((x) => op(x as Tensor), each(f), [map], map.shape));

    it("a map times a vector of each example", () => {
      const forward: Forward64 = ([x, s]) => Float64Array.from({ length: 120 }, (_, i) => at(x, i) * at(s, Math.floor(i / 60) * 3 + (i % 3)));
      check((x, s) => scaleMap(x as Tensor, s as Tensor), forward, [map, randomValues("s", [2, 3])], map.shape);
    });

    it("a map and a vector times a channel mask", () => {
      const forward: Forward64 = ([x, m]) => Float64Array.from(x as Numbers, (v, i) => v * at(m, i % 3));
      for (const x of [map, randomValues("v", [4, 3])]) check((t, m) => maskChannels(t as Tensor, m as Tensor), forward, [x, randomValues("m", [3])], x.shape);
    });

    it("multipliers of examples", () => {
      const forward: Forward64 = ([x]) => Float64Array.from(x as Numbers, (v, i) => v * (i < 60 ? 0 : 2));
      check((x) => scaleExamples(x as Tensor, tensor([0, 2])), forward, [map], map.shape);
    });

    it.each([
      ["all of a softmax", { begin: 0, count: 3, soft: true, index: [0, 1, 2] }],
      ["a part, out of order, with one that has no input", { begin: 2, count: 4, soft: true, index: [3, 0, 1] }],
      ["one number twice", { begin: 1, count: 2, soft: true, index: [1, 1, 0] }],
      ["numbers as they are", { begin: 1, count: 4, soft: false, index: [0, 2, 3] }],
    ])("mix: %s", (_name, attrs) => {
      const inputs = [randomValues("a", [6]), ...["p", "q", "r"].map((name) => randomValues(name, [2, 3, 3, 2]))];
      check((a, ...xs) => mixMaps(a as Tensor, xs, attrs), mixed(attrs), inputs, [2, 3, 3, 2]);
    });

    it("mix of one", () => {
      for (const soft of [true, false]) {
        const attrs = { begin: 0, count: 1, soft, index: [0] };
        check((a, x) => mixMaps(a as Tensor, [x as Tensor], attrs), mixed(attrs), [randomValues("a", [1]), map], map.shape);
      }
    });

    it.each([[9, 7], [8, 4], [7, 7], [5, 1]])("subsample %i → %i, and scatter back", (long, short) => {
      check((x) => subsample(x as Tensor, short), moved([2, long, long, 3], short, short, (i) => Math.floor((i * long) / short)), [randomValues("x", [2, long, long, 3])], [2, short, short, 3]);
      const places = Array.from({ length: short }, (_, i) => Math.floor((i * long) / short));
      check((x) => scatter(x as Tensor, long), moved([2, short, short, 3], long, long, (i) => places.indexOf(i)), [randomValues("x", [2, short, short, 3])], [2, long, long, 3]);
    });

    it.each([[9, 7], [8, 4], [5, 1]])("area average %i → %i", (long, short) => {
      const part = (o: number, i: number): number => Math.max(0, Math.min(((o + 1) * long) / short, i + 1) - Math.max((o * long) / short, i)) / (long / short);
      const forward: Forward64 = ([x]) =>
        Float64Array.from({ length: 2 * short * short * 3 }, (_, n) => {
          const [c, q, p, b] = [n % 3, Math.floor(n / 3) % short, Math.floor(n / 3 / short) % short, Math.floor(n / 3 / short / short)];
          let sum = 0;
          for (let i = 0; i < long; i++) for (let j = 0; j < long; j++) sum += part(p, i) * part(q, j) * at(x, ((b * long + i) * long + j) * 3 + c);
          return sum;
        });
      check((x) => resize(x as Tensor, short), forward, [randomValues("x", [2, long, long, 3])], [2, short, short, 3]);
    });

    it.each([[7, 0, 2], [7, 1, 2], [5, 1, 3], [5, 4, 3], [6, 3, 2], [1, 0, 5]])("of %i channels from %i every %i-th", (c, begin, step) => {
      const count = Math.ceil((c - begin) / step);
      const forward: Forward64 = ([x]) => Float64Array.from({ length: 8 * count }, (_, i) => at(x, Math.floor(i / count) * c + begin + (i % count) * step));
      check((x) => strideChannels(x as Tensor, begin, step), forward, [randomValues("x", [2, 2, 2, c])], [2, 2, 2, count]);
    });

    it("shift", () => {
      for (const by of [1, 2]) check((x) => shift(x as Tensor, by), moved([2, 5, 4, 3], 5, 4, (i) => i + by), [map], map.shape);
    });

    it.each([[1, 5, 4], [2, 3, 2]])("average pool that counts padding, stride %i", (stride, oh, ow) => {
      const forward: Forward64 = ([x]) =>
        Float64Array.from({ length: 2 * oh * ow * 3 }, (_, i) => {
          const [c, ox, oy, n] = [i % 3, Math.floor(i / 3) % ow, Math.floor(i / 3 / ow) % oh, Math.floor(i / 3 / ow / oh)];
          let sum = 0;
          for (let y = oy * stride - 1; y <= oy * stride + 1; y++)
            for (let z = ox * stride - 1; z <= ox * stride + 1; z++) if (y >= 0 && y < 5 && z >= 0 && z < 4) sum += at(x, ((n * 5 + y) * 4 + z) * 3 + c);
          return sum / 9;
        });
      check((x) => avgPool(x as Tensor, { k: 3, stride, pad: 1 }), forward, [map], [2, oh, ow, 3]);
    });

    it("cross entropy against a teacher", () => {
      const teacher = randomValues("t", [4, 5], 2);
      const rows = (list: Numbers): number[][] => Array.from({ length: 4 }, (_, b) => Array.from({ length: 5 }, (_, k) => at(list, 5 * b + k)));
      const logSoftmax = (row: readonly number[]): number[] => row.map((v) => v - Math.log(row.reduce((a, z) => a + Math.exp(z), 0)));
      const forward: Forward64 = ([z]) => {
        const targets = rows(teacher.data).map(logSoftmax);
        return Float64Array.of(rows(z as Numbers).map(logSoftmax).reduce((sum, row, b) => sum - row.reduce((a, v, k) => a + Math.exp(at(targets[b], k)) * v, 0), 0) / 4);
      };
      check((z) => softTargetCrossEntropy(z as Tensor, tensor(teacher.data, [4, 5])), forward, [randomValues("z", [4, 5], 2)], []);
    });

    it("leaves no tensor behind", () => {
      const before = memory().numTensors;
      const attrs = { begin: 0, count: 2, soft: true, index: [0, 1] };
      runOp((a, x) => mixMaps(a as Tensor, [hswish(x as Tensor), shift(x as Tensor, 1)], attrs), [randomValues("a", [2]), map], map);
      expect(memory().numTensors).toBe(before);
    });
  });
