/** Data sets in the worker: what is there, loading, import from dropped files, download, and pictures for the browser panel. */
import { augmentInto, drawAugmentation } from "@/data/augment";
import { CIFAR10_PARQUET, download, type DownloadSpec } from "@/data/download";
import { importCifar10 } from "@/data/import/cifar10";
import type { ImportInput, ImportReport } from "@/data/import/types";
import { IMAGE_BYTES } from "@/data/manifest";
import type { OpfsDatasets } from "@/data/opfs";
import { blobInput } from "@/data/opfsParts";
import type { PartStore } from "@/data/download";
import { recordRange } from "@/data/split";
import { type AvailableDataset, type DataEnv, listDatasets, loadDataset, type LoadedDataset } from "@/engine/dataLoader";
import { AppError, type ErrorCode } from "@/lib/appError";
import { type Problem, type Result } from "@/lib/result";
import { rootKey } from "@/lib/rng";
import type { Commands, DatasetInfo, ImportProgress } from "../protocol";

export interface DataHostEnv extends DataEnv {
  readonly opfs: OpfsDatasets | null;
  readonly parts: PartStore | null;
  /** Make sure that about this many bytes can be kept; throws `storage.quota` with both figures when they cannot. */
  reserve(bytes: number): Promise<void>;
  onLoad(done: number, total: number): void;
  onImport(progress: ImportProgress): void;
}

export function infoOf(loaded: LoadedDataset): DatasetInfo {
  const { manifest, origin, mean, std, warnings } = loaded;
  return {
    id: manifest.id,
    name: manifest.name,
    origin,
    classes: manifest.classes,
    train: loaded.data.train.count,
    test: loaded.data.test.count,
    sha256: manifest.sha256,
    mean,
    std,
    warnings,
    provenance: manifest.provenance,
  };
}

export class DataHost {
  private readonly env: DataHostEnv;
  private loaded: LoadedDataset | null = null;
  private importing: AbortController | null = null;

  constructor(env: DataHostEnv) {
    this.env = env;
  }

  list(): Promise<AvailableDataset[]> {
    return listDatasets(this.env);
  }

  /** The data set in memory, if it is this one; else load it. */
  async load(id: string): Promise<LoadedDataset> {
    if (this.loaded?.manifest.id === id) return this.loaded;
    this.loaded = null;
    this.loaded = await loadDataset(id, this.env, (done, total) => this.env.onLoad(done, total));
    return this.loaded;
  }

  current(): LoadedDataset | null {
    return this.loaded;
  }

  async importFiles(files: readonly File[]): Promise<Commands["importDataset"]["result"]> {
    return this.import(files.map((file) => blobInput(file, file.name)));
  }

  async downloadCifar(urls: readonly string[] | null): Promise<Commands["downloadDataset"]["result"]> {
    const { parts } = this.env;
    if (!parts) throw noStorage();
    const specs: readonly DownloadSpec[] = urls ? urls.map((url) => ({ url, name: url.split("/").at(-1) ?? url })) : CIFAR10_PARQUET;
    const abort = this.begin();
    const inputs: ImportInput[] = [];
    const discards: (() => Promise<void>)[] = [];
    try {
      for (const [i, spec] of specs.entries()) {
        const part = `Downloading ${i + 1} of ${specs.length}`;
        const fetched = unwrap(await download(spec, parts, { fetchFn: this.env.fetch, signal: abort.signal, onProgress: (bytesRead, totalBytes) => this.env.onImport({ bytesRead, totalBytes, records: 0, message: part }) }));
        inputs.push(fetched.input);
        discards.push(fetched.discard);
      }
      const result = await this.import(inputs, abort);
      for (const discard of discards) await discard();
      return result;
    } finally {
      this.importing = null;
    }
  }

  cancelImport(): void {
    this.importing?.abort();
  }

  async remove(id: string): Promise<void> {
    await this.env.opfs?.remove(id);
    if (this.loaded?.manifest.id === id) this.loaded = null;
  }

  /** Raw or augmented records of a part of the data, one class or all. */
  pictures({ split, classId, start, count, augment }: Commands["images"]["args"], seed: number, parts: { readonly weights: Int32Array; readonly validation: Int32Array } | null): Commands["images"]["result"] {
    if (!this.loaded) throw new AppError("data.missing", "No data set is loaded yet.", { recoverable: true });
    const { data } = this.loaded;
    const set = split === "test" ? data.test : data.train;
    const part = split === "test" ? recordRange(0, data.test.count) : split === "weights" ? (parts?.weights ?? data.weights) : (parts?.validation ?? data.architecture);
    const all = classId === null ? part : part.filter((record) => set.labels[record] === classId);
    const records = all.slice(start, start + count);
    const images = new Uint8Array(records.length * IMAGE_BYTES);
    const labels = Uint8Array.from(records, (record) => set.labels[record] as number);
    for (const [i, record] of records.entries()) {
      if (augment) images.set(augmented(set.images, record, seed), i * IMAGE_BYTES);
      else images.set(set.images.subarray(record * IMAGE_BYTES, (record + 1) * IMAGE_BYTES), i * IMAGE_BYTES);
    }
    return { images, labels, records, total: all.length };
  }

  private async import(inputs: readonly ImportInput[], abort = this.begin()): Promise<Commands["importDataset"]["result"]> {
    const { opfs } = this.env;
    try {
      if (!opfs) throw noStorage();
      await this.env.reserve(inputs.reduce((sum, input) => sum + (input.size ?? 0), 0));
      const sink = await opfs.sink("cifar10");
      const report: ImportReport = unwrap(await importCifar10(inputs, sink, { signal: abort.signal, onProgress: (p) => this.env.onImport(p) }));
      if (this.loaded?.manifest.id === "cifar10") this.loaded = null;
      const loaded = await this.load("cifar10");
      return { dataset: infoOf(loaded), warnings: report.warnings };
    } finally {
      this.importing = null;
    }
  }

  private begin(): AbortController {
    if (this.importing) throw new AppError("data.corrupt", "An import is under way already.", { recoverable: true, hint: "Wait for it, or cancel it." });
    this.importing = new AbortController();
    return this.importing;
  }
}

/** The augmentation of training, shown as pixels: crop and flip of a fixed seed; padding is black as in training. */
function augmented(images: Uint8Array, record: number, seed: number): Uint8Array {
  const options = { crop: 4, flip: true, cutout: 0 };
  const identity = Float32Array.from({ length: 768 }, (_, i) => i % 256);
  const out = new Float32Array(IMAGE_BYTES);
  const rng = rootKey(seed).fold("preview").fold(record).stream();
  augmentInto(out, 0, images, record, identity, drawAugmentation(rng, options), options);
  return Uint8Array.from(out);
}

function noStorage(): AppError {
  return new AppError("storage.quota", "This browser offers no private storage, so imported images cannot be kept.", { recoverable: true, hint: "Use npm run data -- cifar10 --from PATH instead." });
}

const codes: Readonly<Record<string, ErrorCode>> = { quota: "storage.quota", cancelled: "cancelled", network: "data.missing" };

function unwrap<T>(result: Result<T, Problem>): T {
  if (result.ok) return result.value;
  const { code, message, hint } = result.problem;
  throw new AppError(codes[code] ?? "data.corrupt", message, { recoverable: true, ...(hint === undefined ? {} : { hint }) });
}
