/** The op probabilities in words and as a table: the same numbers as the picture. */
import { text as copy } from "@/viz/copy";
import { opStyle } from "@/viz/palette";
import { costText } from "@/viz/copy/latency";
import { type CostMetric, costWords } from "./costs";
import { type Decision, effectiveText, type MasksModel } from "./masks";
import { hasCollapsed, type ThetaLayer, type ThetaModel } from "./model";
import type { Pressure } from "./pressure";

const text = copy.theta;

function code(op: string | undefined): string {
  return opStyle(op ?? "").code;
}

/** "Expected 18.3 ms, target 15."; empty while nothing is expected. */
function expectedWords(expected: number | null, metric: CostMetric, target: number | null): string[] {
  if (expected === null || !Number.isFinite(expected)) return [];
  return [text.describe.expected(costWords(expected, metric), target === null ? null : costText(target, metric))];
}

/** "Expected 18.3 ms, target 15. Layer 4 costs 31 %: k5e6 at 72 %." */
export function headline(model: ThetaModel, target: number | null): string {
  const parts = expectedWords(model.total, model.metric, model.isStandIn ? null : target);
  const dear = model.layers[model.dearest];
  if (dear && model.total !== null) parts.push(text.describe.dearest(dear.label, dear.share, code(dear.ops[dear.winner]), dear.weights[dear.winner] ?? 0));
  return parts.join(" ");
}

/** More widths than this say nothing in a line. */
const mostWidths = 8;

/** "Expected 296 k MACs. Effective resolution 22.6 of 32, channels 11.9, 8.3, 15.8, 24.8." */
export function maskHeadline({ decisions }: MasksModel, pressure: Pressure): string {
  const sides = decisions.filter(({ kind }) => kind === "resolution").map(({ effective, options }) => text.describe.resolution(effectiveText(effective), String(options.at(-1) ?? "")));
  const widths = decisions.filter(({ kind }) => kind === "channels").map(({ effective }) => effectiveText(effective));
  const parts = [...sides, ...(widths.length > 0 && widths.length <= mostWidths ? [text.describe.channels(widths)] : [])];
  return [...expectedWords(pressure.now?.expected ?? null, pressure.metric, pressure.target), text.describe.effective(parts)].join(" ");
}

export interface Described {
  readonly layers: ThetaModel | null;
  readonly masks: MasksModel | null;
  readonly hasTheta: boolean;
  readonly pressure: Pressure;
}

export function describeTheta({ layers, masks, hasTheta, pressure }: Described): string {
  if (!hasTheta) return text.describe.none;
  const tau = pressure.now ? [text.describe.tau(pressure.now.tau)] : [];
  if (masks) {
    const likeliest = masks.decisions.map(({ label, kind, options, winner }) => `${label} ${text.masks.option[kind](options[winner] ?? 0)}`);
    return [maskHeadline(masks, pressure), text.describe.argmax(likeliest), text.describe.entropy(masks.entropy), ...tau].join(" ");
  }
  if (!layers) return text.describe.none;
  const parts = [headline(layers, pressure.target)];
  if (layers.fixed) parts.push(text.describe.fixed(layers.fixed.share));
  parts.push(text.describe.entropy(layers.entropy), ...tau);
  if (hasCollapsed(layers)) parts.push(`${text.signals.skips(layers.skips, layers.layers.length)}.`);
  return parts.filter((part) => part !== "").join(" ");
}

/** A layer with one of its ops, as it is read out; the leading op where none is named. */
export function describeOp(layer: ThetaLayer, op: number | null, metric: CostMetric): string {
  const k = op ?? layer.winner;
  const cost = layer.costs?.[k];
  return text.said(layer.label, code(layer.ops[k]), layer.weights[k] ?? 0, cost === undefined ? null : costText(cost, metric));
}

export function describeDecision({ label, kind, options, winner, weights, effective }: Decision, option: number | null): string {
  const k = option ?? winner;
  const value = text.tip.effective(effectiveText(effective), String(options.at(-1) ?? ""));
  return text.said(label, text.masks.option[kind](options[k] ?? 0), weights[k] ?? 0, value);
}

const percent = (p: number): number => Math.round(1e4 * p) / 100;

/** A cost for a table: milliseconds with three decimals, else whole counts. */
function cell(value: number, metric: CostMetric): number {
  return metric === "latency" ? Math.round(value) / 1000 : Math.round(value);
}

/** One line an op of every layer, or an option of every decision. */
export function thetaTable({ layers, masks }: Pick<Described, "layers" | "masks">): { columns: string[]; rows: (string | number)[][] } {
  const { table } = text;
  if (masks) {
    const rows = masks.decisions.flatMap((decision) =>
      decision.options.map((option, k): (string | number)[] => [
        decision.label,
        text.masks.option[decision.kind](option),
        percent(decision.weights[k] ?? 0),
        Math.round(100 * decision.effective) / 100,
        k === decision.winner ? text.yes : "",
      ]),
    );
    return { columns: [table.decision, table.option, table.p, table.effective, table.kept], rows };
  }
  const metric = layers?.metric ?? "latency";
  const unit = ` (${table.unit[metric]})`;
  const fixed: (string | number)[][] = layers?.fixed ? [[text.fixed, "", 100, cell(layers.fixed.cost, metric), cell(layers.fixed.cost, metric), text.yes]] : [];
  const rows = (layers?.layers ?? []).flatMap((layer) =>
    layer.ops.map((name, k): (string | number)[] => {
      const cost = layer.costs?.[k];
      const p = layer.weights[k] ?? 0;
      return [layer.label, `${name} (${code(name)})`, percent(p), cost === undefined ? "" : cell(cost, metric), cost === undefined ? "" : cell(p * cost, metric), k === layer.winner ? text.yes : ""];
    }),
  );
  return { columns: [table.layer, table.op, table.p, table.cost + unit, table.expected + unit, table.kept], rows: [...fixed, ...rows] };
}
