/**
 * The study's file: our own scores by seed, what they were computed from, and statistics. It holds no accuracy of the published
 * table; whoever has the table recomputes the statistics from the scores. Written whole after every seed, so that an interrupted
 * study goes on with the next one.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as v from "valibot";
import { AppError } from "@/lib/appError";
import { sizes } from "@/nas/space/types";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const settingsSchema = v.object({
  space: v.literal("macro8"),
  size: v.picklist(sizes),
  sampler: v.string(),
  steps: count,
  batch: count,
  lr: v.number(),
  weightDecay: v.number(),
  clip: v.number(),
  calibrationImages: count,
  validationImages: count,
  networks: count,
  /** SHA-256 of the supernet's parameter list, initial values included: seeds from another network or another start do not mix. */
  parameters: v.string(),
  data: v.object({ id: v.string(), sha256: v.string(), train: count, weights: count, validation: count }),
  table: v.object({ sha256: v.string(), strings: count, distinct: count, official: v.boolean() }),
});

const runSchema = v.object({
  seed: count,
  finalLoss: v.number(),
  trainSeconds: v.number(),
  scoreSeconds: v.number(),
  date: v.string(),
  machine: v.object({ cpu: v.string(), cores: count, node: v.string(), backend: v.string() }),
  scores: v.record(v.string(), v.object({ running: share, recalibrated: share })),
});

const fileSchema = v.object({
  study: v.literal("rank-correlation"),
  version: v.literal(1),
  command: v.string(),
  settings: settingsSchema,
  statistics: v.unknown(),
  runs: v.array(runSchema),
});

export type StudySettingsRecord = v.InferOutput<typeof settingsSchema>;
export type RunRecord = v.InferOutput<typeof runSchema>;
export type StudyFile = v.InferOutput<typeof fileSchema>;

/** Runs that a file holds already; none when there is no file. Throws when the file is another study's or was made with other settings. */
export async function readRuns(path: string, settings: StudySettingsRecord): Promise<RunRecord[]> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return [];
  const parsed = v.safeParse(fileSchema, parseJson(text));
  if (!parsed.success) throw new AppError("config.invalid", `${path} is not a file of this study; name another --out.`);
  const [was, is] = [JSON.stringify(parsed.output.settings), JSON.stringify(settings)];
  if (was !== is) throw new AppError("config.invalid", `${path} was made with other settings or data; name another --out.`);
  return parsed.output.runs;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Written beside and renamed, so that a reader never sees half a file. One line a network keeps it short. */
export async function writeStudy(path: string, file: StudyFile): Promise<void> {
  const text = JSON.stringify(file, null, 1).replace(/\{\s+"running": ([^,]+),\s+"recalibrated": ([^\s]+)\s+\}/g, '{ "running": $1, "recalibrated": $2 }');
  await mkdir(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.tmp`;
  await writeFile(fresh, `${text}\n`);
  await rename(fresh, path);
}
