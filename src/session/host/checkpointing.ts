/** Checkpoints of runs: what is kept, and how a run comes back from it. */
import { parseConfig } from "@/algorithms/config";
import type { RunConfig } from "@/algorithms/configKeys";
import type { SavedState } from "@/algorithms/method";
import { type Phase, phases } from "@/algorithms/phases";
import { AppError } from "@/lib/appError";
import { asRecord, type JsonObject } from "@/nas/formats/json";
import type { CheckpointContent, CheckpointMeta, CheckpointStore } from "@/persist/checkpoints";
import type { CheckpointInfo } from "../protocol";
import type { RunHost } from "./runHost";
import { RunRecord } from "./runRecord";

/** Last checkpoints kept of a run, beside the newest of every other run. */
const keepLast = 3;

export interface ResumableRun {
  /** What it was made of; it can be resumed again. */
  readonly content: CheckpointContent;
  readonly config: RunConfig;
  readonly datasetSha256: string;
  readonly backend: string;
  readonly saved: SavedState;
  readonly record: RunRecord;
}

/** Everything of a run that stands at a tick: what a checkpoint holds, and what a run on a new device goes on from. */
export async function takeSnapshot(host: RunHost): Promise<CheckpointContent> {
  const { config } = host;
  const { dataset, device } = host.env;
  const { phase, step, done } = host.run.status();
  const { json, tensors } = await host.run.save();
  const meta: JsonObject = {
    config: { ...config } as unknown as JsonObject,
    phase,
    step,
    done,
    dataset: { id: dataset.manifest.id, sha256: dataset.manifest.sha256 },
    backend: device.backend,
    state: json as JsonObject,
  };
  return { meta, tensors: new Map([...tensors, ...host.record.toTensors()]) };
}

/** Where a snapshot stands, in a form that names can hold. */
export function placeOf({ meta }: CheckpointContent): string {
  return `${String(meta["phase"])}-${String(meta["step"])}-${String(meta["done"])}`;
}

/** Write a snapshot as a checkpoint of a run. */
export async function saveRun(store: CheckpointStore, runId: string, snapshot: CheckpointContent): Promise<CheckpointInfo> {
  const kept = await store.save(`${runId}/${placeOf(snapshot)}`, snapshot);
  await store.prune({ last: keepLast }, runId);
  const info = infoOf(kept);
  if (!info) throw new AppError("bug", "a checkpoint that was just written does not read back");
  return info;
}

/** What the page may know of a checkpoint; null when its configuration is not one of this version. */
export function infoOf(kept: CheckpointMeta): CheckpointInfo | null {
  const { phase, step } = kept.meta;
  const config = configOf(kept.meta);
  if (config === null || typeof step !== "number" || !phases.includes(phase as Phase)) return null;
  return { id: kept.id, createdAt: kept.savedAt, phase: phase as Phase, step, config };
}

function configOf(meta: JsonObject): RunConfig | null {
  const raw = asRecord(meta["config"]);
  if (raw === null) return null;
  const parsed = parseConfig(raw, "refuse");
  return parsed.problems.length === 0 ? parsed.config : null;
}

/** Checkpoints that can be resumed, newest first. */
export async function listRuns(store: CheckpointStore): Promise<CheckpointInfo[]> {
  const all = await store.list();
  return all.reverse().map(infoOf).filter((info): info is CheckpointInfo => info !== null);
}

/** The named checkpoint or the latest whole one. Throws `checkpoint.missing` when there is none. */
export async function loadRun(store: CheckpointStore, id: string | null): Promise<ResumableRun> {
  const found = await (id === null ? store.load() : store.load(id));
  if (found === null) throw new AppError("checkpoint.missing", "There is no checkpoint to resume from.", { recoverable: true, hint: "Press Train to start a run." });
  return resumableOf(found);
}

/** The run that a snapshot is of. Throws `checkpoint.missing` when it is not one of this version. */
export function resumableOf(content: CheckpointContent): ResumableRun {
  const { meta, tensors } = content;
  const config = configOf(meta);
  const dataset = asRecord(meta["dataset"]);
  if (config === null || dataset === null) throw new AppError("checkpoint.missing", "This checkpoint is of another version of the app and cannot be resumed.", { recoverable: true });
  const run = new Map([...tensors].filter(([name]) => !name.startsWith("record/")));
  return {
    content,
    config,
    datasetSha256: String(dataset["sha256"]),
    backend: String(meta["backend"]),
    saved: { json: meta["state"], tensors: run },
    record: RunRecord.fromTensors(tensors),
  };
}
