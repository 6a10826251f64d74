/** The reference machine as memory and as what runs programs. */
import { expect, test } from "vitest";
import { call } from "../isa";
import type { Arenas } from "../machine";
import { referenceMachine } from "./machine";

const fill = (y: number, value: number) => call("fill", { y, yld: 4, from: 0, n: 4, value, M: 1 });

function prepared() {
  const machine = referenceMachine();
  const arenas: Arenas = {
    A: machine.createArena("A", 16),
    W: machine.createArena("W", 4),
    G: machine.createArena("G", 4),
    S: machine.createArena("S", 4),
  };
  return { machine, arenas };
}

test("memory is written, copied, cleared and read at any address", async () => {
  const { machine, arenas } = prepared();
  machine.write(arenas.A, 3, Float32Array.of(1, 2, 3, 4), 1, 2);
  machine.copy(arenas.A, 3, arenas.A, 4, 2);
  machine.clear(arenas.A, 5, 1);
  const got = await machine.read(arenas.A, 2, 5);
  expect([...got]).toEqual([0, 2, 2, 0, 0]);
  got.fill(9);
  expect([...(await machine.read(arenas.A, 2, 5))]).toEqual([0, 2, 2, 0, 0]);
  expect(() => machine.write(arenas.A, 15, Float32Array.of(1, 2))).toThrow(/not inside an arena/);
});

test("memory is copied between any two arenas, and ranges inside one may overlap", async () => {
  const { machine, arenas } = prepared();
  machine.write(arenas.W, 0, Float32Array.of(1, 2, 3, 4));
  machine.copy(arenas.W, 1, arenas.S, 0, 3);
  machine.copy(arenas.S, 0, arenas.A, 5, 3);
  machine.copy(arenas.A, 5, arenas.A, 6, 3);
  expect([...(await machine.read(arenas.S, 0, 4))]).toEqual([2, 3, 4, 0]);
  expect([...(await machine.read(arenas.A, 5, 4))]).toEqual([2, 2, 3, 4]);
});

test("a program has four memories of any kind, but none twice", async () => {
  const { machine, arenas } = prepared();
  const add = call("axpy", { y: 0, x: 64, n: 64, scale: 3 });
  const [y, x] = [machine.createArena("S", 64), machine.createArena("W", 128)];
  machine.write(x, 64, new Float32Array(64).fill(2));
  machine.write(arenas.S, 3, Float32Array.of(0.5));
  machine.run([machine.compile([[add]], { ...arenas, W: y, G: x })]);
  expect([...(await machine.read(y, 62, 2))]).toEqual([1, 1]);
  expect(() => machine.compile([[add]], { ...arenas, G: arenas.S })).toThrow(/four different memories/);
});

test("programs are replayed in order, with floats as float32", async () => {
  const { machine, arenas } = prepared();
  const [first, second] = [
    machine.compile([[fill(0, 0.1)], [fill(4, 1)]], arenas),
    machine.compile([[fill(4, 2)]], arenas),
  ];
  expect(first.dispatches).toBe(2);
  machine.run([first, second]);
  expect([...(await machine.read(arenas.A, 3, 2))]).toEqual([Math.fround(0.1), 2]);
  machine.run([second, first]);
  expect([...(await machine.read(arenas.A, 4, 1))]).toEqual([1]);
});

test("what no machine can hold is refused when it is compiled", () => {
  const { machine, arenas } = prepared();
  expect(() => machine.compile([[fill(0.5, 1)]], arenas)).toThrow(/Field y of fill is 0.5/);
  expect(() => machine.compile([[fill(0, NaN)]], arenas)).toThrow(/Field value of fill/);
});

test("memory is counted and given back", () => {
  const { machine, arenas } = prepared();
  expect(machine.memory()).toEqual({ buffers: 4, bytes: 4 * 28 });
  machine.releaseArena(arenas.A);
  expect(machine.memory()).toEqual({ buffers: 3, bytes: 4 * 12 });
  expect(() => machine.clear(arenas.A, 0, 1)).toThrow(/released/);
});
