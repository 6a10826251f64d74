/**
 * Is the searched cell better than luck? Differentiable searches on real CIFAR-10 images over several seeds: how α moved, how many skips, the
 * discretisation gap, and the derived cell retrained against random cells with the same budget. Run with `--help` for the flags; the committed
 * result and its reading are in README.md beside this file.
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { parseConfig } from "@/algorithms/config";
import { chooseDevice } from "@/engine/device";
import { AppError, toAppError } from "@/lib/appError";
import { makeSpace } from "@/nas/space/registry";
import { loadCifar10 } from "./rankCorrelation/inputs";
import { StudyProgress } from "./rankCorrelation/progress";
import { keptRuns, type StudyMachine, studyMachine, writeStudy } from "./studyFile";
import { randomCell, retrainOnce, type SearchOutcome, searchOnce, type StudyEnv } from "./dartsSearch/run";

const USAGE = `npx tsx src/studies/dartsSearch.ts --cifar PATH [flags]

  --cifar PATH     CIFAR-10 in any form the importer reads: archive, batch or folder; may be repeated
  --size NAME      nano, tiny (default), small, full
  --seeds LIST     default 7,8,9
  --random N       random cells a seed, default 2
  --set KEY=VALUE  any key of the setup; may be repeated
  --out FILE       default src/studies/results/dartsSearch.json; seeds that it holds already are not run again
`;

interface SeedRecord extends SearchOutcome {
  readonly seed: number;
  readonly random: readonly { readonly id: string; readonly test: unknown; readonly retrainSeconds: number }[];
  readonly date: string;
}

interface StudyFile {
  readonly study: "darts-search";
  readonly version: 1;
  readonly command: string;
  readonly machine: StudyMachine;
  /** Every setting but the seed, and the data set's identity. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly runs: readonly SeedRecord[];
}

const now = (): number => performance.now();

async function study(args: readonly string[]): Promise<void> {
  const list = { type: "string", multiple: true } as const;
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { cifar: list, size: text, seeds: text, random: text, set: list, out: text, help: { type: "boolean" } }, strict: true });
  if (values.help === true) return void process.stdout.write(USAGE);
  const { cifar, size = "tiny", seeds = "7,8,9", random = "2", set = [], out = "src/studies/results/dartsSearch.json" } = values;
  if (cifar === undefined) throw new AppError("config.invalid", "--cifar PATH is missing: the study needs real CIFAR-10 images.");
  const pairs = Object.fromEntries(set.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const { config, problems } = parseConfig({ algorithm: "darts", space: "darts-cell", size, dataset: "cifar10", backend: "wasm", ...pairs }, "refuse");
  if (problems[0]) throw new AppError("config.invalid", problems[0].message);

  const { manifest, data } = await loadCifar10(cifar);
  const space = makeSpace(config.space, config.size);
  const { seed: _, ...rest } = config;
  const settings = { ...rest, random: Number(random), data: { id: manifest.id, sha256: manifest.sha256, train: data.train.count, test: data.test.count } };
  const runs = await keptRuns<SeedRecord>(out, "darts-search", settings);
  const command = `npx tsx src/studies/dartsSearch.ts ${cifar.map((path) => `--cifar ${basename(path)}`).join(" ")} --size ${size} --seeds ${seeds} --random ${random}${set.map((pair) => ` --set ${pair}`).join("")}`;
  const progress = new StudyProgress(process.stdout, now);
  for (const seed of seeds.split(",").map(Number)) {
    if (runs.some((run) => run.seed === seed)) continue;
    const { executor, backend, machine: threads } = await chooseDevice("wasm", { gpu: null, onFatal: () => undefined });
    try {
      const env: StudyEnv = { executor, data, space, now, report: (part, done, total, loss) => progress.update(part, done, total, loss) };
      const own = { ...config, seed };
      const outcome = await searchOnce(env, own);
      const cells = [];
      for (let i = 0; i < settings.random; i++) cells.push(await retrainOnce(env, own, randomCell(space, seed, i), `seed ${seed}, random ${i + 1}`));
      runs.push({ seed, ...outcome, random: cells, date: new Date().toISOString() });
      runs.sort((a, b) => a.seed - b.seed);
      const file: StudyFile = { study: "darts-search", version: 1, command, machine: studyMachine(`${backend}, ${threads}`), settings, runs };
      await writeStudy(out, file);
    } finally {
      executor.dispose();
    }
  }
  for (const run of runs) {
    const last = run.points.at(-1);
    process.stdout.write(`seed ${run.seed}: entropy ${last?.entropy.join(" / ")}, skips ${last?.skips.join(" / ")}, mixture ${run.mixture?.value}, derived ${run.derived?.value}, test ${run.test?.value}, random ${run.random.map(({ test }) => (test as { value: number } | null)?.value).join(", ")}\n`);
  }
}

try {
  await study(process.argv.slice(2));
} catch (cause) {
  const error = toAppError(cause);
  process.stderr.write(`${error.message}${error.hint === undefined ? "" : ` ${error.hint}`}\n`);
  process.exitCode = 1;
}
