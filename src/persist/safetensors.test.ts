import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeSpace } from "@/nas/space/registry";
import { sizeOf } from "@/nas/graph";
import { networkSafetensors, readSafetensors, writeSafetensors, type NamedTensor } from "./safetensors";

function file(header: unknown, data: Uint8Array = new Uint8Array(0), length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

function refused(bytes: Uint8Array): string {
  const read = readSafetensors(bytes);
  expect(read.ok).toBe(false);
  if (read.ok) return "";
  expect(read.problem.code).toBe("import.unreadable");
  return read.problem.message;
}

const tensors = new Map<string, NamedTensor>([
  ["b", { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-20, Infinity) }],
  ["a.weight", { shape: [], data: Float32Array.of(7) }],
  ["empty", { shape: [0, 4], data: new Float32Array(0) }],
]);

describe("safetensors", () => {
  it("reads what it wrote, at any alignment", () => {
    const bytes = writeSafetensors(tensors, { note: "ü" });
    expect(bytes.length % 4).toBe(0);
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    for (const source of [bytes, shifted.subarray(1)]) {
      const read = readSafetensors(source);
      expect(read.ok && read.value.metadata).toEqual({ note: "ü" });
      expect(read.ok && read.value.tensors).toEqual(tensors);
    }
  });

  it("has the documented byte layout", () => {
    const bytes = writeSafetensors(new Map([["x", { shape: [1], data: Float32Array.of(1) }]]));
    const header = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + header.length))).toBe(header);
    expect([...bytes.subarray(-4)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  it("refuses malformed and hostile files", () => {
    const entry = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
    const four = new Uint8Array(4);
    expect(readSafetensors(file({ x: entry }, four)).ok).toBe(true);
    expect(refused(new Uint8Array(3))).toContain("too short");
    expect(refused(file("{}", four, 2n ** 63n))).toContain("cut off");
    expect(refused(file("{}", four, 1000n))).toContain("cut off");
    expect(refused(file("{oops"))).toContain("malformed");
    expect(refused(file(`{"a":${"[".repeat(100000)}`))).toContain("malformed");
    expect(refused(file(`{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, four))).toContain(
      "malformed",
    );
    expect(refused(file({ x: { ...entry, dtype: "F64" } }, four))).toContain("only F32");
    expect(refused(file({ x: { ...entry, shape: [-1] } }, four))).toContain("shape");
    expect(refused(file({ x: { ...entry, shape: [1e300, 1e300] } }, four))).toContain("shape");
    expect(refused(file({ x: { ...entry, shape: [2 ** 40, 2 ** 40] } }, four))).toContain("does not fit");
    expect(refused(file({ x: { ...entry, data_offsets: [0, 8] } }, four))).toContain("does not fit");
    expect(refused(file({ x: { ...entry, data_offsets: [4, 8] } }, new Uint8Array(8)))).toContain("gap");
    expect(refused(file({ x: entry, y: entry }, four))).toContain("overlaps");
    expect(refused(file({ x: entry }, new Uint8Array(8)))).toContain("no tensor");
    expect(refused(file({ __metadata__: { a: 1 }, x: entry }, four))).toContain("metadata");
    expect(refused(writeSafetensors(tensors).subarray(0, -1))).toContain("cut off");
  });

  it("ends every damaged file in a result", () => {
    const whole = writeSafetensors(tensors, { note: "x" });
    let survivors = 0;
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
        const bytes = whole.slice(0, length < 40 ? length : whole.length);
        if (at < bytes.length) bytes[at] = byte;
        const read = readSafetensors(bytes);
        if (read.ok) survivors++;
        else expect(read.problem.code).toBe("import.unreadable");
      }),
      { numRuns: 2000, seed: 1 },
    );
    expect(survivors).toBeGreaterThan(0);
    expect(survivors).toBeLessThan(2000);
  });

  it("writes a network under parameter names and running statistics", () => {
    const space = makeSpace("macro8", "nano");
    const graph = space.graph(space.extremes("macs").max.choices);
    const weights = new Map(graph.params.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape)).fill(2)]));
    for (const { stats, channels } of graph.norms) {
      weights.set(`${stats}.mean`, new Float32Array(channels));
      weights.set(`${stats}.var`, new Float32Array(channels).fill(1));
    }
    const read = readSafetensors(networkSafetensors(graph, weights, { id: "22222222" }));
    if (!read.ok) throw new Error(read.problem.message);
    expect(read.value.tensors.size).toBe(graph.params.length + 2 * graph.norms.length);
    expect(read.value.tensors.get("stem.bn.running_var")?.data[0]).toBe(1);
    expect(read.value.tensors.get("stem.conv.weight")?.shape).toEqual([3, 3, 3, 4]);
    expect(read.value.metadata["layout"]).toContain("NHWC");
    weights.delete("stem.conv.weight");
    expect(() => networkSafetensors(graph, weights)).toThrow("stem.conv.weight");
  });
});
