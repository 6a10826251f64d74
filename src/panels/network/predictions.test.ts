import { describe, expect, it } from "vitest";
import { predictions } from "./predictions";
import { isPicture } from "./readPicture";

const classes = ["cat", "dog", "frog"];

describe("predictions", () => {
  it("puts both sets of weights side by side and marks what each would say", () => {
    const found = predictions(
      { inherited: Float32Array.of(0.2, 0.5, 0.3), retrained: Float32Array.of(0.1, 0.1, 0.8), id: "x" },
      classes,
      2,
    );
    expect(found?.top).toEqual({ inherited: 1, retrained: 2 });
    expect(found?.rows.map((row) => row.name)).toEqual(classes);
    expect(found?.rows.map((row) => row.isLabel)).toEqual([false, false, true]);
  });

  it("has gaps where there are no such weights, and nothing when there are none at all", () => {
    const found = predictions({ inherited: Float32Array.of(0.9, 0.1), retrained: null, id: "x" }, classes, null);
    expect(found?.rows.every((row) => row.retrained === null)).toBe(true);
    expect(predictions({ inherited: null, retrained: null, id: null }, classes, null)).toBeNull();
  });

  it("never names a winner from numbers that are none", () => {
    expect(
      predictions({ inherited: Float32Array.of(Number.NaN, 0.1), retrained: null, id: "x" }, classes, null),
    ).toBeNull();
  });

  it("names classes that the data set does not", () => {
    expect(
      predictions({ inherited: Float32Array.of(0.5, 0.5, 0, 0), retrained: null, id: "x" }, classes, null)?.rows[3]
        ?.name,
    ).toBe("class 3");
  });
});

describe("isPicture", () => {
  it("goes by type, and by name where the type is missing", () => {
    expect(isPicture({ type: "image/png", name: "x" })).toBe(true);
    expect(isPicture({ type: "", name: "cat.JPG" })).toBe(true);
    expect(isPicture({ type: "application/json", name: "net.arch.json" })).toBe(false);
  });
});
