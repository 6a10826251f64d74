/** The command's words, its progress output, and an import through real files. */
import { mkdtemp, readdir, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bytesInput, fakeBatch, gzip, toBinary, toPickle2, toTar } from "@/data/testing/cifarFixtures";
import { importCifar10 } from "@/data/import/cifar10";
import { parseDataArgs } from "./args";
import { cifar10, verify, type DataEnv } from "./commands";
import { folderParts, folderSink } from "./nodeFiles";
import { progressLine } from "./progress";

describe("arguments", () => {
  it("understands the three commands", () => {
    expect(parseDataArgs(["embedded"])).toEqual({ kind: "embedded", out: null });
    expect(parseDataArgs(["verify", "--out", "x"])).toEqual({ kind: "verify", out: "x" });
    expect(parseDataArgs(["cifar10", "--from", "a", "--from=b"])).toEqual({
      kind: "cifar10",
      out: null,
      from: ["a", "b"],
    });
  });
  it.each([
    [[]],
    [["mnist"]],
    [["embedded", "--from", "x"]],
    [["cifar10", "--form", "x"]],
    [["cifar10", "--from"]],
    [["cifar10", "x"]],
  ])("refuses %j with one line that says what is allowed", (words) => {
    const parsed = parseDataArgs(words);
    expect(parsed.kind).toBe("wrong");
    if (parsed.kind === "wrong") expect(parsed.message).toMatch(/^[^\n]+allowed: npm run data[^\n]+$/);
  });
});

describe("progress", () => {
  it("is one line a phase without a terminal, a bar with one", () => {
    const run = (isTTY: boolean): string => {
      let out = "";
      let now = 0;
      const line = progressLine({ isTTY, write: (text) => (out += text) }, () => (now += 60));
      for (let i = 0; i <= 10; i++) line.update("Reading", i / 10);
      line.done("Done.");
      return out;
    };
    expect(run(false)).toBe("Reading\nDone.\n");
    expect(run(true)).toContain("100 %  Reading");
    expect(run(true).endsWith("Done.\n")).toBe(true);
  });
});

describe("on disk", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "nas-data-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const env = (fetchFn: typeof fetch = () => Promise.reject(new Error("offline"))): DataEnv => ({
    root: join(root, "out"),
    progress: progressLine({ isTTY: false, write: () => true }, () => 0),
    fetchFn,
    signal: new AbortController().signal,
  });
  const archive = async () => gzip(toTar([{ name: "x/data_batch_1.bin", bytes: toBinary(fakeBatch(30, 1)) }]));
  const index = async (): Promise<unknown> => JSON.parse(await readFile(join(root, "out", "index.json"), "utf8"));

  it("imports an archive, a folder and a URL alike, and verifies", async () => {
    await writeFile(join(root, "a.tar.gz"), await archive());
    expect(await cifar10([join(root, "a.tar.gz")], env())).toContain("30 training and 0 test images");
    expect(await index()).toEqual({ datasets: ["cifar10"] });
    const first = await readFile(join(root, "out", "cifar10", "train-1-000.bin"));

    await mkdir(join(root, "unpacked", "cifar-10-batches-py"), { recursive: true });
    await writeFile(join(root, "unpacked", "cifar-10-batches-py", "data_batch_1"), toPickle2(fakeBatch(30, 1)));
    // A parquet file beside the batches holds the same images once more: the batches are taken.
    await writeFile(join(root, "unpacked", "cifar-10-batches-py", "train-00000-of-00001.parquet"), "not looked at");
    await cifar10([join(root, "unpacked")], env());
    expect(await readFile(join(root, "out", "cifar10", "train-1-000.bin"))).toEqual(first);

    const bytes = await archive();
    await cifar10(
      ["https://example.test/files/a.tar.gz"],
      env(() => Promise.resolve(new Response(bytes))),
    );
    expect(await readFile(join(root, "out", "cifar10", "train-1-000.bin"))).toEqual(first);
    expect(await readdir(join(root, "out", ".downloads"))).toEqual([]);
    expect(await verify(env())).toBe("1 data set checked.");
  });

  it("says in one sentence what is wrong, and keeps the older data set", async () => {
    await writeFile(join(root, "a.tar.gz"), await archive());
    await cifar10([join(root, "a.tar.gz")], env());
    await writeFile(join(root, "torn.tar.gz"), (await archive()).subarray(0, 500));
    await expect(cifar10([join(root, "torn.tar.gz")], env())).rejects.toThrow(
      "“torn.tar.gz” is damaged or incomplete.",
    );
    await expect(cifar10([join(root, "nowhere")], env())).rejects.toThrow("There is no file or folder");
    await expect(cifar10([], env())).rejects.toThrow("could not be fetched");
    expect((await readdir(join(root, "out"))).sort()).toEqual([".downloads", "cifar10", "index.json"]);
    expect(await verify(env())).toBe("1 data set checked.");

    const shard = join(root, "out", "cifar10", "train-1-000.bin");
    const bytes = await readFile(shard);
    bytes.writeUInt8(bytes.readUInt8(9) ^ 1, 9);
    await writeFile(shard, bytes);
    await expect(verify(env())).rejects.toThrow("cifar10: Shard train-1-000.bin does not have the SHA-256");
  });

  it("the folder sink leaves nothing after an abort, and parts resume", async () => {
    const sink = await folderSink(root, "cifar10");
    expect((await importCifar10([bytesInput("data_batch_1.bin", new Uint8Array(3073 + 1))], sink)).ok).toBe(false);
    expect(await readdir(root)).toEqual([]);
    const parts = folderParts(join(root, "parts"));
    for (const text of ["one", "two"]) {
      const part = await parts.open("k");
      await part.append(new TextEncoder().encode(text));
      await part.close();
    }
    const again = await parts.open("k");
    expect(again.size).toBe(6);
    await again.clear();
    await again.append(new TextEncoder().encode("x"));
    await again.close();
    expect((await parts.input("k", "n")).size).toBe(1);
  });
});
