/** The embedded data set is the pinned one. It is built here only when set-up has not built it. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkShard, loadImages } from "@/data/dataset";
import { readManifest, type ShardSource, memorySource } from "@/data/source";
import { oneShotSplit } from "@/data/split";
import { memorySink } from "@/data/testing/cifarFixtures";
import { buildEmoji10 } from "./emoji10";
import { EMOJI10_SHA256, isEmoji10 } from "./emoji10Pinned";
import { hashOrder, recipeRandom } from "./emoji10Random";
import { groupOf } from "./emoji10Sprites";
import { folderSource } from "./nodeFiles";

const folder = join(fileURLToPath(new URL(".", import.meta.url)), "emoji10");

async function openEmoji10(): Promise<ShardSource> {
  if (existsSync(join(folder, "manifest.json"))) return folderSource(folder);
  const sink = memorySink();
  return memorySource(await buildEmoji10(sink), sink.files);
}

describe("Emoji-10", () => {
  it("has the pinned hash, the published statistics and balanced shards", { timeout: 120_000 }, async () => {
    const source = await openEmoji10();
    const parsed = await readManifest(source);
    if (!parsed.ok) throw new Error(parsed.problem.message);
    const manifest = parsed.value;
    expect(manifest.sha256).toBe(EMOJI10_SHA256);
    expect(isEmoji10(JSON.parse(JSON.stringify(manifest)))).toBe(true);
    expect(manifest.splits).toEqual({ train: 10_000, test: 2000 });
    expect(manifest.normalisation).toEqual({
      mean: [0.55303515, 0.52298784, 0.47870382],
      std: [0.26867552, 0.23388636, 0.25193601],
    });
    const [entry] = manifest.shards;
    if (entry === undefined) throw new Error("no shard");
    await checkShard(await source.shard(entry.file), entry, 10);

    const first = await loadImages(source, manifest, "train", { shards: [entry.file] });
    for (let label = 0; label < 10; label++) expect(first.labels.filter((value) => value === label).length).toBe(100);
    const train = manifest.shards.filter((shard) => shard.split === "train");
    const table = {
      count: 10_000,
      shards: train.map(({ file, records }, i) => ({ file, start: i * 1000, count: records })),
    };
    expect(oneShotSplit(table, manifest.shardGroups).weights.length).toBe(8000);
  });

  it("groups variants of one emoji", () => {
    expect(groupOf("1f44b-1f3fd")).toBe("1f44b");
    expect(groupOf("1f468-1f3fb-200d-1f9b0")).toBe("1f9d1");
    expect(groupOf("1f469-200d-1f33e")).toBe(groupOf("1f468-1f3ff-200d-1f33e"));
    expect(groupOf("1f3c3-1f3fb-200d-2640-fe0f-200d-27a1-fe0f")).toBe("1f3c3");
    expect(groupOf("1f636-200d-1f32b-fe0f")).toBe("1f636-200d-1f32b");
  });

  it("draws are fixed by name", () => {
    const [a, b] = [recipeRandom("x"), recipeRandom("x")];
    expect([a.next(), a.int(9), a.between(2, 4)]).toEqual([b.next(), b.int(9), b.between(2, 4)]);
    expect(recipeRandom("y").next()).not.toBe(recipeRandom("x").next());
    expect(hashOrder(["c", "b", "a"], "s")).toEqual(hashOrder(["a", "b", "c"], "s"));
  });
});
