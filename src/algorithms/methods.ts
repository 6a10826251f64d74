/** The method table: adding a method is one folder and one row here. */
import type { AlgorithmId, RunConfig } from "./configKeys";
import { darts } from "./darts/darts";
import { fbnet } from "./fbnet/fbnet";
import { fbnetV3 } from "./fbnetV3/fbnetV3";
import type { Method } from "./method";
import { retrainOnly } from "./retrainOnly/retrainOnly";
import { spos } from "./spos/spos";

const methods: Readonly<Record<AlgorithmId, Method>> = { spos, darts, gdas: darts, "fbnet-v1": fbnet, "fbnet-v2": fbnet, "fbnet-v3": fbnetV3 };

/** Whatever the method: a run that is given its architecture only trains it. */
export function methodOf(config: RunConfig): Method {
  return config["retrain.arch"] === null ? methods[config.algorithm] : retrainOnly;
}
