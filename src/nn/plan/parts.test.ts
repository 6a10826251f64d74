/** What a step of one part computes: the chain to the wanted gradients, and nothing else. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Call } from "@/kernels/isa/isa";
import type { Machine } from "@/kernels/isa/machine";
import { referenceMachine } from "@/kernels/isa/reference/machine";
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import type { Part } from "../executor";
import { dartsLike } from "../testing/dartsLike";
import { batchFor } from "../testing/randomGraphs";
import { createPlanExecutor } from "./executor";

interface Made {
  readonly calls: readonly Call[];
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Calls that accumulating one part compiles, and the gradients that it leaves. */
async function accumulated(graph: Graph, part: Part): Promise<Made> {
  const calls: Call[] = [];
  const reference = referenceMachine();
  const machine: Machine = {
    ...reference,
    compile: (groups, arenas) => {
      calls.push(...groups.flat());
      return reference.compile(groups, arenas);
    },
  };
  const executor = createPlanExecutor("wasm", machine);
  const store = executor.createStore(graph.params, graph.norms, rootKey(1));
  executor.accumulate(store, [graph], batchFor(graph, 2, 1), { labelSmoothing: 0, part }, false);
  const gradients = await executor.vectors(store).read("gradients");
  executor.dispose();
  return { calls, gradients };
}

const count = (calls: readonly Call[], op: RegExp): number => calls.filter((c) => op.test(c.op)).length;
const field = (c: Call, name: string): number => (c.args as Readonly<Record<string, number>>)[name] ?? NaN;
const affine = (calls: readonly Call[]): number => calls.filter((c) => c.op === "normGrad" && (field(c, "dgamma") >= 0 || field(c, "dbeta") >= 0)).length;

/** Two mixtures in slots of their own between a stem and a head: a chain of four segments. */
function chain(): Graph {
  const b = graphBuilder([6, 6, 3], torchDefaultInit);
  const weights = b.architecture("alpha", 4, { kind: "normal", std: 0.5 });
  let at = b.relu("stem.relu", b.batchNorm("stem.bn", b.conv("stem.conv", b.input, { cout: 4, k: 3 })));
  for (const i of [0, 1])
    at = b.inSlot(`layer.${i}`, () => {
      const candidates = [3, 5].map((k) => b.batchNorm(`layer.${i}.${k}.bn`, b.depthwise(`layer.${i}.${k}`, at, { k })));
      return b.mix(`layer.${i}`, candidates, { weights, begin: 2 * i, count: 2, soft: true });
    });
  return b.finish(b.linear("fc", b.node("mean", { op: "globalAvgPool" }, [at]), 3));
}

describe.each([["a cell network", dartsLike({ channels: 2, cells: 2, nodes: 1, side: 6, classes: 3 })], ["a chain of segments", chain()]])("%s", (_name, graph) => {
  let [all, weights, architecture]: Made[] = [];
  beforeAll(async () => {
    all = await accumulated(graph, "all");
    weights = await accumulated(graph, "weights");
    architecture = await accumulated(graph, "architecture");
  });
  const callsOf = (made: Made | undefined): readonly Call[] => made?.calls ?? [];

  it("an architecture step has no gradient of a weight, γ, β or bias", () => {
    expect(count(callsOf(architecture), /GradWeight|biasGrad|affineMixGrad/)).toBe(0);
    expect(affine(callsOf(architecture))).toBe(0);
    expect(count(callsOf(architecture), /mixWeightsGrad/)).toBe(count(callsOf(all), /mixWeightsGrad/));
  });

  it("a weight step has no gradient of α, and all others", () => {
    const calls = callsOf(all).filter((c) => c.op !== "mixWeightsGrad");
    expect(calls.length).toBeLessThan(callsOf(all).length);
    expect(callsOf(weights).map((c) => c.op)).toEqual(calls.map((c) => c.op));
    expect(affine(callsOf(weights))).toBe(affine(callsOf(all)));
  });

  it("nothing flows where nobody wants it: an architecture step stops at the first mixtures", () => {
    const [few, many] = [callsOf(architecture), callsOf(all)];
    // Beside the weights' own gradients: two convolutions of the first mixture and the stem's norm, at least.
    expect(many.length - count(many, /GradWeight|biasGrad|affineMixGrad/) - few.length).toBeGreaterThanOrEqual(3);
    const back = /^(?:pointwise|conv|depthwise)GradInput$/;
    expect(count(few, back)).toBeLessThanOrEqual(count(many, back) - 2);
  });

  it("the gradients of a part are those of the whole, bit by bit", () => {
    for (const [part, half] of [["weights", weights], ["architecture", architecture]] as const)
      for (const { name, role, shape } of graph.params) {
        const own = (role === "architecture") === (part === "architecture");
        expect(half?.gradients.get(name)).toEqual(own ? all?.gradients.get(name) : new Float32Array(shape.reduce((a, n) => a * n, 1)));
      }
  });
});

it("a graph without architecture weights has no backward pass in an architecture step", async () => {
  const b = graphBuilder([4, 4, 3], torchDefaultInit);
  const graph = b.finish(b.linear("fc", b.node("mean", { op: "globalAvgPool" }, [b.conv("conv", b.input, { cout: 4, k: 3 })]), 3));
  const { calls } = await accumulated(graph, "architecture");
  expect(calls.map((c) => c.op)).toEqual(["conv", "globalPool", "pointwise", "softmaxLoss", "stepFinish"]);
});
