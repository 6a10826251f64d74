/** The configuration as the reader edits it, with undo. A run keeps the configuration it was opened with; a difference makes it stale. */
import { createStore } from "zustand/vanilla";
import { subscribeWithSelector } from "zustand/middleware";
import { type Note, parseConfig } from "@/algorithms/config";
import { type ConfigKey, keySpecs, liveKeys, type RunConfig } from "@/algorithms/configKeys";
import { defaultsFor } from "@/algorithms/defaults";
import type { SizeId } from "@/nas/space/types";

export interface ExperimentState {
  readonly config: RunConfig;
  /** Keys set by the reader (URL, form, automation); the others follow space and size. */
  readonly given: Partial<Record<ConfigKey, string | number | boolean | null>>;
  readonly defaultSize: SizeId;
  readonly notes: readonly Note[];
  readonly past: readonly Partial<Record<ConfigKey, string | number | boolean | null>>[];
}

export const experimentStore = createStore<ExperimentState>()(
  subscribeWithSelector((): ExperimentState => ({ config: defaultsFor("macro8", "nano"), given: {}, defaultSize: "nano" as SizeId, notes: [], past: [] })),
);

function apply(given: ExperimentState["given"], remember: boolean): readonly Note[] {
  const state = experimentStore.getState();
  const parsed = parseConfig(given, "clamp", { defaultSize: state.defaultSize });
  const kept = Object.fromEntries(parsed.given.map((key) => [key, parsed.config[key]]));
  experimentStore.setState({
    config: parsed.config,
    given: kept,
    notes: parsed.notes,
    past: remember ? [...state.past.slice(-49), state.given] : state.past,
  });
  return parsed.notes;
}

/** Replace everything that was set, e.g. from the URL. Unknown keys are reported and kept out. */
export function setGiven(raw: Readonly<Record<string, unknown>>): readonly Note[] {
  return apply(raw as ExperimentState["given"], true);
}

/**
 * Change some keys. Another method, space or size starts with its own settings; a method that is chosen without a space brings its own. An
 * architecture to train fits every size, but no other space.
 */
export function change(values: Partial<Record<ConfigKey, string | number | boolean | null>>): readonly Note[] {
  const { given: before, config } = experimentStore.getState();
  const given = { ...before };
  const another = (key: "algorithm" | "space"): boolean => key in values && values[key] !== config[key];
  const keepsArch = !another("algorithm") && !another("space");
  if ("space" in values || "size" in values || "algorithm" in values) {
    for (const key of Object.keys(given) as ConfigKey[]) if (key.includes(".") && !(key === "retrain.arch" && keepsArch)) delete given[key];
  }
  if (another("algorithm") && !("space" in values)) delete given.space;
  return apply({ ...given, ...values }, true);
}

export function undo(): void {
  const { past } = experimentStore.getState();
  const last = past.at(-1);
  if (!last) return;
  experimentStore.setState({ past: past.slice(0, -1) });
  apply(last, false);
}

/** A hardware adapter proposes tiny, anything else nano; never changes a size that was set. */
export function proposeSize(defaultSize: SizeId): void {
  experimentStore.setState({ defaultSize });
  apply(experimentStore.getState().given, false);
}

/** Keys whose change makes a run's result another one. */
export function staleKeys(ran: RunConfig, edited: RunConfig): ConfigKey[] {
  return (Object.keys(keySpecs) as ConfigKey[]).filter((key) => ran[key] !== edited[key] && !liveKeys.includes(key));
}
