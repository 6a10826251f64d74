/**
 * A made-up differentiable search for panel tests and for looking at panels without a worker: drifting α of every group of a space,
 * and the store states that go with it. Everything derives from the seed; no number here means anything about a real network.
 */
import type { AlgorithmId, RunConfig, SpaceId } from "@/algorithms/configKeys";
import { defaultsFor } from "@/algorithms/defaults";
import { rootKey } from "@/lib/rng";
import { dartsPrimitives, edgeList } from "@/nas/cell/genotype";
import { makeSpace } from "@/nas/space/registry";
import type { AlphaGroup, AlphaRow, SizeId } from "@/nas/space/types";
import type { LatestState, RunStatus } from "@/session/protocol";
import { experimentStore } from "@/store/experiment";
import { history } from "@/store/history";
import { runStore } from "@/store/run";
import { fakeLatest, resetStores } from "./fakeRun";

export interface FakeAlphaOptions {
  readonly space?: SpaceId;
  readonly algorithm?: AlgorithmId;
  readonly size?: SizeId;
  /** Columns in the history; one every `stride` steps. */
  readonly columns?: number;
  readonly stride?: number;
  readonly seed?: number;
  /** How far α travels: 0 stays at the uniform mixture, 1 is an ordinary search. */
  readonly decided?: number;
  /** Extra pull of skip connections in the first group: 3 ends collapsed. */
  readonly skip?: number;
  readonly status?: RunStatus;
  readonly phase?: LatestState["phase"];
  readonly config?: Partial<RunConfig>;
}

/** Both groups of a cell space with this many nodes, as `darts-cell` names them. */
export function fakeAlphaGroups(nodes: number): AlphaGroup[] {
  const rows: readonly AlphaRow[] = edgeList(nodes).map(({ from, to }) => ({ label: `${to}←${from}`, from, to }));
  return (["normal", "reduce"] as const).map((id) => ({
    id,
    label: id === "normal" ? "Normal cell" : "Reduction cell",
    param: `alpha.${id}`,
    rows,
    ops: dartsPrimitives,
    none: 0,
  }));
}

/** How much an op is preferred before chance: `none` grows to the largest column, as in real searches. */
function pull(op: string, group: number, skip: number): number {
  if (op === "none") return group === 0 ? 0.7 : 1.5;
  if (op === "skip_connect" || op === "identity") return group === 0 ? 0.3 + skip : 0;
  return 0;
}

/** Raw α by column: a start near zero, a slow drift to a target of each row and op, a detour in the middle, a little noise. */
export function fakeAlphaValues(groups: readonly AlphaGroup[], options: FakeAlphaOptions = {}): Float32Array[] {
  const { columns = 120, seed = 7, decided = 1, skip = 0 } = options;
  const key = rootKey(seed).fold("fakeAlpha");
  const marks = groups.flatMap((group, g) =>
    group.rows.flatMap((_, row) => {
      const draws = key.fold(g).fold(row).stream();
      const detour = draws.int(group.ops.length);
      const pace = 0.7 + draws.next();
      return group.ops.map((op, k) => ({
        target: pull(op, g, skip) + 0.8 * draws.normal(),
        bump: k === detour ? 1.1 : 0,
        pace,
        start: 1e-3 * draws.normal(),
      }));
    }),
  );
  const noise = key.fold("noise").stream();
  const walk = new Float32Array(marks.length);
  return Array.from({ length: columns }, (_, i) => {
    const t = columns > 1 ? i / (columns - 1) : 1;
    return Float32Array.from(marks, ({ target, bump, pace, start }, at) => {
      walk[at] = 0.97 * (walk[at] as number) + 0.03 * noise.normal();
      return (
        start +
        decided *
          (target * Math.min(1.2, pace * t) * t ** 0.4 +
            bump * Math.sin(Math.PI * t) ** 2 * t +
            (walk[at] as number) * Math.min(1, 4 * t))
      );
    });
  });
}

/**
 * Puts such a run on the page as the controller would: history, run store and experiment, everything else reset. The run stands at its
 * last column.
 */
export function fakeAlpha(options: FakeAlphaOptions = {}): void {
  const { space = "darts-cell", size = "nano", stride = 4, status = "running", phase = "supernet" } = options;
  const groups = makeSpace(space, size).mixed?.groups ?? [];
  const columns = fakeAlphaValues(groups, options);
  const config: RunConfig = { ...defaultsFor(space, size, options.algorithm ?? "darts"), ...options.config };
  const step = Math.max(0, columns.length - 1) * stride;
  const empty = new Float64Array(0);
  const latest: LatestState = {
    ...fakeLatest(makeSpace("macro8", "nano"), { phase, step, status, done: step, total: step + 200, stepMs: 31 }),
    ...{ counts: empty, expected: empty, lossSum: empty, lossSquares: empty, pairs: empty },
  };
  resetStores();
  history.alpha.begin(groups);
  experimentStore.setState({ config });
  runStore.setState({
    boot: { status: "ready", device: "wasm", data: [1, 1], kernels: [3, 3], message: "Ready" },
    plan: {
      runId: "fake",
      config,
      totals: { warmup: 1, supernet: step + 200, recalibrate: 8, search: 0, retrain: 0, test: 1 },
      splits: { weights: 2000, validation: 2000, test: 2000, evalImages: 500, recalibration: 256 },
    },
  });
  const none = { i: new Int32Array(0), u: new Uint8Array(0), f: new Float32Array(0) };
  const values = new Float32Array(columns.reduce((sum, column) => sum + column.length, 0));
  columns.forEach((column, i) => values.set(column, i * column.length));
  history.apply({
    ...{ kind: "frame", runId: "fake", seq: 0, latest, log: [] },
    series: {
      loss: { step: none.i, phase: none.u, loss: none.f, lr: none.f },
      alpha: { step: Int32Array.from(columns, (_, i) => i * stride), values },
      cost: { step: none.i, expected: none.f, tau: none.f },
      accuracy: { step: none.i, phase: none.u, split: none.u, accuracy: none.f, n: none.i },
    },
  });
  runStore.setState({ latest });
}
