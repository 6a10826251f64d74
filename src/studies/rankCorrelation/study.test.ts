import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { MethodEnv, RunData } from "@/algorithms/method";
import { spos } from "@/algorithms/spos/spos";
import { memoryTables } from "@/algorithms/testing/memoryTables";
import { makeTable } from "@/data/normalise";
import { IMAGE_BYTES } from "@/data/manifest";
import { recordRange } from "@/data/split";
import { chooseDevice } from "@/engine/device";
import { rootKey } from "@/lib/rng";
import { macro8 } from "@/nas/space/macro8";
import { parseStudyFlags } from "./flags";
import { readRuns, writeStudy, type StudyFile } from "./resultFile";
import { scoreNetworks, studyConfig } from "./study";

/** 300 noisy images whose colour tells the class. */
function tinyData(): RunData {
  const count = 300;
  const rng = rootKey(3).stream();
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const images = Uint8Array.from({ length: count * IMAGE_BYTES }, (_, i) => rng.int(120) + 12 * (labels[Math.floor(i / IMAGE_BYTES)] ?? 0));
  const set = { images, labels, count, shards: [{ file: "a", start: 0, count: 100 }, { file: "b", start: 100, count: 200 }] };
  return { train: set, test: set, weights: recordRange(0, 100), architecture: recordRange(100, 300), table: makeTable([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]) };
}

describe("scoreNetworks", () => {
  it("scores as the app's own run does after its supernet phase", async () => {
    const config = { ...studyConfig({ size: "nano", steps: 3 }, 7), "bn.recal": 2, "train.batch": 16 };
    const data = tinyData();
    const ids = ["00000000", "12012010", "22222222"];
    const { executor } = await chooseDevice("wasm", { gpu: null, onFatal: () => undefined });
    const parts = new Set<string>();
    const scored = await scoreNetworks(config, ids, { executor, data, now: () => 0, report: (part) => parts.add(part) });
    expect(Object.keys(scored.scores).sort()).toEqual(ids);
    expect([...parts]).toEqual(["train", "score"]);
    expect(scored).toMatchObject({ steps: 3, calibrationImages: 32, validationImages: 200 });

    const space = macro8("nano");
    const env: MethodEnv = { config, space, executor, latency: memoryTables(), data, key: rootKey(7), now: () => 0, emit: () => undefined, spend: () => undefined };
    const run = spos.start(env, null);
    for await (const tick of run.ticks()) if (tick.boundary === "phase" && run.status().phase === "recalibrate") break;
    for (const id of ids) {
      const { accuracy } = await run.evaluate(space.decode(id) ?? {});
      expect(accuracy.value).toBe(scored.scores[id]?.recalibrated);
    }
    run.dispose();
    executor.dispose();
    expect(executor.memory().tensors).toBe(0);
  });
});

describe("the study's file", () => {
  const folder = mkdtempSync(join(tmpdir(), "study-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file: StudyFile = {
    study: "rank-correlation",
    version: 1,
    command: "x",
    settings: {
      space: "macro8", size: "tiny", sampler: "uniform", steps: 10, batch: 64, lr: 0.1, weightDecay: 0, clip: 5, calibrationImages: 256, validationImages: 1000, networks: 1, parameters: "p",
      data: { id: "cifar10", sha256: "a", train: 10, weights: 9, validation: 1 },
      table: { sha256: "b", strings: 1, distinct: 1, official: false },
    },
    statistics: null,
    runs: [{ seed: 7, finalLoss: 2.1, trainSeconds: 1, scoreSeconds: 2, date: "d", machine: { cpu: "c", cores: 2, node: "v20", backend: "w" }, scores: { "00000000": { running: 0.1, recalibrated: 0.25 } } }],
  };

  it("gives its runs back, one line a network", async () => {
    const path = join(folder, "deep", "result.json");
    expect(await readRuns(path, file.settings)).toEqual([]);
    await writeStudy(path, file);
    expect(await readRuns(path, file.settings)).toEqual(file.runs);
    expect(existsSync(`${path}.${process.pid}.tmp`)).toBe(false);
  });

  it("is refused with other settings, and when it is something else", async () => {
    const path = join(folder, "other.json");
    await writeStudy(path, file);
    await expect(readRuns(path, { ...file.settings, steps: 11 })).rejects.toThrow(/other settings/);
    writeFileSync(path, "{");
    await expect(readRuns(path, file.settings)).rejects.toThrow(/not a file of this study/);
  });
});

describe("parseStudyFlags", () => {
  const needed = ["--cifar", "a", "--cifar", "b", "--table", "t"];
  it("fills in the defaults", () => {
    expect(parseStudyFlags(needed)).toMatchObject({ ok: true, value: { cifar: ["a", "b"], size: "tiny", seeds: [7, 8, 9], networks: 96, steps: null } });
  });
  it.each([
    [["--table", "t"], /--cifar/],
    [["--cifar", "a"], /--table/],
    [[...needed, "--size", "huge"], /--size/],
    [[...needed, "--seeds", "7,7"], /--seeds/],
    [[...needed, "--networks", "12"], /at least 50/],
    [[...needed, "--steps", "0"], /--steps/],
    [[...needed, "--nonsense", "1"], /nonsense/],
  ])("refuses %j", (args, message) => {
    const parsed = parseStudyFlags(args);
    expect(parsed.ok ? "" : parsed.problem.message).toMatch(message);
  });
});
