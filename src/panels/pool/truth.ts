/**
 * The supernet's ranking against the published one (NAS-Bench-Macro): pairs of predicted and true accuracy over distinct networks,
 * Kendall τ-b, and the two simple rankings a search has to beat, recomputed on exactly the networks shown.
 */
import type { Candidate } from "@/nas/candidate";
import { kendallTauB } from "@/nas/ranking";
import type { Space } from "@/nas/space/types";
import type { RunState } from "@/store/run";

export type TruthTable = NonNullable<RunState["truth"]>;

/** τ-b between two full trainings of the same networks: no ranking can be expected to do better. */
export const ceilingTau = 0.88;

export interface TruthPoint {
  readonly candidate: Candidate;
  readonly predicted: number;
  readonly true: number;
}

export interface TruthModel {
  readonly points: readonly TruthPoint[];
  readonly evolution: number;
  readonly randomOnly: number;
  /** NaN when it is not defined: fewer than two networks, or all equal. */
  readonly tau: number;
  readonly flopsTau: number;
  readonly layersTau: number;
  /** Counting non-identity layers ranks these networks better than the supernet does. */
  readonly isBelowLayers: boolean;
  /** Below full width the truth is that of wider networks than were trained. */
  readonly isProxy: boolean;
  /** True accuracies of the whole table, for the background. */
  readonly all: Float64Array;
  readonly rows: number;
}

function activeLayers(space: Space, candidate: Candidate): number {
  return space.mutables.filter((m) => candidate.choices[m.id] !== "identity").length;
}

const positions = new WeakMap<TruthTable, ReadonlyMap<string, number>>();

/** Row by id; built once a table. */
function rowsOf(table: TruthTable): ReadonlyMap<string, number> {
  let rows = positions.get(table);
  if (!rows) positions.set(table, (rows = new Map(table.ids.map((id, i) => [id, i]))));
  return rows;
}

/** Networks that were evaluated and are in the table, one each; the evolution arm's evaluation counts where both arms met one. */
export function buildTruth(space: Space, table: TruthTable, candidates: readonly Candidate[]): TruthModel {
  const rows = rowsOf(table);
  const byId = new Map<string, Candidate>();
  for (const c of candidates) {
    if (c?.accuracy && rows.has(c.id) && (c.arm === "evolution" || !byId.has(c.id))) byId.set(c.id, c);
  }
  const networks = [...byId.values()];
  const row = (c: Candidate): number => rows.get(c.id) ?? -1;
  const truth = networks.map((c) => table.accuracy[row(c)] ?? NaN);
  const predicted = networks.map((c) => c.accuracy?.value ?? NaN);
  const against = (ranking: number[]): number => kendallTauB(ranking, truth);
  const tau = against(predicted);
  const layersTau = against(networks.map((c) => activeLayers(space, c)));
  const evolution = networks.filter((c) => c.arm === "evolution").length;
  return {
    points: networks.map((candidate, i) => ({ candidate, predicted: predicted[i] ?? NaN, true: truth[i] ?? NaN })),
    evolution,
    randomOnly: networks.length - evolution,
    tau,
    flopsTau: against(networks.map((c) => table.macs[row(c)] ?? NaN)),
    layersTau,
    isBelowLayers: tau < layersTau,
    isProxy: space.size !== "full",
    all: table.accuracy,
    rows: table.rows,
  };
}
