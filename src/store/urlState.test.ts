import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig } from "@/algorithms/config";
import { type ConfigKey, keySpecs, type RunConfig } from "@/algorithms/configKeys";
import { hashOf, parseHash } from "./urlState";

const read = (hash: string): RunConfig => parseConfig(parseHash(hash).experiment, "clamp").config;

describe("the address", () => {
  it("names only what was set and differs, v first", () => {
    const { config, given } = parseConfig({ size: "nano", seed: 7, "evo.limit": "900k", "spos.sampler": "fair" }, "refuse");
    expect(hashOf(config, given, {})).toBe("#v=1&size=nano&spos.sampler=fair&evo.limit=900k");
  });

  it("keeps a space that is not the first one", () => {
    const { config, given } = parseConfig({ space: "spos", size: "tiny" }, "refuse");
    expect(hashOf(config, given, {})).toBe("#v=1&space=spos&size=tiny");
    expect(read(hashOf(config, given, {}))).toEqual(config);
  });

  it("keeps a limit in parameters that happens to be the default in MACs", () => {
    const { config, given } = parseConfig({ "evo.metric": "params", "evo.limit": "1.43M" }, "refuse");
    expect(read(hashOf(config, given, {}))).toEqual(config);
  });

  it("takes view keys apart, passes them on and drops autostart", () => {
    const { experiment, view } = parseHash("#v=1&alg=spos&theme=dark&pin=a%3A2122&autostart=1&colour=red");
    expect(experiment).toEqual({ alg: "spos", colour: "red" });
    expect(view).toEqual({ v: "1", theme: "dark", pin: "a:2122", autostart: "1" });
    const { config } = parseConfig({}, "clamp");
    expect(hashOf(config, [], view)).toBe("#v=1&theme=dark&pin=a%3A2122");
  });

  it("in any shape is read without harm", () => {
    for (const hash of ["", "#", "#&&&", "#=", "#=x", "#%", "#a=%E0%A4%A", "#__proto__=1&constructor=2", `#${"x".repeat(1e5)}`, "#seed=1&seed=2"]) {
      expect(() => parseConfig(parseHash(hash).experiment, "clamp")).not.toThrow();
    }
    expect(read("#seed=1&seed=2").seed).toBe(2);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.getPrototypeOf(parseHash("#__proto__=1").experiment)).toBe(Object.prototype);
  });

  it("gives every configuration back, whatever was set (2,000 random ones)", () => {
    const values = Object.fromEntries(
      (Object.keys(keySpecs) as ConfigKey[]).map((key): [string, fc.Arbitrary<unknown>] => {
        const spec = keySpecs[key];
        switch (spec.type) {
          case "enum":
            return [key, fc.constantFrom(...spec.values)];
          case "switch":
            return [key, fc.boolean()];
          case "id":
            return [key, fc.constantFrom("emoji10", "cifar10", "a_b-c")];
          case "text":
            return [key, fc.constantFrom(null, "DARTS_V2", "n:s3.0+s3.1;r:mp.0+mp.1", "|none~0|+|x~1|")];
          case "int":
            return [key, fc.oneof(fc.integer({ min: spec.min, max: Math.min(spec.max, 2 ** 32 - 1) }), fc.integer({ min: spec.min, max: Math.min(spec.max, 40) }), ...(spec.nullable ? [fc.constant(null)] : []))];
          case "float":
            return [key, fc.oneof(fc.double({ min: spec.min, max: spec.max, noNaN: true }), fc.constantFrom(spec.min, spec.max), ...(spec.nullable ? [fc.constant(null)] : []))];
          default:
            return spec satisfies never;
        }
      }),
    );
    fc.assert(
      fc.property(fc.record(values, { requiredKeys: [] }), (raw) => {
        const { config, given } = parseConfig(raw, "clamp");
        expect(read(hashOf(config, given, {}))).toEqual(config);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });
});
