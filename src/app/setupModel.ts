/** The setup form as data: groups of keys, each with its value, default and note in the words of the catalogue. */
import {
  type ConfigKey,
  defaultsFor,
  formatValue,
  keySpecs,
  type KeySpec,
  liveKeys,
  type Note,
  type RunConfig,
} from "@/store/keys";
import { text } from "@/viz/copy";

export interface SettingRow {
  readonly key: ConfigKey;
  readonly spec: KeySpec;
  readonly label: string;
  readonly hint: string | null;
  readonly unit: string | null;
  /** As it stands in a URL: `600`, `4.6M`, `auto`, `on`. */
  readonly value: string;
  /** Default of the space and size, or null when the value is the default. */
  readonly fallback: string | null;
  readonly note: string | null;
  /** A running search takes it over. */
  readonly live: boolean;
}

export interface SettingGroup {
  readonly id: string;
  readonly name: string;
  readonly rows: readonly SettingRow[];
}

const { groups: names } = text.settings;

const prefixes: readonly (readonly [id: string, name: string, belongs: (key: string) => boolean])[] = [
  ["supernet", names.supernet, (key) => key.startsWith("train.") || key.startsWith("spos.")],
  ["norm", names.norm, (key) => key.startsWith("bn.") || key.startsWith("eval.")],
  ["evolution", names.evolution, (key) => key.startsWith("evo.")],
  ["retrain", names.retrain, (key) => key.startsWith("retrain.")],
  ["data", names.data, (key) => ["dataset", "backend", "threads"].includes(key)],
];

/** Every key but those of the control bar, in five groups. A key that is new in the specs appears without a change here. */
export function settingGroups(config: RunConfig, notes: readonly Note[]): readonly SettingGroup[] {
  const defaults = defaultsFor(config.space, config.size);
  const keys = Object.keys(keySpecs) as ConfigKey[];
  return prefixes.map(([id, name, belongs]) => ({
    id,
    name,
    rows: keys.filter(belongs).map((key): SettingRow => {
      const copy = text.settings.of(key);
      return {
        key,
        spec: keySpecs[key],
        label: copy.label,
        hint: copy.hint ?? null,
        unit: copy.unit ?? null,
        value: formatValue(key, config[key]),
        fallback: config[key] === defaults[key] ? null : formatValue(key, defaults[key]),
        note: notes.find((note) => note.key === key)?.message ?? null,
        live: liveKeys.includes(key),
      };
    }),
  }));
}
