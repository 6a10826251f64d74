/** Every family of kinds: green on the copy in the repository, red when one number of it is another. On the reference executor, small kinds only. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import normGolden from "@/golden/darts/batch_norm.json";
import cellGolden from "@/golden/darts/cell_eval.json";
import countsGolden from "@/golden/darts/counts.json";
import deriveGolden from "@/golden/darts/derive.json";
import genotypesGolden from "@/golden/darts/genotypes.json";
import gumbelGolden from "@/golden/darts/gumbel.json";
import lossGolden from "@/golden/darts/loss.json";
import miscGolden from "@/golden/darts/misc.json";
import mixedGolden from "@/golden/darts/mixed_op.json";
import nasbenchGolden from "@/golden/darts/nasbench201.json";
import poolGolden from "@/golden/darts/ops_pool_skip_none.json";
import extraGolden from "@/golden/darts/ops_preprocess_extra.json";
import adamGolden from "@/golden/darts/optim_adam.json";
import sgdGolden from "@/golden/darts/optim_sgd.json";
import tracesGolden from "@/golden/darts/published_traces.json";
import schedulesGolden from "@/golden/darts/schedules.json";
import type { Handler } from "../types";
import { batchNorm } from "./batchNorm";
import { derivedCells } from "./cells";
import { counts } from "./counts";
import { derive } from "./derive";
import { genotypes } from "./genotypes";
import { gumbel } from "./gumbel";
import { loss } from "./loss";
import { misc } from "./misc";
import { mixedOp } from "./mixedOp";
import { nasbench201 } from "./nasbench201";
import { convOps, poolOps } from "./ops";
import { adam, sgd } from "./optimizers";
import { publishedTraces } from "./publishedTraces";
import { schedules } from "./schedules";
import { type Bench, changed, keeping, type Json, more, openBench } from "./testing";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench("cpu");
});
afterAll(() => bench.dispose());

const named = (...names: string[]) => (item: Json): boolean => names.includes(String(item["name"])); // prettier-ignore
const pools = keeping(poolGolden, "cases", named("avg_pool_3x3_s1_search", "skip_connect_s2_eval", "none_s2_search", "skip_connect_s1_search"));
const extras = keeping(extraGolden, "cases", named("factorized_reduce_search", "conv_7x1_1x7_s2_eval"));
const cells = keeping(cellGolden, "cases", named("DARTS_V2_reduce"));
const mixed = keeping(mixedGolden, "cases", named("mixed_op_s2"));
const countRows = keeping({ ...countsGolden, search: countsGolden.search.slice(-2) }, "eval", (row) => row["C"] === 4);

interface Family {
  readonly name: string;
  readonly handler: Handler;
  readonly file: unknown;
  /** Where a value is changed and to what: each breaks one case. */
  readonly changes: readonly (readonly [path: string, change: unknown])[];
}

const families: readonly Family[] = [
  { name: "ops", handler: poolOps, file: pools, changes: [["cases/1/dx/data/7", more(1e-3)], ["cases/1/bn_after/bn.mean/data/1", more(1e-3)], ["cases/1/stride", 2], ["cases/2/y/data/0", more(1e-3)], ["cases/0/y/data/0", 1], ["cases/3/dweights/bn.gamma/data/1", more(1e-2)]] },
  { name: "preprocessing and extra ops", handler: convOps, file: extras, changes: [["cases/0/weights/conv2/data/0", more(0.01)], ["cases/1/y_eval_after/data/3", more(1e-2)]] },
  { name: "batch_norm", handler: batchNorm, file: normGolden, changes: [["torch_momentum", 0.11], ["steps/2/dgamma/data/1", more(1e-2)], ["eps", 1e-3]] },
  { name: "mixed_op", handler: mixedOp, file: mixed, changes: [["cases/0/dsoftmax/data/4", more(0.05)], ["cases/0/alpha/data/0", more(0.05)]] },
  { name: "cells", handler: derivedCells, file: cells, changes: [["cases/0/ds1/data/5", more(100)], ["cases/0/drop_prob", 0.9], ["cases/0/drop_masks/data/0", 1]] },
  { name: "loss", handler: loss, file: lossGolden, changes: [["epsilon_ls", 0.11], ["cross_entropy/dlogits/data/3", more(1e-4)]] },
  { name: "SGD", handler: sgd, file: sgdGolden, changes: [["cases/1/clip_norm", 4.99], ["cases/0/steps/2/momentum_buffers/0/data/1", more(1e-4)], ["cases/2/steps/0/total_norm", more(0.01)], ["cases/1/steps/1/clipped/0/data/0", more(1e-4)]] },
  { name: "Adam", handler: adam, file: adamGolden, changes: [["cases/0/weight_decay_l2", 0], ["cases/1/steps/3/param/data/2", more(1e-4)], ["cases/0/steps/1/v/data/0", more(1e-5)]] },
  { name: "schedules", handler: schedules, file: schedulesGolden, changes: [["gdas_tau_250/T", 249], ["search_50/lr/3", more(1e-7)], ["nni_gumbel_tau_10/tau/9", more(1e-6)], ["drop_path_600/p_max", 0.201]] },
  { name: "gumbel", handler: gumbel, file: gumbelGolden, changes: [["cases/0/tau", 9], ["cases/1/index/data/2", more(1)], ["cases/2/soft_dalpha/data/0", more(1e-2)]] },
  { name: "derive", handler: derive, file: deriveGolden, changes: [["cases/5/official/normal/0/1", 1], ["cases/1/normal_skip_limited_2_removed_edges", []], ["cases/2/metrics/entropy_reduce", more(1e-3)], ["cases/12/top2_pairs_variant/reduce/0/0", "none"], ["cases/0/nni_export", { "normal/op_2_0": "skip_connect" }]] },
  { name: "genotypes", handler: genotypes, file: genotypesGolden, changes: [["genotypes/NASNet/mmrazor", {}], ["genotypes/SETN/list/normal/7/0", "sep_conv_3x3"], ["genotypes/DARTS_V1/skip_count", [3, 2]], ["mmrazor_yaml_verbatim_as_json/MMRAZOR_97.32/normal_n3/chosen", ["normal_n3_p1", "normal_n3_p0"]]] },
  { name: "counts", handler: counts, file: countRows, changes: [["eval/0/macs", more(1)], ["search/1/leaf_output_floats", more(-1)], ["ops/9/params_affine", more(2)], ["eval/1/aux_params", more(1)]] },
  { name: "misc", handler: misc, file: miscGolden, changes: [["cutout_16/4/x2", 31], ["std/0", 0.25], ["drop_path/2/y/data/0", more(1e-3)], ["accuracy/top1_percent", 50], ["accuracy/top5_percent", 75], ["mulberry32_check/0/seed", 2]] },
  { name: "nasbench201", handler: nasbench201, file: nasbenchGolden, changes: [["search_cell/dalphas/data/6", more(0.1)], ["residual_block/dx/data/0", more(0.1)], ["counts/3/params", more(1)], ["counts/0/valid", false], ["num_architectures", 15624]] },
  { name: "published_traces", handler: publishedTraces, file: tracesGolden, changes: [["runs/0/epochs", 49], ["runs/1/skip_count_normal/49", more(1)], ["runs/2/lambda_max_by_epoch/3", [1, 2, 3]]] },
];

describe.each(families)("$name", ({ handler, file, changes }) => {
  it("is green", async () => {
    const results = await bench.run(handler, file);
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter((one) => one.status !== "pass")).toEqual([]);
  });

  it.each(changes)("is red with another %s", async (path, change) => {
    const results = await bench.run(handler, changed(file, path, change));
    expect(results.filter((one) => one.status === "fail").length).toBe(1);
  });
});
