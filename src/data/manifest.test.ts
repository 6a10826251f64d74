import { describe, expect, it } from "vitest";
import { datasetHash, parseManifest, verifyManifestHash, type DatasetManifest } from "./manifest";
import { httpSource, readManifest } from "./source";

const shard = (file: string, split: "train" | "test", records: number) => ({
  file,
  split,
  records,
  bytes: records * 3073,
  sha256: "a".repeat(64),
});

async function validManifest(): Promise<DatasetManifest> {
  const shards = [shard("train-0.bin", "train", 1000), shard("test-0.bin", "test", 7)];
  return {
    format: "nas-playground/shards",
    version: 1,
    id: "demo",
    name: "Demo",
    image: { width: 32, height: 32, channels: 3, dtype: "uint8", layout: "NHWC" },
    shardLayout: "images-then-labels",
    classes: ["a", "b"],
    splits: { train: 1000, test: 7 },
    shardGroups: "none",
    normalisation: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
    sha256: await datasetHash(shards),
    shards,
    provenance: { any: ["thing"] },
  };
}

describe("parseManifest", () => {
  it("accepts a valid manifest as it is", async () => {
    const manifest = await validManifest();
    const parsed = parseManifest(JSON.parse(JSON.stringify(manifest)));
    expect(parsed).toEqual({ ok: true, value: manifest });
    expect((await verifyManifestHash(manifest)).ok).toBe(true);
  });

  const faults: Record<string, (m: DatasetManifest) => unknown> = {
    format: (m) => ({ ...m, format: "other" }),
    version: (m) => ({ ...m, version: 2 }),
    "image shape": (m) => ({ ...m, image: { ...m.image, width: 28 } }),
    "one class": (m) => ({ ...m, classes: ["a"] }),
    "257 classes": (m) => ({ ...m, classes: Array.from({ length: 257 }, (_, i) => `c${i}`) }),
    "split sum": (m) => ({ ...m, splits: { train: 999, test: 7 } }),
    "a path as file": (m) => ({ ...m, shards: [{ ...m.shards[0], file: "../x.bin" }, m.shards[1]] }),
    "dots as file": (m) => ({ ...m, shards: [{ ...m.shards[0], file: ".." }, m.shards[1]] }),
    "the same file twice": (m) => ({ ...m, shards: [m.shards[0], { ...m.shards[1], file: "train-0.bin" }] }),
    "shard bytes": (m) => ({ ...m, shards: [{ ...m.shards[0], bytes: 3073 }, m.shards[1]] }),
    "shard over 1,000 records": (m) => ({ ...m, shards: [{ ...m.shards[0], records: 1001, bytes: 1001 * 3073 }] }),
    "no spread": (m) => ({ ...m, normalisation: { mean: [0, 0, 0], std: [0, 1, 1] } }),
    "upper-case hash": (m) => ({ ...m, sha256: m.sha256.toUpperCase() }),
    "an id with a slash": (m) => ({ ...m, id: "a/b" }),
    "not an object": () => "manifest",
    nothing: () => null,
  };
  it.each(Object.keys(faults))("refuses: %s", async (name) => {
    const parsed = parseManifest(faults[name]?.(await validManifest()));
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.problem.message).toMatch(/^The data set's manifest is not valid: .*\.$/);
  });

  it("refuses a hash that does not belong to the shards", async () => {
    const manifest = { ...(await validManifest()), sha256: "b".repeat(64) };
    expect((await verifyManifestHash(manifest)).ok).toBe(false);
  });
});

describe("httpSource", () => {
  const answering = (status: number, body: string) =>
    httpSource("/datasets/demo/", () => Promise.resolve(new Response(body, { status })));

  it("reads a manifest and shards", async () => {
    const urls: string[] = [];
    const body = JSON.stringify(await validManifest());
    const source = httpSource("/datasets/demo/", (url) => {
      urls.push(String(url));
      return Promise.resolve(new Response(body));
    });
    expect((await readManifest(source)).ok).toBe(true);
    expect((await source.shard("train-0.bin")).length).toBe(body.length);
    expect(urls).toEqual(["/datasets/demo/manifest.json", "/datasets/demo/train-0.bin"]);
  });

  it("says data.missing for 404 and for a fallback page, data.shard for a shard", async () => {
    await expect(answering(404, "").manifest()).rejects.toMatchObject({ code: "data.missing" });
    await expect(answering(200, "<!doctype html>").manifest()).rejects.toMatchObject({ code: "data.missing" });
    await expect(answering(500, "").shard("train-0.bin")).rejects.toMatchObject({
      code: "data.shard",
      message: "Shard train-0.bin could not be fetched.",
    });
  });
});
