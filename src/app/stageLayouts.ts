/** Which panels stand on the stage for which run, as data: another method or kind of space is another row here. */
import { isCellSpace, type MethodConfig, panelApplies, searchesNothing, searchKind } from "@/store/methods";
import type { PanelId } from "@/store/view";

export interface StageLayout {
  /** Names the splitters that are remembered. */
  readonly id: string;
  readonly panes: readonly [upper: PanelId, lower: PanelId];
  /** Height of the upper pane, percent. */
  readonly share: string;
}

/** Panels that belong on the stage. Data has its place in the rail, curves in the dock, the network beside the stage where it is not on it. */
const stagePanels: readonly PanelId[] = ["path", "pool", "cells", "streams", "theta", "latency", "joint"];

const layouts: Readonly<Record<string, Omit<StageLayout, "id">>> = {
  "sampled-layers": { panes: ["path", "pool"], share: "53" },
  "sampled-cells": { panes: ["pool", "cells"], share: "50" },
  "mixed-cells": { panes: ["cells", "streams"], share: "52" },
  "mixed-layers": { panes: ["streams", "network"], share: "55" },
  "stochastic-layers": { panes: ["theta", "latency"], share: "53" },
  // Masks are not measured layer by layer.
  "stochastic-masks": { panes: ["theta", "network"], share: "58" },
  "joint-layers": { panes: ["joint", "pool"], share: "58" },
  "joint-cells": { panes: ["joint", "pool"], share: "58" },
  "retrain-cells": { panes: ["cells", "network"], share: "45" },
  "retrain-layers": { panes: ["path", "network"], share: "45" },
};

/** The stage of a run. */
export function stageLayout(config: MethodConfig): StageLayout {
  const search = searchesNothing(config) ? "retrain" : searchKind(config);
  const members = isCellSpace(config.space) ? "cells" : "layers";
  const kind = `${search}-${search === "stochastic" && !panelApplies("latency", config) ? "masks" : members}`;
  const layout = layouts[kind] as Omit<StageLayout, "id">;
  return { id: `${config.algorithm}-${kind}`, ...layout };
}

/** Tabs over the lower pane: what stands there, then every stage panel that stands nowhere. */
export function lowerTabs({ panes }: StageLayout): readonly PanelId[] {
  return [panes[1], ...stagePanels.filter((panel) => !panes.includes(panel))];
}

/** What the lower pane shows while a panel is in front: that panel where it has no place of its own. */
export function lowerPanel(layout: StageLayout, front: PanelId): PanelId {
  return lowerTabs(layout).includes(front) ? front : layout.panes[1];
}

/** Tabs of the one-panel stage: what applies to the run, and what was asked for all the same. Curves stand in the dock. */
export function singleTabs(layout: StageLayout, config: MethodConfig, front: PanelId): readonly PanelId[] {
  const rest: readonly PanelId[] = [...stagePanels, "data", "network"];
  const all = [...layout.panes, ...rest.filter((panel) => !layout.panes.includes(panel))];
  const shown = all.filter((panel) => panelApplies(panel, config) || panel === front);
  // Data and network last, wherever the layout has them.
  return [...shown.filter((panel) => stagePanels.includes(panel)), "data", "network"];
}

/** What the one-panel stage shows while a panel is in front. */
export function singlePanel(layout: StageLayout, front: PanelId): PanelId {
  return front === "curves" ? layout.panes[0] : front;
}
