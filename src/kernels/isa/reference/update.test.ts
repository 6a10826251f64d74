/** Arithmetic of parameter vectors against values worked out by hand. */
import { expect, test } from "vitest";
import { call, hyperAt, hyperFields } from "../isa";
import { execute } from "./table";

const NORMS = hyperFields.length;
const OUT = NORMS + 2;

test.each([
  [1, [9, 7], 0.5 * 4],
  [0, [9, 7], 0.5],
  [-1, [9, 7], 0.5 / 4],
  [0, [0, 0], 0.5],
  [-1, [0, 0], Infinity],
])("a vector's scale: length to the power %i, norms %j", (power, squares, want) => {
  const S = new Float64Array(OUT + 1);
  [S[hyperAt.lr], S[hyperAt.power]] = [0.5, power];
  S.set(squares, NORMS);
  const none = new Float64Array(0);
  execute(call("vectorScale", { hyper: 0, norms: NORMS, count: 2, out: OUT }), { A: none, W: none, G: none, S });
  expect([...S.subarray(NORMS)]).toEqual([0, 0, want]);
});

test("a multiple of a vector is added to another", () => {
  const [W, G] = [
    Float64Array.from({ length: 128 }, (_, i) => 100 * i),
    Float64Array.from({ length: 128 }, (_, i) => i),
  ];
  execute(call("axpy", { y: 64, x: 0, n: 64, scale: 1 }), { A: G, W, G, S: Float64Array.of(7, -2) });
  expect([W[63], W[64], W[65], W[127]]).toEqual([6300, 6400, 6498, 12_700 - 2 * 63]);
  expect(G[63]).toBe(63);
});
