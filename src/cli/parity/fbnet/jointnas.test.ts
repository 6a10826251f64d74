/** The kind `fbnet/jointnas.json`: green on the copy in the repository, red when one number of it is another. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import golden from "@/golden/fbnet/jointnas.json";
import { type Bench, changed, more, openBench } from "../darts/testing";
import { jointnas } from "./jointnas";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench("cpu");
});
afterAll(() => bench.dispose());

describe("fbnet/jointnas", () => {
  it("is green", async () => {
    const results = await bench.run(jointnas, golden);
    expect(results.map(({ name }) => name)).toEqual(["predictor", "huber", "sobol", ...golden.rank.map((_, i) => `rank ${i}`), "earlyStop", "adaptive"]);
    expect(results.filter((one) => one.status !== "pass")).toEqual([]);
  });

  it.each([
    ["predictor/acc/data/2", more(0.001)],
    ["predictor/lossProxy", more(0.001)],
    ["predictor/gradAcc/enc1.w/data/2", more(0.001)],
    ["predictor/gradProxy/proxy.b/data/0", more(0.001)],
    ["huber/2/1", more(0.001)],
    ["sobol/points/data/40", more(0.001)],
    ["sobol/directions/31/29", more(2)],
    ["rank/0/kendallTauB", more(0.001)],
    ["earlyStop/epoch", more(1)],
    ["adaptive/pm/3", more(0.01)],
  ])("is red with another %s", async (path, change) => {
    const results = await bench.run(jointnas, changed(golden, path, change));
    expect(results.filter((one) => one.status === "fail").length).toBe(1);
  });

  it("leaves the backend of the search current, and no tensors", async () => {
    const tf = await import("@tensorflow/tfjs-core");
    const { backend, tensors } = { backend: tf.getBackend(), tensors: tf.memory().numTensors };
    await bench.run(jointnas, golden);
    expect(tf.getBackend()).toBe(backend);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
