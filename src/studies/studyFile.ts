/** What result files of studies have in common: the machine that they name, and writing that a reader never sees half of. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { AppError } from "@/lib/appError";

export interface StudyMachine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly backend: string;
}

export function studyMachine(backend: string): StudyMachine {
  const cores = cpus();
  return { cpu: cores[0]?.model.trim() ?? "unknown", cores: cores.length, node: process.version, backend };
}

interface KeptStudy<Run> {
  readonly study: string;
  readonly settings: unknown;
  readonly runs: readonly Run[];
}

/** Runs that a file holds already; none when there is no file. Throws when it is another study's or was made with other settings. */
export async function keptRuns<Run>(file: string, study: string, settings: unknown): Promise<Run[]> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return [];
  const kept = JSON.parse(text) as KeptStudy<Run>;
  if (kept.study !== study || JSON.stringify(kept.settings) !== JSON.stringify(settings)) throw new AppError("config.invalid", `${file} was made with other settings or data; name another --out.`);
  return [...kept.runs];
}

/** Indented, lists of numbers on one line. */
export async function writeStudy(file: string, value: KeptStudy<unknown>): Promise<void> {
  const text = JSON.stringify(value, null, 1).replace(/\[\s+((?:-?[\d.e-]+,?\s+)+)\]/g, (_, list: string) => `[${list.trim().replace(/\s+/g, " ")}]`);
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}.tmp`;
  await writeFile(fresh, `${text}\n`);
  await rename(fresh, file);
}
