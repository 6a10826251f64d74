/** Optimizers and loss against official PyTorch sequences, on cpu and wasm. */
import { engine, keep, tensor, tidy, type Tensor } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import adamGolden from "@/golden/darts/optim_adam.json";
import lossGolden from "@/golden/darts/loss.json";
import sgdGolden from "@/golden/darts/optim_sgd.json";
import { initBackend } from "@/kernels/backends";
import { clipFactor } from "@/kernels/ops/update";
import { relativeError } from "@/kernels/testing/support";
import type { ParamRole } from "@/nas/graph";
import type { TrainOptions } from "./executor";
import { crossEntropy, labelTensor } from "./loss";
import { applyGradients, decayOf, type OptimizerState, type Updatable } from "./optim";

interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const toTensor = (g: GoldenTensor): Tensor => tensor(Float32Array.from(g.data), [...g.shape]);

/** Parameters p0, p1, … in memory. */
class Bag implements Updatable {
  readonly values = new Map<string, Tensor>();
  readonly states = new Map<string, OptimizerState>();
  constructor(params: readonly GoldenTensor[]) {
    params.forEach((p, i) => this.values.set(`p${i}`, toTensor(p)));
  }
  value(name: string): Tensor {
    return this.values.get(name) as Tensor;
  }
  role(): ParamRole {
    return "conv";
  }
  state(name: string): OptimizerState | null {
    return this.states.get(name) ?? null;
  }
  replace(name: string, value: Tensor, state: OptimizerState | null): void {
    this.values.set(name, keep(value));
    if (state !== null) this.states.set(name, state);
    if (state?.kind === "sgd") keep(state.momentum);
    if (state?.kind === "adam") [state.m, state.v].forEach((t) => keep(t));
  }
  step(gradients: readonly GoldenTensor[], options: TrainOptions): void {
    tidy(() => applyGradients(this, new Map(gradients.map((g, i) => [`p${i}`, toTensor(g)])), options));
  }
  expectValue(name: string, want: GoldenTensor): void {
    expect(relativeError(this.value(name).dataSync(), want.data)).toBeLessThan(1e-6);
  }
}

for (const backend of ["tfjs-cpu", "tfjs-wasm"] as const)
  describe(backend, () => {
    beforeAll(() => initBackend(backend));

    it.each(sgdGolden.cases)("SGD, $case", (golden) => {
      const bag = new Bag(golden.params0);
      for (const step of golden.steps) {
        const factor = tidy(() => clipFactor(step.grads.map(toTensor), golden.clip_norm).dataSync()[0] as number);
        const wanted = golden.clip_norm === null ? 1 : Math.min(1, golden.clip_norm / (step.total_norm + 1e-6));
        expect(factor).toBeCloseTo(wanted, 6);
        const optimizer = { kind: "sgd", momentum: golden.momentum, weightDecay: golden.weight_decay, decayNorms: true } as const;
        bag.step(step.grads, { optimizer, lr: step.lr, clip: golden.clip_norm, labelSmoothing: 0 });
        step.params.forEach((want, i) => bag.expectValue(`p${i}`, want));
        step.momentum_buffers.forEach((want, i) => {
          const state = bag.state(`p${i}`);
          expect(relativeError(state?.kind === "sgd" ? state.momentum.dataSync() : [], want.data)).toBeLessThan(1e-6);
        });
      }
    });

    it.each(adamGolden.cases)("Adam, lr $lr", (golden) => {
      const bag = new Bag([golden.param0]);
      for (const step of golden.steps) {
        const optimizer = { kind: "adam", beta1: golden.beta1, beta2: golden.beta2, eps: golden.eps, weightDecay: golden.weight_decay_l2, decayNorms: true } as const;
        bag.step([step.grad], { optimizer, lr: golden.lr, clip: null, labelSmoothing: 0 });
        bag.expectValue("p0", step.param);
        const state = bag.state("p0");
        if (state?.kind !== "adam") throw new Error("no Adam state");
        expect(relativeError(state.m.dataSync(), step.m.data)).toBeLessThan(1e-6);
        expect(relativeError(state.v.dataSync(), step.v.data)).toBeLessThan(1e-6);
      }
    });

    it("Nesterov by hand", () => {
      const bag = new Bag([{ shape: [1], data: [2] }]);
      const optimizer = { kind: "sgd", momentum: 0.5, weightDecay: 0, decayNorms: true, nesterov: true } as const;
      for (const g of [1, 2]) bag.step([{ shape: [1], data: [g] }], { optimizer, lr: 0.1, clip: null, labelSmoothing: 0 });
      // buf 1 → p = 2 − 0.1·(1 + 0.5); buf 2.5 → p −= 0.1·(2 + 1.25)
      expect(bag.value("p0").dataSync()[0]).toBeCloseTo(2 - 0.15 - 0.325, 6);
    });

    it.each([
      [0, lossGolden.cross_entropy],
      [lossGolden.epsilon_ls, lossGolden.label_smooth],
    ])("cross entropy, ε = %s", (epsilon, want) => {
      const labels = labelTensor(Uint8Array.from(lossGolden.labels.data), 5);
      const logits = toTensor(lossGolden.logits);
      const got = tidy(() => {
        const { value, grads } = engine().gradients(() => crossEntropy(logits, labels, epsilon).loss, [logits]);
        return { loss: value.dataSync()[0] as number, dlogits: (grads[0] as Tensor).dataSync() };
      });
      expect(Math.abs(got.loss - want.loss)).toBeLessThan(1e-6);
      expect(relativeError(got.dlogits, want.dlogits.data)).toBeLessThan(1e-6);
    });
  });

it("decay spares norms and biases unless told otherwise", () => {
  const options = { kind: "sgd", momentum: 0.9, weightDecay: 4e-5, decayNorms: false } as const;
  expect((["conv", "depthwise", "linear", "bias", "gamma", "beta"] as const).map((role) => decayOf(options, role))).toEqual([4e-5, 4e-5, 4e-5, 0, 0, 0]);
  expect(decayOf({ ...options, decayNorms: true }, "gamma")).toBe(4e-5);
});
