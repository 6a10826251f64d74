/** Ten thousand random and mutated import files: each ends in a report or a problem, at once; none throws. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { macro8Cost } from "../space/macro8";
import { parseMacroTable } from "../benchmark/macroTable";
import { makeSpace, spaceIds } from "../space/registry";
import { sizes, type Space } from "../space/types";
import { archFileOf } from "./archJson";
import { importArchitecture } from "./detect";
import { expressible, exportText, formatsOf } from "./export";

const SEED = 20250101;
const spaces: Space[] = spaceIds.flatMap((id) => sizes.map((size) => makeSpace(id, size)));

const seeds: Uint8Array[] = spaces
  .filter(({ size }) => size !== "full")
  .flatMap((space) => {
    const arch = space.extremes("macs").max;
    const file = archFileOf(space, arch, {
      complete: true,
      origin: { kind: "crossover", parents: [arch.id, arch.id] },
      metrics: { supernetAccuracy: { value: 0.5, n: 10 }, retrainedAccuracy: null, macs: 1, params: 2, latencyMs: 0.5 },
      provenance: {
        app: "0.1.0",
        algorithm: "spos",
        config: { a: 1 },
        seed: 7,
        dataset: { id: "emoji10", sha256: null },
        backend: "wasm",
        createdAt: "2025-01-01T00:00:00Z",
      },
    });
    return formatsOf(space)
      .filter((format) => expressible(format, space, file).ok)
      .map((format) => new TextEncoder().encode(exportText(format, space, file)));
  });

const pieces = [
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  '"',
  "'",
  "\n",
  "  ",
  "- ",
  "chosen",
  "chosen: ",
  "backbone.layers.0.0",
  "stage_0_block_0",
  "shuffle_3x3",
  "&a ",
  "*a",
  "!!str ",
  "|",
  ">",
  "?",
  "#",
  "---\n",
  "%",
  "<<: ",
  "__proto__",
  "\\u0000",
  "\0",
  "\ufeff",
  "(",
  ")",
  "0",
  "2,",
  "1e999",
  "null",
  "true",
  "nas-playground/architecture",
  '"format"',
  "\ud800",
  "Genotype(",
  "normal=",
  "normal_concat=",
  "range(2, 6)",
  "('sep_conv_3x3', 1), ",
  "normal/op_2_0",
  "normal/input_2_0",
  "normal_n2",
  "normal_n2_p0",
  "cell/0_1",
  '"ks": [3, 5], ',
  '"e": [1, 3], ',
  '"d": [1, 2], ',
  '"wid": null',
  "k3_e1_g2",
  "|none~0|",
  "+",
  "n:s3.0+sk.1;r:",
  "é",
  "\t",
];

type Edit = {
  readonly kind: "flip" | "cut" | "drop" | "repeat" | "insert";
  readonly at: number;
  readonly length: number;
  readonly piece: string;
};
const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom("flip", "cut", "drop", "repeat", "insert"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(40),
  piece: fc.constantFrom(...pieces),
});

function apply(bytes: Uint8Array, { kind, at, length, piece }: Edit): Uint8Array {
  const start = Math.floor(at * bytes.length);
  const [head, middle, tail] = [
    bytes.subarray(0, start),
    bytes.subarray(start, start + length),
    bytes.subarray(start + length),
  ];
  if (kind === "cut") return head;
  if (kind === "drop") return Uint8Array.of(...head, ...tail);
  if (kind === "repeat") return Uint8Array.of(...head, ...middle, ...middle, ...tail);
  if (kind === "insert") return Uint8Array.of(...head, ...new TextEncoder().encode(piece), ...middle, ...tail);
  return bytes.map((byte, i) => (i === start ? byte ^ (1 << (length % 8)) : byte));
}

/** Fields with the right names and any values, so that the schema and not only the parser is reached. */
const anything = fc.jsonValue({ maxDepth: 3, noUnicodeString: false });
const names = fc.constantFrom(
  "format",
  "version",
  "space",
  "choices",
  "id",
  "origin",
  "metrics",
  "provenance",
  "complete",
  "layer.0",
  "backbone.layers.0.0",
  "stage_0_block_0",
  "ks",
  "e",
  "d",
  "r",
  "wid",
  "stage.0.channels",
  "depth",
  "channel_unit_cfg",
  "normal/op_2_0",
  "normal/input_2_0",
  "normal/concat",
  "reduce/op_2_1",
  "normal/2_0",
  "normal_n2",
  "normal_n2_p0",
  "cell/0_1",
);
const tree = fc.dictionary(
  names,
  fc.oneof(
    anything,
    fc.constant("nas-playground/architecture"),
    fc.constant(1),
    fc.record({ chosen: anything }),
    fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 9 }),
    fc.record({ id: fc.constantFrom("macro8", "darts-cell", "nasbench201-cell", "fbnet-v1", "fbnet-v2", "fbnet-v3"), size: fc.constant("nano") }),
    fc.constantFrom("sep_conv_3x3", "none", "normal_n2_p0"),
  ),
);

function outcome(
  run: () =>
    | { readonly ok: true }
    | { readonly ok: false; readonly problem: { readonly code: string; readonly message: string } },
): boolean {
  const started = performance.now();
  const result = run();
  expect(performance.now() - started).toBeLessThan(2000);
  if (!result.ok) {
    expect(result.problem.code).toBe("import.unreadable");
    expect(result.problem.message).toMatch(/^[^\n]{10,800}\.$/);
  }
  return result.ok;
}

const importing = (source: Uint8Array | string): boolean =>
  outcome(() => importArchitecture(source, { spaces, current: { id: "spos", size: "tiny" } }));

describe("10,000 hostile imports", () => {
  it("6,000 mutated files of every format; some survive", () => {
    let read = 0;
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 3 }), (seed, edits) => {
        if (importing(edits.reduce(apply, seed))) read++;
      }),
      { numRuns: 6000, seed: SEED },
    );
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(4000);
  });

  it("1,500 soups of format tokens", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 200 }), (soup) => void importing(soup.join(""))),
      { numRuns: 1500, seed: SEED },
    );
  });

  it("1,500 random trees under known keys", () => {
    fc.assert(
      fc.property(tree, (value) => void importing(JSON.stringify(value))),
      { numRuns: 1500, seed: SEED },
    );
  });

  it("500 files of random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void importing(bytes)),
      { numRuns: 500, seed: SEED },
    );
  });

  it("500 mutated benchmark tables", () => {
    const rows = ["00000000", "11111111", "22212220", "01201201"].map((id, i) => {
      const { params, macs } = macro8Cost(id, "full");
      return [
        id,
        i % 2 ? [50 + i, params, macs] : { test_acc: [50, 51, 52], mean_acc: 51, std: 0.8, params, flops: macs },
      ] as const;
    });
    const table = new TextEncoder().encode(JSON.stringify(Object.fromEntries(rows)));
    expect(outcome(() => parseMacroTable(table))).toBe(true);
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 3 }),
        (edits) => void outcome(() => parseMacroTable(edits.reduce(apply, table))),
      ),
      { numRuns: 500, seed: SEED },
    );
  });
});
