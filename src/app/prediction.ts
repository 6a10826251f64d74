/** How long a run of each size would take on this machine, from the seconds the boot spent measuring a nano step. */
import { defaultsFor, epochsBySize, type RunConfig } from "@/store/keys";
import { spaceOf } from "@/store/network";

/** Images whose step time the calibration reports. */
const CALIBRATION_BATCH = 32;
/** A forward pass is about a third of a training step. */
const FORWARD_SHARE = 1 / 3;

export interface Machine {
  /** Milliseconds of one nano step of macro8. */
  readonly calibrationMs: number;
  /** Training images of the data set. */
  readonly train: number;
}

type SizeId = RunConfig["size"];

function meanMacs(space: RunConfig["space"], size: SizeId): number {
  const members = spaceOf(space, size);
  const { min, max } = members.extremes("macs");
  return (members.cost(min.choices).macs + members.cost(max.choices).macs) / 2;
}

/**
 * Seconds of a whole run with the size's defaults: step time in proportion to multiply–adds and images.
 * Right for a processor; on a GPU small networks wait for dispatch, so there it is an upper bound.
 */
export function predictedSeconds(space: RunConfig["space"], size: SizeId, machine: Machine): number {
  const config = defaultsFor(space, size);
  const imageMs = (machine.calibrationMs / CALIBRATION_BATCH) * (meanMacs(space, size) / meanMacs("macro8", "nano"));
  const weights = Math.round(0.9 * machine.train);
  const epochs = epochsBySize[size];
  const supernet =
    (config["train.steps"] ?? epochs.train * Math.floor(weights / config["train.batch"])) * config["train.batch"];
  const retrain =
    (config["retrain.steps"] ?? epochs.retrain * Math.floor(machine.train / config["retrain.batch"])) *
    config["retrain.batch"];
  const evaluations =
    (config["evo.pool"] + config["evo.generations"] * (config["evo.mutation"] + config["evo.crossover"])) *
    (config["evo.random"] ? 2 : 1);
  const validation = config["eval.images"] ?? machine.train - weights;
  const search = evaluations * (config["bn.recal"] * config["train.batch"] + validation) * FORWARD_SHARE;
  return ((supernet + retrain + search) * imageMs) / 1000;
}
