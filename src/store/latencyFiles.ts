/** Latency tables as files: out, and in with a report first. */
import { ok, refuse, type Result } from "@/lib/result";
import { version } from "@/lib/version";
import type { TableUse } from "@/nas/latency/checkTable";
import { importTable } from "@/nas/latency/importTable";
import type { LatencyTable } from "@/nas/latency/table";
import { type TableText, writeTableJson } from "@/nas/latency/tableJson";
import type { ExportedFile, PendingImport } from "./actions";
import { change, experimentStore } from "./experiment";
import { history } from "./history";
import { keepLatency } from "./latency";
import { latencyStore } from "./latencyState";
import { call, toWireLike } from "./link";
import { spaceOf } from "./network";
import { runStore } from "./run";

/** The kept table of the experiment, edits included; else the one that the run took. Null: neither. */
export function tableToExport(): LatencyTable | null {
  const report = history.report("table");
  return latencyStore.getState().table ?? (report?.done === report?.total ? (report?.table ?? null) : null);
}

export function exportTable(): Result<ExportedFile> {
  const table = tableToExport();
  if (table === null) return refuse("config.invalid", "There is no latency table yet.", "Measure one in the latency panel, or let a search by latency begin.");
  const text = writeTableJson(table);
  const device = table.device.label.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  return ok({ name: `${table.space.id}-${table.space.size}-${device || "device"}.latency.json`, mime: "application/json", text, bytes: new TextEncoder().encode(text) });
}

/** This device, as its own tables name it. */
async function useHere(): Promise<Result<TableUse>> {
  const { config } = experimentStore.getState();
  const { info } = runStore.getState();
  if (info === null) return refuse("backend.unavailable", "A latency table is compared with this device, which has not started yet.", "Wait until the page is ready, then import it again.");
  try {
    const [label = ""] = await call("latencyDevices", { config });
    return ok({ device: { label, backend: info.backend, executor: info.executor, threads: info.threads }, batch: config["fbnet.tableBatch"], app: version });
  } catch (cause) {
    const { code, message, hint } = toWireLike(cause);
    return refuse(code, message, hint ?? undefined);
  }
}

/** The report of a table for the experiment's space. Applied, it is kept; that of another device, version or batch is what the next search weighs. */
export async function importLatency(text: TableText): Promise<Result<PendingImport>> {
  const use = await useHere();
  if (!use.ok) return use;
  const { config } = experimentStore.getState();
  const read = importTable(text, spaceOf(config.space, config.size), use.value);
  if (!read.ok) return read;
  const { report, table } = read.value;
  const { device, batch, app } = use.value;
  // By label a table of another app version is found, too; by none only what this device and version measured.
  const isOwn = (["label", "backend", "executor", "threads"] as const).every((part) => table.device[part] === device[part]) && table.app === app;
  const apply = async (): Promise<void> => {
    if (!(await keepLatency(table))) return;
    change({ "fbnet.device": isOwn ? null : table.device.label, ...(table.settings.batch === batch ? {} : { "fbnet.tableBatch": table.settings.batch }) });
  };
  return ok({ report, apply: () => void apply() });
}
