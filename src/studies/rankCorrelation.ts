/**
 * Does a supernet's ranking agree with the truth? Trains `macro8` supernets on real CIFAR-10 images and compares the scores of
 * benchmark networks, with and without recalibration, with their published accuracies and with simple baselines.
 * Run with `--help` for the flags; the committed result and its reading are in README.md beside this file.
 */
import { cpus } from "node:os";
import { basename } from "node:path";
import { lengthsOf } from "@/algorithms/spos/lengths";
import { sha256OfText } from "@/data/bytes";
import { chooseDevice } from "@/engine/device";
import { AppError, toAppError } from "@/lib/appError";
import { rootKey } from "@/lib/rng";
import { pickEvaluationSet } from "@/nas/benchmark/evaluationSet";
import { macro8 } from "@/nas/space/macro8";
import { parseStudyFlags, USAGE, type StudyFlags } from "./rankCorrelation/flags";
import { loadCifar10, loadTable } from "./rankCorrelation/inputs";
import { StudyProgress } from "./rankCorrelation/progress";
import { formatStatistics, rounded } from "./rankCorrelation/report";
import { readRuns, writeStudy, type RunRecord, type StudySettingsRecord } from "./rankCorrelation/resultFile";
import { studyStatistics } from "./rankCorrelation/statistics";
import { scoreNetworks, studyConfig } from "./rankCorrelation/study";

const now = (): number => performance.now();
const seconds = (ms: number): number => Math.round(ms / 100) / 10;
const round = (value: number): number => Number(value.toFixed(4));

function machine(backend: string): RunRecord["machine"] {
  const cores = cpus();
  return { cpu: cores[0]?.model.trim() ?? "unknown", cores: cores.length, node: process.version, backend };
}

/** The command with file names instead of places, so that the file says nothing of the machine's folders. */
function commandOf({ cifar, table, size, seeds, networks, steps }: StudyFlags): string {
  const data = cifar.map((path) => `--cifar ${basename(path)}`).join(" ");
  return `npx tsx src/studies/rankCorrelation.ts ${data} --table ${basename(table)} --size ${size} --seeds ${seeds.join(",")} --networks ${networks}${steps === null ? "" : ` --steps ${steps}`}`;
}

async function study(flags: StudyFlags): Promise<void> {
  const [{ manifest, data }, { table, sha256 }] = await Promise.all([loadCifar10(flags.cifar), loadTable(flags.table)]);
  // The same networks whatever the seed of the supernet.
  const set = pickEvaluationSet(table, flags.networks, rootKey(0).fold("evaluation-set").stream());
  const networks = [...set.uniform, ...set.top];
  const config = studyConfig(flags, 0);
  const lengths = lengthsOf(config, data);
  const settings: StudySettingsRecord = {
    space: "macro8",
    size: config.size,
    sampler: config["spos.sampler"],
    steps: lengths.supernet,
    batch: config["train.batch"],
    lr: config["train.lr"],
    weightDecay: config["train.wd"],
    clip: config["train.clip"],
    calibrationImages: lengths.recalibrationImages,
    validationImages: lengths.evaluationImages,
    networks: networks.length,
    parameters: await sha256OfText(JSON.stringify(macro8(config.size).supernetParams())),
    data: { id: manifest.id, sha256: manifest.sha256, train: data.train.count, weights: data.weights.length, validation: data.architecture.length },
    table: { sha256, strings: table.strings, distinct: table.networks.size, official: table.official },
  };
  const runs = await readRuns(flags.out, settings);
  const write = (statistics: unknown): Promise<void> =>
    writeStudy(flags.out, { study: "rank-correlation", version: 1, command: commandOf(flags), settings, statistics, runs });
  const todo = flags.seeds.filter((seed) => !runs.some((run) => run.seed === seed));
  const progress = new StudyProgress(process.stdout, now);
  for (const seed of todo) {
    const { executor, backend, machine: threads } = await chooseDevice("wasm", { gpu: null, onFatal: () => undefined });
    try {
      const scored = await scoreNetworks(
        studyConfig(flags, seed),
        networks.map((n) => n.id).sort(),
        { executor, data, now, report: (part, done, total, loss) => progress.update(`seed ${seed}, ${part}`, done, total, loss) },
      );
      runs.push({
        seed,
        finalLoss: round(scored.finalLoss),
        trainSeconds: seconds(scored.trainMs),
        scoreSeconds: seconds(scored.scoreMs),
        date: new Date().toISOString(),
        machine: machine(`${backend} (plan executor), ${threads}`),
        scores: scored.scores,
      });
    } finally {
      executor.dispose();
    }
    runs.sort((a, b) => a.seed - b.seed);
    await write(null);
  }
  const statistics = studyStatistics(set, runs, rootKey(0).fold("bootstrap"));
  await write(rounded(statistics));
  process.stdout.write(`\n${formatStatistics(statistics)}\n`);
}

const flags = parseStudyFlags(process.argv.slice(2));
if (process.argv.includes("--help")) process.stdout.write(USAGE);
else {
  try {
    if (!flags.ok) throw new AppError("config.invalid", flags.problem.message);
    await study(flags.value);
  } catch (cause) {
    const error = toAppError(cause);
    process.stderr.write(`${error.message}${error.hint === undefined ? "" : ` ${error.hint}`}\n`);
    process.exitCode = 1;
  }
}
