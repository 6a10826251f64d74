import { describe, expect, it } from "vitest";
import type { BenchDriver } from "./driver";
import { parseBenchFlags } from "./flags";
import { formatTable, short } from "./report";
import { runBench, type RunOptions } from "./run";
import { median, repetitionOf, within } from "./schedule";
import type { BenchReport, CaseInfo, Compared, PeerName } from "./types";

const info: CaseInfo = { name: "block", kind: "block", images: 4, flops: 2e6, bytes: null, tolerance: 1e-3, skip: {} };

/** A page whose peers take the given milliseconds a run and differ from ours by the given amounts. */
function page(ms: Readonly<Partial<Record<string, number>>>, errors: Readonly<Partial<Record<PeerName, number>>>, cases: readonly CaseInfo[] = [info]): BenchDriver {
  return {
    facts: () => Promise.resolve({ browser: "Chrome/1", adapter: null, isolated: false, cores: 1 }),
    cases: () => Promise.resolve(cases),
    roofline: () => Promise.resolve({ gflops: 4, gbs: 2, product: "p", copy: "c" }),
    limit: () => Promise.resolve(4),
    start: (key, _peer, _backend, name) =>
      ms[key] === undefined ? Promise.reject(new Error(`${key} cannot do ${name}`)) : Promise.resolve({ firstMs: 1, label: key }),
    compare: (_a, b): Promise<Compared> => Promise.resolve({ worst: errors[b as PeerName] ?? 0, tensor: "y" }),
    run: (key) => Promise.resolve({ ms: ms[key] ?? NaN, jsMs: 0.1, dispatches: 4 }),
    counts: () => Promise.resolve({ pipelines: null, gpuObjects: 0, typedArrays: 0, bytes: null }),
    stop: () => Promise.resolve(),
    torchCase: () => Promise.resolve("{}"),
    close: () => Promise.resolve(),
  };
}

const options = (over: Partial<RunOptions> = {}): RunOptions => ({
  flags: { backend: "wasm", only: undefined, quick: true, json: undefined },
  torch: null,
  signal: new AbortController().signal,
  now: () => new Date("2026-01-02T03:04:05Z"),
  status: () => undefined,
  ...over,
});

async function only(driver: BenchDriver, over?: Partial<RunOptions>): Promise<BenchReport["cases"][number]> {
  const [first] = (await runBench(driver, options(over))).cases;
  if (first === undefined) throw new Error("no case");
  return first;
}

describe("the command line", () => {
  it("has defaults and reads every flag", () => {
    expect(parseBenchFlags([])).toEqual({ ok: true, value: { backend: "webgpu", only: undefined, quick: false, json: undefined } });
    expect(parseBenchFlags(["--backend", "wasm", "--only", "spos", "--quick", "--json", "a.json"])).toEqual({
      ok: true,
      value: { backend: "wasm", only: "spos", quick: true, json: "a.json" },
    });
  });

  it.each([[["--backend", "cuda"]], [["--fast"]], [["extra"]]])("refuses %j in one line that says what is allowed", (args) => {
    const flags = parseBenchFlags(args);
    expect(flags.ok ? "" : flags.problem.message).toMatch(/^[^\n]*Allowed: --backend webgpu\|wasm[^\n]*$/);
  });

  it("names the cases when --only names none", async () => {
    const flags = { backend: "wasm", only: "nothing", quick: true, json: undefined } as const;
    await expect(runBench(page({ ours: 1 }, {}), options({ flags }))).rejects.toThrow("There are: block.");
  });
});

describe("repetitions", () => {
  it("fill a sample with short runs and save long ones", () => {
    expect(repetitionOf(1, { quick: false })).toMatchObject({ times: 100, samples: 5 });
    expect(repetitionOf(100, { quick: true })).toMatchObject({ times: 1, samples: 3 });
    expect(repetitionOf(6000, { quick: false }).samples).toBe(2);
    expect(repetitionOf(20_000, { quick: false })).toEqual({ times: 1, warmups: 0, samples: 1 });
  });

  it("are summed up by the median", () => {
    expect(median([])).toBeNull();
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it("end at the limit", async () => {
    await expect(within(new Promise(() => undefined), 5)).rejects.toThrow("not done within");
  });
});

describe("a case", () => {
  it("is the medians, their ratios and the fraction of the limit", async () => {
    const one = await only(page({ ours: 1, tfjs: 20, jax: 3 }, {}));
    expect(one).toMatchObject({ oursMs: 1, tfjsMs: 20, jaxMs: 3, ratioTfjs: 20, ratioJax: 3, gflops: 2, rooflineFraction: 0.5, dispatches: 4, passed: true, note: null });
  });

  it("is null where a peer cannot do it, with its sentence", async () => {
    const one = await only(page({ ours: 1, jax: 3 }, {}));
    expect(one).toMatchObject({ tfjsMs: null, ratioTfjs: null, ratioJax: 3, passed: true });
    expect(one.note).toContain("tfjs: tfjs cannot do block");
  });

  it("does not time a peer that differs while another agrees", async () => {
    const one = await only(page({ ours: 1, tfjs: 20, jax: 3 }, { jax: 0.5 }));
    expect(one).toMatchObject({ jaxMs: null, ratioTfjs: 20, passed: true });
    expect(one.note).toContain("jax-js differs from ours by 5.0e-1 in y");
  });

  it("is not timed, and fails, when nobody agrees with ours", async () => {
    const one = await only(page({ ours: 1, tfjs: 20, jax: 3, check: 1 }, { jax: 0.5, tfjs: 0.5, check: 0.5 }));
    expect(one).toMatchObject({ oursMs: null, passed: false });
  });

  it("passes on the word of the other machine when every peer differs", async () => {
    const one = await only(page({ ours: 1, tfjs: 20, check: 1 }, { tfjs: 0.5 }));
    expect(one).toMatchObject({ oursMs: 1, tfjsMs: null, passed: true });
  });

  it.each([[true, null, 1], [false, 20, 0]])("leaves out what is too slow on a software adapter (%s), not on hardware", async (fallback, tfjsMs, notes) => {
    const adapter = { vendor: "v", architecture: "a", description: "", fallback };
    const slow: CaseInfo = { ...info, skip: { "tfjs:webgpu": "tfjs not run" } };
    const driver = { ...page({ ours: 1, tfjs: 20, jax: 3 }, {}, [slow]), facts: () => Promise.resolve({ browser: "Chrome/1", adapter, isolated: false, cores: 1 }) };
    const one = await only(driver, { flags: { backend: "webgpu", only: undefined, quick: true, json: undefined } });
    expect(one.tfjsMs).toBe(tfjsMs);
    expect(one.note?.split("tfjs not run").length ?? 1).toBe(notes + 1);
  });

  it("fails when ours cannot do it", async () => {
    expect(await only(page({ tfjs: 20 }, {}))).toMatchObject({ oursMs: null, passed: false });
  });
});

describe("an interrupted run", () => {
  it("keeps the cases that were done and says that it is not complete", async () => {
    const interrupt = new AbortController();
    const driver = page({ ours: 1 }, {}, [info, { ...info, name: "second" }]);
    const status = (text: string): void => void (text.startsWith("2/2") && interrupt.abort());
    const report = await runBench(driver, options({ signal: interrupt.signal, status }));
    expect(report.cases.map(({ name }) => name)).toEqual(["block"]);
    expect(report.complete).toBe(false);
  });
});

describe("the table", () => {
  it("aligns the columns and ends with the notes", async () => {
    const text = formatTable(await runBench(page({ ours: 1, tfjs: 20 }, {}), options()));
    const [head = "", row = "", ...rest] = text.split("\n");
    expect(row.length).toBe(head.length);
    expect(row).toMatch(/^block +1\.00 +20\.0 +– +20× +– /);
    expect(rest.join("\n")).toContain("block: jax-js: jax cannot do block");
  });

  it.each([[0.12345, "0.123"], [12.34, "12.3"], [1234.5, "1235"], [0, "0"], [null, "–"]])("writes %s as %s", (value, text) => {
    expect(short(value)).toBe(text);
  });
});
