/** The setup form as data: groups of keys, each with its value, default and note in the words of the catalogue. */
import {
  type AlgorithmId,
  type ConfigKey,
  defaultsFor,
  formatValue,
  keySpecs,
  type KeySpec,
  liveKeys,
  type Note,
  type RunConfig,
} from "@/store/keys";
import { spaceOf } from "@/store/network";
import { text } from "@/viz/copy";

export interface SettingRow {
  readonly key: ConfigKey;
  readonly spec: KeySpec;
  readonly label: string;
  readonly hint: string | null;
  readonly unit: string | null;
  /** As it stands in a URL: `600`, `4.6M`, `auto`, `on`. */
  readonly value: string;
  /** Default of method, space and size, or null when the value is the default. */
  readonly fallback: string | null;
  readonly note: string | null;
  /** A running search takes it over. */
  readonly live: boolean;
  /** Why it cannot be set as things stand. */
  readonly disabled: string | null;
}

export interface SettingGroup {
  readonly id: string;
  readonly name: string;
  readonly rows: readonly SettingRow[];
}

const { groups: names } = text.settings;

interface GroupSpec {
  readonly id: keyof typeof names;
  readonly belongs: (key: ConfigKey, config: RunConfig) => boolean;
}

const starts =
  (...prefixes: readonly string[]): GroupSpec["belongs"] =>
  (key) =>
    prefixes.some((prefix) => key.startsWith(prefix));

/** Settings of networks of any width and depth; other spaces have one network a member. */
const ofNetworks: readonly ConfigKey[] = ["retrain.width", "retrain.cells"];
/** Settings that only networks of the paper's cells have. */
const ofCells: readonly ConfigKey[] = ["retrain.dropPath", "retrain.aux"];
/** How θ moves and what is made of it; the other keys of FBNet are about the cost. */
const ofTheta: readonly ConfigKey[] = [
  "fbnet.thetaLr",
  "fbnet.warmupEpochs",
  "fbnet.tau0",
  "fbnet.tauEnd",
  "fbnet.paths",
  "fbnet.samples",
];
const ofCost: readonly ConfigKey[] = ["fbnet.loss", "fbnet.weight", "fbnet.target", "fbnet.metric", "fbnet.wLoss"];
/** Settings of a latency table. */
const ofTable: readonly ConfigKey[] = ["fbnet.tableBatch", "fbnet.device"];
/** Settings that a recipe decides where it is searched along. */
const ofRecipes: readonly ConfigKey[] = ["retrain.lr", "retrain.wd"];
const ofTheMachine: readonly ConfigKey[] = ["dataset", "backend", "threads"];

const norm: GroupSpec = { id: "norm", belongs: starts("bn.", "eval.") };
const retrain: GroupSpec = {
  id: "retrain",
  belongs: (key, { algorithm, space, size }) =>
    key.startsWith("retrain.") &&
    (!ofNetworks.includes(key) || spaceOf(space, size).network !== undefined) &&
    (!ofCells.includes(key) || space === "darts-cell") &&
    (!ofRecipes.includes(key) || algorithm !== "fbnet-v3"),
};
const data: GroupSpec = { id: "data", belongs: (key) => ofTheMachine.includes(key) };
const search: GroupSpec = { id: "search", belongs: starts("train.") };
const alpha: GroupSpec = {
  id: "alpha",
  // The order is that of DARTS's gradient; GDAS has no second one.
  belongs: (key, { algorithm }) => key.startsWith("darts.") && (key !== "darts.order" || algorithm === "darts"),
};

const theta: GroupSpec = {
  id: "theta",
  // Two paths a layer need layers of candidates.
  belongs: (key, { algorithm }) => ofTheta.includes(key) && (key !== "fbnet.paths" || algorithm === "fbnet-v1"),
};
const latency: GroupSpec = {
  id: "latency",
  belongs: (key, config) => ofCost.includes(key) || (ofTable.includes(key) && config["fbnet.metric"] === "latency"),
};

const groupsOf: Readonly<Record<AlgorithmId, readonly GroupSpec[]>> = {
  spos: [
    { id: "supernet", belongs: starts("train.", "spos.") },
    norm,
    { id: "evolution", belongs: starts("evo.") },
    retrain,
    data,
  ],
  darts: [search, alpha, norm, retrain, data],
  gdas: [search, alpha, { id: "temperature", belongs: starts("gdas.") }, norm, retrain, data],
  "fbnet-v1": [search, theta, latency, norm, retrain, data],
  "fbnet-v2": [
    search,
    theta,
    { id: "cost", belongs: (key) => ofCost.includes(key) },
    { id: "masks", belongs: starts("fbnet2.") },
    norm,
    retrain,
    data,
  ],
  "fbnet-v3": [
    { id: "joint", belongs: starts("fbnet3.") },
    // Rates and decay are a recipe's to choose.
    { id: "pairs", belongs: (key) => ["train.batch", "train.steps", "train.clip", "bn.recal"].includes(key) },
    retrain,
    data,
  ],
};

/** The key as it can be set with these settings: masks know no latency. */
function specOf(key: ConfigKey, { algorithm }: RunConfig): KeySpec {
  const spec = keySpecs[key];
  return key === "fbnet.metric" && algorithm === "fbnet-v2" && spec.type === "enum"
    ? { ...spec, values: spec.values.filter((value) => value !== "latency") }
    : spec;
}

function whyDisabled(key: ConfigKey, config: RunConfig): string | null {
  return key === "fbnet.weight" && config["fbnet.loss"] === "inner" ? text.settings.noWeight : null;
}

/** Keys that have their place in the control bar. */
export const barKeys: readonly ConfigKey[] = ["algorithm", "space", "size", "seed"];

/** Every key that the method and the space know, but those of the control bar. A key that is new in the specs appears without a change here. */
export function settingGroups(config: RunConfig, notes: readonly Note[]): readonly SettingGroup[] {
  const defaults = defaultsFor(config.space, config.size, config.algorithm);
  const keys = Object.keys(keySpecs) as ConfigKey[];
  const rowOf = (key: ConfigKey): SettingRow => {
    const copy = {
      ...text.settings.of(key, config.algorithm),
      ...text.settings.under(key, { loss: config["fbnet.loss"], metric: config["fbnet.metric"] }),
    };
    return {
      key,
      spec: specOf(key, config),
      label: copy.label,
      hint: copy.hint ?? null,
      unit: copy.unit ?? null,
      value: formatValue(key, config[key]),
      fallback: config[key] === defaults[key] ? null : formatValue(key, defaults[key]),
      note: notes.find((note) => note.key === key)?.message ?? null,
      live: liveKeys.includes(key),
      disabled: whyDisabled(key, config),
    };
  };
  return groupsOf[config.algorithm].map(({ id, belongs }) => ({
    id,
    name: names[id],
    rows: keys.filter((key) => belongs(key, config)).map(rowOf),
  }));
}
