/** Which table is on show: the one being measured, the run's own, or the one that is kept for the next run. Pure. */
import type { LatencyReading, LatencyTable } from "@/nas/latency/table";
import type { Space } from "@/nas/space/types";
import type { RunHistory } from "@/store/history";
import type { LatencyState } from "@/store/latency";

type Report = NonNullable<ReturnType<RunHistory["report"]>>;
export type TableReport = Extract<Report, { readonly kind: "table" }>;

export interface ShownTable {
  readonly source: "run" | "kept" | "measuring" | "none";
  readonly table: LatencyTable | null;
  /** Readings taken and wanted while it is being measured; null when it stands. */
  readonly progress: { readonly done: number; readonly total: number } | null;
  /** Whether the page measures, not the run: then it can be cancelled here. */
  readonly canCancel: boolean;
  /** Whether the kept table differs from the run's, so that there is a choice. */
  readonly hasChoice: boolean;
  /** Whether it was measured on this device. */
  readonly isOwn: boolean;
}

export interface SourceInput {
  readonly space: Pick<Space, "id" | "size">;
  readonly report: TableReport | null;
  readonly state: LatencyState;
  /** What the reader chose where there is a choice. */
  readonly wanted: "run" | "kept";
  /** Keys that are being measured again, where not the whole table is. */
  readonly asked: readonly string[] | null;
}

function fits(table: LatencyTable, { id, size }: Pick<Space, "id" | "size">): boolean {
  return table.space.id === id && table.space.size === size;
}

/** Readings of `over`, and those of `under` that it lacks. */
function merged(under: readonly LatencyReading[], over: readonly LatencyReading[]): readonly LatencyReading[] {
  const known = new Set(over.map(({ key }) => key));
  return [...under.filter(({ key }) => !known.has(key)), ...over];
}

export function shownTable({ space, report, state, wanted, asked }: SourceInput): ShownTable {
  const { progress, devices } = state;
  const kept = state.table !== null && fits(state.table, space) ? state.table : null;
  const run = report !== null && fits(report.table, space) ? report : null;
  const isHere = (table: LatencyTable): boolean => devices[0] === undefined || table.device.label === devices[0];
  if (progress !== null && fits(progress.table, space)) {
    const { table, done, total } = progress;
    // Measuring a few entries again leaves the others as they are.
    const whole = asked === null || kept === null ? table : { ...table, entries: merged(kept.entries, table.entries), fixed: merged(kept.fixed, table.fixed) };
    return { source: "measuring", table: whole, progress: { done, total }, canCancel: true, hasChoice: false, isOwn: true };
  }
  if (run !== null && run.done < run.total) {
    return { source: "measuring", table: run.table, progress: { done: run.done, total: run.total }, canCancel: false, hasChoice: false, isOwn: run.own };
  }
  const hasChoice = run !== null && kept !== null && !isSame(run.table, kept);
  if (run !== null && !(hasChoice && wanted === "kept")) return { source: "run", table: run.table, progress: null, canCancel: false, hasChoice, isOwn: run.own };
  if (kept !== null) return { source: "kept", table: kept, progress: null, canCancel: false, hasChoice, isOwn: isHere(kept) };
  return { source: "none", table: null, progress: null, canCancel: false, hasChoice: false, isOwn: true };
}

function isSame(a: LatencyTable, b: LatencyTable): boolean {
  if (a === b) return true;
  const text = ({ entries, fixed, device, settings }: LatencyTable): string =>
    JSON.stringify([device.label, settings.batch, [...entries, ...fixed].map(({ key, us }) => [key, us]).sort()]);
  return text(a) === text(b);
}
