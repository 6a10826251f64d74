import { describe, expect, it } from "vitest";
import golden from "@/golden/darts/schedules.json";
import { cosine, dropPathRamp, linearToZero, rateAt, temperature, temperatureNni } from "./schedule";

describe("schedules", () => {
  it.each([golden.search_50, golden.eval_600, golden.nni_eval_600, golden.tiny_12])("cosine as in PyTorch, $T epochs from $base", ({ base, eta_min, T, epochs, lr }) => {
    epochs.forEach((epoch, i) => expect(Math.abs(cosine(base, epoch, T, eta_min) - (lr[i] as number))).toBeLessThan(1e-9));
  });

  it("linear per iteration", () => {
    expect(linearToZero(0.5, 0, 10)).toBe(0.5);
    expect(linearToZero(0.5, 9, 10)).toBeCloseTo(0.05, 12);
    expect(linearToZero(0.5, 10, 10)).toBe(0);
  });

  it("drop path and temperatures as published", () => {
    const { drop_path_600: ramp, gdas_tau_250: gdas, nni_gumbel_tau_10: nni } = golden;
    ramp.epochs.forEach((epoch, i) => expect(dropPathRamp(ramp.p_max, epoch, ramp.T)).toBeCloseTo(ramp.p[i] as number, 9));
    gdas.epochs.forEach((epoch, i) => expect(temperature(gdas.tau_max, gdas.tau_min, epoch, gdas.T)).toBeCloseTo(gdas.tau[i] as number, 7));
    nni.epochs.forEach((epoch, i) => expect(temperatureNni(nni.init, nni.min, epoch, nni.T)).toBeCloseTo(nni.tau[i] as number, 9));
    expect(temperature(10, 0.1, 0, 1)).toBe(10);
  });

  it("rateAt never leaves the run", () => {
    expect(rateAt({ kind: "linear" }, 1, 99, 10)).toBe(0);
    expect(rateAt({ kind: "cosine", min: 0.1 }, 1, 10, 10)).toBeCloseTo(0.1, 12);
    expect(rateAt({ kind: "constant" }, 0.3, 5, 10)).toBe(0.3);
  });
});
