/**
 * What the interface can ask for. Panels call these; the controller, which alone talks to the session, provides them.
 * Every action is safe to call at any time: one that cannot be done now shows a sentence instead.
 */
import type { RunConfig } from "@/algorithms/configKeys";
import type { Result } from "@/lib/result";
import type { Accuracy } from "@/nas/candidate";
import type { ImportReport } from "@/nas/formats/detect";
import type { TextFormat } from "@/nas/formats/report";
import type { TableImportReport } from "@/nas/latency/importTable";
import type { Choices } from "@/nas/mutable";
import type { Commands } from "@/session/protocol";

/** Text formats, pictures of cells, the latency table, and weights. */
export type ExportFormat = TextFormat | "cells-svg" | "cells-png" | "latency-table" | "safetensors" | "tfjs";

export interface ExportedFile {
  readonly name: string;
  readonly mime: string;
  /** Text formats; null for binary ones. */
  readonly text: string | null;
  readonly bytes: Uint8Array;
  /** What the format leaves out, a sentence each. */
  readonly notes?: readonly string[];
}

/** A dry run: nothing is applied until `apply`. */
export interface PendingImport {
  readonly report: ImportReport | TableImportReport;
  /** Makes the imported architecture the network shown, pinned and exportable; keeps an imported latency table for the next search. */
  apply(): void;
}

export interface Actions {
  /** Start or go on; before the boot ends it queues. */
  train(): void;
  pause(): void;
  step(count: number): void;
  /** Same seed, from the start. */
  reset(): void;
  /** Stop the run and keep what exists. */
  stop(): void;
  skipPhase(): void;
  setSpeed(mode: "slow" | "normal" | "fast"): void;
  /** Live settings (limit, learning rates): taken over at the next step, and written to the experiment. */
  setLive(values: Partial<RunConfig>): void;
  forceChoice(slot: number, choice: number | null): void;
  evaluatePath(choices: Choices): Promise<{ readonly id: string; readonly accuracy: Accuracy } | null>;
  classify(image: Uint8Array): Promise<Commands["classify"]["result"] | null>;
  images(args: Commands["images"]["args"]): Promise<Commands["images"]["result"] | null>;
  importDataset(files: readonly File[]): Promise<void>;
  downloadDataset(): Promise<void>;
  cancelImport(): void;
  removeDataset(id: string): Promise<void>;
  loadTruth(source: Commands["truth"]["args"]["source"]): Promise<void>;
  exportAs(format: ExportFormat): Promise<Result<ExportedFile>>;
  importFrom(data: string | Uint8Array): Promise<Result<PendingImport>>;
  saveCheckpoint(): Promise<void>;
  resume(id: string | null): Promise<void>;
  /** Train one architecture from scratch in a fresh run, in its own space where the current one does not know it. */
  retrainArch(id: string): void;
  /** Dropped files of any kind: a data set, a truth table, an architecture or an image. */
  openFiles(files: readonly File[]): void;
}

let provided: Actions | null = null;

export function provideActions(actions: Actions): void {
  provided = actions;
}

/** The page's actions. Throws only before the controller has started, which is a bug. */
export function actions(): Actions {
  if (!provided) throw new Error("actions() before the controller started");
  return provided;
}
