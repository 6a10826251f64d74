/**
 * How hard a search is pressed: temperature now and as planned, expected cost against the target, and the parts of the loss. Pure: columns of the
 * history and the run's configuration in, plain data out.
 */
import { costLoss, type CostLossKind } from "@/nas/relaxation/costLoss";
import { lossConstants } from "@/nas/relaxation/searchLoss";
import type { Space } from "@/nas/space/types";
import type { RunState } from "@/store/run";
import { type Config, type CostMetric, type LayerPrices, metricOf, targetOf } from "./costs";

export interface CostPoint {
  readonly step: number;
  /** µs, MACs or parameters. */
  readonly expected: number;
  readonly tau: number;
}

export interface LossSplit {
  readonly kind: CostLossKind;
  readonly ce: number;
  /** What CE is multiplied by, or what is added to it. */
  readonly part: number;
  readonly total: number;
  readonly isProduct: boolean;
}

export interface Pressure {
  readonly metric: CostMetric;
  readonly points: readonly CostPoint[];
  /** At the step on show. */
  readonly now: CostPoint | null;
  /** Steps of the search, planned ones included. */
  readonly span: readonly [from: number, to: number];
  readonly target: number | null;
  readonly tau0: number;
  readonly tauEnd: number;
  /** Step at which θ begins to move. */
  readonly warmEnd: number;
  /** Temperature as planned, [step, τ], ascending. */
  readonly plan: readonly (readonly [step: number, tau: number])[];
  readonly loss: LossSplit | null;
}

/** Loss of a cross entropy and a cost in the loss's unit; `most` is the cost of the dearest network. The cost ends to press at the target. */
export function splitLoss(config: Pick<Config, "fbnet.loss" | "fbnet.weight">, ce: number, cost: number, target: number | null, most: number): LossSplit {
  const kind = config["fbnet.loss"];
  const pressed = target === null ? cost : Math.max(cost, target);
  const isProduct = kind === "paper" || kind === "inner";
  const { loss } = costLoss(kind, ce, pressed, lossConstants(kind, config["fbnet.weight"], most));
  return { kind, ce, part: isProduct ? loss / ce : loss - ce, total: loss, isProduct };
}

/** Dearest network in the unit that the run weighs; null where it is not known. */
function mostOf(space: Space, config: Config, prices: LayerPrices | null): number | null {
  if (space.masked && config.algorithm === "fbnet-v2") return space.masked.cost(config["fbnet2.share"], metricOf(config) === "params" ? "params" : "macs").max;
  return prices && prices.costs.slots.reduce((sum, row) => sum + Math.max(...row), prices.costs.fixed);
}

/** Step at which the warm-up ends: seen in the temperature, else reckoned from the lengths of the passes. */
function warmEndOf(points: readonly CostPoint[], config: Config, plan: RunState["plan"]): number {
  const tau0 = config["fbnet.tau0"];
  const cooled = points.findIndex(({ tau }) => tau < 0.999 * tau0);
  if (cooled > 0) return points[cooled - 1]?.step ?? 0;
  const perEpoch = Math.max(1, Math.floor((plan?.splits.weights ?? 0) / config["train.batch"]));
  return Math.min(config["fbnet.warmupEpochs"] * perEpoch, plan?.totals.supernet ?? Infinity);
}

export interface PressureInput {
  readonly config: Config;
  readonly space: Space;
  readonly prices: LayerPrices | null;
  readonly plan: RunState["plan"];
  readonly points: readonly CostPoint[];
  /** Step on show; null: the newest. */
  readonly cursor: number | null;
  /** Mean cross entropy of the last steps. */
  readonly ce: number | null;
}

const planPoints = 48;

export function buildPressure({ config, space, prices, plan, points, cursor, ce }: PressureInput): Pressure {
  const metric = metricOf(config);
  const target = targetOf(config);
  const now = (cursor === null ? points.at(-1) : (points.findLast(({ step }) => step <= cursor) ?? points[0])) ?? null;
  const last = points.at(-1)?.step ?? 0;
  const end = Math.max(1, last, plan?.totals.supernet ?? 0);
  const [tau0, tauEnd] = [config["fbnet.tau0"], config["fbnet.tauEnd"]];
  const warmEnd = warmEndOf(points, config, plan);
  const planned = (step: number): number => tau0 * (tauEnd / tau0) ** (Math.max(0, step - warmEnd) / Math.max(1, end - warmEnd));
  const steps = Array.from({ length: planPoints + 1 }, (_, i) => warmEnd + ((end - warmEnd) * i) / planPoints);
  const most = mostOf(space, config, prices);
  // Layers count in thousands, masks one by one.
  const unit = metric === "latency" || config.algorithm === "fbnet-v2" ? 1 : 1000;
  const isKnown = now !== null && Number.isFinite(now.expected) && ce !== null && Number.isFinite(ce);
  return {
    ...{ metric, points, now, target, tau0, tauEnd, warmEnd },
    span: [0, end],
    plan: [[0, tau0], ...steps.map((step) => [step, planned(step)] as const)],
    loss: isKnown && (most !== null || config["fbnet.loss"] !== "normalised") ? splitLoss(config, ce, now.expected / unit, target === null ? null : target / unit, (most ?? 1) / unit) : null,
  };
}
