/** What the files about joint losses have in common: a draw of mixture weights, its expected latency, and the way of a loss's gradients back to θ. */
import { gumbelGradient, softGumbel } from "@/nas/cell/gumbel";
import { type CostLoss, costLoss, type CostLossConstants, type CostLossKind, costLossKinds } from "@/nas/relaxation/costLoss";
import { expectedCost } from "@/nas/relaxation/costModel";
import { tableModel } from "@/nas/relaxation/tableCost";
import type { Comparison } from "../compare";
import type { Fields } from "../darts/fields";
import { near } from "./near";

export interface Drawn {
  /** Gumbel-softmax weights, rows × columns. */
  readonly m: Float64Array;
  /** Expected latency, µs. */
  readonly lat: number;
  /** Gradient with respect to θ of Σ ce·m + dCost·LAT. */
  gradient(ce: ArrayLike<number> | null, dCost: number): Float64Array;
}

/** The draw that a file describes by `theta`, `gumbel`, `tau` and a table in microseconds. */
export function drawOf(golden: Fields): Drawn {
  const [theta, lut] = [golden.tensor("theta"), golden.tensor("lutMicroseconds")];
  const [tau, columns, rows] = [golden.number("tau"), theta.shape.at(-1) ?? 0, theta.shape[0] ?? 0];
  if (lut.shape.join() !== theta.shape.join()) throw new Error(`The table is ${lut.shape.join("×")}, θ is ${theta.shape.join("×")}.`);
  const m = softGumbel(theta.data, golden.tensor("gumbel").data, columns, tau);
  const split = (values: ArrayLike<number>): number[][] => Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (__, i) => values[row * columns + i] ?? Number.NaN));
  const { total, gradient } = expectedCost(tableModel({ fixed: golden.numberOr("fixedMicroseconds", 0), slots: split(lut.data) }), split(m));
  const slopes = Float64Array.from(gradient.flatMap((row) => [...row]));
  return { m, lat: total, gradient: (ce, dCost) => gumbelGradient(m, slopes.map((slope, i) => (ce === null ? 0 : (ce[i] ?? Number.NaN)) + slope * dCost), columns, tau) };
}

/** Loss constants of a file, or the paper's. */
export function constantsOf(golden: Fields): CostLossConstants {
  return { alpha: golden.numberOr("alpha", 0.2), beta: golden.numberOr("beta", 0.6) };
}

const isKind = (kind: string): kind is CostLossKind => costLossKinds.some((known) => known === kind);

/** Every loss kind of a file, one after the other; one that is not ours fails the case. */
export async function eachLoss(golden: Fields, compare: Comparison, ce: number, lat: number, body: (kind: string, want: Fields, got: CostLoss) => Promise<void>): Promise<void> {
  const losses = golden.fields("losses");
  for (const kind of losses.keys()) {
    if (!isKind(kind)) {
      compare.problem(`there is no loss ${kind}`);
      continue;
    }
    const [want, got] = [losses.fields(kind), costLoss(kind, ce, lat, constantsOf(golden))];
    near(compare, `${kind} loss`, [got.loss], [want.number("loss")]);
    if (want.has("dLossDce")) near(compare, `${kind} dLossDce`, [got.dCe], [want.number("dLossDce")]);
    if (want.has("dLossDlat")) near(compare, `${kind} dLossDlat`, [got.dCost], [want.number("dLossDlat")]);
    await body(kind, want, got);
  }
}
