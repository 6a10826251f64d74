/** The experiment's vocabulary for the interface, which may not reach into `algorithms`: keys with their limits and defaults, phases, notes. */
export { type Note, formatValue, parseQuantity, sizeOptionsOf } from "@/algorithms/config";
export {
  type AlgorithmId,
  algorithmIds,
  type ConfigKey,
  keySpecs,
  type KeySpec,
  liveKeys,
  type RunConfig,
  type SpaceId,
  spaceIds,
} from "@/algorithms/configKeys";
export { defaultsFor, epochsBySize, jointData, searchData, stochasticData } from "@/algorithms/defaults";
export { pairProblem } from "@/algorithms/pairs";
export { type Phase, phaseIndex, phases } from "@/algorithms/phases";
export type { JointGeneration, JointReport, JointTrial, MethodReport, TableReport } from "@/algorithms/reports";
