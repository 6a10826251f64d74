/** The network on show as a file, and files as networks: everything a browser can do without the worker, weights excepted. */
import type { RunConfig } from "@/algorithms/configKeys";
import type { Accuracy, Origin } from "@/nas/candidate";
import { archFileOf, type ArchFile, type Provenance } from "@/nas/formats/archJson";
import { importArchitecture, type ImportReport } from "@/nas/formats/detect";
import { exportText, extensionOf } from "@/nas/formats/export";
import type { TextFormat } from "@/nas/formats/report";
import type { JsonObject } from "@/nas/formats/json";
import { spaceIds } from "@/nas/space/registry";
import { type Arch, sizes, type Space } from "@/nas/space/types";
import type { Choices } from "@/nas/mutable";
import { ok, refuse, type Result } from "@/lib/result";
import { version } from "@/lib/version";
import type { ExportedFile, PendingImport } from "./actions";
import { experimentStore } from "./experiment";
import { history } from "./history";
import { networkStore, showNetwork, spaceOf } from "./network";
import { runStore } from "./run";

interface Exported {
  readonly arch: Arch;
  readonly file: ArchFile;
}

/** What would be exported now: the imported or picked network on show, else the run's winner, its best so far, or the path it trains. */
function current(): Result<Exported> {
  const shown = networkStore.getState().shown;
  if (shown && shown.source !== "winner") {
    if (shown.file) return ok({ arch: shown.arch, file: shown.file });
    const space = spaceOf(shown.spaceId, shown.size);
    const metrics = metricsOf(space, shown.arch, shown.supernetAccuracy, shown.retrainedAccuracy);
    return ok({ arch: shown.arch, file: archFileOf(space, shown.arch, { complete: true, origin: { kind: "manual" }, metrics, provenance: provenanceOf(experimentStore.getState().config) }) });
  }
  const { plan, latest } = runStore.getState();
  if (!plan || !latest) return refuse("config.invalid", "There is no network to export yet.", "Press Train, or import one.");
  const { config } = plan;
  const space = spaceOf(config.space, config.size);
  const best = latest.metrics.winner ?? latest.metrics.best;
  const id = best?.id ?? encodePath(latest.path);
  const choices = id === null ? null : space.decode(id);
  if (choices === null) return refuse("config.invalid", "There is no network to export yet.", "Let the run train for a step.");
  const arch = space.canonical(choices);
  const index = history.candidateIndex(arch.id);
  const candidate = index === undefined ? undefined : history.candidates()[index];
  const origin: Origin = candidate?.origin ?? { kind: "random" };
  return ok({
    arch,
    file: archFileOf(space, arch, {
      complete: latest.status === "complete",
      origin,
      metrics: metricsOf(space, arch, candidate?.accuracy ?? null, latest.metrics.winner ? latest.metrics.test : null),
      provenance: provenanceOf(config),
    }),
  });
}

/** Gene string of the path in training; null outside it. */
function encodePath(path: Int8Array): string | null {
  return path.length > 0 ? Array.from(path).join("") : null;
}

function metricsOf(space: Space, arch: Arch, supernetAccuracy: Accuracy | null, retrainedAccuracy: Accuracy | null): ArchFile["metrics"] {
  const { macs, params } = space.cost(arch.choices);
  return { supernetAccuracy, retrainedAccuracy, macs, params, latencyMs: null };
}

function provenanceOf(config: RunConfig): Provenance {
  const { info } = runStore.getState();
  return {
    app: version,
    algorithm: config.algorithm,
    config: { ...config } as unknown as JsonObject,
    seed: config.seed,
    dataset: { id: config.dataset, sha256: info?.dataset?.sha256 ?? null },
    backend: info?.backend ?? "none",
    createdAt: new Date().toISOString(),
  };
}

/** The architecture in a text format. */
export function exportArchitecture(format: TextFormat): Result<ExportedFile> {
  const found = current();
  if (!found.ok) return found;
  const { file, arch } = found.value;
  const space = spaceOf(file.space.id === "spos" ? "spos" : "macro8", file.space.size);
  const text = exportText(format, space, file);
  return ok({
    name: `${space.id}-${space.size}-${arch.id}.${extensionOf[format]}`,
    mime: format === "arch" ? "application/json" : format === "spos-vector" ? "text/plain" : "application/yaml",
    text,
    bytes: new TextEncoder().encode(text),
  });
}

function allSpaces() {
  return spaceIds.flatMap((id) => sizes.map((size) => spaceOf(id, size)));
}

/** Read a file of any format; nothing changes until `apply`. */
export function importNetwork(data: string | Uint8Array): Result<PendingImport> {
  const { config } = experimentStore.getState();
  const read = importArchitecture(data, { spaces: allSpaces(), current: { id: config.space, size: config.size } });
  if (!read.ok) return read;
  const report = read.value;
  return ok({ report, apply: () => applyImport(report) });
}

function applyImport(report: ImportReport): void {
  const metrics = report.file?.metrics;
  showNetwork({
    source: "imported",
    spaceId: report.space.id === "spos" ? "spos" : "macro8",
    size: report.space.size,
    // Lossless: the choices as the file gives them, under the id that equivalent members share.
    arch: { id: report.arch.id, choices: report.choices satisfies Choices },
    supernetAccuracy: metrics?.supernetAccuracy ?? null,
    retrainedAccuracy: metrics?.retrainedAccuracy ?? null,
    ...(report.file ? { file: report.file } : {}),
  });
}
