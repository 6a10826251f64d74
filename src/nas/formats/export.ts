/** One architecture in any of the text formats, so that callers need one name for all of them, and what each of them can hold. */
import { AppError } from "@/lib/appError";
import { ok, refuse, type Result } from "@/lib/result";
import { genotypeOfChoices } from "../cell/choices";
import type { Genotype } from "../cell/genotype";
import { formatNasBench201 } from "../cell/nasbench201";
import type { Choices } from "../mutable";
import type { Space } from "../space/types";
import { writeArchJson, type ArchFile } from "./archJson";
import { bench201Id, cellSpaceId } from "./cellSpaces";
import { writeGenotypeText } from "./genotypeText";
import { nni201DictOf } from "./nasbench201Text";
import { lostInNni, nniDictOf, whyNotNni, writeFlatDict } from "./nniDict";
import { lostInOfa, whyNotOfa, writeOfa } from "./ofaDict";
import { razorCellsOf, whyNotRazor, writeRazorCells } from "./razorCells";
import { writeRazor } from "./razorYaml";
import type { TextFormat } from "./report";
import { writeVector } from "./sposVector";

/** Name ending of each format's file. */
export const extensionOf: Readonly<Record<TextFormat, string>> = {
  arch: "arch.json",
  "razor-0x": "yaml",
  "razor-1x": "yaml",
  "spos-vector": "txt",
  genotype: "genotype.txt",
  nni: "nni.json",
  "razor-cells": "yaml",
  ofa: "ofa.json",
};

/** Media type of each format's file. */
export const mimeOf: Readonly<Record<TextFormat, string>> = {
  arch: "application/json",
  "razor-0x": "application/yaml",
  "razor-1x": "application/yaml",
  "spos-vector": "text/plain",
  genotype: "text/plain",
  nni: "application/json",
  "razor-cells": "application/yaml",
  ofa: "application/json",
};

const layerFormats: readonly TextFormat[] = ["arch", "razor-1x", "razor-0x", "spos-vector"];
/** Spaces of numbers (widths, depths…) have no op a layer that those formats could list. */
const valueFormats: readonly TextFormat[] = ["arch", "ofa"];
const fbnetFormats: Readonly<Record<string, readonly TextFormat[]>> = {
  "fbnet-v1": [...layerFormats, "ofa"],
  "fbnet-v2": valueFormats,
  "fbnet-v3": valueFormats,
};
const cellFormats: Readonly<Record<string, readonly TextFormat[]>> = {
  [cellSpaceId]: ["arch", "genotype", "nni", "razor-cells"],
  [bench201Id]: ["arch", "genotype", "nni"],
};
const ownFormats = { ...cellFormats, ...fbnetFormats };

/** Formats that at least some member of a space can be written in, ours first. */
export function formatsOf(space: Pick<Space, "id">): readonly TextFormat[] {
  return (Object.hasOwn(ownFormats, space.id) ? ownFormats[space.id] : undefined) ?? layerFormats;
}

type Named = Pick<Space, "id" | "name" | "size" | "mutables" | "slots">;

/** Whether a format can hold an architecture; if not, why (`config.invalid`). */
export function expressible(format: TextFormat, space: Named, file: { readonly choices: Choices }): Result<null> {
  if (!formatsOf(space).includes(format)) {
    if (space.id === bench201Id)
      return refuse("config.invalid", `${space.name} is one cell of six edges, which this format does not know.`);
    if (format === "ofa") return refuse("config.invalid", `${space.name} has no kernel, expansion and depth that an OFA dict lists.`);
    if (space.mutables.every(({ kind }) => kind === "value")) return refuse("config.invalid", `${space.name} chooses widths, depths and kernels; this format lists the op of every layer.`);
    return Object.hasOwn(cellFormats, space.id)
      ? refuse("config.invalid", `${space.name} has cells, not layers; this format lists the op of every layer.`)
      : refuse("config.invalid", `${space.name} has layers, not cells; this format describes cells.`);
  }
  if (format === "ofa") {
    const why = whyNotOfa(space, file.choices);
    return why === null ? ok(null) : refuse("config.invalid", why);
  }
  if (space.id !== cellSpaceId || format === "arch") return ok(null);
  const genotype = genotypeOfChoices(file.choices);
  if (!genotype.ok) return refuse("config.invalid", genotype.problem.message);
  const why =
    format === "nni" ? whyNotNni(genotype.value) : format === "razor-cells" ? whyNotRazor(genotype.value) : null;
  return why === null ? ok(null) : refuse("config.invalid", why);
}

/** What a format leaves out of an architecture that it can hold, a sentence each. */
export function lossesOf(format: TextFormat, space: Named, file: { readonly choices: Choices }): readonly string[] {
  if (format === "ofa") return lostInOfa(space);
  if (format !== "nni" || space.id !== cellSpaceId) return [];
  const genotype = genotypeOfChoices(file.choices);
  return genotype.ok ? lostInNni(genotype.value) : [];
}

function cellText(format: TextFormat, genotype: Genotype): Result<string> {
  if (format === "genotype") return ok(writeGenotypeText(genotype));
  if (format === "nni") return ok(writeFlatDict(nniDictOf(genotype)));
  const entries = razorCellsOf(genotype);
  return entries.ok ? ok(writeRazorCells(entries.value)) : entries;
}

/**
 * The file's text in the format. `space` must be the one the file names.
 * Throws `config.invalid` for what the format cannot hold: ask {@link expressible} first.
 */
export function exportText(format: TextFormat, space: Space, file: ArchFile): string {
  const possible = expressible(format, space, file);
  if (!possible.ok) throw new AppError("config.invalid", possible.problem.message);
  if (format === "arch") return writeArchJson(file);
  if (format === "ofa") return writeOfa(space, file.choices);
  if (format === "spos-vector") return writeVector(space, file.choices);
  if (format === "razor-0x" || format === "razor-1x") return writeRazor(space, file.choices, format);
  if (space.id === bench201Id) {
    const ops = space.mutables.map(({ id }) => String(file.choices[id]));
    return format === "genotype" ? `${formatNasBench201(ops)}\n` : writeFlatDict(nni201DictOf(ops));
  }
  const genotype = genotypeOfChoices(file.choices);
  const text = genotype.ok ? cellText(format, genotype.value) : genotype;
  if (!text.ok) throw new AppError("config.invalid", text.problem.message);
  return text.value;
}
