/** Kind → its handler, loaded only when a folder holds the kind: a broken method must not take the others with it. */
import type { Handlers } from "./backend";

/** Counts, names and rules: the same on every backend, so always run here. */
export const COUNTED: Handlers = {
  "nas-bench-macro.json": async () => (await import("./nasBenchMacro")).nasBenchMacro,
  "subnet-files.json": async () => (await import("./subnetFiles")).subnetFiles,
  "darts/counts.json": async () => (await import("./darts/counts")).counts,
  "darts/derive.json": async () => (await import("./darts/derive")).derive,
  "darts/genotypes.json": async () => (await import("./darts/genotypes")).genotypes,
  "darts/gumbel.json": async () => (await import("./darts/gumbel")).gumbel,
  "darts/published_traces.json": async () => (await import("./darts/publishedTraces")).publishedTraces,
  "darts/schedules.json": async () => (await import("./darts/schedules")).schedules,
  "fbnet/arch_counts.json": async () => (await import("./fbnet/archCounts")).archCounts,
  "fbnet/cifar_spaces.json": async () => (await import("./fbnet/cifarSpaces")).cifarSpaces,
  "fbnet/effective_cost.json": async () => (await import("./fbnet/effectiveCost")).effectiveCosts,
  "fbnet/gumbel.json": async () => (await import("./fbnet/gumbel")).gumbel,
  "fbnet/jointnas.json": async () => (await import("./fbnet/jointnas")).jointnas,
};

/** Kinds that compute on the backend: here for the CPU's, in a page for the GPU's. */
export const COMPUTED: Handlers = {
  "darts/alpha_hessian.json": async () => (await import("./darts/alphaHessian")).alphaHessian,
  "darts/batch_norm.json": async () => (await import("./darts/batchNorm")).batchNorm,
  "darts/cell_eval.json": async () => (await import("./darts/cells")).derivedCells,
  "darts/cell_search_normal.json": async () => (await import("./darts/cells")).searchCell,
  "darts/cell_search_normal_after_reduce.json": async () => (await import("./darts/cells")).searchCell,
  "darts/cell_search_reduce.json": async () => (await import("./darts/cells")).searchCell,
  "darts/eval_net.json": async () => (await import("./darts/evalNet")).evalNet,
  "darts/loss.json": async () => (await import("./darts/loss")).loss,
  "darts/misc.json": async () => (await import("./darts/misc")).misc,
  "darts/mixed_op.json": async () => (await import("./darts/mixedOp")).mixedOp,
  "darts/nasbench201.json": async () => (await import("./darts/nasbench201")).nasbench201,
  "darts/ops_dil_conv.json": async () => (await import("./darts/ops")).convOps,
  "darts/ops_pool_skip_none.json": async () => (await import("./darts/ops")).poolOps,
  "darts/ops_preprocess_extra.json": async () => (await import("./darts/ops")).convOps,
  "darts/ops_sep_conv.json": async () => (await import("./darts/ops")).convOps,
  "darts/optim_adam.json": async () => (await import("./darts/optimizers")).adam,
  "darts/optim_sgd.json": async () => (await import("./darts/optimizers")).sgd,
  "darts/paper_scale.json": async () => (await import("./darts/paperScale")).paperScale,
  "darts/search_net.json": async () => (await import("./darts/searchNet")).searchNet,
  "darts/search_net_formula.json": async () => (await import("./darts/searchNet")).searchNet,
  "fbnet/blocks.json": async () => (await import("./fbnet/blocks")).blocks,
  "fbnet/channel_shuffle.json": async () => (await import("./fbnet/channelShuffle")).channelShuffle,
  "fbnet/dmask.json": async () => (await import("./fbnet/dmask")).dmask,
  "fbnet/latency_loss.json": async () => (await import("./fbnet/latencyLoss")).latencyLoss,
  "fbnet/mixed_op.json": async () => (await import("./fbnet/mixedOp")).mixedOp,
  "fbnet/resolution.json": async () => (await import("./fbnet/resolution")).resolution,
};

export const HANDLERS: Handlers = { ...COUNTED, ...COMPUTED };
