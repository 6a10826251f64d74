/**
 * The end of a differentiable search: α becomes a member (spec darts 4), and mixture and member are scored with the same weights on the same
 * images, statistics recalibrated for each. The difference is the discretisation gap.
 */
import { AppError } from "@/lib/appError";
import type { Candidate } from "@/nas/candidate";
import { skipLevel } from "@/nas/cell/skips";
import type { Graph } from "@/nas/graph";
import type { Choices } from "@/nas/mutable";
import { networkCost } from "@/nas/space/networkCost";
import type { DeriveOptions, Derivation, MixedSpace, Space } from "@/nas/space/types";
import { sizeOptionsOf } from "../config";
import type { RunConfig } from "../configKeys";
import type { MethodEnv, Tick } from "../method";
import type { Evaluator } from "../shared/evaluator";
import type { DartsState } from "./state";

export function deriveOptions(config: RunConfig): DeriveOptions {
  return { rule: config["darts.derive"], skipLimit: config["darts.skipLimit"] };
}

export function mixedOf(space: Space): MixedSpace {
  if (!space.mixed) throw new AppError("bug", `${space.id} has no mixtures`);
  return space.mixed;
}

/** What α says now; null before it was first read. */
export function derivationOf(space: Space, config: RunConfig, alphas: readonly (readonly number[])[]): Derivation | null {
  if (alphas.length === 0) return null;
  return mixedOf(space).derive(alphas.map((group) => Float32Array.from(group)), deriveOptions(config));
}

/** Sentences about a derived member that a reader should not miss. */
export function warningsOf(space: Space, derivation: Derivation): string[] {
  const out: string[] = [];
  mixedOf(space).groups.forEach(({ label, id }, group) => {
    const kept = derivation.kept[group]?.filter((op) => op >= 0).length ?? 0;
    const skips = derivation.skips[group] ?? 0;
    const level = skipLevel(id, skips, kept);
    if (level === "ok") return;
    const words = level === "collapsed" ? "has collapsed" : "is rich in skip connections";
    out.push(`${label} ${words}: ${skips} of its ${kept} ops are skips. Warm-up epochs, a skip limit or a lower rate of α are the usual cures.`);
  });
  return out;
}

/** Scores the mixture, then the member; emits the member as the run's candidate. */
export async function* deriveAndScore(env: MethodEnv, state: DartsState, evaluator: Evaluator, graphs: { readonly search: Graph; of(choices: Choices): Graph }, skipped: () => boolean): AsyncGenerator<Tick, void, void> {
  const { space, config } = env;
  const derivation = derivationOf(space, config, state.alphas);
  if (derivation === null) throw new AppError("bug", "the search ended before α was read");
  const calibrate = config["bn.recal"] > 0;
  if (state.supernet === null) {
    const accuracy = yield* evaluator.score(graphs.search, calibrate);
    state.supernet = accuracy;
    state.searchDone = 1;
    // The check at the end of an epoch has said it already.
    if (state.checkedStep !== state.supernetStep) env.emit({ kind: "accuracy", step: state.supernetStep, phase: "supernet", split: "validation", accuracy });
    yield { boundary: "step" };
  }
  if (state.derived !== null) return;
  const arch = { choices: derivation.choices, id: space.encode(derivation.choices) };
  // Leaving early keeps the member without its score.
  const accuracy = skipped() ? null : yield* evaluator.score(graphs.of(arch.choices), calibrate);
  const { macs, params } = networkCost(space, arch.choices, sizeOptionsOf(config));
  const candidate: Candidate = { index: 0, id: arch.id, choices: arch.choices, origin: { kind: "derived", rule: config["darts.derive"] }, generation: 0, arm: "evolution", macs, params, accuracy };
  state.derived = candidate;
  state.searchDone = 2;
  for (const message of warningsOf(space, derivation)) env.emit({ kind: "note", level: "warning", message });
  env.emit({ kind: "candidate", candidate });
  if (accuracy) env.emit({ kind: "accuracy", step: state.supernetStep, phase: "search", split: "validation", accuracy });
  yield { boundary: "step" };
}
