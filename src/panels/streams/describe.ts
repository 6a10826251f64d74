/** The architecture weights in words and as a table: the same numbers as the picture. */
import type { AlphaGroup } from "@/nas/space/types";
import { text as copy } from "@/viz/copy";
import { opStyle } from "@/viz/palette";
import { type GroupSignals, rankOf, type StreamRow, type StreamsModel } from "./model";

const text = copy.streams;

/** "edge 2←0", "layer 3": a row inside a sentence. */
export function rowWords(group: AlphaGroup | undefined, row: Pick<StreamRow, "label">): string {
  return group?.id === "layers" ? row.label.toLowerCase() : text.edge(row.label);
}

function opWords(op: string | undefined): string {
  return opStyle(op ?? "").code;
}

function describeGroup(model: StreamsModel, signals: GroupSignals): string {
  const group = model.groups[signals.group];
  const rows = model.rows.filter((row) => row.group === signals.group);
  const most = rows.reduce<StreamRow | null>((a, b) => (a === null || b.entropy < a.entropy ? b : a), null);
  const many = group?.id === "layers" ? text.layers : text.edges;
  const parts = [text.describe.head(signals.label, model.step)];
  if (most)
    parts.push(
      text.describe.most(rowWords(group, most), opWords(most.ops[most.winner]), most.weights[most.winner] ?? 0),
    );
  parts.push(text.describe.even(signals.nearUniform, signals.rows, many));
  if (signals.skips) {
    parts.push(text.describe.skips(signals.skips.count, signals.skips.of, many));
    if (signals.skips.level === "collapsed") parts.push(text.describe.collapsed);
  }
  return parts.join(" ");
}

/** "Normal cell, step 1,240. Most decided: edge 2←0, skip 61 %. 9 of 14 edges within 5 points of uniform. 5 of 8 kept edges are skip." */
export function describeStreams(model: StreamsModel | null): string {
  if (!model) return text.describe.none;
  const parts = model.signals.map((signals) => describeGroup(model, signals));
  if (model.isDerived) parts.push(text.describe.derived);
  if (model.isUndecided) parts.push(text.undecided);
  return parts.join(" ");
}

/** A row with one of its ops, as it is read out; the leading op where none is named. */
export function describeRow(model: StreamsModel, row: StreamRow, op: number | null): string {
  const group = model.groups[row.group];
  const [label, words] = [group?.label ?? "", rowWords(group, row)];
  const weight = row.weights[op ?? row.winner] ?? 0;
  const name = opWords(row.ops[op ?? row.winner]);
  if (op === null) return text.saidRow(label, words, name, weight, row.entropy);
  return text.said(label, words, name, weight, rankOf(row, op), row.ops.length);
}

/** One line an op of every row, in the order of the picture. */
export function streamsTable(model: StreamsModel | null): { columns: string[]; rows: (string | number)[][] } {
  const { group, edge, op, weight, rank, kept } = text.table;
  const rows = (model?.rows ?? []).flatMap((row) =>
    row.ops.map((name, k): (string | number)[] => [
      model?.groups[row.group]?.label ?? "",
      row.label,
      `${name} (${opStyle(name).code})`,
      Math.round(1e4 * (row.weights[k] ?? 0)) / 100,
      rankOf(row, k),
      row.kept === k ? text.yes : "",
    ]),
  );
  return { columns: [group, edge, op, weight, rank, kept], rows };
}
