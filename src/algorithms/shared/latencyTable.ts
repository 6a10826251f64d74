/**
 * The latency table of a run: the one that is kept for its space, batch and device, or measured now and kept. How a table is measured stands here too,
 * for whoever asks for one outside of a run.
 */
import { AppError } from "@/lib/appError";
import { type RngKey, rootKey } from "@/lib/rng";
import { wantedSettings } from "@/nas/latency/checkTable";
import { fitOf, noFit } from "@/nas/latency/fit";
import { refit, sumOfMember } from "@/nas/latency/refit";
import { costsOf, type LatencyReading, type LatencyTable, neededKeys } from "@/nas/latency/table";
import type { LatencyBlock, LatencySpace, Space } from "@/nas/space/types";
import type { Executor } from "@/nn/executor";
import { measureGraphs, type MeterJob, type MeterProgress, type MeterReading, type MeterResult } from "@/nn/latencyMeter";
import type { LatencyTables, MethodEnv, Tick } from "../method";

export interface MeasureRequest {
  readonly executor: Executor;
  readonly space: Space;
  readonly device: LatencyTables["device"];
  readonly batch: number;
  readonly app: string;
  /** Keys to measure again into `base`; null: a new table. */
  readonly again: { readonly keys: readonly string[]; readonly base: LatencyTable } | null;
  /** Order of the readings, and which networks check the sums. */
  readonly key: RngKey;
  /** Random networks that are timed as a whole; absent: 6 at nano, else 8. Not with `again`. */
  readonly networks?: number;
  readonly now?: () => number;
}

export interface MeasureProgress {
  readonly done: number;
  readonly total: number;
  /** The table as far as it has come; entries that have no reading yet are absent. */
  table(): LatencyTable;
}

export interface Measured {
  readonly table: LatencyTable;
  /** What a reader should know of how it was measured, a sentence each. */
  readonly notes: readonly string[];
}

const warmup = 5;
const readingsOf = ({ size }: Space): number => (size === "nano" ? 11 : 21);

/** The latency side of a space. Throws `config.invalid` where there is none. */
function latencyOf(space: Space): LatencySpace {
  if (space.latency === undefined) throw new AppError("config.invalid", `${space.name} has no layers that can be timed one by one.`, { recoverable: true, hint: "Weigh MACs instead of latency." });
  return space.latency;
}

function blocksOf({ fixed, slots }: LatencySpace): ReadonlyMap<string, LatencyBlock> {
  return new Map([...fixed, ...slots.flat().filter((block) => block !== null)].map((block) => [block.key, block]));
}

/** Before the gene string of a network, where the keys of blocks stand. */
const wholeNetwork = "network ";

/** Distinct random members as jobs; no more than the space has, as far as a few draws find them. */
function networkJobs(space: Space, count: number, key: RngKey): MeterJob[] {
  const rng = key.stream();
  const jobs = new Map<string, MeterJob>();
  for (let draws = 0; jobs.size < count && draws < 10 * count; draws++) {
    const { id, choices } = space.canonical(space.mutator.sample(rng));
    if (!jobs.has(id)) jobs.set(id, { key: wholeNetwork + space.encode(choices), graph: () => space.graph(choices) });
  }
  return [...jobs.values()];
}

/** What was read of these keys, in their order. */
function entriesOf(keys: readonly string[], readings: ReadonlyMap<string, MeterReading>, base: readonly LatencyReading[]): LatencyReading[] {
  const before = new Map(base.map((entry) => [entry.key, entry]));
  return keys.flatMap((key) => {
    const read = readings.get(key);
    const entry = read ? { key, ...read } : before.get(key);
    return entry ? [entry] : [];
  });
}

function tableOf({ space, device, batch, app, again }: MeasureRequest, timer: MeterProgress["timer"], readings: ReadonlyMap<string, MeterReading>, networks: readonly MeterJob[]): LatencyTable {
  const latency = latencyOf(space);
  const keys = neededKeys(latency);
  const base = again?.base;
  const table: LatencyTable = {
    app,
    device: { ...device, timer: timer?.kind ?? "wall", quantumUs: timer && timer.quantumUs >= 1 ? timer.quantumUs : 0 },
    settings: wantedSettings(space, batch, { warmup, runs: readingsOf(space) }),
    space: { id: space.id, size: space.size },
    entries: entriesOf(keys.entries, readings, base?.entries ?? []),
    fixed: entriesOf(keys.fixed, readings, base?.fixed ?? []),
    fit: base?.fit ?? noFit,
  };
  if (base) return refit(table, space);
  const costs = costsOf(table, latency);
  if (costs === null) return table;
  const points = networks.flatMap(({ key }) => {
    const id = key.slice(wholeNetwork.length);
    const [sum, measured] = [sumOfMember(costs, space, id), readings.get(key)?.us];
    return sum === null || measured === undefined ? [] : [{ id, sum, measured }];
  });
  return { ...table, fit: fitOf(points) };
}

function notesOf({ timer, ...result }: MeterResult): string[] {
  // A network that is noisy shows in the fit.
  const [noisy, clamped] = [result.noisy, result.clamped].map((keys) => keys.filter((key) => !key.startsWith(wholeNetwork))) as [string[], string[]];
  const entries = (keys: readonly string[]): string => `${keys.length} ${keys.length === 1 ? "entry" : "entries"}`;
  const some = (keys: readonly string[]): string => keys.slice(0, 3).join(", ") + (keys.length > 3 ? " …" : "");
  const coarse = timer.quantumUs > 0 ? `are rounded to ${timer.quantumUs} µs` : "read nothing but 0";
  return [
    ...(timer.fellBack ? [`The GPU's timestamps ${coarse}, too coarse for single blocks: they were timed in batches by the wall clock.`] : []),
    ...(noisy.length > 0 ? [`${entries(noisy)} of the latency table still spread by more than half after a second look (${some(noisy)}): measure again when the machine is quiet.`] : []),
    ...(clamped.length > 0 ? [`${entries(clamped)} of the latency table drowned in noise (${some(clamped)}) and were set to the smallest reading above 0.`] : []),
  ];
}

/**
 * Measures a table: the entries and, for a new one, whole random networks in the same rounds, so that sums and wholes meet the same machine. Yields
 * after every reading; leaving it frees everything. Throws `config.invalid` for a space without latencies.
 */
export async function* measureTicks(request: MeasureRequest): AsyncGenerator<MeasureProgress, Measured> {
  const { executor, space, again, batch, key, now } = request;
  const blocks = blocksOf(latencyOf(space));
  const wanted = again ? new Set(again.keys) : null;
  const entries = [...blocks.values()].filter((block) => wanted === null || wanted.has(block.key));
  const networks = again ? [] : networkJobs(space, request.networks ?? (space.size === "nano" ? 6 : 8), key.fold("networks"));
  const meter = measureGraphs(executor, [...entries, ...networks], { batch, readings: readingsOf(space), warmup, key, ...(now ? { now } : {}) });
  let ended = false;
  try {
    for (;;) {
      const next = await meter.next();
      if (next.done) {
        ended = true;
        return { table: tableOf(request, next.value.timer, next.value.readings, networks), notes: notesOf(next.value) };
      }
      const { done, total, timer, readings } = next.value;
      yield { done, total, table: () => tableOf(request, timer, readings(), networks) };
    }
  } finally {
    if (!ended) await meter.return(undefined as never);
  }
}

/** A kept table with holes lacks these. */
function missingOf(table: LatencyTable, space: Space): string[] {
  const known = new Set([...table.entries, ...table.fixed].map(({ key }) => key));
  const { entries, fixed } = neededKeys(latencyOf(space));
  return [...fixed, ...entries].filter((key) => !known.has(key));
}

/** Why a run cannot have the table of the device that it names. */
async function noTable({ latency, space }: Pick<MethodEnv, "latency" | "space">, label: string, batch: number): Promise<AppError> {
  const labels = (await latency.labels(space, batch)).filter((known) => known !== latency.device.label);
  const known = labels.length > 0 ? `Tables are kept of ${labels.map((name) => `“${name}”`).join(", ")}.` : "No table of another device is kept.";
  return new AppError("config.invalid", `There is no latency table of “${label}” for ${space.id} ${space.size} at batch ${batch}. ${known}`, {
    recoverable: true,
    hint: "Import one, or take none as fbnet.device to measure this device.",
  });
}

/** Partial tables are told at most so often. */
const reportEveryMs = 100;

/**
 * The table that the run weighs: that of `fbnet.device` at batch `fbnet.tableBatch` if it is kept; of this device it is measured otherwise, in ticks, and
 * kept. `report` counts readings; the table itself goes out as events. Throws `config.invalid` when a named device has no whole table.
 */
export async function* tableTicks(env: MethodEnv, report: (done: number, total: number) => void): AsyncGenerator<Tick, LatencyTable, void> {
  const { space, latency, executor, config } = env;
  const [label, batch] = [config["fbnet.device"], config["fbnet.tableBatch"]];
  const own = label === null || label === latency.device.label;
  const tell = (table: LatencyTable, done: number, total: number): void => env.emit({ kind: "report", report: { kind: "table", table, done, total, own } });
  // A table may come from storage: a pause may land before.
  yield { boundary: "chunk" };
  const kept = await latency.load(space, batch, label);
  const missing = kept ? missingOf(kept, space) : [];
  if (kept && missing.length === 0) {
    tell(kept, 1, 1);
    return kept;
  }
  if (label !== null && !own) {
    if (kept === null) throw await noTable(env, label, batch);
    const sentence = `The latency table of “${label}” lacks ${missing.length} ${missing.length === 1 ? "entry" : "entries"} that ${space.id} ${space.size} needs.`;
    throw new AppError("config.invalid", sentence, { recoverable: true, hint: "Estimate them in the latency panel, or import a whole table." });
  }
  const again = kept ? { keys: missing, base: kept } : null;
  const app = kept?.app ?? latency.app;
  const measuring = measureTicks({ executor, space, device: latency.device, batch, app, again, key: env.key.fold("latency") });
  let ended = false;
  let told = -Infinity;
  try {
    for (;;) {
      const next = await measuring.next();
      if (next.done) {
        ended = true;
        const { table, notes } = next.value;
        for (const message of notes) env.emit({ kind: "note", level: "warning", message });
        await latency.save(table);
        tell(table, 1, 1);
        return table;
      }
      const { done, total, table } = next.value;
      report(done, total);
      if (env.now() - told >= reportEveryMs) {
        told = env.now();
        tell(table(), done, total);
      }
      yield { boundary: "chunk" };
    }
  } finally {
    if (!ended) await measuring.return(undefined as never);
  }
}

export interface MeasureControl {
  onProgress(progress: MeasureProgress): void;
  /** Between two readings: lets messages in, and may wait. */
  breathe(): Promise<void>;
  readonly signal: AbortSignal;
}

/** The same for whoever is no run. Throws `cancelled` when the signal fires. */
export async function measureTable(request: Omit<MeasureRequest, "key">, { onProgress, breathe, signal }: MeasureControl): Promise<Measured> {
  const measuring = measureTicks({ ...request, key: rootKey(1).fold("latency") });
  try {
    for (;;) {
      if (signal.aborted) throw new AppError("cancelled", "Measuring was cancelled.", { recoverable: true });
      const next = await measuring.next();
      if (next.done) return next.value;
      onProgress(next.value);
      await breathe();
    }
  } finally {
    await measuring.return(undefined as never);
  }
}
