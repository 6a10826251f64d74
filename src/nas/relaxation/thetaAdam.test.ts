import { describe, expect, it } from "vitest";
import { exact, type GoldenTensor, readGolden, relativeError } from "../cell/testing/golden";
import { stepTheta, type ThetaAdamState } from "./thetaAdam";
import { rowsOf } from "./testing/golden";

interface AdamCase {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weight_decay_l2: number;
  readonly param0: GoldenTensor;
  readonly steps: readonly { readonly grad: GoldenTensor; readonly param: GoldenTensor; readonly m: GoldenTensor; readonly v: GoldenTensor }[];
}

describe.each(readGolden<{ readonly cases: readonly AdamCase[] }>("optim_adam").cases)("golden at lr $lr", (golden) => {
  it("moves parameters and moments as PyTorch does", () => {
    const exactly = (tensor: GoldenTensor): number[][] => rowsOf({ ...tensor, data: [...exact(tensor.data)] });
    const options = { lr: golden.lr, weightDecay: golden.weight_decay_l2, beta1: golden.beta1, beta2: golden.beta2, eps: golden.eps };
    let theta = exactly(golden.param0);
    let state: ThetaAdamState | null = null;
    for (const { grad, param, m, v } of golden.steps) {
      const moved: ReturnType<typeof stepTheta> = stepTheta(theta, exactly(grad), state, options);
      [theta, state] = [moved.theta, moved.state];
      expect(relativeError(theta.flat(), param.data)).toBeLessThan(1e-6);
      expect(relativeError(state.m.flat(), m.data)).toBeLessThan(1e-6);
      // The reference's 1 − β₂ is float32's.
      expect(relativeError(state.v.flat(), v.data)).toBeLessThan(5e-5);
    }
  });
});

describe("stepTheta", () => {
  const options = { lr: 0.1, weightDecay: 0 };

  it("moves by the rate at first, against the gradient, and leaves what it was given alone", () => {
    const theta = [[0, 0], [1]];
    const { theta: moved, state } = stepTheta(theta, [Float64Array.of(2, -3e-3), [0]], null, options);
    expect(moved[0]?.[0]).toBeCloseTo(-0.1, 6);
    expect(moved[0]?.[1]).toBeCloseTo(0.1, 6);
    expect(moved[1]).toEqual([1]);
    expect(theta).toEqual([[0, 0], [1]]);
    expect(state.steps).toBe(1);
  });

  it("decays into the gradient", () => {
    const { theta } = stepTheta([[2, -2]], [[0, 0]], null, { lr: 0.1, weightDecay: 5e-4 });
    expect(theta[0]?.[0]).toBeLessThan(2);
    expect(theta[0]?.[1]).toBeGreaterThan(-2);
  });

  it("goes on from JSON as if nothing had happened", () => {
    const gradients = [[0.3, -0.2]];
    const first = stepTheta([[0, 0]], gradients, null, options);
    const kept = JSON.parse(JSON.stringify(first)) as typeof first;
    expect(stepTheta(kept.theta, gradients, kept.state, options)).toEqual(stepTheta(first.theta, gradients, first.state, options));
  });
});
