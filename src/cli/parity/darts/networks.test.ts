/** Whole networks on WASM: green on the copy in the repository, red with another value; and the second look that a kink is given. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import hessianGolden from "@/golden/darts/alpha_hessian.json";
import evalGolden from "@/golden/darts/eval_net.json";
import searchGolden from "@/golden/darts/search_net.json";
import { alphaHessian } from "./alphaHessian";
import { evalNet } from "./evalNet";
import { runNetworkCase } from "./rounding";
import { searchNet } from "./searchNet";
import { type Bench, changed, openBench } from "./testing";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench("wasm", searchGolden);
});
afterAll(() => bench.dispose());

const only = (...keys: string[]) => Object.fromEntries(Object.entries(searchGolden).filter(([key]) => keys.includes(key) || !/^(forward|first|second|trace)/.test(key)));
const firstOrder = only("first_order");
const unrolled = changed(only("second_order"), "second_order", searchGolden.second_order.slice(0, 1));
const times = (by: number) => (value: unknown): number => (value as number) * by; // prettier-ignore

describe("the search network", () => {
  it("first order, unrolled, traces: green", async () => {
    const trace = { iterations: searchGolden.trace_first_order.iterations.slice(0, 1) };
    const results = await bench.run(searchNet, { ...firstOrder, ...unrolled, trace_first_order: trace });
    expect(results.map(({ name, status }) => `${name} ${status}`)).toEqual(["first_order pass", "second_order[0] pass", "trace_first_order pass"]);
  });

  // Errors as large as the values themselves, so that no second look is taken.
  it.each([["first_order/loss_val", times(0.1)], ["first_order/dalpha/alphas_reduce/data", (list: number[]) => list.map(times(0.1))], ["first_order/alphas_after_adam/alphas_normal/data/3", times(-1e4)]])("red with another %s", async (path, change) => {
    expect((await bench.run(searchNet, changed(firstOrder, path, change)))[0]?.status).toBe("fail");
  });

  it.each([["second_order/0/implicit/alphas_normal/data", (list: number[]) => list.map(times(-0.1))]])("red with another %s", async (path, change) => {
    expect((await bench.run(searchNet, changed(unrolled, path, change)))[0]).toMatchObject({ name: "second_order[0]", status: "fail" });
  });

  it("says what the file wants and the network is not", async () => {
    await expect(bench.run(searchNet, changed(firstOrder, "config/C", 6))).rejects.toThrow("stem.conv.weight is 3×3×3×12 in the file, 3×3×3×18 in our network");
    await expect(bench.run(searchNet, changed(firstOrder, "config/reduction_cells", [0, 1]))).rejects.toThrow("Cells 1, 2 reduce here, in the file 0, 1.");
    await expect(bench.run(searchNet, changed(firstOrder, "config/w_optimizer/momentum", 0.8))).rejects.toThrow("momentum 0.9 here, in the file 0.8");
  });
});

describe("other networks", () => {
  it("a derived network by formula weights: other seeds are other networks", async () => {
    expect((await bench.run(evalNet, evalGolden))[0]?.status).toBe("pass");
    expect((await bench.run(evalNet, changed(evalGolden, "weights_formula/seed", 1)))[0]?.status).toBe("fail");
    expect((await bench.run(evalNet, changed(evalGolden, "weights_formula/values_used", 1)))[0]?.note).toBe("The formula gives 1 weights in the file, our network has 422444.");
  });

  it("curvature needs the search network beside it", async () => {
    expect((await bench.run(alphaHessian, hessianGolden))[0]?.status).toBe("pass");
    expect((await bench.run(alphaHessian, changed(hessianGolden, "finite_difference/0/Hv_float64/data/5", times(-20))))[0]?.status).toBe("fail");
    const alone = await openBench("wasm");
    await expect(alone.run(alphaHessian, hessianGolden)).rejects.toThrow("no such file");
    alone.dispose();
  });
});

describe("a second look", () => {
  const weights = new Map([["w", Float32Array.from([1, -3])], ["alpha.normal", Float32Array.from([0.1])]]); // prettier-ignore
  const after = async (failures: number, error: number) => {
    const starts: Float32Array[] = [];
    const result = await runNetworkCase("case", (compare, start) => {
      const values = start(weights);
      expect(values.get("alpha.normal")).toEqual(weights.get("alpha.normal"));
      starts.push(values.get("w") as Float32Array);
      compare.tensor("g", [starts.length > failures ? 1 : 1 + error], [1], 1e-3);
      return Promise.resolve();
    });
    return { starts, result };
  };

  it("starts from weights whose last bit is another, and says so", async () => {
    const { starts, result } = await after(2, 0.1);
    expect(result).toMatchObject({ status: "pass", note: "1 comparison; start 2, another last bit: a unit sits on its kink" });
    expect(starts.length).toBe(3);
    expect(starts[0]).toEqual(weights.get("w"));
    starts.forEach((w) => w.forEach((v, i) => expect(Math.abs(v / [1, -3][i]! - 1)).toBeLessThan(2.5e-7)));
  });

  it("is taken a few times only, and never after a gross error or a sentence", async () => {
    expect((await after(9, 0.1)).result).toMatchObject({ status: "fail", relError: expect.closeTo(0.1, 6) as number });
    expect((await after(9, 0.1)).starts.length).toBe(5);
    expect((await after(1, 2)).starts.length).toBe(1);
    expect(await runNetworkCase("case", () => Promise.reject(new Error("no weight w")))).toMatchObject({ status: "fail", note: "no weight w" });
  });
});
