/** The latency panel in words and as a table: the same numbers as the picture. */
import type { LatencyTable } from "@/nas/latency/table";
import { text as copy } from "@/viz/copy";
import { costText, signedMs, usText } from "@/viz/copy/latency";
import type { CheckModel } from "./check";
import type { CostModel } from "./cost";
import type { LatencyCell, LatencyModel } from "./model";

const text = copy.latency;

/** "Layer 4", or the name of a part that every network has. */
export function whereOf({ slot, op }: LatencyCell, { columns }: Pick<LatencyModel, "columns">): string {
  return slot < 0 ? text.fixedPart(op) : (columns[slot]?.label ?? text.layer(slot + 1));
}

function nameOf(cell: LatencyCell): string {
  return cell.slot < 0 ? text.fixed : cell.op;
}

/** A cell as it is read out. */
export function describeCell(cell: LatencyCell, model: Pick<LatencyModel, "columns">): string {
  const value = cell.us === null ? text.marks[cell.status === "pending" ? "pending" : "missing"] : usText(cell.us);
  return text.said.cell(whereOf(cell, model), nameOf(cell), value, text.status[cell.status]);
}

function dearestOf({ columns }: LatencyModel): LatencyCell | null {
  return columns.flatMap(({ cells }) => cells).reduce<LatencyCell | null>((top, cell) => ((cell.us ?? -1) > (top?.us ?? 0) ? cell : top), null);
}

/** "Expected 18.3 ms, target 15 ms." */
export function describeCost({ unit, now, target, samples }: CostModel): string {
  const parts: string[] = [];
  if (now) parts.push(text.describe.expected(costText(now.expected, unit), target === null ? text.cost.noTarget : text.describe.target(costText(target, unit))));
  const winner = samples.find(({ isWinner }) => isWinner);
  if (winner && winner.cost !== null) parts.push(text.describe.winner(winner.candidate.id, costText(winner.cost, unit)));
  return parts.join(" ");
}

export function describeCheck({ n, r, bias }: CheckModel): string {
  return n > 0 ? text.describe.fit(r, n, Number.isFinite(bias) ? signedMs(bias) : "–") : "";
}

export function describeLatency(table: LatencyTable | null, model: LatencyModel, check: CheckModel, cost: CostModel): string {
  const spoken = describeCost(cost);
  if (table === null) return [text.describe.none, spoken].filter(Boolean).join(" ");
  const parts = [text.describe.head(table.device.label, table.settings.batch, model.known, model.needed)];
  const dearest = dearestOf(model);
  if (dearest && dearest.us !== null) parts.push(text.describe.dearest(whereOf(dearest, model), dearest.op, usText(dearest.us)));
  if (model.overheadUs !== null) parts.push(text.describe.overhead(usText(model.overheadUs)));
  return [...parts, spoken, describeCheck(check)].filter(Boolean).join(" ");
}

const ms = (us: number | null): number | string => (us === null ? text.marks.missing : Number((us / 1000).toPrecision(4)));

/** One line a layer and candidate, then the parts of every network. */
export function latencyRows(table: LatencyTable | null, model: LatencyModel) {
  const { layer, op, key, ms: median, p10, p90, n, batch, state, path, yes } = text.table;
  const rows = [...model.columns.flatMap(({ cells }) => cells), ...model.fixed].map((cell): (string | number)[] => {
    const isTimed = cell.status === "measured";
    return [
      whereOf(cell, model),
      nameOf(cell),
      cell.key ?? "",
      ms(cell.us),
      isTimed ? ms(cell.p10) : "",
      isTimed ? ms(cell.p90) : "",
      isTimed ? (table?.settings.runs ?? "") : "",
      table?.settings.batch ?? "",
      [text.status[cell.status], ...(cell.isNoisy ? [text.legend.noisy] : [])].join(", "),
      cell.isPath ? yes : "",
    ];
  });
  return { columns: [layer, op, key, median, p10, p90, n, batch, state, path], rows };
}

/** Networks timed as a whole. */
export function checkRows({ points, candidates }: CheckModel) {
  const [id, sum, measured] = ["Network", text.check.x, text.check.y];
  const rows = [...points.map((p): (string | number)[] => [p.id, ms(p.sum), ms(p.measured)]), ...candidates.map((c): (string | number)[] => [c.id, ms(c.sum), ""])];
  return { columns: [id, sum, measured], rows };
}

/** Expected cost by step, and below it what was drawn. */
export function costRows({ points, samples, unit }: CostModel) {
  const { step, axis, columns } = text.cost;
  const value = (cost: number): number => (unit === "latency" ? Number((cost / 1000).toPrecision(4)) : Math.round(cost));
  const rows = [
    ...samples.map(({ candidate: c, cost }): (string | number)[] => ["", cost === null ? "" : value(cost), c.id, c.logProbability ?? "", c.accuracy ? Math.round(1e4 * c.accuracy.value) / 100 : "", c.accuracy?.n ?? ""]),
    ...points.map((p): (string | number)[] => [p.step, value(p.expected), "", "", "", ""]),
  ];
  return { columns: [step, unit === "latency" ? `${axis.latency} (ms)` : axis[unit], columns.network, columns.lnP, `${columns.accuracy} (%)`, "n"], rows };
}
