/** What the page must know of a run's method and space to arrange itself: which kind of search it is, and which panels have something to show. */
import type { AlgorithmId, RunConfig, SpaceId } from "@/algorithms/configKeys";
import { maskedGroups } from "@/nas/space/maskedGroups";
import type { AlphaGroup } from "@/nas/space/types";
import { spaceOf } from "./network";
import type { PanelId } from "./view";

export type MethodConfig = Pick<RunConfig, "algorithm" | "space" | "retrain.arch">;

/**
 * How a method searches: by sampled paths and evolution, by mixtures of all candidates, by mixtures that are drawn and weigh a cost, or by a
 * predictor of trained pairs.
 */
export type SearchKind = "sampled" | "mixed" | "stochastic" | "joint";

const searchKinds: Readonly<Record<AlgorithmId, SearchKind>> = { spos: "sampled", darts: "mixed", gdas: "mixed", "fbnet-v1": "stochastic", "fbnet-v2": "stochastic", "fbnet-v3": "joint" };

export function searchKind({ algorithm }: Pick<RunConfig, "algorithm">): SearchKind {
  return searchKinds[algorithm];
}

/** Whether the run searches by architecture weights (α, θ). */
export function hasAlpha(config: Pick<RunConfig, "algorithm">): boolean {
  const kind = searchKind(config);
  return kind === "mixed" || kind === "stochastic";
}

/** Whether the members of a space are cells, not one op a layer. */
export function isCellSpace(space: SpaceId): boolean {
  return spaceOf(space, "nano").slots.length === 0;
}

/** Whether the run only trains the architecture that it was given. */
export function searchesNothing(config: Pick<RunConfig, "retrain.arch">): boolean {
  return config["retrain.arch"] !== null;
}

/** Rows of architecture weights that such a run keeps, in the order of its columns; none where it has no weights. */
export function alphaGroupsOf(config: Pick<RunConfig, "algorithm" | "space" | "size" | "retrain.arch" | "fbnet2.share">): readonly AlphaGroup[] {
  if (!hasAlpha(config) || searchesNothing(config)) return [];
  const { mixed, masked } = spaceOf(config.space, config.size);
  if (config.algorithm === "fbnet-v2") return masked ? maskedGroups(masked.rows(config["fbnet2.share"])) : [];
  return mixed?.groups ?? [];
}

/** Whether a panel has something to show for such a run; each panel says itself why it has not. */
export function panelApplies(panel: PanelId, config: MethodConfig): boolean {
  switch (panel) {
    case "path":
      return !isCellSpace(config.space) && (searchKind(config) === "sampled" || searchesNothing(config));
    case "pool":
      return searchKind(config) !== "mixed" && !searchesNothing(config);
    case "streams":
      return hasAlpha(config) && !searchesNothing(config);
    case "cells":
      return isCellSpace(config.space);
    case "theta":
      return searchKind(config) === "stochastic" && !searchesNothing(config);
    case "latency":
      return spaceOf(config.space, "nano").latency !== undefined && searchKind(config) === "stochastic" && !searchesNothing(config);
    case "joint":
      return searchKind(config) === "joint" && !searchesNothing(config);
    case "curves":
    case "data":
    case "network":
      return true;
    default:
      return panel satisfies never;
  }
}
