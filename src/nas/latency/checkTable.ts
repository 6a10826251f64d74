/** Whether a latency table serves a space here: what of it is understood, what cannot be used at all, and what only knowingly. */
import { ok, refuse, type Result } from "@/lib/result";
import { listSome, quote } from "../formats/text";
import type { Space } from "../space/types";
import { type LatencyDevice, type LatencySettings, type LatencyTable, neededKeys } from "./table";
import { isBadReading } from "./tableJson";

/** Where and how the table is to be used. */
export interface TableUse {
  /** This machine, as its own tables name it. */
  readonly device: Pick<LatencyDevice, "label" | "backend" | "executor" | "threads">;
  readonly batch: number;
  /** Version of this app. */
  readonly app: string;
}

export interface TableCheck {
  /** Needed keys that the table has. */
  readonly understood: readonly string[];
  /** Needed keys that it lacks: nothing can be searched with it before they are measured or estimated. */
  readonly missing: readonly string[];
  /** Keys that the space does not need. */
  readonly unused: readonly string[];
  /** Keys with times that no device can have given. */
  readonly badEntries: readonly string[];
  /** The space that the table says it is of, where that is another one. */
  readonly wrongSpace: string | null;
  /** Its label, where it was measured on another device (or the same by another backend, executor or number of threads). */
  readonly otherDevice: string | null;
  /** What else differs from here, a sentence each. */
  readonly otherSettings: readonly string[];
}

/** The settings that the space asks for. */
export function wantedSettings(space: Pick<Space, "params">, batch: number, readings: { readonly warmup: number; readonly runs: number }): LatencySettings {
  return { batch, dtype: "float32", ...readings, bnFolded: true, keepPw: space.params["keepPw"] !== 0, layout: "NHWC" };
}

function isOtherDevice(a: LatencyDevice, b: TableUse["device"]): boolean {
  return a.label !== b.label || (["backend", "executor"] as const).some((part) => a[part] !== "" && a[part] !== b[part]) || a.threads !== b.threads;
}

function otherSettingsOf({ settings, app }: LatencyTable, space: Space, use: TableUse): string[] {
  const wanted = wantedSettings(space, use.batch, settings);
  return [
    ...(settings.batch === use.batch ? [] : [`It was measured at batch ${settings.batch}, not ${use.batch}.`]),
    ...(settings.keepPw === wanted.keepPw ? [] : [`Its blocks of expansion 1 ${settings.keepPw ? "have" : "lack"} the first 1×1 convolution, which those of the space ${wanted.keepPw ? "have" : "lack"}.`]),
    ...(settings.bnFolded ? [] : ["Its blocks were measured with batch norms that are not folded into the convolutions."]),
    ...(app === use.app ? [] : [`It was measured by ${app === "" ? "an unnamed version of the app" : `app ${app}`}, not ${use.app}; kernels may have changed.`]),
  ];
}

/** `space` must offer latencies; one that does not needs no key, so that nothing is understood. */
export function checkTable(table: LatencyTable, space: Space, use: TableUse): TableCheck {
  const needed = space.latency ? neededKeys(space.latency) : { entries: [], fixed: [] };
  const all = [...table.entries, ...table.fixed];
  const known = new Set(all.map(({ key }) => key));
  const wanted = new Set([...needed.fixed, ...needed.entries]);
  return {
    understood: [...wanted].filter((key) => known.has(key)),
    missing: [...wanted].filter((key) => !known.has(key)),
    unused: [...known].filter((key) => !wanted.has(key)),
    badEntries: all.filter((entry) => isBadReading(entry) || (entry.us === 0 && wanted.has(entry.key))).map(({ key }) => key),
    wrongSpace: table.space.id === space.id && table.space.size === space.size ? null : `${table.space.id} ${table.space.size}`,
    otherDevice: isOtherDevice(table.device, use.device) ? table.device.label : null,
    otherSettings: otherSettingsOf(table, space, use),
  };
}

/** What a reader is told before such a table is accepted, one sentence each. Empty for a table of this device, as it is. */
export function tableWarnings({ missing, wrongSpace, otherDevice, otherSettings, understood }: TableCheck, use: Pick<TableUse, "device">): string[] {
  const total = understood.length + missing.length;
  return [
    ...(otherDevice === null ? [] : [`It was measured on another device, ${quote(otherDevice)}, not on ${quote(use.device.label)}: what is searched here is then meant to run there.`]),
    ...otherSettings,
    ...(wrongSpace === null ? [] : [`It says that it is of ${wrongSpace}, but it has every entry that is needed here.`]),
    ...(missing.length === 0 ? [] : [`It lacks ${missing.length} of ${total} entries (${listSome(missing, 3)}): no search can use it before they are estimated or measured.`]),
  ];
}

/**
 * Whether the table may be accepted, knowing {@link tableWarnings}. Refused outright: impossible times, blocks that are other networks, another space
 * whose keys do not cover this one's, and a table that has none of the entries.
 */
export function admitTable(table: LatencyTable, space: Space, use: TableUse): Result<TableCheck> {
  const check = checkTable(table, space, use);
  const { understood, missing, wrongSpace, badEntries } = check;
  const here = `${space.id} ${space.size}`;
  if (space.latency === undefined) return refuse("import.unreadable", `${space.name} has no layers that can be timed one by one, so it takes no latency table.`, `The table is of ${table.space.id} ${table.space.size}.`);
  if (badEntries.length > 0) return refuse("import.unreadable", `In the latency table, ${listSome(badEntries.map(quote), 3)} cannot take the time it says.`);
  if (table.settings.keepPw !== wantedSettings(space, 1, table.settings).keepPw)
    return refuse("import.unreadable", `The latency table is of blocks ${table.settings.keepPw ? "with" : "without"} the first 1×1 convolution at expansion 1; those of ${here} are other networks.`);
  if (wrongSpace !== null && missing.length > 0)
    return refuse("import.unreadable", `The latency table is of ${wrongSpace}, and ${missing.length} of the ${missing.length + understood.length} entries that ${here} needs are not in it.`, "Choose that space and size first, or measure here.");
  if (understood.length === 0) return refuse("import.unreadable", `The latency table has none of the ${missing.length} entries that ${here} needs.`);
  return ok(check);
}
