/**
 * NAS-Bench-Macro's table of true accuracies (Su et al., CVPR 2021): parsed from the official file, checked row by row against the
 * cost model, reduced to distinct networks. The table is never shipped; the user drops the official file or fetches it on request.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { ok, type Result } from "@/lib/result";
import { asRecord, findForbiddenKey } from "../formats/json";
import { jsonDepth, quote, unreadable } from "../formats/text";
import { macro8, macro8Cost } from "../space/macro8";
import type { ArchId } from "../space/types";

/** The published file, pinned to a commit. */
export const MACRO_TABLE_SOURCE = {
  url: "https://raw.githubusercontent.com/xiusu/NAS-Bench-Macro/61a2bfc2ca0dce04d0997e6cf498047c27d6acf2/data/nas-bench-macro_cifar10.json",
  sizeBytes: 1_178_821,
  sha256: "686dee8363cc21cca8c1f321ad5749454f2d9b9ca5972682e137e539bc522297",
} as const;

/** Strings and distinct networks of the whole benchmark. */
export const MACRO_STRINGS = 6561;
export const MACRO_NETWORKS = 3969;

const MAX_BYTES = 8 * 1_048_576;
/** Mean of three float32 percentages written in full: equal to within rounding of the file's decimals. */
const MEAN_TOLERANCE = 1e-4;

/** What the benchmark knows about one distinct network (full width). Accuracies are in 0–1, on CIFAR-10's test split. */
export interface MacroTruth {
  readonly id: ArchId;
  readonly accuracy: number;
  /** Population standard deviation over the runs; null in the short form. */
  readonly std: number | null;
  /** Single runs; empty in the short form. */
  readonly runs: readonly number[];
  readonly params: number;
  readonly macs: number;
}

export interface MacroTable {
  /** Distinct networks by canonical id, in the file's order. */
  readonly networks: ReadonlyMap<ArchId, MacroTruth>;
  /** Strings with an accuracy in the file, of {@link MACRO_STRINGS}. */
  readonly strings: number;
  /** Whether the bytes are the published file's. */
  readonly official: boolean;
  /** "729 of 6,561". */
  readonly label: string;
}

interface Row {
  readonly id: string;
  readonly truth: Omit<MacroTruth, "id"> | null;
}

function isPercent(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 100;
}

/** One row of either form; a string is why it is refused. Accuracies still in percent. */
function readRow(id: string, value: unknown): Row | string {
  if (!/^[012]{8}$/.test(id)) return `The table has a row ${quote(id)}; rows are eight digits 0, 1, 2.`;
  const cost = macro8Cost(id, "full");
  const named = asRecord(value);
  const list: readonly unknown[] | null = Array.isArray(value) ? (value as readonly unknown[]) : null;
  if (named === null && list?.length !== 3) return `Row ${id} of the table is neither an object nor a triple.`;
  const [mean, params, flops] = named === null ? (list ?? []) : [named["mean_acc"], named["params"], named["flops"]];
  if (params !== cost.params || flops !== cost.macs) {
    return `Row ${id} of the table costs ${quote(params)} parameters and ${quote(flops)} FLOPs; the network has ${cost.params} and ${cost.macs}.`;
  }
  if (named === null) {
    if (mean === null) return { id, truth: null };
    return isPercent(mean)
      ? { id, truth: { accuracy: mean, std: null, runs: [], params: cost.params, macs: cost.macs } }
      : `The accuracy of row ${id} is ${quote(mean)}, not a percentage.`;
  }
  const runs: unknown = named["test_acc"];
  if (!Array.isArray(runs) || runs.length !== 3 || !runs.every(isPercent))
    return `Row ${id} of the table does not have three accuracies in percent.`;
  const average = runs.reduce((a, b) => a + b, 0) / runs.length;
  if (!isPercent(mean) || Math.abs(mean - average) > MEAN_TOLERANCE)
    return `The mean accuracy of row ${id} is ${quote(mean)}; its runs give ${average.toFixed(4)}.`;
  const std = named["std"];
  if (typeof std !== "number" || !(std >= 0 && std <= 100))
    return `The standard deviation of row ${id} is ${quote(std)}.`;
  return { id, truth: { accuracy: mean, std, runs, params: cost.params, macs: cost.macs } };
}

function canonicalId(id: string): ArchId | null {
  const choices = macro8("full").decode(id);
  return choices === null ? null : macro8("full").canonical(choices).id;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function decode(bytes: Uint8Array): Result<unknown> {
  if (bytes.length > MAX_BYTES)
    return unreadable(`The file is ${(bytes.length / 1_048_576).toFixed(1)} MB; the NAS-Bench-Macro table is 1.2 MB.`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return unreadable("The file is not text: it is not valid UTF-8.");
  }
  if (jsonDepth(text, 4) > 3) return unreadable("The file is nested deeper than the NAS-Bench-Macro table.");
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    return unreadable("The file is not valid JSON; it may be cut off. Download the table again.");
  }
}

/**
 * Bytes of the official JSON (object rows) or of the short form (`[mean, params, flops]`, mean may be null) → table.
 * Every row is checked: params and flops exact, mean = mean of the three runs, equivalent strings alike. A part of the table is
 * welcome and counted. Fails with `import.unreadable` and one sentence.
 */
export function parseMacroTable(bytes: Uint8Array): Result<MacroTable> {
  const decoded = decode(bytes);
  if (!decoded.ok) return decoded;
  const record = asRecord(decoded.value);
  if (record === null) return unreadable("The file is not the NAS-Bench-Macro table: it is not an object of rows.");
  const forbidden = findForbiddenKey(record);
  if (forbidden !== null)
    return unreadable(`The file contains the key ${quote(forbidden)}, which the table does not have.`);
  const rows = Object.entries(record);
  if (rows.length > MACRO_STRINGS)
    return unreadable(`The file has ${rows.length} rows; the table has ${MACRO_STRINGS}.`);
  const networks = new Map<ArchId, MacroTruth>();
  let strings = 0;
  for (const [key, value] of rows) {
    const row = readRow(key, value);
    if (typeof row === "string") return unreadable(row);
    const id = canonicalId(row.id);
    if (row.truth === null || id === null) continue;
    strings++;
    const { accuracy, std, runs, params, macs } = row.truth;
    const truth: MacroTruth = {
      id,
      accuracy: accuracy / 100,
      std: std === null ? null : std / 100,
      runs: runs.map((run) => run / 100),
      params,
      macs,
    };
    const twin = networks.get(id);
    if (twin === undefined) networks.set(id, truth);
    else if (Math.abs(twin.accuracy - truth.accuracy) > 1e-6)
      return unreadable(`Row ${row.id} of the table is the same network as ${id} but has another accuracy.`);
  }
  if (strings === 0)
    return unreadable(rows.length === 0 ? "The table has no rows." : "The table holds no accuracies, only costs.");
  return ok({
    networks,
    strings,
    official: hex(sha256(bytes)) === MACRO_TABLE_SOURCE.sha256,
    label: `${strings.toLocaleString("en-US")} of ${MACRO_STRINGS.toLocaleString("en-US")}`,
  });
}

/** The truth about a string, canonical or not; null when the table does not hold its network. */
export function truthOf(table: MacroTable, id: string): MacroTruth | null {
  const canonical = canonicalId(id);
  return canonical === null ? null : (table.networks.get(canonical) ?? null);
}

/** Layers that are not the identity: the strongest of the simple baselines (τ ≈ 0.68 over distinct networks). */
export function activeLayers(id: string): number {
  return [...id].filter((gene) => gene !== "0").length;
}

/** What a supernet's ranking must beat on the same networks. Scores: larger = predicted better. */
export interface MacroBaselines {
  readonly flops: readonly number[];
  readonly params: readonly number[];
  readonly activeLayers: readonly number[];
}

/** Baseline scores of networks by the published full-width costs. */
export function macroBaselines(networks: readonly MacroTruth[]): MacroBaselines {
  return {
    flops: networks.map((n) => n.macs),
    params: networks.map((n) => n.params),
    activeLayers: networks.map((n) => activeLayers(n.id)),
  };
}

/** Reference values of Kendall's τ-b over the 3,969 distinct networks: two baselines, and run against run. */
export const MACRO_TAU = { flops: 0.55, activeLayers: 0.68, ceiling: 0.88 } as const;
