/** The network on show as a file, and files as networks: everything a browser can do without the worker, weights excepted. */
import { sizeOptionsOf } from "@/algorithms/config";
import type { RunConfig } from "@/algorithms/configKeys";
import type { Accuracy, Origin } from "@/nas/candidate";
import { genotypeOfChoices } from "@/nas/cell/choices";
import { alphaFacts } from "@/nas/cell/derive";
import { archFileOf, type ArchFile, type Provenance } from "@/nas/formats/archJson";
import { bench201Id, cellSpaceId } from "@/nas/formats/cellSpaces";
import { importArchitecture, type ImportReport } from "@/nas/formats/detect";
import { expressible, exportText, extensionOf, formatsOf, lossesOf, mimeOf } from "@/nas/formats/export";
import type { JsonObject } from "@/nas/formats/json";
import { type TextFormat, textFormats } from "@/nas/formats/report";
import { vectorToChoices } from "@/nas/formats/sposVector";
import { latencyTableIn } from "@/nas/latency/tableJson";
import type { Choices } from "@/nas/mutable";
import { networkCost } from "@/nas/space/networkCost";
import { isSpaceId, spaceIds } from "@/nas/space/registry";
import { type Arch, type NetworkOptions, sizes, type Space } from "@/nas/space/types";
import { AppError } from "@/lib/appError";
import { ok, type Problem, refuse, type Result } from "@/lib/result";
import { version } from "@/lib/version";
import type { LatestState, RunPlan } from "@/session/protocol";
import type { ExportedFile, ExportFormat, PendingImport } from "./actions";
import { cellPictures, type DrawnCells } from "./cellPictures";
import { experimentStore } from "./experiment";
import { history } from "./history";
import { exportTable, importLatency, tableToExport } from "./latencyFiles";
import { searchKind } from "./methods";
import { networkStore, showNetwork, spaceOf } from "./network";
import { runStore } from "./run";

interface Exported {
  readonly space: Space;
  readonly file: ArchFile;
}

const nothing = (hint: string) => refuse("config.invalid", "There is no network to export yet.", hint);

/** What would be exported now: the imported or picked network on show, else what stands for the run. */
function current(): Result<Exported> {
  const shown = networkStore.getState().shown;
  if (shown && shown.source !== "winner") {
    const space = spaceOf(shown.spaceId, shown.size);
    if (shown.file) return ok({ space, file: shown.file });
    const metrics = metricsOf(space, shown.arch, shown.supernetAccuracy, shown.retrainedAccuracy);
    const provenance = provenanceOf(experimentStore.getState().config);
    return ok({ space, file: archFileOf(space, shown.arch, { complete: true, origin: { kind: "manual" }, metrics, provenance }) });
  }
  const { plan, latest } = runStore.getState();
  if (!plan || !latest) return nothing("Press Train, or import one.");
  const { config } = plan;
  const space = spaceOf(config.space, config.size);
  const member = memberOf(space, latest);
  if (member === null) return nothing("Let the run train for a step.");
  const { winner, test, gap } = latest.metrics;
  const index = history.candidateIndex(member.id);
  const candidate = index === undefined ? undefined : history.candidates()[index];
  const metrics = metricsOf(space, member, candidate?.accuracy ?? null, winner ? test : null, sizeOptionsOf(config));
  return ok({
    space,
    file: archFileOf(space, member, {
      complete: latest.status === "complete",
      origin: candidate?.origin ?? originOf(plan, latest),
      // The mixture that the member was read from, and how decided it was; only a search by architecture weights has one.
      metrics: gap === null ? metrics : { ...metrics, mixtureAccuracy: gap.supernet, ...entropies() },
      // A joint search finds the training recipe with the network.
      provenance: { ...provenanceOf(config), ...(candidate?.recipe ? { recipe: { ...candidate.recipe } } : {}) },
    }),
  });
}

/** By group of architecture weights: mean entropy of its rows ÷ that of a row that is undecided. */
function entropies(): Record<string, number> {
  const { groups } = history.alpha;
  const raw = history.alpha.latest()?.raw;
  let at = 0;
  return Object.fromEntries(
    groups.map(({ id, rows, ops }) => {
      const alpha = raw?.subarray(at, (at += rows.length * ops.length)) ?? [];
      return [`entropy.${id}`, Number(alphaFacts(alpha, ops.length).normalisedEntropy.toFixed(4))];
    }),
  );
}

/** The run's winner, its best so far, what its architecture weights say now, or the path it trains. */
function memberOf(space: Space, { metrics, path }: LatestState): Arch | null {
  const { winner, best, derived } = metrics;
  if (winner) return { id: winner.id, choices: winner.choices };
  const decoded = best ? space.decode(best.id) : null;
  if (best && decoded) return { id: best.id, choices: decoded };
  if (derived) return { id: derived.id, choices: derived.choices };
  const trained = path.length > 0 ? vectorToChoices(space, Array.from(path)) : null;
  return trained?.ok === true ? space.canonical(trained.value) : null;
}

/** Expected latency of a member by the run's table, ms; null where there is none. */
function latencyMsOf(id: string): number | null {
  const us = history.candidates().find((candidate) => candidate.id === id)?.latencyUs;
  return us === undefined ? null : Number((us / 1000).toPrecision(6));
}

/** Where a member comes from that is no candidate of the search. */
function originOf({ config }: RunPlan, { metrics }: LatestState): Origin {
  if (config["retrain.arch"] !== null) return { kind: "manual" };
  // The stochastic searches know one rule: the likeliest option of every row.
  const rule = searchKind(config) === "mixed" ? config["darts.derive"] : "official";
  return metrics.derived ? { kind: "derived", rule } : { kind: "random" };
}

/** Null prices for a member that can be shown and written but not built. */
function metricsOf(space: Space, arch: Arch, supernetAccuracy: Accuracy | null, retrainedAccuracy: Accuracy | null, size: NetworkOptions = {}): ArchFile["metrics"] {
  const accuracies = { supernetAccuracy, retrainedAccuracy };
  try {
    const { macs, params } = networkCost(space, arch.choices, size);
    return { ...accuracies, macs, params, latencyMs: latencyMsOf(arch.id) };
  } catch (cause) {
    if (cause instanceof AppError && cause.code === "config.invalid") return { ...accuracies, macs: null, params: null, latencyMs: null };
    throw cause;
  }
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

/** FNV-1a as eight hex digits: ids of cells hold characters that file names must not, and are too long for one. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function nameOf({ space, file }: Exported, ending: string): string {
  return `${space.id}-${space.size}-${/^\w{1,40}$/.test(file.id) ? file.id : shortHash(file.id)}.${ending}`;
}

/** Whether the file's format is one that is written as text. */
function isTextFormat(format: ExportFormat): format is TextFormat {
  return textFormats.some((known) => known === format);
}

type FileFormat = Exclude<ExportFormat, "safetensors" | "tfjs">;
type PictureFormat = Exclude<FileFormat, TextFormat | "latency-table">;

/** The architecture in a text format, its cells as a picture, or the latency table. */
export async function exportArchitecture(format: FileFormat): Promise<Result<ExportedFile>> {
  if (format === "latency-table") return exportTable();
  const found = current();
  if (!found.ok) return found;
  if (!isTextFormat(format)) return exportPicture(format, found.value);
  const { space, file } = found.value;
  const possible = expressible(format, space, file);
  if (!possible.ok) return possible;
  const text = exportText(format, space, file);
  return ok({
    name: nameOf(found.value, extensionOf[format]),
    mime: mimeOf[format],
    text,
    bytes: new TextEncoder().encode(text),
    notes: lossesOf(format, space, file),
  });
}

/** What is drawn of a network; refused for networks without cells. */
function drawnOf({ space, file }: Exported): Result<DrawnCells> {
  if (space.id === bench201Id) return ok({ kind: "bench201", ops: space.mutables.map(({ id }) => String(file.choices[id])) });
  if (space.id !== cellSpaceId) return refuse("config.invalid", `${space.name} has layers, not cells.`, "The path shows its layers.");
  const genotype = genotypeOfChoices(file.choices);
  return genotype.ok ? ok({ kind: "genotype", genotype: genotype.value }) : genotype;
}

async function exportPicture(format: PictureFormat, exported: Exported): Promise<Result<ExportedFile>> {
  const drawn = drawnOf(exported);
  if (!drawn.ok) return drawn;
  const pictures = cellPictures();
  if (pictures === null) return refuse("config.invalid", "Pictures are drawn by the page, which has not started.");
  const { space, file } = exported;
  const svg = await pictures.svg(drawn.value, { title: `${space.name}, ${space.size}`, subtitle: file.id });
  if (format === "cells-svg")
    return ok({ name: nameOf(exported, "svg"), mime: "image/svg+xml", text: svg, bytes: new TextEncoder().encode(svg) });
  return ok({ name: nameOf(exported, "png"), mime: "image/png", text: null, bytes: await pictures.png(svg) });
}

/** A format that some network of the space can be written in, and why this one cannot. */
export interface OfferedFormat {
  readonly format: ExportFormat;
  /** Null: it can, as far as its form goes; weights may still be missing. */
  readonly problem: Problem | null;
}

/** The formats for the network that would be exported now, ours first; without one, those of the space on stage. */
export function offeredFormats(): readonly OfferedFormat[] {
  const found = current();
  const { config } = experimentStore.getState();
  const space = found.ok ? found.value.space : spaceOf(config.space, config.size);
  const texts = formatsOf(space).map((format): OfferedFormat => {
    const possible = found.ok ? expressible(format, space, found.value.file) : found;
    return { format, problem: possible.ok || !found.ok ? null : possible.problem };
  });
  const others: readonly ExportFormat[] = [...(hasCells(space) ? (["cells-svg", "cells-png"] as const) : []), ...(tableToExport() ? (["latency-table"] as const) : []), "safetensors", "tfjs"];
  return [...texts, ...others.map((format) => ({ format, problem: null }))];
}

function hasCells({ id }: Space): boolean {
  return id === cellSpaceId || id === bench201Id;
}

function allSpaces() {
  return spaceIds.flatMap((id) => sizes.map((size) => spaceOf(id, size)));
}

/** Read a file of any format, told by content; nothing changes until `apply`. */
export async function importFile(data: string | Uint8Array): Promise<Result<PendingImport>> {
  const table = latencyTableIn(data);
  if (table === null) return importNetwork(data);
  return table.ok ? importLatency(table.value) : table;
}

/** An architecture of any format. */
export function importNetwork(data: string | Uint8Array): Result<PendingImport> {
  const { config } = experimentStore.getState();
  const read = importArchitecture(data, { spaces: allSpaces(), current: { id: config.space, size: config.size } });
  if (!read.ok) return read;
  const report = read.value;
  return ok({ report, apply: () => applyImport(report) });
}

function applyImport(report: ImportReport): void {
  const { id } = report.space;
  // The report's space is one of those that were offered.
  if (!isSpaceId(id)) throw new AppError("bug", `The space ${id} is not known.`);
  const metrics = report.file?.metrics;
  showNetwork({
    source: "imported",
    spaceId: id,
    size: report.space.size,
    // Lossless: the choices as the file gives them, under the id that equivalent members share.
    arch: { id: report.arch.id, choices: report.choices satisfies Choices },
    supernetAccuracy: metrics?.supernetAccuracy ?? null,
    retrainedAccuracy: metrics?.retrainedAccuracy ?? null,
    ...(report.file ? { file: report.file } : {}),
  });
}
