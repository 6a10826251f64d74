/** Patches as rows against values worked out by hand, and against the square convolution. */
import { expect, test } from "vitest";
import { type Call, call } from "../isa";
import { CaseBuilder, type Place } from "../testing/builder";
import { execute } from "./table";

const builder = (): CaseBuilder => new CaseBuilder(expect.getState().currentTestName ?? "");

const stored = ({ at, ld }: Place) => ({ x: at, xld: ld, xmode: 0, xcoef: -1, xcs: 0, xlo: 0, xhi: 0 });

/** What A holds after the calls. */
function run(b: CaseBuilder, calls: readonly Call[]): Float32Array {
  const { memory } = b.finish([]);
  calls.forEach((one) => execute(one, memory));
  return memory.A;
}

test("by hand: a window of 2×3, stride 1 down and 2 across, padded on the left and right", () => {
  const b = builder();
  const image = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const x = b.map(9, 4, { value: (row, c) => (c === 0 ? (image[row] ?? 0) : 0) });
  const y = b.output(4, 24);
  const shape = { B: 1, H: 3, W: 3, Ho: 2, Wo: 2, kh: 2, kw: 3, sh: 1, sw: 2, ph: 0, pw: 1, C: 4 };
  const A = run(b, [call("unfold", { x: x.at, xld: x.ld, y: y.at, yld: y.ld, ...shape })]);
  const row = (m: number): number[] => Array.from({ length: 6 }, (_, tap) => A[y.at + m * y.ld + 4 * tap] as number);
  expect([0, 1, 2, 3].map(row)).toEqual([
    [0, 1, 2, 0, 4, 5],
    [2, 3, 0, 5, 6, 0],
    [0, 4, 5, 0, 7, 8],
    [5, 6, 0, 8, 9, 0],
  ]);
  expect(A[y.at + 1]).toBe(0);
});

test("a product of square patches is the square convolution", () => {
  const b = builder();
  const [B, H, W, K, N, k, s, p] = [2, 7, 6, 4, 8, 3, 2, 1];
  const [Ho, Wo] = [4, 3];
  const [x, w] = [b.map(B * H * W, K), b.vector("W", k * k * K * N)];
  const rows = b.output(B * Ho * Wo, k * k * K);
  const [direct, product] = [b.output(B * Ho * Wo, N), b.output(B * Ho * Wo, N)];
  const shape = { B, H, W, Ho, Wo };
  const { at, ld } = rows;
  const fields = { w, bias: -1, N, tmp: -1 };
  const rectangle = { kh: k, kw: k, sh: s, sw: s, ph: p, pw: p };
  const A = run(b, [
    call("conv", { ...stored(x), ...fields, y: direct.at, yld: direct.ld, ...shape, k, s, p, K }),
    call("unfold", { x: x.at, xld: x.ld, y: at, yld: ld, ...shape, ...rectangle, C: K }),
    call("pointwise", { ...stored(rows), ...fields, y: product.at, yld: product.ld, M: B * Ho * Wo, K: k * k * K }),
  ]);
  for (let row = 0; row < B * Ho * Wo; row++)
    for (let n = 0; n < N; n++)
      expect(A[product.at + row * product.ld + n]).toBeCloseTo(A[direct.at + row * direct.ld + n] as number, 5);
});
