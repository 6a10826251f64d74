/** The WASM machine against the reference on every instruction, at one and two threads, and the committed modules against their sources. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Arena, type Call, type Fields, type Instruction, isa } from "../../isa/isa";
import type { Arenas, Machine } from "../../isa/machine";
import type { BuiltCase } from "../../isa/testing/builder";
import { allCases, runCases } from "../../isa/testing/cases";
import { isaHeader } from "./header";
import { createWasmMachine } from "./machine";
import { sourceSha256 } from "./module";
import { sourceSha256 as relaxedSha256 } from "./moduleRelaxed";

const ARENAS = ["A", "W", "G", "S"] as const;
const operations: readonly Instruction[] = [...new Set(allCases().map(({ op }) => op))];
const here = new URL(".", import.meta.url);

describe("the C files and the committed modules", () => {
  it("belong together (else run node src/kernels/wasm/plan/build.mjs)", () => {
    const hash = createHash("sha256");
    for (const name of readdirSync(here).filter((file) => /\.[ch]$/.test(file)).sort()) hash.update(readFileSync(new URL(name, here)));
    const sha256 = hash.digest("hex");
    expect([sourceSha256, relaxedSha256]).toEqual([sha256, sha256]);
  });

  it("use the instruction set of isa.ts", () => {
    expect(readFileSync(new URL("isa.h", here), "utf8")).toBe(isaHeader());
  });
});

describe.each([1, 2])("the machine with %i threads", (threads) => {
  let machine: Machine;
  beforeAll(async () => void (machine = await createWasmMachine({ threads })));
  afterAll(() => machine.dispose());

  it("has them", () => expect(machine.label).toBe(threads === 1 ? "1 thread" : `${threads} threads`));

  it.each(operations)("agrees with the reference: %s", async (op) => {
    const results = await runCases(machine, { only: `=${op}` });
    expect(results.filter(({ pass }) => !pass).map(({ name, message }) => `${name}: ${message}`)).toEqual([]);
    expect(results.length).toBeGreaterThan(0);
  });
});

describe("the relaxed build", () => {
  it("agrees with the reference where the engine has fused multiply-add", async () => {
    setFlagsFromString("--experimental-wasm-relaxed-simd"); // Node 20 hides it
    const machine = await createWasmMachine({ relaxed: true });
    expect(machine.label).toBe("1 thread, relaxed SIMD");
    for (const only of ["=pointwise", "=convGradWeight", "=depthwise"]) {
      expect((await runCases(machine, { only })).filter(({ pass }) => !pass)).toEqual([]);
    }
    machine.dispose();
  });
});

type Bits = Readonly<Record<Arena, Uint8Array>>;

/** What a case leaves in the arenas it came with, as bits; scratch lies behind them. */
async function bitsAfter(machine: Machine, { memory, copies, groups }: BuiltCase): Promise<Bits> {
  let floats = Math.ceil(memory.A.length / 64) * 64;
  const placed = groups.map((group) =>
    group.map((one): Call => {
      if (!("tmp" in (isa[one.op] as Fields))) return one;
      const tmp = floats;
      floats += Math.ceil(machine.scratchFloats(one) / 64) * 64 + 64;
      return { op: one.op, args: { ...one.args, tmp } } as Call;
    }),
  );
  const arenas = Object.fromEntries(ARENAS.map((name) => [name, machine.createArena(name, name === "A" ? floats : memory[name].length)])) as Arenas;
  ARENAS.forEach((name) => machine.write(arenas[name], 0, memory[name]));
  for (const { source, from, target, to, length } of copies) machine.copy(arenas[source], from, arenas[target], to, length);
  const program = machine.compile(placed, arenas);
  machine.run([program]);
  const after = await Promise.all(ARENAS.map(async (name) => [name, new Uint8Array((await machine.read(arenas[name], 0, memory[name].length)).buffer)] as const));
  machine.releaseProgram(program);
  ARENAS.forEach((name) => machine.releaseArena(arenas[name]));
  return Object.fromEntries(after) as Bits;
}

describe("one and three threads", () => {
  let machines: readonly Machine[];
  beforeAll(async () => void (machines = await Promise.all([createWasmMachine(), createWasmMachine({ threads: 3 })])));
  afterAll(() => machines.forEach((machine) => machine.dispose()));

  it.each(operations)("give the same bits: %s", async (op) => {
    const different: string[] = [];
    for (const { name, build } of allCases().filter((one) => one.op === op)) {
      const built = build();
      const [a, b] = await Promise.all(machines.map((machine) => bitsAfter(machine, built)));
      for (const arena of ARENAS) if (Buffer.compare((a as Bits)[arena], (b as Bits)[arena]) !== 0) different.push(`${name}: ${arena}`);
    }
    expect(different).toEqual([]);
  });
});

describe("the memory of the machine", () => {
  it("reuses what was released, zeroed", async () => {
    const machine = await createWasmMachine();
    const first = machine.createArena("A", 1 << 20);
    machine.write(first, 100, new Float32Array([1, 2, 3]));
    machine.releaseArena(first);
    const second = machine.createArena("A", 1 << 20);
    expect([...(await machine.read(second, 99, 5))]).toEqual([0, 0, 0, 0, 0]);
    expect(machine.memory()).toEqual({ buffers: 1, bytes: 4 << 20 });
    machine.dispose();
  });

  it("copies within an arena although source and target overlap", async () => {
    const machine = await createWasmMachine();
    const arena = machine.createArena("S", 8);
    machine.write(arena, 0, new Float32Array([9, 1, 2, 3, 9]), 1, 3);
    machine.copy(arena, 0, arena, 1, 3);
    expect([...(await machine.read(arena, 0, 5))]).toEqual([1, 1, 2, 3, 0]);
    machine.dispose();
  });

  it("copies between arenas of any kind", async () => {
    const machine = await createWasmMachine();
    const [weights, state] = [machine.createArena("W", 8), machine.createArena("S", 8)];
    machine.write(weights, 0, new Float32Array([1, 2, 3, 4]));
    machine.copy(weights, 1, state, 5, 3);
    expect([...(await machine.read(state, 4, 4))]).toEqual([0, 2, 3, 4]);
    machine.dispose();
  });

  it("says how much was needed when it is full", async () => {
    const machine = await createWasmMachine();
    expect(() => machine.createArena("A", 1 << 30)).toThrow(/4294967296 more bytes/);
    machine.dispose();
  });

  it("refuses what lies outside an arena", async () => {
    const machine = await createWasmMachine();
    const arena = machine.createArena("W", 8);
    expect(() => machine.write(arena, 6, new Float32Array(3))).toThrow(/floats 6 … 9/);
    machine.dispose();
    expect(() => machine.run([])).toThrow(/has ended/);
  });
});
