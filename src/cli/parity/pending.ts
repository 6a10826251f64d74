/** Kinds that are known but wait for their method; each is one line `pending` until then. */

const DARTS = [
  "alpha_hessian",
  "batch_norm",
  "cell_eval",
  "cell_search_normal",
  "cell_search_normal_after_reduce",
  "cell_search_reduce",
  "counts",
  "derive",
  "eval_net",
  "genotypes",
  "gumbel",
  "loss",
  "misc",
  "mixed_op",
  "nasbench201",
  "ops_dil_conv",
  "ops_pool_skip_none",
  "ops_preprocess_extra",
  "ops_sep_conv",
  "optim_adam",
  "optim_sgd",
  "paper_scale",
  "published_traces",
  "schedules",
  "search_net",
  "search_net_formula",
];

const DSNET = [
  "block",
  "dynamic_eval",
  "dynamic_stage",
  "gate",
  "ieb",
  "macs",
  "sgs",
  "slice_layers",
  "switch_bn",
];

const FBNET = [
  "arch_counts",
  "blocks",
  "channel_shuffle",
  "cifar_spaces",
  "dmask",
  "effective_cost",
  "gumbel",
  "jointnas",
  "latency_loss",
  "mixed_op",
  "resolution",
];

const waitsFor = (folder: string, method: string, names: readonly string[]): [string, string][] =>
  names.map((name) => [`${folder}/${name}.json`, method]);

/** Kind → the method that will bring it. */
export const PENDING: Readonly<Record<string, string>> = Object.fromEntries([
  ...waitsFor("darts", "DARTS", DARTS),
  ...waitsFor("dsnet", "DS-Net", DSNET),
  ...waitsFor("fbnet", "FBNet", FBNET),
]);
