/** The study's command line; refused in one sentence before anything is loaded. */
import { parseArgs } from "node:util";
import { EVALUATION_SET } from "@/nas/benchmark/evaluationSet";
import { sizes, type SizeId } from "@/nas/space/types";
import { ok, refuse, type Result } from "@/lib/result";

export interface StudyFlags {
  readonly cifar: readonly string[];
  readonly table: string;
  readonly size: SizeId;
  readonly seeds: readonly number[];
  readonly networks: number;
  readonly steps: number | null;
  readonly out: string;
}

export const USAGE = `npx tsx src/studies/rankCorrelation.ts --cifar PATH --table PATH [flags]

  --cifar PATH     CIFAR-10 in any form the importer reads: archive, batch or folder; may be repeated
  --table PATH     the NAS-Bench-Macro table, whole or in part
  --size NAME      nano, tiny (default), small, full
  --seeds LIST     default 7,8,9
  --networks N     networks compared, default 96
  --steps N        steps of the supernet (default: the size's)
  --out FILE       default src/studies/results/rankCorrelation.json; seeds that it holds already are not run again
`;

const OPTIONS = {
  cifar: { type: "string", multiple: true },
  table: { type: "string" },
  size: { type: "string" },
  seeds: { type: "string" },
  networks: { type: "string" },
  steps: { type: "string" },
  out: { type: "string" },
} as const;

const invalid = (message: string): Result<never> => refuse("config.invalid", message);
const isSize = (text: string): text is SizeId => (sizes as readonly string[]).includes(text);
const wholeNumber = (text: string, least: number): number | null => (/^\d{1,9}$/.test(text) && Number(text) >= least ? Number(text) : null);

export function parseStudyFlags(args: readonly string[]): Result<StudyFlags> {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: OPTIONS, strict: true }));
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
  const { cifar, table, size = "tiny", out = "src/studies/results/rankCorrelation.json" } = values;
  if (cifar === undefined) return invalid("--cifar PATH is missing: the study needs real CIFAR-10 images.");
  if (table === undefined) return invalid("--table PATH is missing: the study needs the table of true accuracies.");
  if (!isSize(size)) return invalid(`--size must be one of ${sizes.join(", ")}, not ${size}.`);
  const seeds = (values.seeds ?? "7,8,9").split(",").map((text) => wholeNumber(text.trim(), 0));
  if (seeds.includes(null) || new Set(seeds).size !== seeds.length) return invalid("--seeds must be different whole numbers, separated by commas.");
  const networks = wholeNumber(values.networks ?? "96", EVALUATION_SET.least);
  if (networks === null) return invalid(`--networks must be a whole number of at least ${EVALUATION_SET.least}.`);
  const steps = values.steps === undefined ? null : wholeNumber(values.steps, 1);
  if (values.steps !== undefined && steps === null) return invalid("--steps must be a whole number of at least 1.");
  return ok({ cifar, table, size, seeds: seeds.filter((seed) => seed !== null), networks, steps, out });
}
