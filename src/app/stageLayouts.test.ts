/** Which panels stand where, for every method and kind of space. */
import { describe, expect, it } from "vitest";
import { algorithmIds, defaultsFor, pairProblem, type RunConfig, spaceIds } from "@/store/keys";
import { panelApplies } from "@/store/methods";
import { lowerPanel, lowerTabs, singlePanel, singleTabs, stageLayout } from "./stageLayouts";

const searches = algorithmIds.flatMap((algorithm) =>
  spaceIds
    .filter((space) => pairProblem(algorithm, space) === null)
    .map((space) => defaultsFor(space, "nano", algorithm)),
);
const given = searches.map((config): RunConfig => ({ ...config, "retrain.arch": "x" }));
const named = (configs: readonly RunConfig[]) =>
  configs.map(
    (config) =>
      [`${config.algorithm} on ${config.space}${config["retrain.arch"] === null ? "" : ", given"}`, config] as const,
  );

describe.each(named([...searches, ...given]))("%s", (_, config) => {
  const layout = stageLayout(config);

  it("stands on panels that apply", () => {
    for (const panel of layout.panes) expect(panelApplies(panel, config), panel).toBe(true);
  });

  it("hides no panel: whatever is not above is a tab below", () => {
    expect(new Set([layout.panes[0], ...lowerTabs(layout)]).size).toBe(1 + lowerTabs(layout).length);
    for (const panel of ["path", "pool", "streams", "cells", "theta", "latency", "joint"] as const)
      expect([layout.panes[0], ...lowerTabs(layout)]).toContain(panel);
  });

  it("has on a projector a tab for what applies, data and network last", () => {
    const tabs = singleTabs(layout, config, layout.panes[0]);
    expect(tabs.slice(-2)).toEqual(["data", "network"]);
    expect(tabs.every((panel) => panelApplies(panel, config))).toBe(true);
    expect(new Set(tabs).size).toBe(tabs.length);
  });
});

it.each([
  ["spos", "macro8", ["path", "pool"]],
  ["spos", "darts-cell", ["pool", "cells"]],
  ["darts", "darts-cell", ["cells", "streams"]],
  ["gdas", "nasbench201-cell", ["cells", "streams"]],
  ["darts", "spos", ["streams", "network"]],
  ["fbnet-v1", "fbnet-v1", ["theta", "latency"]],
  ["fbnet-v2", "fbnet-v2", ["theta", "network"]],
  ["fbnet-v3", "fbnet-v3", ["joint", "pool"]],
  ["fbnet-v3", "macro8", ["joint", "pool"]],
] as const)("%s on %s: %s", (algorithm, space, panes) => {
  expect(stageLayout(defaultsFor(space, "nano", algorithm)).panes).toEqual(panes);
});

it("brings what was asked for to the lower pane, applicable or not", () => {
  const layout = stageLayout(defaultsFor("macro8", "nano"));
  expect(lowerPanel(layout, "path")).toBe("pool");
  expect(lowerPanel(layout, "data")).toBe("pool");
  expect(lowerPanel(layout, "streams")).toBe("streams");
  expect(singlePanel(layout, "curves")).toBe("path");
  expect(singleTabs(layout, defaultsFor("macro8", "nano"), "cells")).toContain("cells");
});

it("remembers splitters by method and kind of space", () => {
  const ids = searches.map((config) => stageLayout(config).id);
  const kinds = ids.map((id) => /-cells$/.test(id));
  expect(new Set(ids).size).toBe(new Set(searches.map(({ algorithm }, i) => `${algorithm} ${kinds[i]}`)).size);
  expect(new Set(ids).size).toBeGreaterThan(algorithmIds.length);
});
