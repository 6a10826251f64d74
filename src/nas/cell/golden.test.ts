/** Values of ops, edges and cells against the reference implementation, in float64; gradients and float32 back ends are the parity suite's. */
import { describe, expect, it } from "vitest";
import type { Batch } from "@/nn/executor";
import { logits64 } from "@/nn/testing/forward64";
import type { Graph } from "../graph";
import { nasBench201CellGraph, nasBench201Edges, nasBench201ResidualGraph } from "./nasbench201";
import { cellGraph, mixedEdgeGraph } from "./networks";
import { opGraph } from "./ops";
import { publishedGenotypes, type PublishedName } from "./published";
import { exact, ourName, paramsOf, readGolden, relativeError, type GoldenTensor } from "./testing/golden";

const tolerance = 1e-8;

function batchOf({ shape, data }: GoldenTensor, masks?: ReadonlyMap<string, Float32Array>): Batch {
  const size = shape[0] ?? 0;
  const images = exact(data) as unknown as Float32Array;
  return { size, images, labels: new Uint8Array(size), ...(masks === undefined ? {} : { masks }) } as Batch;
}

/** [n, h, w, a] and [n, h, w, b] side by side; a smaller second map goes to the pixels of even row and column. */
function sideBySide(s0: GoldenTensor, s1: GoldenTensor): GoldenTensor {
  const [n = 0, h = 0, w = 0, a = 0] = s0.shape;
  const [, h1 = 0, w1 = 0, b = 0] = s1.shape;
  const times = h / h1;
  const data = new Array<number>(n * h * w * (a + b)).fill(0);
  for (let i = 0; i < n * h * w; i++) for (let c = 0; c < a; c++) data[i * (a + b) + c] = s0.data[i * a + c] ?? NaN;
  for (let i = 0; i < n; i++)
    for (let y = 0; y < h1; y++)
      for (let x = 0; x < w1; x++)
        for (let c = 0; c < b; c++) data[((i * h + y * times) * w + x * times) * (a + b) + a + c] = s1.data[((i * h1 + y) * w1 + x) * b + c] ?? NaN;
  return { shape: [n, h, w, a + b], data };
}

function expectValue(graph: Graph, params: ReadonlyMap<string, Float64Array>, batch: Batch, y: GoldenTensor): void {
  expect([...params.keys()].sort()).toEqual(graph.params.map((p) => p.name).sort());
  for (const p of graph.params) expect([p.name, params.get(p.name)?.length]).toEqual([p.name, p.shape.reduce((a, b) => a * b, 1)]);
  expect(graph.nodes[graph.output]?.shape).toEqual(y.shape.slice(1));
  expect(relativeError(logits64(graph, params, batch), y.data)).toBeLessThan(tolerance);
}

interface Cases<T> {
  readonly cases: readonly T[];
}

interface OpCase {
  readonly name: string;
  readonly op: string;
  readonly stride: number;
  readonly affine: boolean;
  readonly x: GoldenTensor;
  readonly y: GoldenTensor;
  readonly weights: Readonly<Record<string, GoldenTensor>>;
}

describe("ops", () => {
  const cases = ["ops_pool_skip_none", "ops_sep_conv", "ops_dil_conv", "ops_preprocess_extra"].flatMap((file) => readGolden<Cases<OpCase>>(file).cases);
  it.each(cases.map((c) => [c.name, c] as const))("%s", (_, { op, stride, affine, x, y, weights }) => {
    const [, side = 0, , channels = 0] = x.shape;
    const graph = opGraph(op, { channels, side, stride, mode: affine ? "derived" : "search", cout: y.shape[3] ?? 0 });
    expectValue(graph, paramsOf(weights), batchOf(x), y);
  });
});

describe("mixed edges", () => {
  const { cases } = readGolden<Cases<OpCase & { readonly C: number; readonly alpha: GoldenTensor; readonly softmax: GoldenTensor }>>("mixed_op");
  it.each(cases.map((c) => [c.name, c] as const))("%s, weights before and after the softmax", (_, golden) => {
    for (const soft of [true, false]) {
      const graph = mixedEdgeGraph({ channels: golden.C, side: golden.x.shape[1] ?? 0, stride: golden.stride, soft });
      const alpha = soft ? exact(golden.alpha.data) : Float64Array.from(golden.softmax.data);
      expectValue(graph, paramsOf(golden.weights).set("alpha", alpha), batchOf(golden.x), golden.y);
    }
  });
});

interface SearchCase extends Pick<OpCase, "y" | "weights"> {
  readonly config: { readonly C: number; readonly reduction: boolean; readonly steps: number };
  readonly alphas: GoldenTensor;
  readonly s0: GoldenTensor;
  readonly s1: GoldenTensor;
}

describe("search cells", () => {
  it.each(["normal", "reduce", "normal_after_reduce"])("%s", (name) => {
    const file = readGolden<SearchCase>(`cell_search_${name}`);
    const kind = file.config.reduction ? "reduce" : "normal";
    const { s0, s1 } = file;
    const graph = cellGraph({
      kind,
      channels: file.config.C,
      side: s1.shape[1] ?? 0,
      s0: s0.shape[3] ?? 0,
      s1: s1.shape[3] ?? 0,
      larger: s0.shape[1] !== s1.shape[1],
      body: { nodes: file.config.steps },
    });
    const params = paramsOf(file.weights).set(`alpha.${kind}`, exact(file.alphas.data));
    expectValue(graph, params, batchOf(sideBySide(s0, s1)), file.y);
  });
});

interface EvalCase extends OpCase {
  readonly genotype: PublishedName;
  readonly cell: "normal" | "reduce";
  readonly config: { readonly C: number };
  readonly drop_prob: number;
  readonly drop_mask_op_index: readonly number[];
  readonly drop_masks: GoldenTensor;
  readonly s0: GoldenTensor;
  readonly s1: GoldenTensor;
}

describe("derived cells with dropped paths", () => {
  const { cases } = readGolden<Cases<EvalCase>>("cell_eval");
  it.each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
    const { s0, s1 } = c;
    const graph = cellGraph({
      kind: c.cell,
      channels: c.config.C,
      side: s1.shape[1] ?? 0,
      s0: s0.shape[3] ?? 0,
      s1: s1.shape[3] ?? 0,
      larger: s0.shape[1] !== s1.shape[1],
      body: { cell: publishedGenotypes[c.genotype][c.cell], dropPath: c.drop_prob },
    });
    const samples = c.drop_masks.shape[1] ?? 0;
    const maskOf = (row: number): Float32Array => Float64Array.from(c.drop_masks.data.slice(row * samples, (row + 1) * samples), (m) => m / (1 - c.drop_prob)) as unknown as Float32Array;
    const masks = new Map(c.drop_mask_op_index.map((op, row) => [`ops.${op}`, maskOf(row)]));
    const scopes = graph.nodes.flatMap(({ attrs }) => (attrs.op === "dropPath" ? [attrs.scope] : []));
    expect(scopes.sort()).toEqual([...masks.keys()].sort());
    expectValue(graph, paramsOf(c.weights), batchOf(sideBySide(s0, s1), masks), c.y);
  });
});

interface BenchFile {
  readonly search_cell: Pick<OpCase, "x" | "y" | "weights"> & { readonly C: number; readonly alphas: GoldenTensor };
  readonly residual_block: Pick<OpCase, "x" | "y" | "weights"> & { readonly C_in: number; readonly C_out: number };
}

describe("NAS-Bench-201", () => {
  const nasbench = readGolden<BenchFile>("nasbench201");
  const edgeName = (name: string): string =>
    ourName(name).replace(/^(\d)<-(\d)/, (_, to: string, from: string) => `edges.${nasBench201Edges.findIndex((e) => e.to === Number(to) && e.from === Number(from))}`);

  it("search cell", () => {
    const cell = nasbench.search_cell;
    const graph = nasBench201CellGraph({ channels: cell.C, side: cell.x.shape[1] ?? 0 }, { kind: "mixed", weights: "alpha.cell", soft: true });
    const params = paramsOf(cell.weights, edgeName).set("alpha.cell", exact(cell.alphas.data));
    expectValue(graph, params, batchOf(cell.x), cell.y);
  });

  it("residual block", () => {
    const block = nasbench.residual_block;
    const graph = nasBench201ResidualGraph({ channels: block.C_in, side: block.x.shape[1] ?? 0, cout: block.C_out });
    expectValue(graph, paramsOf(block.weights), batchOf(block.x), block.y);
  });
});
