/** What the panel concludes from α: the weights of every edge, what is kept, skips, margins; and the cells that choices are. */
import { describe, expect, it } from "vitest";
import { choicesOfGenotype } from "@/nas/cell/choices";
import { publishedGenotypes } from "@/nas/cell/published";
import { makeSpace } from "@/nas/space/registry";
import { rowSoftmax } from "@/store/alphaHistory";
import { fakeAlphaValues } from "../testing/fakeAlpha";
import { cellsOfChoices, cellsOfGenotype } from "./derived";
import { cellsTable, describeCells, describeEdge } from "./describe";
import { edgeAfter, knownFocus } from "./focus";
import { skipCount, weightOf } from "./model";
import { hasCells, isColumnOf, memberSubject, runSubject, splitRaw, type Subject } from "./subject";

const small = makeSpace("darts-cell", "small");
const groups = small.mixed?.groups ?? [];
const options = { rule: "official", skipLimit: null } as const;

function columnOf(raw: Float32Array, space = small) {
  return { step: 8, raw, weights: rowSoftmax(raw, space.mixed?.groups ?? []) };
}

/** α in which the named ops stand out: [group, row, column, value]. */
function alphaOf(marks: readonly (readonly [number, number, number, number])[]): Float32Array {
  const raw = new Float32Array(224);
  for (const [group, row, column, value] of marks) raw[group * 112 + row * 8 + column] = value;
  return raw;
}

const searched = (): Subject =>
  runSubject({
    space: small,
    column: columnOf(fakeAlphaValues(groups, { columns: 40 }).at(-1) as Float32Array),
    options,
    result: null,
  });

describe("a search", () => {
  it("has every edge of both cells with the softmax of its ops", () => {
    const { cells, hasWeights } = searched();
    expect(hasWeights).toBe(true);
    expect(cells.map(({ id, nodes, search }) => [id, nodes, search?.edges.length])).toEqual([
      ["normal", 4, 14],
      ["reduce", 4, 14],
    ]);
    for (const { search } of cells)
      for (const { strands, from, to, row } of search?.edges ?? []) {
        expect(strands.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 5);
        expect(row).toBe((to * (to - 1)) / 2 - 1 + from);
      }
  });

  it("keeps two inputs of every node, by the rule of the space", () => {
    // Node 4: max pool from c(k-1) first, skip from node 2 second; node 5 takes sep 3×3 from nodes 3 and 4.
    const raw = alphaOf([
      [0, 6, 1, 3],
      [0, 7, 3, 2],
      [0, 12, 4, 2],
      [0, 13, 4, 3],
    ]);
    const [normal] = runSubject({ space: small, column: columnOf(raw), options, result: null }).cells;
    const kept = normal?.search?.edges.filter((edge) => edge.kept.length > 0) ?? [];
    expect(kept.filter(({ to }) => to === 4).map(({ from, kept: [input] }) => [from, input?.op, input?.slot])).toEqual([
      [1, "max_pool_3x3", 0],
      [2, "skip_connect", 1],
    ]);
    expect(normal?.derived?.inputs.filter(({ node }) => node === 5).map(({ op, from }) => [op, from])).toEqual([
      ["sep_conv_3x3", 4],
      ["sep_conv_3x3", 3],
    ]);
    const weight = Math.exp(3) / (Math.exp(3) + 7);
    expect(weightOf(normal?.search ?? null, 1, 4, "max_pool_3x3")).toBeCloseTo(weight, 6);
    expect(describeCells(normal ? [normal] : [])).toContain(
      `Normal cell. Node 2 keeps max3 from c(k-2) at 0.13 and max3 from c(k-1) at 0.13. Node 3`,
    );
    expect(describeCells(normal ? [normal] : [])).toContain(
      "Node 4 keeps max3 from c(k-1) at 0.74 and skip from node 2 at 0.51; drops 2 inputs.",
    );
  });

  it("leads with an op that can be derived, however heavy none is", () => {
    const raw = alphaOf([
      [0, 0, 0, 5],
      [0, 0, 6, 1],
    ]);
    const [edge] =
      runSubject({ space: small, column: columnOf(raw), options, result: null }).cells[0]?.search?.edges ?? [];
    expect(edge?.leading.op).toBe("dil_conv_3x3");
  });

  it("stands at equal weights before there is α", () => {
    const { cells, hasWeights } = runSubject({ space: small, column: null, options, result: null });
    expect(hasWeights).toBe(false);
    expect(
      cells.map(({ search, derived }) => [search?.isUniform, derived, search?.edges[3]?.strands[5]?.weight]),
    ).toEqual([
      [true, null, 1 / 8],
      [true, null, 1 / 8],
    ]);
    expect(describeCells(cells)).toContain("Normal cell. 14 edges, every operation at the same weight.");
  });

  it("draws for what the run derived once its search is over, not for what α says", () => {
    const result = choicesOfGenotype(publishedGenotypes.DARTS_V2);
    const { cells, isResult } = runSubject({ space: small, column: columnOf(new Float32Array(224)), options, result });
    expect(isResult).toBe(true);
    const edge = cells[0]?.search?.edges.find(({ from, to }) => from === 2 && to === 5);
    expect(edge?.kept.map(({ op }) => op)).toEqual(["dil_conv_3x3"]);
  });

  it("shows a result of another number of nodes by itself", () => {
    const result = choicesOfGenotype(publishedGenotypes.NASNet);
    const { cells } = runSubject({ space: small, column: null, options, result });
    expect(cells.map(({ nodes, search }) => [nodes, search])).toEqual([
      [5, null],
      [5, null],
    ]);
  });

  it("says by how little the last kept edge wins", () => {
    const [normal] = searched().cells;
    expect(normal?.search?.margin).toBeGreaterThanOrEqual(0);
    const even = runSubject({ space: small, column: columnOf(new Float32Array(224)), options, result: null });
    expect(even.cells[0]?.search?.margin).toBe(0);
  });

  it("knows its own columns from those of another space", () => {
    expect(isColumnOf(columnOf(new Float32Array(224)), small)).toBe(true);
    expect(isColumnOf(columnOf(new Float32Array(224)), makeSpace("darts-cell", "nano"))).toBe(false);
    expect(isColumnOf(null, small)).toBe(false);
    expect(splitRaw(new Float32Array(224), small).map(({ length }) => length)).toEqual([112, 112]);
    expect([
      hasCells(small),
      hasCells(makeSpace("nasbench201-cell", "nano")),
      hasCells(makeSpace("macro8", "nano")),
    ]).toEqual([true, true, false]);
  });
});

describe("skips", () => {
  it.each([
    ["normal", 2, 8, null, "ok"],
    ["normal", 3, 8, null, "many"],
    ["normal", 6, 8, null, "collapsed"],
    ["normal", 1, 4, null, "ok"],
    ["normal", 2, 4, null, "many"],
    ["normal", 3, 4, null, "collapsed"],
    ["cell", 5, 6, null, "collapsed"],
    ["reduce", 8, 8, null, "ok"],
    ["normal", 3, 8, 3, "ok"],
    ["normal", 4, 8, 3, "many"],
    ["normal", 1, 8, 0, "many"],
    ["normal", 0, 0, null, "ok"],
  ] as const)("%s: %i of %i kept, limit %s → %s", (id, count, of, limit, level) => {
    expect(skipCount(id, count, of, limit)).toEqual({ count, of, level });
  });
});

describe("derived cells", () => {
  it("of every published genotype have its nodes, ops, inputs and concat", () => {
    for (const genotype of Object.values(publishedGenotypes)) {
      const cells = cellsOfGenotype(genotype);
      expect(cells.map(({ id, nodes, concat }) => [id, nodes, concat])).toEqual([
        ["normal", genotype.normal.nodes.length, genotype.normal.concat],
        ["reduce", genotype.reduce.nodes.length, genotype.reduce.concat],
      ]);
      expect(cells[1]?.inputs.map(({ op, from }) => ({ op, from }))).toEqual(genotype.reduce.nodes.flat());
    }
  });

  it("mark a state that a node reads twice", () => {
    const [normal] = cellsOfGenotype(publishedGenotypes.NASNet);
    expect(normal?.inputs.filter(({ isTwin }) => isTwin).map(({ node, slot, op }) => [node, slot, op])).toEqual([
      [3, 0, "sep_conv_5x5"],
      [3, 1, "sep_conv_3x3"],
      [5, 0, "avg_pool_3x3"],
      [5, 1, "avg_pool_3x3"],
      [6, 0, "sep_conv_3x3"],
      [6, 1, "skip_connect"],
    ]);
  });

  it("of NAS-Bench-201 have an op on every edge", () => {
    const space = makeSpace("nasbench201-cell", "nano");
    const text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|none~1|skip_connect~2|";
    const { cells } = memberSubject("network", space, space.decode(text) ?? {});
    expect(cells[0]?.derived?.inputs.map(({ from, node, op, slot }) => [from, node, op, slot])).toEqual([
      [0, 1, "nor_conv_3x3", 0],
      [0, 2, "nor_conv_3x3", 0],
      [1, 2, "avg_pool_3x3", 1],
      [0, 3, "skip_connect", 0],
      [1, 3, "none", 1],
      [2, 3, "skip_connect", 2],
    ]);
    expect(describeCells(cells)).toBe(
      "Cell. Node 1 keeps c3×3 from the input. Node 2 keeps c3×3 from the input and avg3 from node 1. Node 3 keeps skip from the input and skip from node 2; drops 1 input.",
    );
  });

  it("refuse choices that are no pair of cells", () => {
    expect(cellsOfChoices({ layer1: "mb3_k3" }, groups, []).ok).toBe(false);
    expect(memberSubject("network", small, {}).isUnreadable).toBe(true);
  });

  it("say which states are joined when it is not all of them", () => {
    const { cells } = memberSubject("network", small, choicesOfGenotype(publishedGenotypes.NASNet));
    expect(describeCells(cells)).toContain("Reduction cell. Node 2 keeps sep5 from c(k-1) and sep7 from c(k-2).");
    expect(describeCells(cells)).toContain("The output joins node 4, node 5 and node 6.");
  });
});

describe("table and keyboard", () => {
  it("has a row an edge: what is kept, or the strongest op of what is dropped", () => {
    const { cells } = searched();
    const { columns, rows } = cellsTable(cells);
    expect(columns).toEqual(["Cell", "Node", "Slot", "Operation", "Input", "Weight", "Kept"]);
    expect(rows).toHaveLength(28);
    expect(rows.filter((row) => row[6] === "yes")).toHaveLength(16);
    expect(rows.filter((row) => row[2] !== "")).toHaveLength(16);
    const { cells: published } = memberSubject("network", small, choicesOfGenotype(publishedGenotypes.AmoebaNet));
    expect(cellsTable(published).rows[19]).toEqual(["Reduction cell", 6, 2, "sep3", "node 5", "", "yes"]);
  });

  it("walks down the edges of a cell and over to the other", () => {
    const { cells } = searched();
    const first = edgeAfter(cells, false, null, "ArrowDown");
    expect(first).toEqual({ group: 0, row: 0 });
    expect(edgeAfter(cells, false, first, "ArrowDown")).toEqual({ group: 0, row: 1 });
    expect(edgeAfter(cells, false, first, "ArrowUp")).toEqual(first);
    expect(edgeAfter(cells, false, { group: 0, row: 9 }, "ArrowRight")).toEqual({ group: 1, row: 9 });
    expect(edgeAfter(cells, false, { group: 1, row: 13 }, "ArrowDown")).toEqual({ group: 1, row: 13 });
    const kept = cells[0]?.derived?.inputs.map(({ row }) => row) ?? [];
    expect(edgeAfter(cells, true, { group: 0, row: kept[2] ?? -1 }, "ArrowDown")).toEqual({ group: 0, row: kept[3] });
    expect(edgeAfter([], false, null, "ArrowDown")).toBeNull();
  });

  it("says an edge with its three strongest ops", () => {
    const raw = alphaOf([
      [0, 6, 1, 3],
      [0, 6, 0, 2],
      [0, 6, 3, 1],
    ]);
    const [normal] = runSubject({ space: small, column: columnOf(raw), options, result: null }).cells;
    expect(normal && describeEdge(normal, 6)).toBe(
      "Normal cell, edge from c(k-1) to node 4: max3 0.57, none 0.21, skip 0.08, kept.",
    );
    expect(normal && describeEdge(normal, 99)).toBe("");
  });

  it("lets an op that no cell has dim nothing", () => {
    const { cells } = searched();
    expect(knownFocus({ op: "mb3_k3" }, cells)).toEqual({ edge: null, op: null });
    expect(knownFocus({ op: "skip_connect", edge: { group: 0, row: 3 } }, cells)).toEqual({
      edge: { group: 0, row: 3 },
      op: "skip_connect",
    });
  });
});
