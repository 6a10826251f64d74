/** A whole run in a second: made-up pictures that a network can tell apart, nano's widths and a handful of steps a phase. */
import { parseConfig } from "@/algorithms/config";
import type { RunConfig } from "@/algorithms/configKeys";
import type { MethodEvent, MethodRun, RunData, SavedState, Tick } from "@/algorithms/method";
import { methodOf } from "@/algorithms/methods";
import type { ImageSet } from "@/data/dataset";
import { IMAGE_BYTES } from "@/data/manifest";
import { makeTable } from "@/data/normalise";
import { oneShotSplit } from "@/data/split";
import { chooseDevice } from "@/engine/device";
import { rootKey } from "@/lib/rng";
import { makeSpace } from "@/nas/space/registry";
import type { Space } from "@/nas/space/types";
import type { Executor } from "@/nn/executor";
import { inventedTables } from "./inventedTable";

/** Ten classes by colour, with noise: enough signal for a loss that falls. Shards of `perShard` records. */
export function tinyImages(count: number, seed: number, perShard: number): ImageSet {
  const rng = rootKey(seed).stream();
  const images = new Uint8Array(count * IMAGE_BYTES);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  for (let i = 0; i < images.length; i += 3) {
    const label = labels[Math.floor(i / IMAGE_BYTES)] as number;
    for (let c = 0; c < 3; c++) images[i + c] = Math.floor((((label * (c + 3)) % 10) / 10) * 200 + rng.next() * 50);
  }
  const shards = Array.from({ length: Math.ceil(count / perShard) }, (_, s) => ({ file: `s${s}.bin`, start: s * perShard, count: Math.min(perShard, count - s * perShard) }));
  return { images, labels, count, shards };
}

export function tinyData(): RunData {
  const train = tinyImages(200, 1, 40);
  const { weights, architecture } = oneShotSplit(train, "none");
  return { train, test: tinyImages(40, 2, 40), weights, architecture, table: makeTable([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]) };
}

/** Every phase, as short as it can be and still be interrupted in the middle. */
export const tinySettings: Partial<Record<keyof RunConfig, string | number | boolean | null>> = {
  size: "nano",
  "train.batch": 4,
  "train.steps": 6,
  "bn.recal": 2,
  "eval.images": 20,
  "evo.pool": 4,
  "evo.topk": 2,
  "evo.mutation": 2,
  "evo.crossover": 2,
  "evo.generations": 1,
  "evo.limit": null,
  "retrain.batch": 4,
  "retrain.steps": 4,
};

/** The tiny configuration with changes; throws on a typing mistake. */
export function tinyConfig(change: Readonly<Record<string, string | number | boolean | null>> = {}): RunConfig {
  const { config, problems } = parseConfig({ ...tinySettings, ...change }, "refuse");
  if (problems[0]) throw new Error(problems[0].message);
  return config;
}

/** The WASM executor, as the app makes it. One a test file: it owns the process's backend. */
export async function tinyExecutor(): Promise<Executor> {
  const { executor } = await chooseDevice("wasm", { gpu: null, onFatal: () => undefined });
  return executor;
}

export interface TinyRun {
  readonly run: MethodRun;
  readonly space: Space;
  readonly events: MethodEvent[];
  readonly losses: () => [number, number][];
}

/** A method run outside any loop. The clock moves a second a look, or stands still: when losses are read must not matter. */
export function tinyRun(executor: Executor, config: RunConfig, saved: SavedState | null = null, clock: "moving" | "still" = "moving"): TinyRun {
  const events: MethodEvent[] = [];
  const space = makeSpace(config.space, config.size);
  let time = 0;
  const run = methodOf(config).start(
    {
      config,
      space,
      executor,
      latency: inventedTables(space, config["fbnet.tableBatch"]),
      data: tinyData(),
      key: rootKey(config.seed),
      now: () => (clock === "moving" ? (time += 1000) : 0),
      emit: (event) => events.push(event),
      spend: () => undefined,
    },
    saved,
  );
  return { run, space, events, losses: () => events.flatMap((e) => (e.kind === "loss" ? [[e.step, e.loss] as [number, number]] : [])) };
}

/** Ticks until `stop` says so, or to the end. The generator stays open for more. */
export async function advance(ticks: AsyncGenerator<Tick, void, void>, stop: (tick: Tick) => boolean = () => false): Promise<boolean> {
  for (;;) {
    const next = await ticks.next();
    if (next.done) return true;
    if (stop(next.value)) return false;
  }
}
