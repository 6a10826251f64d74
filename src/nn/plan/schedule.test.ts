import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schedule } from "./schedule";
import { accessesOf, symbolic, type Buf, type SymbolCall } from "./symbols";

const buf = (id: number): Buf => ({ id, floats: 64, ld: 64, channels: 64, fixed: null });

/** y[at…] = x[at…] on columns of small buffers: enough to make every kind of hazard. */
function copyCall(from: number, to: number, at: number, kind: number): SymbolCall {
  const [x, y] = [{ buf: buf(from), at, span: 8 }, { buf: buf(to), at, span: 8 }];
  return symbolic("activation", { x, xld: 64, xmode: 0, xcoef: -1, xcs: 0, xlo: 0, xhi: 0, y, yld: 64, kind, real: 8, M: 1, C: 8 });
}

const calls = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 2 })), { maxLength: 40 })
  .map((list) => list.filter(([from, to]) => from !== to).map(([from, to, at, kind]) => copyCall(from, to, at * 4, kind)));
const kindOf = (call: SymbolCall): string => String(call.args["kind"]);

describe("schedule", () => {
  it("keeps the order of calls that touch the same columns, and groups equal variants only", () => {
    fc.assert(
      fc.property(calls, (list) => {
        const groups = schedule(list, kindOf, 4);
        expect(groups.flat().length).toBe(list.length);
        const time = new Map(groups.flatMap((group, i) => group.map((call) => [call, i] as const)));
        for (const group of groups) expect(new Set(group.map(kindOf)).size).toBe(1);
        list.forEach((a, i) =>
          list.slice(i + 1).forEach((b) => {
            const conflict = accessesOf(a).some((p) => accessesOf(b).some((q) => (p.writes || q.writes) && p.ref.buf.id === q.ref.buf.id && p.ref.at < q.ref.at + q.ref.span && q.ref.at < p.ref.at + p.ref.span));
            if (conflict) expect(time.get(a) ?? NaN).toBeLessThan(time.get(b) ?? NaN);
          }),
        );
      }),
    );
  });

  it("puts independent calls of one kind into one group, at most maxBatch", () => {
    const list = Array.from({ length: 6 }, (_, i) => copyCall(2 * i, 2 * i + 1, 0, 0));
    expect(schedule(list, kindOf, 4).map((g) => g.length)).toEqual([4, 2]);
    expect(schedule(list, kindOf, 1).map((g) => g.length)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("orders calls that add to one weight gradient", () => {
    const grad = (): SymbolCall => symbolic("biasGrad", { dy: { buf: buf(0), at: 0, span: 8 }, dyld: 64, db: 128, M: 1, N: 8 });
    expect(schedule([grad(), grad()], () => "same", 8).length).toBe(2);
  });

  it("orders mixtures whose ranges of one parameter overlap", () => {
    const grad = (dalpha: number): SymbolCall =>
      symbolic("mixWeightsGrad", { dwv: { buf: buf(2 * dalpha), at: 0, span: 3 }, prob: { buf: buf(2 * dalpha + 1), at: 0, span: 3 }, dalpha, n: 3, soft: 0, count: 3, index0: 0x210, index1: 0 });
    expect(schedule([grad(0), grad(3), grad(8)], () => "same", 8).length).toBe(1);
    expect(schedule([grad(0), grad(2), grad(8)], () => "same", 8).map((group) => group.length)).toEqual([2, 1]);
  });
});
