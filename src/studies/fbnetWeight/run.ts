/** One search of the study by the app's own method, up to its samples; what is noted of it. */
import type { RunConfig } from "@/algorithms/configKeys";
import type { LatencyTables, MethodEvent, RunData } from "@/algorithms/method";
import { methodOf } from "@/algorithms/methods";
import { rootKey } from "@/lib/rng";
import type { Accuracy } from "@/nas/candidate";
import { softmaxRows } from "@/nas/cell/rows";
import { relativeEntropy } from "@/nas/relaxation/draws";
import type { Space } from "@/nas/space/types";
import type { Executor } from "@/nn/executor";

export interface WeightEnv {
  readonly executor: Executor;
  readonly data: RunData;
  readonly space: Space;
  /** Shared by all searches: one table, measured by the first. */
  readonly latency: LatencyTables;
  now(): number;
  report(part: string, done: number, total: number, loss: number | null): void;
}

export interface WeightOutcome {
  /** Argmax of θ. */
  readonly id: string;
  /** Its latency by the table, µs. */
  readonly sumUs: number;
  readonly macs: number;
  readonly skips: number;
  readonly layers: number;
  /** With the search network's weights, on the images that moved θ. */
  readonly inherited: Accuracy | null;
  /** Expected latency at first and at last, µs. */
  readonly expectedUs: readonly [number, number];
  /** Mean entropy of P_θ over the layers ÷ ln of the candidates. */
  readonly entropy: number;
  readonly searchSeconds: number;
}

const round = (value: number): number => Number(value.toFixed(3));

/** Search and sample; nothing is retrained. */
export async function searchOnce(env: WeightEnv, config: RunConfig): Promise<WeightOutcome> {
  const events: MethodEvent[] = [];
  const { executor, data, space, latency } = env;
  const run = methodOf(config).start({ config, space, executor, latency, data, key: rootKey(config.seed), now: () => env.now(), emit: (event) => events.push(event), spend: () => undefined }, null);
  let began = env.now();
  try {
    for await (const tick of run.ticks()) {
      const { phase, done, total, lastLoss } = run.status();
      if (tick.boundary === "phase" && phase === "supernet") began = env.now();
      if (tick.boundary === "phase" && phase === "retrain") break;
      if (tick.boundary === "step") env.report(`seed ${config.seed}, weight ${config["fbnet.weight"]}`, done, total, lastLoss);
    }
    const seconds = (env.now() - began) / 1000;
    const argmax = run.candidates()[0];
    if (!argmax) throw new Error("a search without an argmax");
    const genes = space.encode(argmax.choices);
    const ops = space.mixed?.groups[0]?.ops ?? [];
    const theta = events.flatMap((e) => (e.kind === "alpha" ? [e.values] : [])).at(-1) ?? new Float32Array();
    const costs = events.flatMap((e) => (e.kind === "cost" ? [e.expected] : []));
    const p = softmaxRows(theta, ops.length);
    const rows = Array.from({ length: theta.length / ops.length }, (_, row) => relativeEntropy(p.subarray(row * ops.length, (row + 1) * ops.length)));
    return {
      id: argmax.id,
      sumUs: round(argmax.latencyUs ?? Number.NaN),
      macs: argmax.macs,
      skips: [...genes].filter((gene) => ops[Number(gene)] === "skip").length,
      layers: genes.length,
      inherited: argmax.accuracy,
      expectedUs: [round(costs[0] ?? Number.NaN), round(costs.at(-1) ?? Number.NaN)],
      entropy: round(rows.reduce((a, b) => a + b, 0) / rows.length),
      searchSeconds: Math.round(seconds),
    };
  } finally {
    run.dispose();
  }
}
