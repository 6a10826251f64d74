/** `misc.json`: the input pipeline, drop path, the generator of the formulas, and accuracy. */
import { augmentInto } from "@/data/augment";
import { IMAGE_BYTES, IMAGE_SIDE, type Rgb } from "@/data/manifest";
import { makeTable } from "@/data/normalise";
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import type { Executor } from "@/nn/executor";
import type { Comparison } from "../compare";
import type { CaseResult, Handler } from "../types";
import { imagesOnly, mapOf } from "./block";
import { type Fields, fileOf, runCase, runCases, type Tensor } from "./fields";
import { Mulberry32 } from "./formula";
import { rowBatch, withLogits } from "./loss";
import { withStore } from "./values";

const TOLERANCE = 1e-6;
const CUTOUT = /^cutout_(\d+)$/;

/** Cuts a window out of an image of ones and looks where it is. */
function compareCutout(golden: Fields, length: number, compare: Comparison): void {
  const out = new Float32Array(IMAGE_BYTES);
  const draws = { dy: 0, dx: 0, flip: false, cutY: golden.number("center_y"), cutX: golden.number("center_x") };
  augmentInto(out, 0, new Uint8Array(IMAGE_BYTES), 0, new Float32Array(768).fill(1), draws, { crop: 0, flip: false, cutout: length });
  const holes: [number, number][] = [];
  for (let i = 0; i < IMAGE_SIDE * IMAGE_SIDE; i++) if (out.subarray(3 * i, 3 * i + 3).every((v) => v === 0)) holes.push([Math.floor(i / IMAGE_SIDE), i % IMAGE_SIDE]);
  const [ys, xs] = [holes.map(([y]) => y), holes.map(([, x]) => x)];
  const found = { y1: Math.min(...ys), y2: Math.max(...ys) + 1, x1: Math.min(...xs), x2: Math.max(...xs) + 1, zeros: holes.length };
  for (const [key, got] of Object.entries(found)) compare.exact(key, got, golden.number(key));
}

function comparePixels(file: Fields, compare: Comparison): void {
  const table = makeTable(file.numbers("mean") as unknown as Rgb, file.numbers("std") as unknown as Rgb);
  for (const pixel of file.records("pixels")) {
    const rgb = pixel.numbers("rgb");
    compare.tensor(`pixel ${rgb.join(",")}`, rgb.map((v, c) => table[256 * c + v] ?? Number.NaN), pixel.numbers("normalised"), TOLERANCE);
  }
}

async function compareDropPath(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const [x, rate, keep] = [golden.tensor("x"), golden.number("drop_prob"), golden.numbers("keep_mask")];
  const b = graphBuilder(mapOf(x), torchDefaultInit);
  const graph = b.finish(b.dropPath("drop", b.input, rate, "path"));
  // Nothing is dropped at probability 0, whatever the mask says.
  const multipliers = Float32Array.from(keep, (kept) => (rate > 0 ? kept / (1 - rate) : 1));
  await withStore(executor, graph, new Map(), async (store) => {
    const { output } = await executor.probe(store, graph, imagesOnly(x, new Map([["path", multipliers]])), new Float32Array(x.data.length), false);
    compare.tensor("y", output, golden.tensor("y").data, TOLERANCE);
  });
}

/** Share of the rows whose label is among their `k` largest logits, in per cent; of equals the first counts as larger. */
function topPercent({ shape, data }: Tensor, labels: ArrayLike<number>, k: number): number {
  const [rows = 0, classes = 0] = shape;
  let right = 0;
  for (let row = 0; row < rows; row++) {
    const logits = [...data.subarray(row * classes, (row + 1) * classes)];
    const own = labels[row] as number;
    const ahead = logits.filter((v, i) => v > (logits[own] as number) || (v === logits[own] && i < own)).length;
    if (ahead < k) right++;
  }
  return (100 * right) / rows;
}

async function compareAccuracy(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const [logits, labels] = [golden.tensor("logits"), golden.tensor("labels").data];
  const rows = logits.shape[0] ?? 0;
  await withLogits(executor, logits, async (store, graph) => {
    const evaluation = executor.evaluate(store, graph, "running");
    evaluation.add(rowBatch(rows, labels));
    const { correct, n } = await evaluation.result();
    compare.exact("top1_percent", (100 * correct) / n, golden.number("top1_percent"));
  });
  if (golden.has("top5_percent")) compare.exact("top5_percent", topPercent(logits, labels, 5), golden.number("top5_percent"));
}

export const misc: Handler = async (value, context): Promise<readonly CaseResult[]> => {
  const file = fileOf(value);
  const executor = await context.executor();
  const results: CaseResult[] = [];
  for (const key of file.keys()) {
    const length = CUTOUT.exec(key)?.[1];
    if (length === undefined) continue;
    results.push(...(await runCases(file.records(key), (golden) => `${key} at ${golden.number("center_y")},${golden.number("center_x")}`, (golden, compare) => compareCutout(golden, Number(length), compare))));
  }
  if (file.has("pixels")) results.push(await runCase("pixels", (compare) => comparePixels(file, compare)));
  if (file.has("drop_path")) results.push(...(await runCases(file.records("drop_path"), (golden) => `drop_path ${golden.number("drop_prob")}`, (golden, compare) => compareDropPath(executor, golden, compare))));
  if (file.has("mulberry32_check"))
    results.push(
      ...(await runCases(file.records("mulberry32_check"), (golden) => `mulberry32 seed ${golden.number("seed")}`, (golden, compare) => {
        const stream = new Mulberry32(golden.number("seed"));
        const want = golden.numbers("first6");
        compare.tensor("first6", want.map(() => stream.next()), want, 1e-8);
      })),
    );
  if (file.has("accuracy")) results.push(await runCase("accuracy", (compare) => compareAccuracy(executor, file.fields("accuracy"), compare)));
  return results;
};
