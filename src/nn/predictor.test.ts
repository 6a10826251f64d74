import { getBackend, memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import golden from "@/golden/fbnet/jointnas.json";
import { initBackend } from "@/kernels/backends";
import { rootKey } from "@/lib/rng";
import { huber, huberGradient, openPredictor, type Predictor, type PredictorHead, type PredictorTraining, type PredictorValues } from "./predictor";

interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const rowsOf = ({ shape: [n = 0, width = 0], data }: GoldenTensor): Float32Array[] => Array.from({ length: n }, (_, i) => Float32Array.from(data.slice(i * width, (i + 1) * width)));
const { predictor: reference } = golden;
const goldenRows = { arch: rowsOf(reference.arch), recipe: rowsOf(reference.recipe) };
const goldenValues = new Map(Object.entries(reference.params).map(([name, { data }]) => [name, Float32Array.from(data)]));
const shape = { arch: 10, recipe: 4, hidden: 8, embedding: 6, head: 5 };

let predictor: Predictor;
beforeAll(async () => {
  // The search's own backend is another: nothing here may end it.
  await initBackend("tfjs-wasm");
  predictor = await openPredictor(shape);
});

function near(got: ArrayLike<number>, want: readonly number[], tolerance = 1e-6): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) expect(Math.abs((got[i] as number) - (want[i] as number)), `number ${i}`).toBeLessThan(tolerance);
}

/** Pairs whose costs and accuracy are plain functions of their vectors. */
function problem(n: number, seed: number) {
  const rng = rootKey(seed).stream();
  const vectors = (width: number) => Array.from({ length: n }, () => Float32Array.from({ length: width }, () => rng.next()));
  const rows = { arch: vectors(shape.arch), recipe: vectors(shape.recipe) };
  const at = (i: number, j: number): number => rows.arch[i]?.[j] ?? Number.NaN;
  return {
    rows,
    costs: rows.arch.map((_, i) => [2 * at(i, 0) - at(i, 1), at(i, 2) * 3 - 1]),
    accuracy: rows.arch.map((_, i) => [at(i, 0) + 2 * (rows.recipe[i]?.[1] ?? 0) - 1.5]),
  };
}

function trainingOf(head: PredictorHead, change: Partial<PredictorTraining> = {}): PredictorTraining {
  const { rows, costs, accuracy } = problem(40, 1);
  return { head, rows, targets: head === "costs" ? costs : accuracy, epochs: 30, batch: 8, lr: () => 5e-3, frozen: false, key: rootKey(5), ...change };
}

function finish(values: PredictorValues, training: PredictorTraining) {
  const work = predictor.train(values, training);
  const losses: number[] = [];
  for (;;) {
    const next = work.next();
    if (next.done === true) return { values: next.value, losses };
    if (next.value.loss !== null) losses.push(next.value.loss);
  }
}

const only = (values: PredictorValues, part: string) => [...values].filter(([name]) => name.startsWith(part));

describe("golden predictor", () => {
  it("embeds and predicts", () => {
    near(predictor.embed(goldenValues, goldenRows.arch), reference.embedding.data);
    near(predictor.predict(goldenValues, "costs", { ...goldenRows, recipe: [] }), reference.proxy.data);
    near(predictor.predict(goldenValues, "accuracy", goldenRows), reference.acc.data);
  });

  it.each([
    ["costs", reference.stats, reference.lossProxy, reference.gradProxy],
    ["accuracy", reference.accTarget, reference.lossAcc, reference.gradAcc],
  ] as const)("has the loss and every gradient of %s", (head, targets, loss, want) => {
    const found = predictor.gradients(goldenValues, head, goldenRows, rowsOf(targets).map((row) => [...row]));
    expect(Math.abs(found.loss - loss)).toBeLessThan(1e-6);
    expect([...found.gradients.keys()].sort()).toEqual(Object.keys(want).sort());
    for (const [name, { data }] of Object.entries(want)) near(found.gradients.get(name) ?? [], data);
  });

  it.each(golden.huber.map(([d = 0, loss = 0, slope = 0]) => [d, loss, slope] as const))("at %f has Huber's loss %f and slope %f", (d, loss, slope) => {
    expect(huber(d)).toBeCloseTo(loss, 9);
    expect(huberGradient(d)).toBeCloseTo(slope, 9);
  });
});

describe("gradients", () => {
  it.each(["costs", "accuracy"] as const)("of %s are slopes of the loss along a random direction of every weight", (head) => {
    const values = predictor.initial(rootKey(2));
    const { rows, costs, accuracy } = problem(6, 3);
    // Some differences beyond 1: both branches of the loss.
    const targets = (head === "costs" ? costs : accuracy).map((row, i) => row.map((v) => v + (i % 2 ? 3 : 0)));
    const { gradients } = predictor.gradients(values, head, rows, targets);
    const rng = rootKey(4).stream();
    for (const [name, gradient] of gradients) {
      const direction = Float32Array.from(gradient, () => rng.normal());
      const lossAt = (h: number): number => predictor.gradients(new Map([...values, [name, (values.get(name) as Float32Array).map((v, i) => v + h * (direction[i] as number))]]), head, rows, targets).loss;
      const slope = (lossAt(1e-3) - lossAt(-1e-3)) / 2e-3;
      const want = gradient.reduce((sum, g, i) => sum + g * (direction[i] as number), 0);
      expect(Math.abs(want), name).toBeGreaterThan(1e-3);
      expect(Math.abs(slope - want), name).toBeLessThan(2e-3 + 0.01 * Math.abs(want));
    }
  });
});

describe("initial weights", () => {
  it("are equal with equal keys and others with others; biases are nought", () => {
    expect(predictor.initial(rootKey(1))).toEqual(predictor.initial(rootKey(1)));
    expect(predictor.initial(rootKey(2)).get("enc1.w")).not.toEqual(predictor.initial(rootKey(1)).get("enc1.w"));
    for (const [name, values] of predictor.initial(rootKey(1))) if (name.endsWith(".b")) expect(values.every((v) => v === 0)).toBe(true);
  });

  it("have variance 2/inputs before a ReLU and 1/inputs elsewhere", async () => {
    const wide = (await openPredictor({ arch: 100, recipe: 50, hidden: 200, embedding: 150, head: 100 })).initial(rootKey(1));
    const variance = (name: string): number => (wide.get(name) as Float32Array).reduce((sum, v, _, all) => sum + (v * v) / all.length, 0);
    const wanted = { "enc1.w": 2 / 100, "enc2.w": 2 / 200, "acc1.w": 2 / 200, "proxy.w": 1 / 150, "acc2.w": 1 / 100 };
    for (const [name, want] of Object.entries(wanted)) {
      const n = (wide.get(name) as Float32Array).length;
      expect(Math.abs(variance(name) / want - 1), name).toBeLessThan(4 * Math.sqrt(2 / n));
    }
  });
});

describe("training", () => {
  it.each(["costs", "accuracy"] as const)("reduces the loss of %s, and what it tells is that loss", (head) => {
    const before = predictor.initial(rootKey(1));
    const training = trainingOf(head);
    const { values, losses } = finish(before, training);
    const loss = (of: PredictorValues): number => predictor.gradients(of, head, training.rows, training.targets).loss;
    expect(losses).toHaveLength(30);
    expect(losses[29]).toBeLessThan(0.2 * (losses[0] as number));
    expect(loss(values)).toBeLessThan(0.2 * loss(before));
    expect(Math.abs((losses[29] as number) - loss(values))).toBeLessThan(0.5 * loss(values) + 1e-3);
  });

  it("predicts pairs that it has not seen", () => {
    const { rows, accuracy } = problem(150, 1);
    const { values } = finish(predictor.initial(rootKey(1)), trainingOf("accuracy", { rows, targets: accuracy }));
    const unseen = problem(100, 9);
    const predicted = predictor.predict(values, "accuracy", unseen.rows);
    const error = unseen.accuracy.reduce((sum, [y = 0], i) => sum + (y - (predicted[i] as number)) ** 2, 0) / 100;
    const spread = unseen.accuracy.reduce((sum, [y = 0]) => sum + y * y, 0) / 100;
    expect(error).toBeLessThan(0.2 * spread);
  });

  it("leaves a frozen encoder and the other head as they were to the last bit, and moves all of its own", () => {
    const before = predictor.initial(rootKey(1));
    const frozen = finish(before, trainingOf("accuracy", { frozen: true, epochs: 3 })).values;
    for (const part of ["enc", "proxy"]) expect(only(frozen, part)).toEqual(only(before, part));
    const free = finish(before, trainingOf("accuracy", { epochs: 3 })).values;
    expect(only(free, "proxy")).toEqual(only(before, "proxy"));
    for (const [moved, part] of [[frozen, "acc"], [free, "acc"], [free, "enc"]] as const) for (const [name, values] of only(moved, part)) expect(values, name).not.toEqual(before.get(name));
    expect(only(finish(before, trainingOf("costs", { epochs: 3 })).values, "acc")).toEqual(only(before, "acc"));
  });

  it("does not touch the weights that it was given, and is the same with the same key", () => {
    const [before, copy] = [predictor.initial(rootKey(1)), predictor.initial(rootKey(1))];
    const first = finish(before, trainingOf("accuracy", { epochs: 2 }));
    expect(before).toEqual(copy);
    expect(finish(copy, trainingOf("accuracy", { epochs: 2 }))).toEqual(first);
    expect(finish(copy, trainingOf("accuracy", { epochs: 2, key: rootKey(6) })).losses).not.toEqual(first.losses);
  });

  it("yields between batches of a long epoch, with a loss at its end alone", () => {
    const ticks = [...predictor.train(predictor.initial(rootKey(1)), trainingOf("accuracy", { epochs: 2, batch: 2 }))];
    expect(ticks.map(({ epoch, loss }) => [epoch, loss === null])).toEqual([[0, true], [0, true], [0, false], [1, true], [1, true], [1, false]]);
  });
});

describe("what it leaves behind", () => {
  it("is the backend that was current, and not one tensor more, even half-way through a training", async () => {
    const { numTensors } = memory();
    expect(getBackend()).toBe("wasm");
    const other = await openPredictor(shape);
    const values = other.initial(rootKey(1));
    const { rows, accuracy } = problem(20, 1);
    const work = other.train(values, trainingOf("accuracy", { batch: 2 }));
    const calls = [() => other.embed(values, rows.arch), () => other.predict(values, "accuracy", rows), () => other.gradients(values, "accuracy", rows, accuracy), () => work.next(), () => work.next()];
    for (const call of calls) {
      call();
      expect([getBackend(), memory().numTensors]).toEqual(["wasm", numTensors]);
    }
  });

  it("is the same when a vector does not fit", () => {
    const { numTensors } = memory();
    const values = predictor.initial(rootKey(1));
    expect(() => predictor.embed(values, [new Float32Array(9)])).toThrow(/a vector of 9 numbers where the predictor takes 10/);
    expect(() => predictor.embed(new Map([...values, ["enc1.b", new Float32Array(3)]]), goldenRows.arch)).toThrow(/enc1.b is not 8 numbers/);
    expect([getBackend(), memory().numTensors]).toEqual(["wasm", numTensors]);
  });

  it("predicts many rows as it predicts each", () => {
    const { rows } = problem(520, 2);
    const values = predictor.initial(rootKey(1));
    const all = predictor.predict(values, "accuracy", rows);
    for (const i of [0, 511, 512, 519]) near(predictor.predict(values, "accuracy", { arch: rows.arch.slice(i, i + 1), recipe: rows.recipe.slice(i, i + 1) }), [all[i] as number]);
  });
});
