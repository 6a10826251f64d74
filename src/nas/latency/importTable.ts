/** An imported latency table → what a reader is told before anything is applied, and the table as it would be kept. */
import { ok, type Result } from "@/lib/result";
import type { IgnoredKey, SpaceRef } from "../formats/report";
import { listSome, quote } from "../formats/text";
import type { Space } from "../space/types";
import { admitTable, tableWarnings, type TableUse } from "./checkTable";
import { refit } from "./refit";
import type { LatencyTable } from "./table";
import type { TableText } from "./tableJson";

export interface TableImportReport {
  readonly format: "latency-table";
  /** The space that it would serve. */
  readonly space: SpaceRef;
  /** Label of the device that it was measured on. */
  readonly label: string;
  readonly understood: readonly string[];
  readonly mapped: readonly string[];
  readonly ignored: readonly IgnoredKey[];
  /** Keys that no search can do without. */
  readonly missing: readonly string[];
  readonly warnings: readonly string[];
}

export interface TableImport {
  readonly report: TableImportReport;
  /** With the entries that the space needs, as a table of that space. */
  readonly table: LatencyTable;
}

function understoodOf({ device, settings, fit }: LatencyTable, has: number, of: number): string[] {
  return [
    `${has} of ${of} entries`,
    `device ${quote(device.label)}, timed by ${device.timer === "wall" ? "the wall clock" : "timestamps"}`,
    `batch ${settings.batch}, ${settings.runs} readings an entry`,
    ...(fit.n > 0 ? [`fit of ${fit.n} whole networks, r ${fit.r.toFixed(2)}`] : []),
  ];
}

/** Refused where `admitTable` refuses it; else the reader decides, knowing the warnings. */
export function importTable({ table, unknownKeys }: TableText, space: Space, use: TableUse): Result<TableImport> {
  const admitted = admitTable(table, space, use);
  if (!admitted.ok) return admitted;
  const { understood, missing, unused, wrongSpace } = admitted.value;
  const wanted = new Set(understood);
  const here: SpaceRef = { id: space.id, size: space.size };
  const kept: LatencyTable = { ...table, space: here, entries: table.entries.filter(({ key }) => wanted.has(key)), fixed: table.fixed.filter(({ key }) => wanted.has(key)) };
  return ok({
    table: wrongSpace === null ? kept : refit(kept, space),
    report: {
      format: "latency-table",
      space: here,
      label: table.device.label,
      understood: understoodOf(table, understood.length, understood.length + missing.length),
      mapped: wrongSpace === null ? [] : [`${wrongSpace} → ${here.id} ${here.size}`],
      ignored: [
        ...unknownKeys.map((key) => ({ key: quote(key), why: "the format has no such member" })),
        ...(unused.length > 0 ? [{ key: listSome(unused.map(quote), 3), why: `${here.id} ${here.size} does not need ${unused.length === 1 ? "it" : "them"}` }] : []),
      ],
      missing,
      warnings: tableWarnings(admitted.value, use),
    },
  });
}
