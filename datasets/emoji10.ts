/**
 * Emoji-10, the embedded data set, built on the user's machine from npm packages: 10,000 + 2,000 pictures in 10 classes. No emoji,
 * in any style or skin tone, is in two shards, so test and ranking images show objects that training never saw.
 * The result is pinned by hash: a build that differs is refused.
 */
import * as v from "valibot";
import {
  datasetHash,
  IMAGE_BYTES,
  RECORD_BYTES,
  recordsOf,
  type DatasetManifest,
  type Rgb,
  type ShardEntry,
  type Split,
} from "@/data/manifest";
import { sha256Hex } from "@/data/bytes";
import type { ShardSink } from "@/data/import/types";
import classTable from "./emoji10-classes.json";
import { composeRecord } from "./emoji10Draw";
import { EMOJI10_CREDIT, EMOJI10_SHA256 } from "./emoji10Pinned";
import { hashOrder, recipeRandom } from "./emoji10Random";
import { loadSprites, packageVersion, STYLES, type EmojiClass, type Sprite } from "./emoji10Sprites";

const SEED = 1;
const TRAIN_SHARDS = 10;
const TEST_SHARDS = 2;
const SHARDS = TRAIN_SHARDS + TEST_SHARDS;
/** Share of each class's groups that only test shards show. */
const TEST_SHARE = 0.2;
const RECORDS_PER_CLASS = 100;
/** Share of the build's time that rendering takes, for the progress bar. */
const RENDER_SHARE = 0.4;

const tableSchema = v.object({ classes: v.array(v.object({ name: v.string(), emoji: v.array(v.string()) })) });

/** A group's sprites: one emoji in all styles and variants. */
type Group = readonly Sprite[];

/** Groups of one class for each shard; the last two shards are test. */
function dealGroups(sprites: readonly Sprite[], label: number): Group[][] {
  const mine = sprites.filter((sprite) => sprite.label === label);
  const groups = hashOrder([...new Set(mine.map((sprite) => sprite.group))], `emoji10:${SEED}`);
  const testGroups = Math.round(groups.length * TEST_SHARE);
  const shards: Group[][] = Array.from({ length: SHARDS }, () => []);
  groups.forEach((group, i) => {
    const shard = i < testGroups ? TRAIN_SHARDS + (i % TEST_SHARDS) : (i - testGroups) % TRAIN_SHARDS;
    shards[shard]?.push(mine.filter((sprite) => sprite.group === group));
  });
  return shards;
}

/** The subjects of one shard, mixed: groups in turn, then a style, then one of its variants, so that skin tones do not outweigh styles. */
function chooseSubjects(groupsOfClass: readonly (readonly Group[])[], shard: number): Sprite[] {
  const chosen: { sprite: Sprite; rank: number }[] = [];
  groupsOfClass.forEach((groups, label) => {
    const random = recipeRandom(`emoji10:${SEED}:fold${shard}:class${label}`);
    for (let i = 0; i < RECORDS_PER_CLASS; i++) {
      const group = groups[i % groups.length] ?? [];
      const style = random.pick([...new Set(group.map((sprite) => sprite.style))]);
      const sprite = random.pick(group.filter((candidate) => candidate.style === style));
      chosen.push({ sprite, rank: random.next() });
    }
  });
  return chosen.sort((a, b) => a.rank - b.rank).map(({ sprite }) => sprite);
}

function composeShard(groupsOfClass: readonly (readonly Group[])[], shard: number): Uint8Array<ArrayBuffer> {
  const subjects = chooseSubjects(groupsOfClass, shard);
  const inShard = groupsOfClass.flat().flat();
  const bytes = new Uint8Array(subjects.length * RECORD_BYTES);
  const othersOf = new Map<string, Sprite[]>();
  subjects.forEach((subject, i) => {
    let others = othersOf.get(subject.group);
    if (others === undefined)
      othersOf.set(subject.group, (others = inShard.filter((sprite) => sprite.group !== subject.group)));
    composeRecord(subject, others, recipeRandom(`emoji10:${SEED}:fold${shard}:image${i}`), bytes, i * IMAGE_BYTES);
    bytes[subjects.length * IMAGE_BYTES + i] = subject.label;
  });
  return bytes;
}

/** Running sums of the training pixels, for the normalisation constants. */
class Statistics {
  private readonly sum = [0, 0, 0];
  private readonly squares = [0, 0, 0];
  private pixels = 0;

  add(images: Uint8Array): void {
    for (let i = 0; i < images.length; i++) {
      const value = images[i] as number;
      this.sum[i % 3] = (this.sum[i % 3] as number) + value;
      this.squares[i % 3] = (this.squares[i % 3] as number) + value * value;
    }
    this.pixels += images.length / 3;
  }

  normalisation(): DatasetManifest["normalisation"] {
    const channel = (c: number): [number, number] => {
      const mean = (this.sum[c] as number) / this.pixels / 255;
      const std = Math.sqrt((this.squares[c] as number) / this.pixels / 65025 - mean * mean);
      return [Number(mean.toFixed(8)), Number(std.toFixed(8))];
    };
    const [r, g, b] = [channel(0), channel(1), channel(2)];
    const mean: Rgb = [r[0], g[0], b[0]];
    const std: Rgb = [r[1], g[1], b[1]];
    return { mean, std };
  }
}

function provenance(): DatasetManifest["provenance"] {
  return {
    generator: "emoji10",
    seed: SEED,
    credit: EMOJI10_CREDIT,
    renderer: `@resvg/resvg-wasm ${packageVersion("@resvg/resvg-wasm")}`,
    sources: STYLES.map(({ id, licence, author }) => ({
      package: `@iconify-json/${id}`,
      version: packageVersion(`@iconify-json/${id}`, "icons.json"),
      licence,
      author,
    })),
  };
}

/**
 * Build the data set into `sink`, 10–22 s on two cores. `onProgress` gets 0–1. Throws when a package is missing, an icon cannot be
 * rendered or the result does not have the pinned hash; the sink is aborted then.
 */
export async function buildEmoji10(
  sink: ShardSink,
  onProgress: (share: number) => void = () => undefined,
): Promise<DatasetManifest> {
  try {
    const manifest = await build(sink, onProgress);
    if (manifest.sha256 !== EMOJI10_SHA256) {
      throw new Error(`Emoji-10 came out different on this machine (SHA-256 ${manifest.sha256}), so it was not kept.`);
    }
    await sink.commit(manifest);
    return manifest;
  } catch (cause) {
    await sink.abort();
    throw cause;
  }
}

async function build(sink: ShardSink, onProgress: (share: number) => void): Promise<DatasetManifest> {
  const classes: readonly EmojiClass[] = v.parse(tableSchema, classTable).classes;
  const sprites = await loadSprites(classes, (share) => onProgress(share * RENDER_SHARE));
  const dealt = classes.map((_, label) => dealGroups(sprites, label));
  const statistics = new Statistics();
  const shards: ShardEntry[] = [];
  for (let shard = 0; shard < SHARDS; shard++) {
    const bytes = composeShard(
      dealt.map((folds) => folds[shard] ?? []),
      shard,
    );
    const records = bytes.length / RECORD_BYTES;
    const split: Split = shard < TRAIN_SHARDS ? "train" : "test";
    if (split === "train") statistics.add(bytes.subarray(0, records * IMAGE_BYTES));
    const number = split === "train" ? shard : shard - TRAIN_SHARDS;
    const file = `${split}-${String(number).padStart(3, "0")}.bin`;
    await sink.write(file, bytes);
    shards.push({ file, split, records, bytes: bytes.length, sha256: await sha256Hex(bytes) });
    onProgress(RENDER_SHARE + ((1 - RENDER_SHARE) * (shard + 1)) / SHARDS);
  }
  return {
    format: "nas-playground/shards",
    version: 1,
    id: "emoji10",
    name: "Emoji-10",
    image: { width: 32, height: 32, channels: 3, dtype: "uint8", layout: "NHWC" },
    shardLayout: "images-then-labels",
    classes: classes.map(({ name }) => name),
    splits: { train: recordsOf({ shards }, "train"), test: recordsOf({ shards }, "test") },
    shardGroups: "disjoint",
    normalisation: statistics.normalisation(),
    sha256: await datasetHash(shards),
    shards,
    provenance: provenance(),
  };
}
