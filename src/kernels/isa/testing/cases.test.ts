/** The cases cover every instruction, and see each kind of fault that a machine may have. */
import { expect, test } from "vitest";
import { type Arena, instructions } from "../isa";
import type { Machine } from "../machine";
import { referenceMachine } from "../reference/machine";
import { allCases, runCases } from "./cases";

test("every instruction has cases, single and in groups, and no name twice", () => {
  const cases = allCases();
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  for (const op of instructions) {
    const built = cases.filter((one) => one.op === op).map((one) => one.build());
    expect(built.length, op).toBeGreaterThan(4);
    expect(
      built.some(({ groups }) => (groups[0]?.length ?? 0) > 1),
      op,
    ).toBe(true);
  }
});

test("a machine that does what the reference does passes, scratch or not", async () => {
  const results = await runCases(
    { ...referenceMachine(), maxBatch: 3, scratchFloats: () => 20 },
    { only: "normStats,=mixGrad" },
  );
  expect(results.length).toBeGreaterThan(15);
  expect(results.filter(({ pass }) => !pass)).toEqual([]);
});

type Args = Readonly<Record<string, number>>;
type Fault = (args: Args) => readonly [Arena, number];

/** The reference, but one float is overwritten after each run. */
function faulty(fault: Fault, value: number): Machine {
  const machine = referenceMachine();
  let strike = (): void => undefined;
  return {
    ...machine,
    scratchFloats: () => 8,
    compile: (groups, arenas) => {
      const [arena, at] = fault(groups[0]?.[0]?.args as unknown as Args);
      strike = () => machine.write(arenas[arena], at, Float32Array.of(value));
      return machine.compile(groups, arenas);
    },
    run: (programs) => {
      machine.run(programs);
      strike();
    },
  };
}

const field = (args: Args, name: string): number => args[name] ?? NaN;

test.each<[string, Fault, number, RegExp]>([
  ["a wrong value", (args) => ["A", field(args, "y")], 0.123, /^y\[0, 0\] is 0.123/],
  ["NaN", (args) => ["A", field(args, "y") + field(args, "N") - 1], NaN, /is NaN/],
  ["a neighbour's float", (args) => ["A", field(args, "y") - 1], 99, /^A\[\d+\] changed .* nobody's output/],
  ["a changed weight", (args) => ["W", field(args, "w")], 99, /^W\[\d+\] changed/],
  ["a changed momentum", () => ["S", 0], 99, /^S\[0\] changed/],
  ["scratch overrun", (args) => ["A", field(args, "tmp") + 8], 99, /^A\[\d+\] changed from 7/],
])("%s is seen", async (_name, fault, value, message) => {
  const results = await runCases(faulty(fault, value), { only: "=pointwise" });
  expect(results.length).toBeGreaterThan(10);
  for (const result of results) expect(result.message).toMatch(message);
});

test("scratch may hold whatever it did", async () => {
  const results = await runCases(
    faulty((args) => ["A", field(args, "tmp") + 7], 99),
    { only: "=pointwise" },
  );
  expect(results.filter(({ pass }) => !pass)).toEqual([]);
});

test("an exception is a result, not the end", async () => {
  const machine = referenceMachine();
  const broken: Machine = {
    ...machine,
    run: () => {
      throw new Error("no kernel");
    },
  };
  const results = await runCases(broken, { only: "fill" });
  expect(results.length).toBeGreaterThan(1);
  for (const { pass, message } of results) expect([pass, message.includes("no kernel")]).toEqual([false, true]);
});
