import { describe, expect, it } from "vitest";
import type { ParamSpec } from "@/nas/graph";
import { pack, ParamLayout, unpack } from "./paramLayout";

const init = { kind: "constant", value: 0 } as const;
const spec = (name: string, role: ParamSpec["role"], shape: number[], groups?: number): ParamSpec => ({ name, role, shape, init, ...(groups === undefined ? {} : { groups }) });
const count = (shape: readonly number[]): number => shape.reduce((a, n) => a * n, 1);

const specs = [
  spec("conv", "conv", [3, 3, 5, 6]),
  spec("even", "conv", [1, 1, 8, 12]),
  spec("grouped", "conv", [3, 3, 3, 6], 2),
  spec("dw", "depthwise", [5, 5, 7, 1]),
  spec("linear", "linear", [10, 3]),
  spec("gamma", "gamma", [7]),
];

describe("ParamLayout", () => {
  const layout = new ParamLayout(specs, [{ stats: "bn", channels: 7 }, { stats: "bn2", channels: 4 }]);

  it("gives every parameter whole blocks of its own", () => {
    let end = 0;
    for (const { name } of specs) {
      const place = layout.param(name);
      expect(place.at % 64).toBe(0);
      expect(place.at).toBeGreaterThanOrEqual(end);
      end = place.at + place.blocked;
    }
    expect(layout.weightFloats).toBe(end);
  });

  it.each(specs)("$name: unpack ∘ pack is the identity, and padding is zero", ({ name, shape }) => {
    const place = layout.param(name);
    const values = Float32Array.from({ length: count(shape) }, (_, i) => i + 1);
    const stored = pack(place, values);
    expect(Array.from(unpack(place, stored))).toEqual(Array.from(values));
    expect(stored.reduce((a, b) => a + b, 0)).toBe(values.reduce((a, b) => a + b, 0));
  });

  it("puts input channel c of tap t at row t·padded + c", () => {
    const place = layout.param("conv");
    const values = new Float32Array(3 * 3 * 5 * 6);
    values[(4 * 5 + 2) * 6 + 3] = 9;
    expect(pack(place, values).indexOf(9)).toBe((4 * 8 + 2) * 8 + 3);
    const grouped = layout.param("grouped");
    const filter = new Float32Array(3 * 3 * 3 * 6);
    filter[(4 * 3 + 2) * 6 + 3] = 9;
    expect(pack(grouped, filter).indexOf(9)).toBe((4 * 3 + 2) * 8 + 3);
  });

  it("spares norms and biases from decay unless asked", () => {
    const flag = (name: string, all: boolean): number => layout.decayFlags({ weights: all, architecture: false })[layout.param(name).at / 64] ?? NaN;
    expect([flag("conv", false), flag("gamma", false), flag("gamma", true)]).toEqual([1, 0, 1]);
  });

  it("keeps regions of the state apart", () => {
    const { losses, evaluations, gradNorms, decay, steps, momentum, second, weightFloats } = layout;
    expect(evaluations.at).toBe(losses.at + 4 * losses.slots);
    expect(gradNorms.at).toBe(evaluations.at + 4 * evaluations.slots);
    expect(decay).toBe(gradNorms.at + gradNorms.slots);
    expect(steps - decay).toBeGreaterThanOrEqual(weightFloats / 64);
    expect(momentum - steps).toBeGreaterThanOrEqual(weightFloats / 64);
    expect(second - momentum).toBe(weightFloats);
    expect(layout.norm("bn2").at).toBe(16);
  });
});
