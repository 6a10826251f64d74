/**
 * Raw keys to a checked configuration. The page clamps and notes (`clamp`); the headless command, which nobody watches, refuses.
 * Nothing here throws, whatever it is given.
 */
import type { Problem } from "@/lib/result";
import { type NetworkOptions, type SizeId, sizes } from "@/nas/space/types";
import { algorithmIds, type AlgorithmId, aliases, type ConfigKey, keySpecs, ownSpace, type RunConfig, type SpaceId } from "./configKeys";
import { defaultsFor } from "./defaults";
import { pairProblem, isIndependent } from "./pairs";

/** Something the user should see about a value: kept out, clamped or unusual. */
export interface Note {
  readonly key: string;
  readonly kind: "unknown" | "clamped" | "invalid" | "warning";
  readonly message: string;
}

export interface ParsedConfig {
  readonly config: RunConfig;
  /** Keys that were given and understood. */
  readonly given: readonly ConfigKey[];
  readonly notes: readonly Note[];
  /** In mode `refuse`: what makes the configuration unusable, one sentence each. */
  readonly problems: readonly Problem[];
}

export interface ParseOptions {
  /** Size when none is given: tiny on a hardware adapter, nano elsewhere. */
  readonly defaultSize?: SizeId;
}

type Value = string | number | boolean | null;
type Checked = { readonly value: Value; readonly note?: Omit<Note, "key"> } | { readonly problem: string };

const known = new Set<string>(Object.keys(keySpecs));
const quote = (value: unknown): string => {
  const text = typeof value === "string" ? value : textOf(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};

/** JSON where there is one; big integers, symbols and cycles have none. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return typeof value;
  }
}

/** "4.6M" → 4600000, "2k" → 2000; NaN when it is not a number. */
export function parseQuantity(text: string): number {
  const match = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([kM])?\s*$/.exec(text);
  if (!match) return Number.NaN;
  const scale = match[2] === "M" ? 1e6 : match[2] === "k" ? 1e3 : 1;
  const number = Number(match[1]);
  // One rounding: 1.43M is 1430000, not 1429999.9999999998. A number without a multiplier is taken as it stands.
  return scale === 1 ? number : Number((number * scale).toPrecision(12));
}

function checkNumber(key: ConfigKey, raw: unknown, spec: Extract<(typeof keySpecs)[ConfigKey], { type: "int" | "float" }>): Checked {
  const word = spec.nullable;
  const range = `${spec.min} to ${spec.max}${word ? ` or ${word}` : ""}`;
  if (word && (raw === null || raw === word)) return { value: null };
  const number = typeof raw === "number" ? raw : typeof raw === "string" ? parseQuantity(raw) : Number.NaN;
  if (!Number.isFinite(number)) return { problem: `${key} must be a number from ${range}, not ${quote(raw)}.` };
  let value = number;
  if (spec.type === "int" && !Number.isInteger(value)) value = Math.round(value);
  if (spec.even === true) value = 2 * Math.round(value / 2);
  value = Math.min(spec.max, Math.max(spec.min, value));
  if (value !== number) {
    return { value, note: { kind: "clamped", message: `${key} = ${number} is outside ${spec.type === "int" ? `the ${spec.even ? "even" : "whole"} numbers ` : ""}${range}; using ${value}.` } };
  }
  if (spec.uiMax !== undefined && value > spec.uiMax) {
    return { value, note: { kind: "warning", message: `${key} = ${value} is unusually large.` } };
  }
  return { value };
}

function check(key: ConfigKey, raw: unknown): Checked {
  const spec = keySpecs[key];
  switch (spec.type) {
    case "int":
    case "float":
      return checkNumber(key, raw, spec);
    case "enum":
      return typeof raw === "string" && spec.values.includes(raw) ? { value: raw } : { problem: `${key} must be one of ${spec.values.join(", ")}, not ${quote(raw)}.` };
    case "switch":
      if (raw === true || raw === "on" || raw === "true" || raw === "1") return { value: true };
      if (raw === false || raw === "off" || raw === "false" || raw === "0") return { value: false };
      return { problem: `${key} must be on or off, not ${quote(raw)}.` };
    case "text": {
      if (raw === null || raw === "none" || raw === "") return { value: null };
      const text = typeof raw === "string" ? raw.trim() : "";
      const fits = text.length > 0 && text.length <= spec.maxLength && (spec.spaces ? /^[\x20-\x7e]+$/ : /^[\x21-\x7e]+$/).test(text);
      return fits ? { value: text } : { problem: `${key} must be none or at most ${spec.maxLength} printable characters${spec.spaces ? "" : " without spaces"}, not ${quote(raw)}.` };
    }
    case "id":
      return typeof raw === "string" && /^[a-z0-9][a-z0-9_-]{0,63}$/.test(raw) ? { value: raw } : { problem: `${key} must be a data set's name (small letters, digits, - and _), not ${quote(raw)}.` };
    default:
      return spec satisfies never;
  }
}

function nearest(key: string): string {
  const last = key.split(".").at(-1);
  const matches = [...known].filter((k) => k.startsWith(key) || k.split(".").at(-1) === last);
  return matches.length > 0 && key.length > 0 ? ` Did you mean ${matches.slice(0, 3).join(", ")}?` : ` Allowed: ${[...known].join(", ")}.`;
}

/** Rules that no single key shows. Returns the repaired values with a note each. */
function checkTogether(config: RunConfig): { config: RunConfig; notes: Note[] } {
  const notes: Note[] = [];
  let next = config;
  const repair = (key: ConfigKey, value: Value, message: string): void => {
    notes.push({ key, kind: "clamped", message });
    next = { ...next, [key]: value };
  };
  if (next["evo.mutation"] + next["evo.crossover"] > next["evo.pool"]) {
    const mutation = Math.min(next["evo.mutation"], next["evo.pool"]);
    const crossover = next["evo.pool"] - mutation;
    const was = `${next["evo.mutation"]} + ${next["evo.crossover"]}`;
    repair("evo.mutation", mutation, `evo.mutation + evo.crossover (${was}) must not exceed evo.pool (${next["evo.pool"]}); using ${mutation} + ${Math.min(crossover, next["evo.crossover"])}.`);
    next = { ...next, "evo.crossover": Math.min(crossover, next["evo.crossover"]) };
  }
  if (next["evo.topk"] > next["evo.pool"]) {
    repair("evo.topk", next["evo.pool"], `evo.topk (${next["evo.topk"]}) must not exceed evo.pool (${next["evo.pool"]}); using ${next["evo.pool"]}.`);
  }
  if (next["spos.sampler"] === "fair" && !isIndependent(next.space, next.size)) {
    repair("spos.sampler", "uniform", `spos.sampler fair needs choices that are free of one another; in ${next.space} the inputs of a node are not. Using uniform.`);
  }
  if (next["gdas.tauMin"] > next["gdas.tauMax"]) {
    repair("gdas.tauMin", next["gdas.tauMax"], `gdas.tauMin (${next["gdas.tauMin"]}) must not exceed gdas.tauMax (${next["gdas.tauMax"]}); using ${next["gdas.tauMax"]}.`);
  }
  if (next["fbnet.tauEnd"] > next["fbnet.tau0"]) {
    repair("fbnet.tauEnd", next["fbnet.tau0"], `fbnet.tauEnd (${next["fbnet.tauEnd"]}) must not exceed fbnet.tau0 (${next["fbnet.tau0"]}); using ${next["fbnet.tau0"]}.`);
  }
  if (next.algorithm === "fbnet-v2" && next["fbnet.metric"] === "latency") {
    repair("fbnet.metric", "macs", "fbnet.metric latency needs layers that are measured one by one; fbnet-v2 weighs MACs or params. Using macs.");
  }
  const min = next["evo.min"];
  const limit = next["evo.limit"];
  if (min !== null && limit !== null && min > limit) {
    repair("evo.min", null, `evo.min (${min}) is above evo.limit (${limit}), so nothing would be allowed; using no lower bound.`);
  }
  return { config: next, notes };
}

/**
 * Check a config object, URL keys or `--set` pairs.
 * In mode `clamp` impossible values become the nearest possible one, or the default, with a note, and unknown keys are reported
 * and kept out; in mode `refuse` each of these is a problem.
 */
export function parseConfig(raw: Readonly<Record<string, unknown>>, mode: "clamp" | "refuse", options: ParseOptions = {}): ParsedConfig {
  const notes: Note[] = [];
  const values = new Map<ConfigKey, Value>();
  // Automation hands over whatever it was given.
  for (const [name, value] of Object.entries((raw as typeof raw | null) ?? {})) {
    if (value === undefined) continue;
    const key = Object.hasOwn(aliases, name) ? aliases[name] : known.has(name) ? (name as ConfigKey) : undefined;
    if (key === undefined) {
      notes.push({ key: name, kind: "unknown", message: `Unknown key ${quote(name)}.${nearest(name)}` });
      continue;
    }
    const checked = check(key, value);
    if ("problem" in checked) {
      notes.push({ key, kind: "invalid", message: checked.problem });
      continue;
    }
    if (checked.note) notes.push({ key, ...checked.note });
    values.set(key, checked.value);
  }
  const algorithm = (values.get("algorithm") ?? algorithmIds[0]) as AlgorithmId;
  const asked = (values.get("space") ?? ownSpace[algorithm]) as SpaceId;
  const size = (values.get("size") ?? options.defaultSize ?? sizes[0]) as SizeId;
  const problem = pairProblem(algorithm, asked);
  const space = problem === null ? asked : ownSpace[algorithm];
  if (problem !== null) {
    notes.push({ key: "space", kind: "clamped", message: `${problem} Using ${space}.` });
    values.set("space", space);
  }
  let config: RunConfig = { ...defaultsFor(space, size, algorithm), space };
  // A limit is stated in the metric's unit; the default is in MACs.
  if (values.get("evo.metric") === "params" && !values.has("evo.limit")) config = { ...config, "evo.limit": null };
  config = { ...config, ...Object.fromEntries(values) };
  // What was not asked for makes room for what was, silently.
  config = fitDependents(config, values);
  const together = checkTogether(config);
  notes.push(...together.notes);
  const problems: Problem[] = mode === "clamp" ? [] : notes.filter((n) => n.kind !== "warning").map((n) => ({ code: "config.invalid", message: n.message }));
  return { config: together.config, given: [...values.keys()], notes, problems };
}

function fitDependents(config: RunConfig, given: ReadonlyMap<ConfigKey, Value>): RunConfig {
  const pool = config["evo.pool"];
  let next = config;
  if (!given.has("fbnet.tauEnd")) next = { ...next, "fbnet.tauEnd": Math.min(next["fbnet.tauEnd"], next["fbnet.tau0"]) };
  if (!given.has("evo.topk")) next = { ...next, "evo.topk": Math.min(next["evo.topk"], pool) };
  if (!given.has("evo.mutation") && !given.has("evo.crossover")) {
    const mutation = Math.min(next["evo.mutation"], Math.ceil(pool / 2));
    next = { ...next, "evo.mutation": mutation, "evo.crossover": Math.min(next["evo.crossover"], pool - mutation) };
  } else if (!given.has("evo.mutation")) {
    next = { ...next, "evo.mutation": Math.max(0, Math.min(next["evo.mutation"], pool - next["evo.crossover"])) };
  } else if (!given.has("evo.crossover")) {
    next = { ...next, "evo.crossover": Math.max(0, Math.min(next["evo.crossover"], pool - next["evo.mutation"])) };
  }
  return next;
}

/** Width and depth of the network that is trained from scratch, where they are not the size's. */
export function sizeOptionsOf({ "retrain.width": width, "retrain.cells": cells }: Pick<RunConfig, "retrain.width" | "retrain.cells">): NetworkOptions {
  return { ...(width === null ? {} : { width }), ...(cells === null ? {} : { cells }) };
}

/** Keys that differ from what the others imply (size always stands; no size is everywhere the default): what a URL needs. */
export function differingKeys(config: RunConfig): Partial<Record<ConfigKey, Value>> {
  const base: RunConfig = { ...defaultsFor(config.space, config.size, config.algorithm), algorithm: algorithmIds[0], space: ownSpace[config.algorithm], ...(config["evo.metric"] === "params" ? { "evo.limit": null } : {}) };
  const out: Partial<Record<ConfigKey, Value>> = {};
  // Pool and parts make room for each other: where one differs, the others' defaults do too.
  const parts: readonly ConfigKey[] = ["evo.pool", "evo.topk", "evo.mutation", "evo.crossover"];
  const together = parts.some((key) => config[key] !== base[key]) ? parts : [];
  for (const key of Object.keys(keySpecs) as ConfigKey[]) {
    if (key === "size" || together.includes(key) || config[key] !== base[key]) out[key] = config[key];
  }
  return out;
}

/** One value as it stands in a URL or on the command line. */
export function formatValue(key: ConfigKey, value: Value): string {
  const spec = keySpecs[key];
  if (value === null) return spec.type === "int" || spec.type === "float" ? (spec.nullable ?? "none") : "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number" && value >= 1e5 && value % 1e3 === 0) return value % 1e6 === 0 ? `${value / 1e6}M` : `${value / 1e3}k`;
  return String(value);
}
