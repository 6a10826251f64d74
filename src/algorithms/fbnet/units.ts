/** What a unit of each phase costs, in forward passes of one image of the search network: weights of progress and ETA. */
import { mean } from "@/lib/stats";
import { costOf } from "@/nas/cost";
import type { MaskedSpace } from "@/nas/space/types";
import type { RunConfig } from "../configKeys";
import type { MethodEnv } from "../method";
import type { Phase } from "../phases";
import { lengthsOf } from "./lengths";

/** An update is about three forward passes; the two kinds of updates cost nearly the same. */
const passes = 3;

/** Of the graphs that may run in a step, each as likely. */
function maskedMacs(masked: MaskedSpace, config: RunConfig): number {
  const share = config["fbnet2.share"];
  const [first] = masked.rows(share);
  const sampled = config["fbnet2.mode"] === "sampled" && first?.kind === "resolution";
  const graphs = sampled ? first.options.map((_, i) => masked.searchGraph(share, i)) : [masked.searchGraph(share, null)];
  return mean(graphs.map((graph) => costOf(graph).macs));
}

function searchMacs({ space, config }: MethodEnv): number {
  const { mixed, masked } = space;
  if (config.algorithm === "fbnet-v2") return masked ? maskedMacs(masked, config) : 1;
  const ops = mixed?.groups[0]?.ops.length ?? 1;
  const share = config["fbnet.paths"] === "top2" ? Math.min(1, 2 / ops) : 1;
  return (mixed ? costOf(mixed.searchGraph).macs : 1) * share;
}

export function unitImagesOf(env: MethodEnv): Record<Phase, number> {
  const { config, data, space } = env;
  const { recalibrationImages, evaluationImages } = lengthsOf(config, data);
  const { min, max } = space.extremes("macs");
  const network = (space.cost(min.choices).macs + space.cost(max.choices).macs) / 2 / Math.max(1, searchMacs(env));
  return {
    warmup: 0,
    supernet: passes * config["train.batch"],
    recalibrate: 0,
    search: (recalibrationImages + evaluationImages) * network,
    retrain: passes * config["retrain.batch"] * network,
    test: network,
  };
}
