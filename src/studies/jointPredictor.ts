/**
 * Does FBNetV3's predictor rank pairs that it has not seen, what does the pre-training on costs give, and is the fine stage better than chance? Random
 * pairs of architecture and recipe are trained for real on CIFAR-10, once. Run with `--help` for the flags; the reading of the committed result is in
 * README.md beside this file.
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { parseConfig } from "@/algorithms/config";
import { Judge } from "@/algorithms/fbnetV3/judge";
import { jointRecords, lengthsOf, limitOf } from "@/algorithms/fbnetV3/lengths";
import type { MethodEnv } from "@/algorithms/method";
import { memoryTables } from "@/algorithms/testing/memoryTables";
import { chooseDevice } from "@/engine/device";
import { AppError, toAppError } from "@/lib/appError";
import { rootKey } from "@/lib/rng";
import { earlyStop } from "@/nas/joint/earlyStop";
import { jointSpace, type Pair } from "@/nas/joint/encode";
import { randomPairs } from "@/nas/joint/fineSearch";
import { makeSpace } from "@/nas/space/registry";
import { duel, type FineDuel } from "./jointPredictor/fine";
import { agreementOf, rankUnseen } from "./jointPredictor/ranking";
import { finalOf, pairOf, type TrainedRecord, trainList } from "./jointPredictor/train";
import { loadCifar10 } from "./rankCorrelation/inputs";
import { StudyProgress } from "./rankCorrelation/progress";
import { keptRuns, studyMachine, writeStudy } from "./studyFile";

const USAGE = `npx tsx src/studies/jointPredictor.ts --cifar PATH [flags]

  --cifar PATH     CIFAR-10 in any form the importer reads: archive, batch or folder; may be repeated
  --size NAME      nano (default), tiny, small, full
  --pairs N        random pairs that are trained; default 180. A third of them is unseen by a seed's predictors
  --again N        of these, trained once more from other weights; default 48
  --repeats N      trainings of every winner of the fine stage, and of the best trained pair; default 2
  --counts LIST    numbers of trainings that predictors see; default 6,12,18,24,36,48,72,120
  --seeds LIST     of predictors and fine stages; default 7 to 16
  --set KEY=VALUE  any key of the setup; may be repeated
  --out FILE       default src/studies/results/jointPredictor.json; trainings that it holds already are not run again
`;

const now = (): number => performance.now();
const percent = (value: number): number => Number((100 * value).toFixed(2));

interface Flags {
  readonly pairs: number;
  readonly again: number;
  readonly repeats: number;
  readonly counts: readonly number[];
  readonly seeds: readonly number[];
}

/** Real accuracies of every distinct pair of a list that was trained `repeats` times. */
function accuraciesOf(lists: readonly (readonly TrainedRecord[])[], at: number): number[] {
  return lists.map((list) => finalOf(list[at] as TrainedRecord));
}

function duelRecord({ seed, generations, calls, evolution, random }: FineDuel, real: (pair: Pair) => readonly number[]) {
  const side = ({ pair, score }: FineDuel["evolution"]) => ({ id: pair.id, recipe: pair.recipe, macs: pair.macs, predicted: Number(score.toFixed(4)), real: real(pair) });
  return { seed, generations, calls, evolution: side(evolution), random: side(random) };
}

async function study(args: readonly string[]): Promise<void> {
  const list = { type: "string", multiple: true } as const;
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { cifar: list, size: text, pairs: text, again: text, repeats: text, counts: text, seeds: text, set: list, out: text, help: { type: "boolean" } }, strict: true });
  if (values.help === true) return void process.stdout.write(USAGE);
  const { cifar, size = "nano", pairs = "180", again = "48", repeats = "2", counts = "6,12,18,24,36,48,72,120", seeds = "7,8,9,10,11,12,13,14,15,16", set = [], out = "src/studies/results/jointPredictor.json" } = values;
  if (cifar === undefined) throw new AppError("config.invalid", "--cifar PATH is missing: the study needs real CIFAR-10 images.");
  const flags: Flags = { pairs: Number(pairs), again: Number(again), repeats: Number(repeats), counts: counts.split(",").map(Number), seeds: seeds.split(",").map(Number) };
  const keys = Object.fromEntries(set.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const { config, problems } = parseConfig({ algorithm: "fbnet-v3", size, dataset: "cifar10", backend: "wasm", threads: 1, ...keys }, "refuse");
  if (problems[0]) throw new AppError("config.invalid", problems[0].message);

  const { manifest, data } = await loadCifar10(cifar);
  const space = makeSpace(config.space, config.size);
  const joint = jointSpace(space);
  const records = jointRecords(data, config);
  const lengths = lengthsOf(config, { ...data, ...records });
  const limit = limitOf(space, config);
  const settings = { ...config, limit, epochs: lengths.epochs, data: { id: manifest.id, sha256: manifest.sha256, train: records.weights.length, validation: records.architecture.length } };
  const runs = await keptRuns<TrainedRecord>(out, "joint-predictor", settings);
  const command = `npx tsx src/studies/jointPredictor.ts ${cifar.map((path) => `--cifar ${basename(path)}`).join(" ")} --size ${size} --pairs ${pairs} --again ${again} --repeats ${repeats} --counts ${counts} --seeds ${seeds}${set.map((pair) => ` --set ${pair}`).join("")}`;
  const { executor, backend, machine } = await chooseDevice("wasm", { gpu: null, threads: 1, onFatal: () => undefined });
  const progress = new StudyProgress(process.stdout, now);
  const write = (results: Readonly<Record<string, unknown>>): Promise<void> =>
    writeStudy(out, { study: "joint-predictor", version: 1, command, machine: studyMachine(`${backend}, ${machine}`), date: new Date().toISOString().slice(0, 10), settings, ...results, runs } as Parameters<typeof writeStudy>[1]);
  const env: MethodEnv = { config, space, executor, latency: memoryTables("study"), data: { ...data, ...records }, key: rootKey(config.seed).fold("study"), now, emit: () => undefined, spend: () => undefined };
  const judge = await Judge.open(joint);
  judge.startFresh(rootKey(config.seed));
  const train = (name: string, some: readonly Pair[]): Promise<TrainedRecord[]> =>
    trainList({ env, joint, lengths, judge }, name, some, runs, async (record) => {
      runs.push(record);
      progress.update(name, record.index + 1, some.length, null);
      await write({});
    });
  try {
    const drawn = randomPairs(joint, flags.pairs, limit, new Set(), rootKey(config.seed).fold("pairs").stream());
    const trained = await train("pairs", drawn);
    const second = await train("again", drawn.slice(0, flags.again));
    const repeated = agreementOf(trained.slice(0, second.length).map(finalOf), second.map(finalOf));
    const { spearman, kendall, epoch } = earlyStop(trained.map(({ curve }) => curve));
    const ranking = await rankUnseen(joint, lengths, trained, flags.counts, flags.seeds, (done, total) => progress.update("predictors", done, total, null));
    const duels: FineDuel[] = [];
    for (const seed of flags.seeds) duels.push(await duel(joint, lengths, trained, limit, seed));
    const [best] = [...trained].sort((a, b) => finalOf(b) - finalOf(a) || a.macs - b.macs).map((record) => pairOf(joint, record));
    const winners = [...new Map([...(best ? [best] : []), ...duels.flatMap(({ evolution, random }) => [evolution.pair, random.pair])].map((pair) => [pair.key, pair])).values()];
    const lists: TrainedRecord[][] = [];
    for (let i = 0; i < flags.repeats; i++) lists.push(await train(`winners ${i + 1}`, winners));
    const real = (pair: Pair): number[] => accuraciesOf(lists, winners.findIndex(({ key }) => key === pair.key));
    const results = {
      repeated: { pairs: second.length, ...repeated },
      earlyStop: { pairs: trained.length, spearman, kendall, epoch },
      ranking,
      fine: { duels: duels.map((one) => duelRecord(one, real)), bestTrained: best && { id: best.id, recipe: best.recipe, macs: best.macs, first: Math.max(...trained.map(finalOf)), real: real(best) } },
    };
    await write(results);
    for (const { trainings, pretrained, fresh, gain } of ranking.rows) process.stdout.write(`${trainings} trainings: rho ${pretrained.mean.spearman} tau ${pretrained.mean.kendall}; fresh ${fresh.mean.spearman} ${fresh.mean.kendall}; gain ${gain.spearman} ${gain.kendall}\n`);
    process.stdout.write(`MACs ${ranking.macs.mean.spearman} ${ranking.macs.mean.kendall}; params ${ranking.params.mean.spearman}; rate ${ranking.lr.mean.spearman} ${ranking.lr.mean.kendall}; repeated ${repeated.spearman} ${repeated.kendall}\n`);
    for (const { seed, calls, evolution, random } of results.fine.duels) process.stdout.write(`seed ${seed}, ${calls} calls: evolution ${percent(evolution.predicted)} real ${evolution.real.map(percent).join(" ")}; random ${percent(random.predicted)} real ${random.real.map(percent).join(" ")}\n`);
  } finally {
    executor.dispose();
  }
}

try {
  await study(process.argv.slice(2));
} catch (cause) {
  const error = toAppError(cause);
  process.stderr.write(`${error.message}${error.hint === undefined ? "" : ` ${error.hint}`}\n`);
  process.exitCode = 1;
}
