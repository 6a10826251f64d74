/**
 * A made-up FBNet search for panel tests and for looking at panels without a worker: θ that leaves uniform after a warm-up, the cost that follows
 * from it, a latency table of the space's own keys and sampled networks. Everything derives from the seed; no number here means anything about a
 * real network or device.
 */
import type { RunConfig } from "@/algorithms/configKeys";
import { defaultsFor } from "@/algorithms/defaults";
import { phaseIndex } from "@/algorithms/phases";
import type { TableReport } from "@/algorithms/reports";
import { rootKey, type RngKey } from "@/lib/rng";
import type { Candidate } from "@/nas/candidate";
import { costsOf, type LatencyCosts, type LatencyReading, type LatencyTable } from "@/nas/latency/table";
import { expectedCost } from "@/nas/relaxation/costModel";
import { countCosts, tableModel } from "@/nas/relaxation/tableCost";
import { makeSpace } from "@/nas/space/registry";
import type { AlphaGroup, LatencyBlock, SizeId, Space } from "@/nas/space/types";
import type { LatestState, LogEntry, RunStatus } from "@/session/protocol";
import { rowSoftmax } from "@/store/alphaHistory";
import { experimentStore } from "@/store/experiment";
import { history } from "@/store/history";
import { alphaGroupsOf } from "@/store/methods";
import { runStore } from "@/store/run";
import { fakeLatest, resetStores } from "./fakeRun";

export interface FakeFbnetOptions {
  readonly algorithm?: "fbnet-v1" | "fbnet-v2";
  readonly size?: SizeId;
  /** Columns of θ in the history, one every `stride` steps; 0 = the run has not begun to search. */
  readonly columns?: number;
  readonly stride?: number;
  readonly seed?: number;
  /** How far θ travels: 0 stays uniform, 1 is an ordinary search. */
  readonly decided?: number;
  /** Extra pull of the skips: 4 ends collapsed. */
  readonly skip?: number;
  /** Sampled networks in the history. */
  readonly candidates?: number;
  /** Without the report of a latency table, as before it is measured. */
  readonly hasTable?: boolean;
  readonly status?: RunStatus;
  readonly phase?: LatestState["phase"];
  readonly message?: string;
  readonly config?: Partial<RunConfig>;
}

export interface FakeFbnet {
  readonly space: Space;
  readonly config: RunConfig;
  readonly groups: readonly AlphaGroup[];
  readonly table: LatencyTable | null;
  readonly candidates: readonly Candidate[];
}

/** Plausible readings of every key that the space needs; null for a space whose layers are not measured. */
export function fakeTable(space: Space, seed = 7): LatencyTable | null {
  const { latency } = space;
  if (!latency) return null;
  const draws = rootKey(seed).fold("fakeTable").stream();
  const known = new Map<string, LatencyReading>();
  const read = ({ key, macs }: LatencyBlock): LatencyReading => {
    const us = Math.round(10 * (5 + macs / 2500) * (0.85 + 0.3 * draws.next())) / 10;
    const reading = known.get(key) ?? { key, us, p10: 0.95 * us, p90: us * (1.05 + 0.1 * draws.next()) };
    known.set(key, reading);
    return reading;
  };
  const fixed = latency.fixed.map(read);
  const entries = new Map(latency.slots.flatMap((choices) => choices.flatMap((block) => (block ? [[block.key, read(block)] as const] : []))));
  return {
    app: "0.1.0",
    device: { label: "fake wasm", vendor: "fake", architecture: "none", backend: "wasm", executor: "plan", threads: 1, timer: "wall", quantumUs: 0 },
    settings: { batch: 1, dtype: "float32", warmup: 5, runs: 11, bnFolded: true, keepPw: true, layout: "NHWC" },
    space: { id: space.id, size: space.size },
    entries: [...entries.values()],
    fixed,
    fit: fakeFit(space, { latency, entries: [...entries.values()], fixed }, seed),
  };
}

function fakeFit(space: Space, { latency, entries, fixed }: Pick<LatencyTable, "entries" | "fixed"> & { readonly latency: NonNullable<Space["latency"]> }, seed: number): LatencyTable["fit"] {
  const costs = costsOf({ entries, fixed }, latency);
  const draws = rootKey(seed).fold("fakeFit").stream();
  const points = Array.from({ length: 8 }, () => {
    const choices = space.mutator.sample(draws);
    const sum = costs ? sumOfChoices(space, costs, choices) : 0;
    return { id: space.encode(choices), sum, measured: 12 + 0.93 * sum + 4 * draws.normal() };
  });
  return { a: 12, b: 0.93, r: 0.994, n: points.length, points };
}

function sumOfChoices({ mutables }: Space, { fixed, slots }: LatencyCosts, choices: Candidate["choices"]): number {
  return mutables.reduce((sum, { id, choices: options }, slot) => sum + (slots[slot]?.[options.findIndex((option) => option === choices[id])] ?? 0), fixed);
}

/** Raw θ by column: uniform in the warm-up, then every row moves to a target of its own at a pace of its own. */
export function fakeTheta(groups: readonly AlphaGroup[], options: FakeFbnetOptions = {}): Float32Array[] {
  const { columns = 120, seed = 7, decided = 1, skip = 0 } = options;
  const key = rootKey(seed).fold("fakeTheta");
  const marks = groups.flatMap(({ rows, ops }, g) =>
    rows.flatMap((_, row) => {
      const draws = key.fold(g).fold(row).stream();
      const pace = 0.7 + 0.6 * draws.next();
      return ops.map((op) => ({ target: 2 * draws.normal() + (op === "skip" ? skip : 0), pace }));
    }),
  );
  return Array.from({ length: columns }, (_, i) => {
    const t = columns > 1 ? i / (columns - 1) : 1;
    return Float32Array.from(marks, ({ target, pace }) => decided * target * Math.min(1, pace * Math.max(0, (t - warmUpShare) / (1 - warmUpShare))));
  });
}

const warmUpShare = 0.2;

/** What a column of weights expects to cost, in the metric's own unit (µs, MACs, parameters). */
function expectationOf(space: Space, config: RunConfig, groups: readonly AlphaGroup[], table: LatencyTable | null): (weights: Float32Array) => number {
  const metric = config["fbnet.metric"];
  const costs = metric === "latency" ? (table && space.latency ? costsOf(table, space.latency) : null) : space.masked ? null : countCosts(space, metric);
  const model = space.masked ? space.masked.cost(config["fbnet2.share"], metric === "params" ? "params" : "macs").model : costs && tableModel(costs);
  const times = metric === "latency" || space.masked ? 1 : 1000;
  return (weights) => {
    let at = 0;
    const rows = groups.flatMap(({ rows: all, ops }) => all.map(() => weights.subarray(at, (at += ops.length))));
    return model ? times * expectedCost(model, rows).total : Number.NaN;
  };
}

function sampledNetworks(space: Space, table: LatencyTable | null, count: number, key: RngKey): Candidate[] {
  const draws = key.stream();
  const costs = table && space.latency ? costsOf(table, space.latency) : null;
  return Array.from({ length: count }, (_, index): Candidate => {
    const choices = space.mutator.sample(draws);
    const { macs, params } = space.cost(choices);
    return {
      ...{ index, id: space.encode(choices), choices, generation: 0, arm: "evolution", macs, params },
      origin: index === 0 ? { kind: "derived", rule: "official" } : { kind: "sampled" },
      accuracy: { value: 0.35 + 0.15 * draws.next(), n: 500 },
      logProbability: -2 - 6 * draws.next(),
      ...(costs ? { latencyUs: sumOfChoices(space, costs, choices) } : {}),
    };
  });
}

/**
 * Puts such a search on the page as the controller would: history, run store and experiment, everything else reset. The run stands at its last
 * column; the plan expects a quarter more steps.
 */
export function fakeFbnet(options: FakeFbnetOptions = {}): FakeFbnet {
  const { algorithm = "fbnet-v1", size = "nano", columns: count = 120, stride = 4, seed = 7, status = "running", phase = "supernet" } = options;
  const config: RunConfig = { ...defaultsFor(algorithm, size, algorithm), seed, ...options.config };
  const space = makeSpace(algorithm, size);
  const groups = alphaGroupsOf(config);
  const key = rootKey(seed).fold("fakeFbnet");
  const table = options.hasTable === false ? null : fakeTable(space, seed);
  const columns = count === 0 ? [] : fakeTheta(groups, { ...options, columns: count, seed });
  const steps = columns.map((_, i) => i * stride);
  const step = steps.at(-1) ?? 0;
  const planned = Math.max(8, Math.round(step * 1.25));
  const candidates = sampledNetworks(space, table, options.candidates ?? 0, key.fold("candidates"));

  const expected = expectationOf(space, config, groups, table);
  const warm = warmUpShare * step;
  const [tau0, tauEnd] = [config["fbnet.tau0"], config["fbnet.tauEnd"]];
  const tau = (at: number): number => tau0 * (tauEnd / tau0) ** Math.max(0, (at - warm) / Math.max(1, planned - warm));
  const noise = key.fold("loss").stream();
  const values = new Float32Array(columns.reduce((sum, column) => sum + column.length, 0));
  columns.forEach((column, i) => values.set(column, i * column.length));

  const empty = new Float64Array(0);
  const latest: LatestState = {
    ...fakeLatest(makeSpace("macro8", "nano"), { phase, step, status, done: step, total: planned, stepMs: 31, message: options.message ?? "" }),
    ...{ counts: empty, expected: empty, lossSum: empty, lossSquares: empty, pairs: empty },
  };
  const report: TableReport | null = table && { kind: "table", table, done: 1, total: 1, own: true };
  const log: LogEntry[] = [...(report ? [{ kind: "report" as const, report }] : []), ...candidates.map((candidate) => ({ kind: "candidate" as const, candidate }))];

  resetStores();
  history.alpha.begin(groups);
  experimentStore.setState({ config });
  runStore.setState({
    boot: { status: "ready", device: "wasm", data: [1, 1], kernels: [3, 3], message: "Ready" },
    plan: {
      ...{ runId: "fake", config },
      totals: { warmup: 1, supernet: planned, recalibrate: 0, search: 7, retrain: 0, test: 1 },
      splits: { weights: 4000, validation: 1000, test: 2000, evalImages: 500, recalibration: 256 },
    },
  });
  history.apply({
    ...{ kind: "frame", runId: "fake", seq: 0, latest, log },
    series: {
      loss: {
        step: Int32Array.from(steps, (at) => at + 1),
        phase: Uint8Array.from(steps, () => phaseIndex("supernet")),
        loss: Float32Array.from(steps, (at) => 1.2 + 1.1 * Math.exp((-3 * at) / Math.max(1, step)) + 0.05 * noise.normal()),
        lr: Float32Array.from(steps, () => 0.05),
      },
      alpha: { step: Int32Array.from(steps), values },
      cost: { step: Int32Array.from(steps), expected: Float32Array.from(columns, (column) => expected(rowSoftmax(column, groups))), tau: Float32Array.from(steps, tau) },
      accuracy: { step: new Int32Array(0), phase: new Uint8Array(0), split: new Uint8Array(0), accuracy: new Float32Array(0), n: new Int32Array(0) },
    },
  });
  runStore.setState({ latest });
  return { space, config, groups, table, candidates };
}
