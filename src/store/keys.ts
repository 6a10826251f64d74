/** The experiment's vocabulary for the interface, which may not reach into `algorithms`: keys with their limits and defaults, phases, notes. */
export { type Note, formatValue, parseQuantity } from "@/algorithms/config";
export {
  algorithmIds,
  type ConfigKey,
  defaultsFor,
  epochsBySize,
  keySpecs,
  type KeySpec,
  liveKeys,
  type RunConfig,
  spaceIds,
} from "@/algorithms/configKeys";
export { type Phase, phaseIndex, phases } from "@/algorithms/phases";
