/** The experiment in the address: `#v=1&size=tiny&…`, only what differs from the defaults, `v` first. View and host keys pass through. */
import { differingKeys, formatValue } from "@/algorithms/config";
import { aliases, type ConfigKey, keySpecs, type RunConfig } from "@/algorithms/configKeys";

/** Keys of the address that are not the experiment's. */
const viewKeys = new Set(["v", "theme", "motion", "panels", "panel", "present", "pin", "at", "lesson", "card", "embed", "hide", "play", "autostart"]);

export interface ParsedUrl {
  /** Everything that is not a view key: experiment keys and, for the report, unknown ones. */
  readonly experiment: Readonly<Record<string, string>>;
  readonly view: Readonly<Record<string, string>>;
}

/** Split a hash. Malformed escapes are taken as they stand; a later duplicate of a key wins. */
export function parseHash(hash: string): ParsedUrl {
  const experiment: Record<string, string> = {};
  const view: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (key === "" || key === "__proto__") continue;
    if (viewKeys.has(key)) view[key] = value;
    else experiment[key] = value;
  }
  return { experiment, view };
}

const shortNames = new Map<ConfigKey, string>(Object.entries(aliases).map(([short, key]) => [key, short]));

/** The hash of a configuration: keys that were set and differ from the defaults of their space and size. */
export function hashOf(config: RunConfig, given: readonly ConfigKey[], view: Readonly<Record<string, string>>): string {
  const differing = differingKeys(config);
  const parts = ["v=1"];
  for (const key of Object.keys(keySpecs) as ConfigKey[]) {
    const value = differing[key];
    if (value === undefined || !given.includes(key)) continue;
    parts.push(`${shortNames.get(key) ?? key}=${encodeURIComponent(formatValue(key, value))}`);
  }
  for (const [key, value] of Object.entries(view)) if (key !== "v" && key !== "autostart") parts.push(`${key}=${encodeURIComponent(value)}`);
  return `#${parts.join("&")}`;
}
