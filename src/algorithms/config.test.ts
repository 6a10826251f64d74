import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizes } from "@/nas/space/types";
import { differingKeys, formatValue, parseConfig, parseQuantity } from "./config";
import { algorithmIds, type ConfigKey, keySpecs, ownSpace, type RunConfig, type SpaceId, spaceIds } from "./configKeys";
import { defaultsFor } from "./defaults";
import { pairProblem } from "./pairs";

const keys = Object.keys(keySpecs) as ConfigKey[];

describe("defaults by size", () => {
  // The table of defaults, row by row: nano, tiny, small, full.
  const table: Partial<Record<ConfigKey, readonly [unknown, unknown, unknown, unknown]>> = {
    "train.batch": [32, 64, 128, 128],
    "train.steps": [1500, 2000, null, null],
    "train.lr": [0.015625, 0.03125, 0.0625, 0.0625],
    "train.wd": [4e-5, 4e-5, 4e-5, 4e-5],
    "train.clip": [5, 5, 5, 5],
    "spos.sampler": ["uniform", "uniform", "uniform", "uniform"],
    "bn.recal": [8, 4, 8, 16],
    "eval.images": [500, 1000, null, null],
    "evo.pool": [16, 50, 50, 50],
    "evo.topk": [5, 10, 10, 10],
    "evo.mutation": [8, 25, 25, 25],
    "evo.crossover": [8, 25, 25, 25],
    "evo.prob": [0.1, 0.1, 0.1, 0.1],
    "evo.generations": [3, 10, 20, 20],
    "evo.metric": ["macs", "macs", "macs", "macs"],
    "evo.min": [null, null, null, null],
    "evo.random": [true, true, true, true],
    "retrain.batch": [32, 64, 128, 128],
    "retrain.steps": [1500, null, null, null],
    "retrain.lr": [0.0125, 0.025, 0.05, 0.05],
    "retrain.wd": [5e-4, 5e-4, 5e-4, 5e-4],
    "retrain.cutout": [16, 16, 16, 16],
    seed: [7, 7, 7, 7],
    dataset: Array(4).fill("emoji10") as [string, string, string, string],
    backend: ["auto", "auto", "auto", "auto"],
    algorithm: ["spos", "spos", "spos", "spos"],
  };
  const limits: Partial<Record<SpaceId, number[]>> = { macro8: [1.43e6, 4.6e6, 16.1e6, 60e6], spos: [0.65e6, 1.21e6, 17.4e6, 104.6e6] };

  it.each(spaceIds.filter((space) => pairProblem("spos", space) === null))("are those of the table for %s", (space) => {
    for (const [i, size] of sizes.entries()) {
      const { config, problems } = parseConfig({ space, size }, "refuse");
      expect(problems).toEqual([]);
      for (const [key, row] of Object.entries(table)) expect([size, key, config[key as ConfigKey]]).toEqual([size, key, row[i]]);
      expect(config["evo.limit"]).toBe(limits[space]?.[i] ?? null);
    }
  });

  it("take nano where no size is given, or the size that the device proposes", () => {
    expect(parseConfig({}, "clamp").config.size).toBe("nano");
    expect(parseConfig({}, "clamp", { defaultSize: "tiny" }).config).toEqual(defaultsFor("macro8", "tiny"));
    expect(parseConfig({ size: "small" }, "clamp", { defaultSize: "tiny" }).config.size).toBe("small");
  });
});

describe("one value", () => {
  it.each([
    ["4.6M", 4_600_000],
    ["1.43M", 1_430_000],
    ["2k", 2000],
    [" 12 ", 12],
    ["1e3", 1000],
    [".5", 0.5],
    ["0.3333333333333333", 0.3333333333333333],
    ["-3", -3],
  ])("%s is %d", (text, value) => expect(parseQuantity(text)).toBe(value));

  it.each(["", "4.6 G", "1M2", "0x10", "Infinity", "NaN", "1,000", "--1", "k"])("%j is no number", (text) => expect(parseQuantity(text)).toBeNaN());

  it("outside its limits is clamped with a note in the page and a problem on the command line", () => {
    const page = parseConfig({ seed: -5, "train.batch": 9999, "evo.prob": "1.5", "train.steps": 2.4 }, "clamp");
    expect(page.config).toMatchObject({ seed: 0, "train.batch": 1024, "evo.prob": 1, "train.steps": 2 });
    expect(page.notes.map((n) => [n.key, n.kind])).toEqual([["seed", "clamped"], ["train.batch", "clamped"], ["evo.prob", "clamped"], ["train.steps", "clamped"]]);
    expect(page.problems).toEqual([]);
    const command = parseConfig({ seed: -5 }, "refuse");
    expect(command.problems).toEqual([expect.objectContaining({ code: "config.invalid", message: expect.stringContaining("0 to 4294967295") })]);
  });

  it("that cannot be read keeps the default and says what is allowed", () => {
    const { config, notes, given } = parseConfig({ size: "huge", "evo.limit": "lots", "evo.random": "maybe", dataset: "../etc" }, "clamp");
    expect(config).toEqual(defaultsFor("macro8", "nano"));
    expect(given).toEqual([]);
    expect(notes.map((n) => n.kind)).toEqual(Array(4).fill("invalid"));
    expect(notes[0]?.message).toContain("nano, tiny, small, full");
    expect(notes[1]?.message).toContain("none");
  });

  it("that is only unusual is taken with a warning, on the command line too", () => {
    const { config, notes, problems } = parseConfig({ "train.lr": 3 }, "refuse");
    expect(config["train.lr"]).toBe(3);
    expect(notes.map((n) => n.kind)).toEqual(["warning"]);
    expect(problems).toEqual([]);
  });

  it("may be spelled with words: none, auto, all, on, off", () => {
    const { config, notes } = parseConfig({ "evo.limit": "none", "train.steps": "auto", "eval.images": "all", "evo.random": "off" }, "refuse");
    expect(notes).toEqual([]);
    expect(config).toMatchObject({ "evo.limit": null, "train.steps": null, "eval.images": null, "evo.random": false });
  });
});

describe("keys", () => {
  it("alg and algorithm are the same; a later one wins", () => {
    expect(parseConfig({ alg: "spos" }, "refuse").given).toEqual(["algorithm"]);
    expect(parseConfig({ algorithm: "spos", alg: "nope" }, "clamp").notes).toEqual([expect.objectContaining({ key: "algorithm", kind: "invalid" })]);
  });

  it("that are unknown are reported, with what was probably meant", () => {
    const of = (key: string) => parseConfig({ [key]: 1 }, "refuse").problems[0]?.message ?? "";
    expect(of("evo.pol")).toContain("evo.pool");
    expect(of("limit")).toContain("Did you mean fbnet3.limit, evo.limit?");
    expect(of("train.cutout")).toContain("Did you mean retrain.cutout?");
    // Nothing like it: no guess, but the whole list.
    expect(of("colour")).toContain("Allowed: algorithm, space, size");
  });
});

describe("keys together", () => {
  it("keep mutation + crossover within the pool and top-k too", () => {
    const page = parseConfig({ "evo.pool": 10, "evo.mutation": 8, "evo.crossover": 8, "evo.topk": 20 }, "clamp");
    expect(page.config).toMatchObject({ "evo.mutation": 8, "evo.crossover": 2, "evo.topk": 10 });
    expect(page.notes.map((n) => n.key)).toEqual(["evo.mutation", "evo.topk"]);
    expect(parseConfig({ "evo.pool": 10, "evo.mutation": 8, "evo.crossover": 8 }, "refuse").problems).toHaveLength(1);
  });

  it("let what was not asked for follow a smaller pool without a word", () => {
    const { config, notes } = parseConfig({ "evo.pool": 4 }, "refuse");
    expect(config).toMatchObject({ "evo.topk": 4, "evo.mutation": 2, "evo.crossover": 2 });
    expect(notes).toEqual([]);
  });

  it("drop a lower bound above the upper one, and the default limit in another unit", () => {
    expect(parseConfig({ "evo.min": "2M", "evo.limit": "1M" }, "clamp").config).toMatchObject({ "evo.min": null, "evo.limit": 1e6 });
    expect(parseConfig({ "evo.metric": "params" }, "refuse").config["evo.limit"]).toBeNull();
  });

  it("keep a temperature from rising, and let the last one follow a smaller first without a word", () => {
    const page = parseConfig({ algorithm: "fbnet-v1", "fbnet.tau0": 2, "fbnet.tauEnd": 3 }, "clamp");
    expect(page.config).toMatchObject({ "fbnet.tau0": 2, "fbnet.tauEnd": 2 });
    expect(page.notes.map((n) => [n.key, n.kind])).toEqual([["fbnet.tauEnd", "clamped"]]);
    expect(parseConfig({ algorithm: "fbnet-v1", "fbnet.tau0": 0.1 }, "refuse")).toMatchObject({ problems: [], config: { "fbnet.tauEnd": 0.1 } });
  });

  it("let FBNetV2 weigh counts only, and leave keys of other methods alone", () => {
    const page = parseConfig({ algorithm: "fbnet-v2", "fbnet.metric": "latency" }, "clamp");
    expect(page.config["fbnet.metric"]).toBe("macs");
    expect(page.notes).toEqual([expect.objectContaining({ key: "fbnet.metric", message: expect.stringContaining("MACs or params") })]);
    expect(parseConfig({ algorithm: "fbnet-v2", "fbnet.metric": "latency" }, "refuse").problems).toHaveLength(1);
    expect(parseConfig({ algorithm: "fbnet-v2", "fbnet.metric": "params" }, "refuse").problems).toEqual([]);
    expect(parseConfig({ algorithm: "spos", "fbnet2.share": "block", "fbnet3.m": 3 }, "refuse")).toMatchObject({ notes: [], problems: [], config: { "fbnet2.share": "block", "fbnet3.m": 3 } });
  });
});

/** Whatever holds for every configuration that a run may be opened with. */
function expectSound(config: RunConfig): void {
  for (const key of keys) {
    const spec = keySpecs[key];
    const value: unknown = config[key];
    if (spec.type === "enum") expect(spec.values).toContain(value);
    else if (spec.type === "switch") expect(typeof value).toBe("boolean");
    else if (spec.type === "id") expect(value).toMatch(/^[a-z0-9][a-z0-9_-]{0,63}$/);
    else if (spec.type === "text") expect(value === null || (typeof value === "string" && (spec.spaces ? /^[\x20-\x7e]{1,1000}$/ : /^[\x21-\x7e]{1,1000}$/).test(value))).toBe(true);
    else if (value === null) expect(spec.nullable).toBeDefined();
    else {
      expect(value).toSatisfy((v: unknown) => typeof v === "number" && v >= spec.min && v <= spec.max && (spec.type === "float" || Number.isInteger(v)));
    }
  }
  expect(config["evo.mutation"] + config["evo.crossover"]).toBeLessThanOrEqual(config["evo.pool"]);
  expect(config["evo.topk"]).toBeLessThanOrEqual(config["evo.pool"]);
  expect(config["gdas.tauMin"]).toBeLessThanOrEqual(config["gdas.tauMax"]);
  expect(config["fbnet.tauEnd"]).toBeLessThanOrEqual(config["fbnet.tau0"]);
  expect(config.algorithm === "fbnet-v2" && config["fbnet.metric"] === "latency").toBe(false);
  expect(config["spos.sampler"] === "fair" && config.space === "darts-cell").toBe(false);
  if (config["evo.min"] !== null && config["evo.limit"] !== null) expect(config["evo.min"]).toBeLessThanOrEqual(config["evo.limit"]);
  expect(Object.keys(config).sort()).toEqual([...keys].sort());
}

const someKey = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...keys) }, fc.constantFrom("__proto__", "constructor", "toString", "alg", "", "evo", "evo."), fc.string());
const someValue = fc.oneof(
  fc.constantFrom<unknown>(Number.NaN, Infinity, -Infinity, -0, 1e308, "1e999", null, undefined, true, "on", "none", "auto", "all", 10n, Symbol("s"), "params", "spos", "tiny", [1], { a: { b: {} } }, () => 1),
  fc.double(),
  fc.integer({ min: -10, max: 2000 }),
  fc.string({ maxLength: 12 }),
  fc.tuple(fc.double({ min: 0, max: 1e4, noNaN: true }), fc.constantFrom("", "k", "M")).map(([n, unit]) => `${n}${unit}`),
  fc.anything({ withBigInt: true, withNullPrototype: true }),
);

describe("10,000 random configurations", () => {
  it("never throw and always give a sound configuration", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    fc.assert(
      fc.property(fc.array(fc.tuple(someKey, fc.oneof(someValue, fc.constant(cyclic))), { maxLength: 8 }), fc.constantFrom("clamp", "refuse"), (pairs, mode) => {
        const raw = Object.create(null) as Record<string, unknown>;
        for (const [key, value] of pairs) Object.defineProperty(raw, key, { value, enumerable: true, configurable: true });
        const { config, notes, problems } = parseConfig(raw, mode as "clamp" | "refuse");
        expectSound(config);
        expect(notes.every((n) => n.message.length > 0 && n.message.length < 1000)).toBe(true);
        if (mode === "clamp") expect(problems).toEqual([]);
        // What came out goes in again unchanged, without a note.
        const again = parseConfig({ ...config }, "refuse");
        expect(again.problems).toEqual([]);
        // As texts: comparing sixty keys one by one ten thousand times takes longer than everything else.
        expect(JSON.stringify(again.config)).toBe(JSON.stringify(config));
      }),
      { numRuns: 10_000, seed: 7 },
    );
  }, 120_000);

  it("gives every method its own space, and DARTS the paper's settings at full size", () => {
    for (const algorithm of algorithmIds) expect(parseConfig({ algorithm }, "refuse").config.space).toBe(ownSpace[algorithm]);
    expect(parseConfig({ algorithm: "darts", size: "full" }, "refuse").config).toMatchObject({
      "train.batch": 64, "train.lr": 0.025, "train.wd": 3e-4, "train.clip": 5, "darts.order": 1, "darts.alphaLr": 3e-4, "darts.alphaDecay": 1e-3, "darts.warmupEpochs": 0,
      "darts.skipLimit": null, "darts.derive": "official", "retrain.batch": 96, "retrain.lr": 0.025, "retrain.wd": 3e-4, "retrain.clip": 5, "retrain.cutout": 16, "retrain.dropPath": 0.2, "retrain.aux": 0.4,
    });
    expect(parseConfig({ algorithm: "darts", space: "macro8" }, "refuse").config.space).toBe("macro8");
  });

  it("refuses odd widths, and fair sampling where choices depend on one another", () => {
    expect(parseConfig({ "retrain.width": 7 }, "refuse").problems[0]?.message).toMatch(/even numbers/);
    expect(parseConfig({ space: "darts-cell", "spos.sampler": "fair" }, "refuse").problems[0]?.message).toMatch(/free of one another/);
    expect(parseConfig({ "retrain.arch": "with space" }, "refuse").problems[0]?.message).toMatch(/printable/);
  });

  it("takes anything for a configuration", () => {
    for (const raw of [null, undefined, 3, "text", [1, 2], new Date(), () => 1]) expect(parseConfig(raw as never, "clamp").config).toEqual(defaultsFor("macro8", "nano"));
  });
});

describe("what differs", () => {
  it("is nothing but the size for the defaults, and names the space when it is not the first", () => {
    for (const size of sizes) expect(differingKeys(defaultsFor("macro8", size))).toEqual({ size });
    expect(differingKeys(defaultsFor("spos", "tiny"))).toEqual({ size: "tiny", space: "spos" });
    expect(differingKeys(defaultsFor("darts-cell", "nano", "darts"))).toEqual({ size: "nano", algorithm: "darts" });
    expect(differingKeys(defaultsFor("macro8", "nano", "gdas"))).toEqual({ size: "nano", algorithm: "gdas", space: "macro8" });
  });

  it("formats values as they are typed", () => {
    expect([formatValue("evo.limit", 4.6e6), formatValue("evo.limit", 2e6), formatValue("evo.limit", null), formatValue("train.steps", null), formatValue("evo.random", false), formatValue("train.lr", 1e-7)]).toEqual(["4600k", "2M", "none", "auto", "off", "1e-7"]);
  });
});
