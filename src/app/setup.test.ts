/** The setup form as data: every key has exactly one place, and words. */
import { describe, expect, it } from "vitest";
import {
  type AlgorithmId,
  algorithmIds,
  type ConfigKey,
  defaultsFor,
  keySpecs,
  pairProblem,
  type RunConfig,
  type SpaceId,
  spaceIds,
} from "@/store/keys";
import { text } from "@/viz/copy";
import { barKeys, settingGroups } from "./setupModel";

const pairs = algorithmIds
  .flatMap((algorithm) => spaceIds.map((space) => [algorithm, space] as const))
  .filter(([algorithm, space]) => pairProblem(algorithm, space) === null);
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

  it("keep to what FBNet does: no α of DARTS, a table only where time is weighed, recipes choose their own rates", () => {
    const [v1, v2, v3] = [
      keysOf("fbnet-v1", "fbnet-v1"),
      keysOf("fbnet-v2", "fbnet-v2"),
      keysOf("fbnet-v3", "fbnet-v3"),
    ];
    for (const keys of [v1, v2, v3]) expect(keys.some((key) => /^(darts|gdas|evo|spos)\./.test(key))).toBe(false);
    expect(v1).toEqual(expect.arrayContaining(["fbnet.paths", "fbnet.tableBatch", "fbnet.device"]));
    expect(v1.some((key) => key.startsWith("fbnet2."))).toBe(false);
    expect(v2).toEqual(expect.arrayContaining(["fbnet2.mode", "fbnet2.share", "fbnet.weight"]));
    for (const key of ["fbnet.paths", "fbnet.tableBatch", "fbnet.device"] as const) expect(v2).not.toContain(key);
    expect(v3).toEqual(expect.arrayContaining(["fbnet3.m", "fbnet3.limit", "train.batch"]));
    for (const key of ["train.lr", "retrain.lr", "retrain.wd"] as const) expect(v3).not.toContain(key);
  });

  it("say what the loss makes of its weight and target, and why inner has no weight", () => {
    const row = (key: ConfigKey, change: Partial<RunConfig>, algorithm: AlgorithmId = "fbnet-v1") => {
      const config = {
        ...defaultsFor(algorithm === "fbnet-v2" ? "fbnet-v2" : "fbnet-v1", "nano", algorithm),
        ...change,
      };
      const found = settingGroups(config, [])
        .flatMap((group) => group.rows)
        .find((one) => one.key === key);
      if (!found) throw new Error(`no row for ${key}`);
      return found;
    };
    expect(row("fbnet.weight", {}).label).toContain("β");
    expect(row("fbnet.weight", {}).disabled).toBeNull();
    expect(row("fbnet.weight", { "fbnet.loss": "additive" }).label).toContain("α");
    expect(row("fbnet.weight", { "fbnet.loss": "normalised" }).label).toContain("λ");
    expect(row("fbnet.weight", { "fbnet.loss": "inner" }).disabled).toContain("only a factor");
    expect([
      row("fbnet.target", {}).unit,
      row("fbnet.target", { "fbnet.metric": "macs" }).unit,
      row("fbnet.target", {}, "fbnet-v2").unit,
    ]).toEqual(["ms", "M FLOPs", "M FLOPs"]);
    expect(row("fbnet.loss", {}).hint).toContain("outside the logarithm");
    expect(row("fbnet.metric", {}, "fbnet-v2").spec).toMatchObject({ values: ["macs", "params"] });
    expect(row("fbnet.metric", {}).spec).toMatchObject({ values: ["latency", "macs", "params"] });
  });

  it("say how a rate falls, which differs by method", () => {
    const hint = (algorithm: AlgorithmId): string | undefined => text.settings.of("train.lr", algorithm).hint;
    expect(hint("spos")).toContain("linearly");
    expect(hint("darts")).toContain("cosine");
    expect(text.settings.of("train.wd", "gdas").hint).toContain("0.0005");
  });
});
