/** What the page must know of a run's method and space to arrange itself: which kind of search it is, and which panels have something to show. */
import type { RunConfig, SpaceId } from "@/algorithms/configKeys";
import { spaceOf } from "./network";
import type { PanelId } from "./view";

export type MethodConfig = Pick<RunConfig, "algorithm" | "space" | "retrain.arch">;

/** Whether the run searches by architecture weights (α) instead of sampled paths. */
export function hasAlpha({ algorithm }: Pick<RunConfig, "algorithm">): boolean {
  return algorithm !== "spos";
}

/** Whether the members of a space are cells, not one op a layer. */
export function isCellSpace(space: SpaceId): boolean {
  return spaceOf(space, "nano").slots.length === 0;
}

/** Whether the run only trains the architecture that it was given. */
export function searchesNothing(config: Pick<RunConfig, "retrain.arch">): boolean {
  return config["retrain.arch"] !== null;
}

/** Whether a panel has something to show for such a run; each panel says itself why it has not. */
export function panelApplies(panel: PanelId, config: MethodConfig): boolean {
  switch (panel) {
    case "path":
      return !isCellSpace(config.space) && (!hasAlpha(config) || searchesNothing(config));
    case "pool":
      return !hasAlpha(config) && !searchesNothing(config);
    case "streams":
      return hasAlpha(config) && !searchesNothing(config);
    case "cells":
      return isCellSpace(config.space);
    case "curves":
    case "data":
    case "network":
      return true;
    default:
      return panel satisfies never;
  }
}
