/** The setup form as data: every key has exactly one place, and words. */
import { describe, expect, it } from "vitest";
import {
  type AlgorithmId,
  algorithmIds,
  type ConfigKey,
  defaultsFor,
  keySpecs,
  type SpaceId,
  spaceIds,
} from "@/store/keys";
import { text } from "@/viz/copy";
import { barKeys, settingGroups } from "./setupModel";

const pairs = algorithmIds.flatMap((algorithm) => spaceIds.map((space) => [algorithm, space] as const));
const keysOf = (algorithm: AlgorithmId, space: SpaceId): ConfigKey[] =>
  settingGroups(defaultsFor(space, "nano", algorithm), []).flatMap((group) => group.rows.map((row) => row.key));

describe("setting groups", () => {
  it.each(pairs)("%s on %s: no key twice, none of the control bar, none without words", (algorithm, space) => {
    const keys = keysOf(algorithm, space);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => barKeys.includes(key))).toEqual([]);
    for (const key of keys) expect(text.settings.of(key, algorithm).label, key).not.toBe(key);
    for (const group of settingGroups(defaultsFor(space, "nano", algorithm), []))
      expect(group.rows.length, group.id).toBeGreaterThan(0);
  });

  it("show every key of the specs for at least one method and space", () => {
    const shown = new Set<ConfigKey>([...barKeys, ...pairs.flatMap(([algorithm, space]) => keysOf(algorithm, space))]);
    expect((Object.keys(keySpecs) as ConfigKey[]).filter((key) => !shown.has(key))).toEqual([]);
  });

  it("keep to what the method does", () => {
    const starts = (keys: readonly ConfigKey[]): Set<string> => new Set(keys.map((key) => key.split(".")[0] ?? ""));
    expect(starts(keysOf("spos", "macro8")).has("darts")).toBe(false);
    expect(starts(keysOf("darts", "darts-cell")).has("evo")).toBe(false);
    expect(starts(keysOf("darts", "darts-cell")).has("gdas")).toBe(false);
    expect(keysOf("darts", "darts-cell")).toContain("darts.order");
    expect(keysOf("gdas", "darts-cell")).not.toContain("darts.order");
    expect(keysOf("gdas", "darts-cell")).toContain("gdas.tauMin");
  });

  it("ask for width and depth only where networks have them", () => {
    const sized = (space: SpaceId): ConfigKey[] =>
      keysOf("darts", space).filter((key) =>
        ["retrain.width", "retrain.cells", "retrain.dropPath", "retrain.aux"].includes(key),
      );
    expect(sized("macro8")).toEqual([]);
    expect(sized("nasbench201-cell")).toEqual(["retrain.width", "retrain.cells"]);
    expect(sized("darts-cell")).toHaveLength(4);
  });

  it("say how a rate falls, which differs by method", () => {
    const hint = (algorithm: AlgorithmId): string | undefined => text.settings.of("train.lr", algorithm).hint;
    expect(hint("spos")).toContain("linearly");
    expect(hint("darts")).toContain("cosine");
    expect(text.settings.of("train.wd", "gdas").hint).toContain("0.0005");
  });
});
