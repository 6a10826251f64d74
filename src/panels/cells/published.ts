/** Cells of the literature on the page: which there are, showing one as the network on show, and going back to the run. */
import { choicesOfGenotype, genotypeOfChoices } from "@/nas/cell/choices";
import type { Genotype } from "@/nas/cell/genotype";
import { formatCellId } from "@/nas/cell/id";
import { publishedGenotypes } from "@/nas/cell/published";
import { experimentStore } from "@/store/experiment";
import { type NetworkOnShow, showNetwork } from "@/store/network";
import { runStore } from "@/store/run";

const published = Object.entries(publishedGenotypes as Readonly<Record<string, Genotype>>);
const nameOfId: ReadonlyMap<string, string> = new Map(
  published.map(([name, genotype]) => [formatCellId(genotype), name]),
);

export const publishedNames: readonly string[] = published.map(([name]) => name);

/** Name of a published pair of cells by its id; null for any other. */
export function publishedName(id: string): string | null {
  return nameOfId.get(id) ?? null;
}

/** Puts published cells on show, in the size of the experiment. Nothing is trained for them. */
export function showPublished(name: string): void {
  const genotype = published.find(([known]) => known === name)?.[1];
  if (genotype === undefined) return;
  const { size } = experimentStore.getState().config;
  const arch = { id: formatCellId(genotype), choices: choicesOfGenotype(genotype) };
  showNetwork({ source: "sample", spaceId: "darts-cell", size, arch, supernetAccuracy: null, retrainedAccuracy: null });
}

/** Back to the run: its winner where it has one. */
export function showRun(): void {
  const { plan, latest } = runStore.getState();
  const winner = latest?.metrics.winner;
  if (!plan || !winner) return showNetwork(null);
  showNetwork({
    source: "winner",
    spaceId: plan.config.space,
    size: plan.config.size,
    arch: { id: winner.id, choices: winner.choices },
    supernetAccuracy: winner.supernet,
    retrainedAccuracy: latest.metrics.test,
  });
}

/** Id of the cells on show, slots in their order: what retraining is asked for. Null for networks without a genotype. */
export function cellIdOf(shown: NetworkOnShow | null): string | null {
  if (shown === null || shown.spaceId !== "darts-cell") return null;
  const genotype = genotypeOfChoices(shown.arch.choices);
  return genotype.ok ? formatCellId(genotype.value) : null;
}
