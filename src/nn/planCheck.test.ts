import { afterEach, describe, expect, it } from "vitest";
import type { Call } from "@/kernels/isa/isa";
import { referenceMachine } from "@/kernels/isa/reference/machine";
import type { Executor } from "./executor";
import { createPlanExecutor } from "./plan/executor";
import { comparePlan } from "./planCheck";

let executor: Executor;
afterEach(() => executor.dispose());

describe("the check of a plan executor", () => {
  it("passes where every instruction is its definition", async () => {
    executor = createPlanExecutor("wasm", referenceMachine());
    const rows = await comparePlan(executor);
    expect(rows.filter((row) => !row.pass)).toEqual([]);
    expect(rows.length).toBeGreaterThan(20);
  });

  it("fails where a kernel is wrong, in the rows that use it", async () => {
    const machine = referenceMachine();
    const compile = machine.compile.bind(machine);
    // A depthwise convolution that looks one pixel aside.
    const aside = (call: Call): Call => {
      const args = call.args as unknown as Readonly<Record<string, number>>;
      return call.op === "depthwise" ? ({ op: call.op, args: { ...args, p: (args["p"] ?? 0) - 1 } } as unknown as Call) : call;
    };
    machine.compile = (groups, arenas) => compile(groups.map((group) => group.map(aside)), arenas);
    executor = createPlanExecutor("wasm", machine);
    const failed = (await comparePlan(executor)).filter((row) => !row.pass).map((row) => row.name);
    expect(failed).toContain("depthwise 3×3");
    expect(failed).not.toContain("conv 3×3");
    expect(failed).not.toContain("max pool 3×3");
  });
});
