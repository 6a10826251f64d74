/** What an import says before anything is applied: what was understood, mapped and ignored, and the architecture it yields. */
import type { Choices } from "../mutable";
import type { Arch, SizeId } from "../space/types";
import type { ArchFile } from "./archJson";

/** Formats that can be written and read as text. */
export const textFormats = ["arch", "razor-0x", "razor-1x", "spos-vector", "genotype", "nni", "razor-cells", "ofa"] as const;
export type TextFormat = (typeof textFormats)[number];

export interface SpaceRef {
  readonly id: string;
  readonly size: SizeId;
}

export interface IgnoredKey {
  readonly key: string;
  readonly why: string;
}

export interface ImportReport {
  readonly format: TextFormat;
  /** The space the architecture belongs to; where the file does not say, the one taken (see `candidates`). */
  readonly space: SpaceRef;
  /** Every known space the file fits, the taken one included. More than one only for formats that do not name their space. */
  readonly candidates: readonly SpaceRef[];
  /** Canonical architecture. Its id is the file's own where it has one; else that of cells keeps the order of a node's inputs. */
  readonly arch: Arch;
  /** The choices as the file gives them, before canonicalisation. */
  readonly choices: Choices;
  /** Keys of the file that were read as they are. */
  readonly understood: readonly string[];
  /** Keys or values that were renamed, "old → new". */
  readonly mapped: readonly string[];
  readonly ignored: readonly IgnoredKey[];
  readonly warnings: readonly string[];
  /** The whole file, for architecture files only. */
  readonly file?: ArchFile;
}
