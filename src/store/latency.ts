/** What a reader does with latency tables: measure, cancel, edit, estimate, take another device's. The worker keeps them; this asks it. */
import type { RunConfig } from "@/algorithms/configKeys";
import { fillMissing } from "@/nas/latency/fillMissing";
import { refit } from "@/nas/latency/refit";
import { type LatencyReading, type LatencyTable, neededKeys } from "@/nas/latency/table";
import type { Space } from "@/nas/space/types";
import { change, experimentStore } from "./experiment";
import { latencyStore, noLatency } from "./latencyState";
import { call, toWireLike } from "./link";
import { panelApplies } from "./methods";
import { spaceOf } from "./network";
import { addMessage, runStore } from "./run";

export { latencyStore, type LatencyState } from "./latencyState";

function sentenceOf(cause: unknown): string {
  const { message, hint } = toWireLike(cause);
  return [message, hint].filter(Boolean).join(" ");
}

/** Whether there is a device that could be asked. */
function isBooted(): boolean {
  const { boot, info } = runStore.getState();
  return info !== null && boot.status !== "failed" && boot.status !== "booting";
}

function spaceHere(): Space {
  const { config } = experimentStore.getState();
  return spaceOf(config.space, config.size);
}

/** What the table of a configuration depends on. */
export function latencyKeyOf(config: RunConfig): string {
  return JSON.stringify([config.algorithm, config.space, config.size, config["retrain.arch"], config["fbnet.tableBatch"], config["fbnet.device"]]);
}

/** Answers to questions that were overtaken are dropped. */
let asked = 0;

/** Look up the kept table anew: when the experiment, the device or what is kept has changed. */
export async function refreshLatency(): Promise<void> {
  const mine = ++asked;
  const { config } = experimentStore.getState();
  if (!isBooted() || !panelApplies("latency", config)) {
    latencyStore.setState({ table: null, devices: [], problem: null });
    return;
  }
  try {
    const [table, devices] = await Promise.all([call("latencyTable", { config }), call("latencyDevices", { config })]);
    if (mine === asked) latencyStore.setState({ table, devices });
  } catch (cause) {
    if (mine === asked) latencyStore.setState({ table: null, problem: sentenceOf(cause) });
  }
}

/** Measurements asked for so far: a new one cancels the one before. */
let measurements = 0;

/** Measure this device now: the whole table, or these keys of the kept one. Where another device's was in use, this one's is from then on. */
export async function measureLatency(keys: readonly string[] | null): Promise<void> {
  const mine = ++measurements;
  if (!isBooted()) {
    latencyStore.setState({ problem: "Nothing can be measured before the device has started." });
    return;
  }
  latencyStore.setState({ problem: null });
  const { config } = experimentStore.getState();
  try {
    const { notes } = await call("measureLatency", { config, keys });
    for (const note of notes) addMessage("warning", note);
    const { config: now } = experimentStore.getState();
    if (now["fbnet.device"] !== null && now["fbnet.device"] === config["fbnet.device"]) change({ "fbnet.device": null });
  } catch (cause) {
    if (toWireLike(cause).code !== "cancelled" && mine === measurements) latencyStore.setState({ problem: sentenceOf(cause) });
  } finally {
    if (mine === measurements) latencyStore.setState({ progress: null });
  }
  await refreshLatency();
}

export async function cancelMeasure(): Promise<void> {
  try {
    await call("cancelMeasure", {});
  } catch (cause) {
    latencyStore.setState({ problem: sentenceOf(cause) });
  }
}

/** Keeps a table for later runs; true when it is kept. */
export async function keepLatency(table: LatencyTable): Promise<boolean> {
  latencyStore.setState({ problem: null });
  try {
    await call("keepLatency", { table });
  } catch (cause) {
    latencyStore.setState({ problem: sentenceOf(cause) });
    return false;
  }
  await refreshLatency();
  return true;
}

function withEntry(list: readonly LatencyReading[], entry: LatencyReading): LatencyReading[] {
  const known = list.some(({ key }) => key === entry.key);
  return known ? list.map((old) => (old.key === entry.key ? entry : old)) : [...list, entry];
}

/** Set an entry of the kept table by hand, µs; it is marked. A time is a finite number above 0. */
export async function editLatency(key: string, us: number): Promise<void> {
  const { table } = latencyStore.getState();
  const space = spaceHere();
  if (table === null || space.latency === undefined) return;
  if (!(Number.isFinite(us) && us > 0)) {
    latencyStore.setState({ problem: "A time is a number above 0; the entry stays as it was." });
    return;
  }
  const { fixed, entries } = neededKeys(space.latency);
  const entry: LatencyReading = { key, us, p10: us, p90: us, source: "edited" };
  if (fixed.includes(key)) await keepLatency(refit({ ...table, fixed: withEntry(table.fixed, entry) }, space));
  else if (entries.includes(key)) await keepLatency(refit({ ...table, entries: withEntry(table.entries, entry) }, space));
}

/** Fill the holes of the kept table from neighbours; what is filled is marked. */
export async function estimateMissing(): Promise<void> {
  const { table } = latencyStore.getState();
  const space = spaceHere();
  if (table === null || space.latency === undefined) return;
  await keepLatency(refit(fillMissing(table, space.latency), space));
}

/** Take the table of a device, by its label; null, or this one's label: of this device. */
export function useDevice(label: string | null): void {
  const own = latencyStore.getState().devices[0];
  change({ "fbnet.device": label === own ? null : label });
}

/** Follow what the table depends on: experiment, boot, and runs that have measured one. */
export function followLatency(): void {
  const refresh = (): void => void refreshLatency();
  experimentStore.subscribe(({ config }) => latencyKeyOf(config), refresh);
  runStore.subscribe(({ boot, info }) => (boot.status === "booting" || boot.status === "failed" ? null : info), refresh);
  runStore.subscribe(({ latest }) => latest?.phase === "supernet", (searching) => (searching ? refresh() : undefined));
  // A worker that is replaced takes its measurement along.
  runStore.subscribe(({ boot }) => boot.status === "booting", (booting) => (booting ? latencyStore.setState({ ...noLatency }) : undefined));
}
