import { describe, expect, it } from "vitest";
import { gumbelGradient, softGumbel } from "../cell/gumbel";
import { costLoss, type CostLossKind, costLossKinds } from "./costLoss";
import { expectedCost } from "./costModel";
import { tableModel } from "./tableCost";
import { type GoldenTensor, readFbnet, rowsOf, slopesOf } from "./testing/golden";

const constants = { alpha: 0.2, beta: 0.6 };

describe("derivatives", () => {
  it.each(costLossKinds)("%s: both are those of finite differences", (kind) => {
    const beta = kind === "normalised" ? 4000 : 0.6;
    const at = [1.9, 1839];
    const value = ([ce = 0, cost = 0]: readonly number[]): number => costLoss(kind, ce, cost, { alpha: 0.2, beta }).loss;
    const { dCe, dCost } = costLoss(kind, 1.9, 1839, { alpha: 0.2, beta });
    const [byCe = 0, byCost = 0] = slopesOf(value, at, 1e-3);
    expect(dCe).toBeCloseTo(byCe, 7);
    expect(dCost / byCost).toBeCloseTo(1, 5);
    // What scales the weights' gradient is known before the cross entropy is.
    expect(costLoss(kind, 0, 1839, { alpha: 0.2, beta }).dCe).toBe(dCe);
  });
});

describe("clamping", () => {
  const logarithmic = ["paper", "inner", "additive", "additiveLog"] as const satisfies readonly CostLossKind[];

  it.each(logarithmic)("%s: below e the loss is that at e and the cost has no pull", (kind) => {
    const low = costLoss(kind, 2, 0.3, constants);
    const edge = costLoss(kind, 2, Math.E, constants);
    expect(low.loss).toBe(edge.loss);
    expect(low.dCe).toBe(edge.dCe);
    expect(low.dCost).toBe(0);
    expect(edge.dCost).toBeGreaterThan(0);
  });

  it("normalised needs no clamp", () => {
    expect(costLoss("normalised", 2, 0.5, { alpha: 0.3, beta: 10 })).toEqual({ loss: 2 + 0.015, dCe: 1, dCost: 0.03 });
  });
});

describe("constants", () => {
  it("paper and inner are the same at β = 1 and differ elsewhere", () => {
    const one = { alpha: 0.2, beta: 1 };
    const [paper, inner] = [costLoss("paper", 1.7, 500, one), costLoss("inner", 1.7, 500, one)];
    for (const key of ["loss", "dCe", "dCost"] as const) expect(paper[key]).toBeCloseTo(inner[key], 12);
    expect(costLoss("paper", 1.7, 500, constants).loss).not.toBeCloseTo(costLoss("inner", 1.7, 500, constants).loss, 2);
  });

  it("β moves the trade-off of paper, and not that of inner", () => {
    const ratio = (kind: CostLossKind, beta: number): number => {
      const { loss, dCost } = costLoss(kind, 1.7, 500, { alpha: 0.2, beta });
      return dCost / loss;
    };
    expect(ratio("paper", 3) / ratio("paper", 0.6)).toBeCloseTo(5, 9);
    expect(ratio("inner", 3)).toBeCloseTo(ratio("inner", 0.6), 12);
  });

  it("β 0 takes the cost out of paper", () => {
    expect(costLoss("paper", 1.7, 500, { alpha: 0.2, beta: 0 })).toEqual({ loss: 0.2 * 1.7, dCe: 0.2, dCost: 0 });
  });
});

interface GoldenLoss {
  readonly loss: number;
  readonly gradTheta: GoldenTensor;
  readonly dLossDce: number;
  readonly dLossDlat: number;
}

interface LatencyCase {
  readonly theta: GoldenTensor;
  readonly gumbel: GoldenTensor;
  readonly tau: number;
  readonly lutMicroseconds: GoldenTensor;
  readonly fixedMicroseconds: number;
  readonly alpha: number;
  readonly beta: number;
  readonly ce: number;
  readonly lat: number;
  readonly losses: Readonly<Record<string, GoldenLoss>>;
}

describe.each(readFbnet<{ readonly cases: readonly LatencyCase[] }>("latency_loss").cases)("golden at τ $tau", (golden) => {
  const columns = golden.theta.shape[1] ?? 0;
  const m = softGumbel(golden.theta.data, golden.gumbel.data, columns, golden.tau);
  const model = tableModel({ fixed: golden.fixedMicroseconds, slots: rowsOf(golden.lutMicroseconds) });
  const expected = expectedCost(model, rowsOf({ shape: golden.theta.shape, data: [...m] }));

  it("expects the latency", () => {
    expect(expected.total / golden.lat).toBeCloseTo(1, 7);
  });

  it.each(Object.keys(golden.losses) as CostLossKind[])("%s", (kind) => {
    const want = golden.losses[kind];
    if (!want) throw new Error("a kind without values");
    const got = costLoss(kind, golden.ce, golden.lat, golden);
    expect(got.loss / want.loss).toBeCloseTo(1, 7);
    expect(got.dCe / want.dLossDce).toBeCloseTo(1, 7);
    expect(got.dCost / want.dLossDlat).toBeCloseTo(1, 7);
    const upstream = expected.gradient.flatMap((row) => [...row].map((slope) => slope * got.dCost));
    const most = Math.max(...want.gradTheta.data.map(Math.abs));
    gumbelGradient(m, upstream, columns, golden.tau).forEach((value, i) => expect(Math.abs(value - (want.gradTheta.data[i] ?? NaN)) / most).toBeLessThan(1e-6));
  });
});
