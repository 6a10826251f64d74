import { describe, expect, it } from "vitest";
import { alphaUpdate } from "@/algorithms/darts/steps";
import type { ParamStore } from "@/nn/executor";
import { Comparison } from "../compare";
import { AlphaCourse } from "./alphaCourse";
import { Fields } from "./fields";

const lr = 0.01;
const alpha = "alpha.normal";
const fields = (values: readonly number[]): Fields => new Fields({ alphas_normal: { shape: [values.length], data: values } }, "case");
const store = (values: readonly number[]): ParamStore => ({ read: () => Promise.resolve(Float32Array.from(values)) }) as unknown as ParamStore;
const setup = { alphas: [alpha], values: new Map([[alpha, new Float32Array(3)]]), alphaStep: alphaUpdate(lr, 0) };

/** Steps of [our gradient, the file's gradient, our α, the file's α]. */
async function statusOf(...steps: readonly (readonly [number[], number[], number[], number[]])[]): Promise<string> {
  const [course, compare] = [new AlphaCourse(setup), new Comparison("case")];
  for (const [ours, theirs, got, want] of steps) await course.compare(compare, "α", store(got), new Map([[alpha, Float32Array.from(ours)]]), fields(theirs), fields(want));
  return compare.result().status;
}

describe("α beside the reference", () => {
  it("is held to a millionth where the gradients agree", async () => {
    const gradient = [1, -2, 3];
    expect(await statusOf([gradient, gradient, [-lr, lr, -lr], [-lr, lr, -lr]])).toBe("pass");
    expect(await statusOf([gradient, gradient, [-lr, lr, -lr + 2e-6], [-lr, lr, -lr]])).toBe("fail");
  });

  it("may differ by what Adam makes of other gradients, and by no more", async () => {
    const first = [[1, 1, 1], [1, 1, 1], [-lr, -lr, -lr], [-lr, -lr, -lr]] as [number[], number[], number[], number[]]; // prettier-ignore
    // β = (0.5, 0.999): after gradients 1 and g the step is lr·(0.25 + 0.5 g)/0.75 ÷ √((0.999 + g²)/1.999).
    const after = (g: number): number => -lr - (lr * (0.25 + 0.5 * g)) / 0.75 / Math.sqrt((0.999 + g * g) / 1.999);
    const file = [after(0.5), after(0.5), after(0.5)];
    const second = (ours: number, got: number) => [[0.5, 0.5, ours], [0.5, 0.5, 0.5], [...file.slice(0, 2), got], file] as [number[], number[], number[], number[]]; // prettier-ignore
    expect(await statusOf(first, second(0.5, after(0.5)))).toBe("pass");
    expect(await statusOf(first, second(0.4, after(0.4)))).toBe("pass");
    expect(await statusOf(first, second(0.5, after(0.4)))).toBe("fail");
    expect(await statusOf(first, second(0.4, after(0.3)))).toBe("fail");
  });

  it("is free where the gradient has no sign", async () => expect(await statusOf([[1, 1, -1e-7], [1, 1, 1e-7], [-lr, -lr, lr], [-lr, -lr, -lr]])).toBe("pass"));
});
