/** Random damage to every form: always an answer, never a throw or a hang, and nothing left behind by a refusal. */
import { describe, expect, it } from "vitest";
import { rootKey, type Rng } from "@/lib/rng";
import {
  bytesInput,
  fakeBatch,
  gzip,
  memorySink,
  toBinary,
  toPickle2,
  toPickle4,
  toTar,
} from "../testing/cifarFixtures";
import { batchToParquet } from "../testing/parquetFixture";
import { importCifar10 } from "./cifar10";

const CODES = /^(truncated|not-tar|no-batches|bad-size|bad-label|bad-pickle|unsafe-pickle|bad-image)$/;
const batch = fakeBatch(3, 1);
const tar = toTar([
  { name: "x/data_batch_1.bin", bytes: toBinary(batch) },
  { name: "x/test_batch", bytes: toPickle2(batch) },
]);

/** Flip, overwrite, cut, repeat or insert at random places. */
function damage(bytes: Uint8Array, rng: Rng): Uint8Array {
  let out = bytes.slice();
  for (let n = 1 + rng.int(4); n > 0; n--) {
    const at = rng.int(Math.max(1, out.length));
    const kind = rng.int(5);
    if (kind === 0) out[at] = (out[at] ?? 0) ^ (1 << rng.int(8));
    else if (kind === 1) for (let i = at; i < Math.min(out.length, at + 1 + rng.int(32)); i++) out[i] = rng.int(256);
    else if (kind === 2) out = out.slice(0, at);
    else if (kind === 3) out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(rng.int(at + 1))]);
    else out = Uint8Array.from([...out.subarray(0, at), rng.int(256), ...out.subarray(at)]);
  }
  return out;
}

async function survive(name: string, bytes: Uint8Array, rounds: number, seed: string): Promise<number> {
  let refusals = 0;
  for (let round = 0; round < rounds; round++) {
    const rng = rootKey(11).fold(seed).fold(round).stream();
    const sink = memorySink();
    const result = await importCifar10([bytesInput(name, damage(bytes, rng), 1 + rng.int(5000))], sink);
    if (result.ok) {
      expect(sink.committed).not.toBeNull();
      continue;
    }
    refusals++;
    expect(result.problem.code, `round ${round}: ${result.problem.message}`).toMatch(CODES);
    expect(sink.aborted).toBe(1);
    expect(sink.committed).toBeNull();
  }
  return refusals;
}

describe("damaged files", () => {
  it("tar.gz", async () => {
    expect(await survive("a.tar.gz", await gzip(tar), 200, "gz")).toBeGreaterThan(150);
  });
  it("tar", async () => {
    expect(await survive("a.tar", tar, 150, "tar")).toBeGreaterThan(20);
  });
  it("pickles", async () => {
    const head = 300; // damage the structure, not the pixels
    for (const whole of [toPickle2(batch), toPickle4(batch)]) {
      const refusals: number[] = [];
      for (let round = 0; round < 100; round++) {
        const rng = rootKey(12).fold(round).stream();
        const bytes = Uint8Array.from([...damage(whole.subarray(0, head), rng), ...whole.subarray(head)]);
        const sink = memorySink();
        const result = await importCifar10([bytesInput("data_batch_1", bytes)], sink);
        if (result.ok) continue;
        refusals.push(round);
        expect(result.problem.code).toMatch(CODES);
        expect(sink.aborted).toBe(1);
      }
      expect(refusals.length).toBeGreaterThan(50);
    }
  });
  it("Parquet", async () => {
    expect(await survive("train.parquet", batchToParquet(batch, 2), 100, "parquet")).toBeGreaterThan(40);
  });
});
