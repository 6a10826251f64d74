/** Networks that can be put on show without a run: extremes and random members of the space on stage, and back to the winner. */
import { rootKey } from "@/lib/rng";
import { experimentStore } from "@/store/experiment";
import { showNetwork, spaceOf } from "@/store/network";
import { runStore } from "@/store/run";

export const sampleKinds = ["cheapest", "dearest", "random"] as const;
export type SampleKind = (typeof sampleKinds)[number];

/** Show a member of the experiment's space. `draw` numbers the random ones: equal seed and number, equal network. */
export function showSample(kind: SampleKind, draw = 0): void {
  const { space: spaceId, size, seed } = experimentStore.getState().config;
  const space = spaceOf(spaceId, size);
  const { min, max } = space.extremes("macs");
  const random = (): typeof min =>
    space.canonical(space.mutator.sample(rootKey(seed).fold("network-sample").fold(draw).stream()));
  const arch = kind === "cheapest" ? min : kind === "dearest" ? max : random();
  showNetwork({ source: "sample", spaceId, size, arch, supernetAccuracy: null, retrainedAccuracy: null });
}

/** The run's winner, when the search has ended. */
export function showWinner(): void {
  const { plan, latest } = runStore.getState();
  const winner = latest?.metrics.winner;
  if (!plan || !latest || !winner) return;
  showNetwork({
    source: "winner",
    spaceId: plan.config.space,
    size: plan.config.size,
    arch: { id: winner.id, choices: winner.choices },
    supernetAccuracy: winner.supernet,
    retrainedAccuracy: latest.metrics.test,
  });
}
