/** Files out and files in: every format round trip by hand, hostile ones refused with one sentence, and weights that other programs can use. */
import { readFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs";
import { unzipSync } from "fflate";
import { keepWorkers, open, panel, play, stateOf, visitReady } from "./support/app";
import { drop, dropHuge, type DroppedFile, utf8 } from "./support/drop";
import { expect, type Page, test } from "./support/test";

test.describe.configure({ mode: "serial" });

const formats = [
  { id: "arch", name: /^Architecture \(JSON\)/ },
  { id: "razor-1x", name: /^MMRazor subnet \(YAML, 1\.x\)/ },
  { id: "razor-0x", name: /^MMRazor subnet \(YAML, 0\.x\)/ },
  { id: "spos-vector", name: /^SPOS gene vector/ },
  { id: "safetensors", name: /^Weights \(safetensors\)/ },
  { id: "tfjs", name: /^TensorFlow\.js model/ },
] as const;

/** Save a format with the dialog, as a reader does. */
async function save(page: Page, name: RegExp): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  await page.getByRole("radio", { name }).check();
  const button = page.getByRole("dialog").getByRole("button", { name: "Download" });
  await expect(button).toBeEnabled();
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), bytes: new Uint8Array(await readFile(await download.path())) };
}

async function completeRun(page: Page): Promise<string> {
  await visitReady(page);
  await open(page);
  await play(page);
  const id = (await stateOf(page)).metrics?.winner?.id;
  if (id === undefined) throw new Error("a run without a winner");
  return id;
}

test("every format is saved with the dialog; text formats come back by drop, report first", async ({ page }) => {
  const winner = await completeRun(page);
  await page.getByRole("button", { name: "Export" }).click();
  const saved = new Map<string, { name: string; bytes: Uint8Array }>();
  for (const { id, name } of formats) saved.set(id, await save(page, name));
  await page.keyboard.press("Escape");

  for (const id of ["arch", "razor-1x", "razor-0x", "spos-vector"]) {
    const file = saved.get(id);
    if (file === undefined) throw new Error(`${id} was not saved`);
    // Another network on show, so that applying changes something.
    await page.evaluate(async () => (await window.nasPlayground.importFrom("[2, 2, 2, 2, 2, 2, 2, 2]")).apply());
    await expect(panel(page, "network")).toContainText("22222222");
    // The name tells nothing: content decides.
    await drop(page, [{ name: "file.txt", bytes: file.bytes }]);
    const dialog = page.getByRole("dialog");
    await expect(dialog).toContainText(winner);
    await expect(dialog).toContainText("Understood");
    await expect(panel(page, "network")).toContainText("22222222");
    await dialog.getByRole("button", { name: "Show this network" }).click();
    await expect(dialog).toBeHidden();
    await expect(panel(page, "network")).toContainText(winner);
    const again = await page.evaluate((format) => window.nasPlayground.exportAs(format) as Promise<string>, id);
    expect(again, id).toBe(new TextDecoder().decode(file.bytes));
  }

  const header = safetensorsHeader(saved.get("safetensors")?.bytes ?? new Uint8Array(0));
  expect(header.metadata["architecture"]).toBe(winner);
  expect(header.metadata["test_accuracy"]).toMatch(/ on 2000 images$/);
  expect(header.tensors.length).toBeGreaterThan(10);
});

/** Parse and check a safetensors file: header length, JSON, contiguous float32 tensors to the last byte. */
function safetensorsHeader(bytes: Uint8Array): { metadata: Record<string, string>; tensors: string[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = Number(view.getBigUint64(0, true));
  expect((8 + length) % 8).toBe(0);
  const { __metadata__: metadata, ...tensors } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + length)),
  ) as Record<string, Record<string, unknown>>;
  let end = 0;
  const sorted = Object.entries(tensors).sort(
    ([, a], [, b]) => (a["data_offsets"] as number[])[0]! - (b["data_offsets"] as number[])[0]!,
  );
  for (const [name, { dtype, shape, data_offsets: offsets }] of sorted) {
    const [from, to] = offsets as [number, number];
    expect(dtype, name).toBe("F32");
    expect(from, name).toBe(end);
    expect(to - from, name).toBe(4 * (shape as number[]).reduce((a, b) => a * b, 1));
    end = to;
  }
  expect(8 + length + end).toBe(bytes.length);
  return { metadata: metadata as Record<string, string>, tensors: Object.keys(tensors) };
}

/** Ask the page's own worker, as the live test does, with all digits. */
function classifyInWorker(page: Page, image: number[]): Promise<{ readonly id: string; readonly retrained: number[] }> {
  return page.evaluate(
    (pixels) =>
      new Promise<{ id: string; retrained: number[] }>((resolve, reject) => {
        const worker = window.e2eWorkers.at(-1);
        const id = 1_000_000;
        worker?.addEventListener(
          "message",
          ({
            data,
          }: MessageEvent<{
            kind: string;
            id: number;
            ok: boolean;
            result: { id: string; retrained: Float32Array };
            error: { message: string };
          }>) => {
            if (data.kind !== "reply" || data.id !== id) return;
            if (data.ok) resolve({ id: data.result.id, retrained: Array.from(data.result.retrained) });
            else reject(new Error(data.error.message));
          },
        );
        worker?.postMessage({ kind: "classify", id, args: { image: Uint8Array.from(pixels) } });
      }),
    image,
  );
}

interface ModelFile {
  readonly format: string;
  readonly modelTopology: object;
  readonly weightsManifest: readonly { readonly weights: tf.io.WeightsManifestEntry[] }[];
  readonly userDefinedMetadata: { readonly normalization: { readonly mean: number[]; readonly std: number[] } };
}

test("tf.loadGraphModel gives the answers that the page gives", async ({ page }) => {
  await keepWorkers(page);
  const winner = await completeRun(page);
  const zip = await page.evaluate(async () => Array.from((await window.nasPlayground.exportAs("tfjs")) as Uint8Array));
  const entries = unzipSync(Uint8Array.from(zip));
  expect(Object.keys(entries).sort()).toEqual(["model.json", "weights.bin"]);
  const model = JSON.parse(new TextDecoder().decode(entries["model.json"])) as ModelFile;
  const { normalization } = model.userDefinedMetadata;

  await tf.setBackend("cpu");
  const network = await tf.loadGraphModel(
    tf.io.fromMemory({
      modelTopology: model.modelTopology,
      weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
      weightData: Uint8Array.from(entries["weights.bin"] ?? []).buffer,
      format: model.format,
    }),
  );
  for (const picture of pictures()) {
    const asked = await classifyInWorker(page, picture);
    expect(asked.id).toBe(winner);
    const normalised = picture.map(
      (value, i) => (value / 255 - (normalization.mean[i % 3] ?? 0)) / (normalization.std[i % 3] ?? 1),
    );
    const logits = network.predict(tf.tensor4d(normalised, [1, 32, 32, 3])) as tf.Tensor2D;
    const probabilities = Array.from(await tf.softmax(logits).data());
    expect(probabilities).toHaveLength(10);
    for (const [i, p] of probabilities.entries())
      expect(Math.abs(p - (asked.retrained[i] ?? 1)), `class ${i}`).toBeLessThan(1e-4);
  }
  network.dispose();
});

/** Three 32×32 RGB pictures that are not alike. */
function pictures(): number[][] {
  const size = 32 * 32 * 3;
  return [
    Array.from({ length: size }, (_, i) => (i * 7) % 256),
    Array.from({ length: size }, (_, i) => (Math.floor(i / 96) * 8) % 256),
    Array.from({ length: size }, (_, i) => (i % 3 === 0 ? 255 : 20)),
  ];
}

const bomb = [
  "a: &a [x, x, x, x, x, x, x, x, x]",
  ..."bcdefghijklm"
    .split("")
    .map((c, i) => `${c}: &${c} [${Array.from({ length: 9 }, () => `*${"abcdefghijklm"[i] ?? "a"}`).join(", ")}]`),
].join("\n");

const hostile: readonly (DroppedFile & { readonly says: RegExp })[] = [
  {
    name: "cut.json",
    bytes: utf8('{"format": "nas-playground/architecture", "version": 1, "choices": {"layer.0": "iden'),
    says: /cut\.json: .*(cut off|valid JSON)/,
  },
  { name: "bomb.yaml", bytes: utf8(bomb), says: /bomb\.yaml: .+\./ },
  {
    name: "deep.json",
    bytes: utf8(`{"format":${"[".repeat(50_000)}${"]".repeat(50_000)}}`),
    says: /deep\.json: .*(deep|nested)/,
  },
  {
    name: "proto.json",
    bytes: utf8('{"format": "nas-playground/architecture", "version": 1, "__proto__": {"polluted": 1}, "choices": {}}'),
    says: /proto\.json: .*__proto__/,
  },
  {
    name: "wrong.json",
    bytes: utf8(
      '{"format": "nas-playground/architecture", "version": 1, "space": {"id": "macro8", "size": "nano"}, "choices": {"layer.0": "warp_drive"}}',
    ),
    says: /wrong\.json: .+\./,
  },
  {
    name: "bytes.bin",
    bytes: Uint8Array.from({ length: 4096 }, (_, i) => (i * 37 + 11) % 256),
    says: /bytes\.bin: .+\./,
  },
  { name: "empty.json", bytes: new Uint8Array(0), says: /empty\.json: .*empty/ },
];

test("hostile files are refused with one sentence each, and nothing on screen is lost", async ({ page }) => {
  const winner = await completeRun(page);
  const before = await page.evaluate(() => ({
    state: window.nasPlayground.state(),
    loss: Array.from(window.nasPlayground.history("loss")["loss"] ?? []),
  }));
  const messages = page.getByRole("list", { name: "Messages" });

  const refuse = async (says: RegExp, work: () => Promise<void>): Promise<void> => {
    const started = Date.now();
    await work();
    const line = messages.getByRole("listitem").filter({ hasText: says });
    await expect(line).toBeVisible();
    expect(Date.now() - started, String(says)).toBeLessThan(5000);
    await expect(page.getByRole("dialog")).toBeHidden();
    await line.getByRole("button").click();
    await expect(line).toBeHidden();
  };
  for (const file of hostile) await refuse(file.says, () => drop(page, [file]));
  await refuse(/huge\.json is too large/, () => dropHuge(page, "huge.json", 100 * 1_048_576));

  const after = await page.evaluate(() => ({
    state: window.nasPlayground.state(),
    loss: Array.from(window.nasPlayground.history("loss")["loss"] ?? []),
  }));
  expect({ ...after.state, memory: null }).toEqual({ ...before.state, memory: null });
  expect(after.loss).toEqual(before.loss);
  await expect(panel(page, "network")).toContainText(winner);
  expect(await page.evaluate(() => "polluted" in {})).toBe(false);
});
