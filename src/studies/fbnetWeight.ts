/**
 * Does the weight of the latency do what it says? FBNetV1 on real CIFAR-10 images over several seeds and weights, all against one table that is measured
 * first; at the end every argmax network is measured whole, all of them interleaved. Run with `--help` for the flags; the committed result and its
 * reading are in README.md beside this file.
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { parseConfig } from "@/algorithms/config";
import { memoryTables } from "@/algorithms/testing/memoryTables";
import { chooseDevice } from "@/engine/device";
import { AppError, toAppError } from "@/lib/appError";
import { rootKey } from "@/lib/rng";
import { mean } from "@/lib/stats";
import { makeSpace } from "@/nas/space/registry";
import type { Space } from "@/nas/space/types";
import type { Executor } from "@/nn/executor";
import { measureGraphs, type MeterReading } from "@/nn/latencyMeter";
import { searchOnce, type WeightEnv, type WeightOutcome } from "./fbnetWeight/run";
import { loadCifar10 } from "./rankCorrelation/inputs";
import { StudyProgress } from "./rankCorrelation/progress";
import { keptRuns, studyMachine, writeStudy } from "./studyFile";

const USAGE = `npx tsx src/studies/fbnetWeight.ts --cifar PATH [flags]

  --cifar PATH     CIFAR-10 in any form the importer reads: archive, batch or folder; may be repeated
  --size NAME      nano, tiny (default), small, full
  --seeds LIST     default 7,8,9
  --weights LIST   of fbnet.weight, default 0,0.6,3
  --set KEY=VALUE  any key of the setup; may be repeated
  --out FILE       default src/studies/results/fbnetWeight.json; searches that it holds already are not run again, but all are measured again
`;

interface WeightRecord extends WeightOutcome {
  readonly seed: number;
  readonly weight: number;
  /** The whole network on this device, batch 1: median, 10th and 90th percentile, µs. */
  readonly measured: MeterReading | null;
  readonly date: string;
}

const now = (): number => performance.now();
const readings = 21;

/** Every network once, whatever number of searches ended in it. */
async function measureAll(executor: Executor, space: Space, ids: readonly string[], report: (done: number, total: number) => void): Promise<ReadonlyMap<string, MeterReading>> {
  const jobs = [...new Set(ids)].map((id) => ({ key: id, graph: () => space.graph(space.decode(id) ?? {}) }));
  const meter = measureGraphs(executor, jobs, { batch: 1, readings, warmup: 5, key: rootKey(1).fold("study") });
  for (;;) {
    const next = await meter.next();
    if (next.done) return next.value.readings;
    report(next.value.done, next.value.total);
  }
}

async function study(args: readonly string[]): Promise<void> {
  const list = { type: "string", multiple: true } as const;
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { cifar: list, size: text, seeds: text, weights: text, set: list, out: text, help: { type: "boolean" } }, strict: true });
  if (values.help === true) return void process.stdout.write(USAGE);
  const { cifar, size = "tiny", seeds = "7,8,9", weights = "0,0.6,3", set = [], out = "src/studies/results/fbnetWeight.json" } = values;
  if (cifar === undefined) throw new AppError("config.invalid", "--cifar PATH is missing: the study needs real CIFAR-10 images.");
  const pairs = Object.fromEntries(set.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const { config, problems } = parseConfig({ algorithm: "fbnet-v1", size, dataset: "cifar10", backend: "wasm", threads: 1, ...pairs }, "refuse");
  if (problems[0]) throw new AppError("config.invalid", problems[0].message);

  const { manifest, data } = await loadCifar10(cifar);
  const space = makeSpace(config.space, config.size);
  const { seed: _, "fbnet.weight": __, ...rest } = config;
  const settings = { ...rest, data: { id: manifest.id, sha256: manifest.sha256, train: data.train.count, test: data.test.count } };
  const runs = await keptRuns<WeightRecord>(out, "fbnet-weight", settings);
  const command = `npx tsx src/studies/fbnetWeight.ts ${cifar.map((path) => `--cifar ${basename(path)}`).join(" ")} --size ${size} --seeds ${seeds} --weights ${weights}${set.map((pair) => ` --set ${pair}`).join("")}`;
  const progress = new StudyProgress(process.stdout, now);
  const { executor, backend, machine } = await chooseDevice("wasm", { gpu: null, threads: 1, onFatal: () => undefined });
  const latency = memoryTables("study");
  const env: WeightEnv = { executor, data, space, latency, now, report: (part, done, total, loss) => progress.update(part, done, total, loss) };
  const write = (measured: ReadonlyMap<string, MeterReading> | null): Promise<void> =>
    writeStudy(out, { study: "fbnet-weight", version: 1, command, machine: studyMachine(`${backend}, ${machine}`), settings, runs: runs.map((run) => ({ ...run, measured: measured?.get(run.id) ?? run.measured })) } as Parameters<typeof writeStudy>[1]);
  try {
    for (const seed of seeds.split(",").map(Number)) {
      for (const weight of weights.split(",").map(Number)) {
        if (runs.some((run) => run.seed === seed && run.weight === weight)) continue;
        const outcome = await searchOnce(env, { ...config, seed, "fbnet.weight": weight });
        runs.push({ seed, weight, ...outcome, measured: null, date: new Date().toISOString() });
        runs.sort((a, b) => a.seed - b.seed || a.weight - b.weight);
        await write(null);
      }
    }
    const measured = await measureAll(executor, space, runs.map(({ id }) => id), (done, total) => progress.update("measure", done, total, null));
    await write(measured);
    for (const weight of new Set(runs.map((run) => run.weight))) {
      const some = runs.filter((run) => run.weight === weight);
      const us = some.map(({ id }) => measured.get(id)?.us ?? Number.NaN);
      process.stdout.write(`weight ${weight}: measured ${us.map((value) => value.toFixed(1)).join(" ")} µs, mean ${mean(us).toFixed(1)}; table ${some.map(({ sumUs }) => sumUs).join(" ")}; skips ${some.map(({ skips, layers }) => `${skips}/${layers}`).join(" ")}; inherited ${some.map(({ inherited }) => inherited?.value).join(" ")}\n`);
    }
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
