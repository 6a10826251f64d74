import { describe, expect, it } from "vitest";
import golden from "@/golden/darts/misc.json";
import type { ParamSpec } from "@/nas/graph";
import { Fields, fileOf, runCase } from "./fields";
import { formulaImages, formulaLabels, formulaWeights, Mulberry32 } from "./formula";
import { unpack } from "./manifest";
import { ourName, renamed, weightsFor } from "./values";

const spec = (name: string, role: ParamSpec["role"], shape: number[]): ParamSpec => ({ name, role, shape, init: { kind: "constant", value: 0 } });

describe("files", () => {
  const fields = new Fields({ n: 1, t: { shape: [2, 1], data: [0.5, 2] }, bad: { shape: [3], data: [1] }, none: null }, "case a");

  it("give tensors as lists or as base64 of float32, little end first", () => {
    expect(fields.tensor("t")).toEqual({ shape: [2, 1], data: Float64Array.from([0.5, 2]) });
    const packed = new Fields({ t: { shape: [2], b64: "AACAPwAAAMA=" } }, "");
    expect([...packed.tensor("t").data]).toEqual([1, -2]);
  });

  it("say which field of what is not as it must be", async () => {
    expect(() => fields.number("x")).toThrow('"x" of case a is missing.');
    expect(() => fields.text("n")).toThrow('"n" of case a must be a text.');
    expect(() => fields.tensor("bad")).toThrow('"bad" of case a has 1 numbers for the shape 3.');
    expect(() => fileOf([])).toThrow("one object");
    expect([fields.has("none"), fields.numberOr("none", 7)]).toEqual([false, 7]);
    expect(await runCase("c", () => fields.flag("n") as unknown as void)).toMatchObject({ name: "c", status: "fail", note: '"n" of case a must be true or false.' });
  });

  it("name weights in another way", () => {
    const names = ["stem.conv", "stem.bn.gamma", "stem.bn.beta", "classifier.kernel", "classifier.bias", "bn.mean", "bn.var", "dw1", "1<-0.op.conv.bias"];
    expect(names.map(ourName)).toEqual(["stem.conv.weight", "stem.bn.weight", "stem.bn.bias", "classifier.weight", "classifier.bias", "bn.mean", "bn.var", "dw1.weight", "1<-0.op.conv.bias"]);
  });

  it("must have every weight of the network, in its shape, and no other", () => {
    const graph = { params: [spec("alpha.normal", "architecture", [8]), spec("dw.weight", "depthwise", [3, 3, 2, 1])] };
    const dw = { shape: [3, 3, 2, 1], data: new Float64Array(18) };
    expect([...weightsFor(graph, renamed(new Map([["dw", dw]]))).keys()]).toEqual(["dw.weight"]);
    expect(() => weightsFor(graph, new Map())).toThrow("no weight for dw.weight");
    expect(() => weightsFor(graph, renamed(new Map([["dw", { ...dw, shape: [18] }]])))).toThrow("dw.weight is 18 in the file, 3×3×2×1 in our network");
    expect(() => weightsFor(graph, renamed(new Map([["dw", dw], ["pw", dw]])))).toThrow("Our network has no weight pw.weight"); // prettier-ignore
  });

  it("cut buffers by their manifest", () => {
    const buffer = { shape: [5], data: Float32Array.from([1, 2, 3, 4, 5]) };
    const parts = unpack(buffer, [{ name: "a", shape: [2], offset: 0 }, { name: "b", shape: [3, 1], offset: 2 }]); // prettier-ignore
    expect([...(parts.get("b")?.data ?? [])]).toEqual([3, 4, 5]);
    expect(() => unpack(buffer, [{ name: "c", shape: [2], offset: 4 }])).toThrow("ends before c");
  });
});

describe("formulas", () => {
  it.each(golden.mulberry32_check)("mulberry32 of seed $seed", ({ seed, first6 }) => {
    const stream = new Mulberry32(seed);
    first6.forEach((want) => expect(stream.next()).toBeCloseTo(want, 8));
  });

  it("take one number a weight in order and none for α", () => {
    const params = [spec("alpha.normal", "architecture", [8]), spec("c.weight", "conv", [3, 3, 2, 1]), spec("g", "gamma", [1]), spec("b", "beta", [1]), spec("d", "depthwise", [3, 3, 1, 1]), spec("l", "linear", [4, 1]), spec("o", "bias", [1])];
    const { values, used } = formulaWeights(params, 5);
    const stream = new Mulberry32(5);
    const s = Array.from({ length: 34 }, () => 2 * stream.next() - 1) as [number, ...number[]];
    expect([used, [...values.keys()]]).toEqual([34, ["c.weight", "g", "b", "d", "l", "o"]]);
    const at = (name: string): number => values.get(name)?.[0] ?? Number.NaN;
    const want = [Math.sqrt(6 / 18) * s[0], 1 + 0.2 * (s[18] as number), 0.2 * (s[19] as number), Math.sqrt(6 / 9) * (s[20] as number), Math.sqrt(6 / 4) * (s[29] as number), 0.1 * (s[33] as number)];
    expect(["c.weight", "g", "b", "d", "l", "o"].map(at)).toEqual(want.map(Math.fround));
  });

  it("images lie in −2 … 2, labels are classes", () => {
    const stream = new Mulberry32(9);
    const first = stream.next();
    expect(formulaImages(9, 1)[0]).toBe(Math.fround(4 * first - 2));
    expect(formulaLabels(9, 1)[0]).toBe(Math.floor(10 * first));
  });
});
