/** Cells found in a file, placed in a space: any pair of cells is a member of `darts-cell` at every size, whatever its node count. */
import { ok, type Result } from "@/lib/result";
import { choicesOfGenotype } from "../cell/choices";
import { isConnected } from "../cell/nasbench201";
import type { ChoiceValue } from "../mutable";
import type { Space } from "../space/types";
import { repeatsInput, type CellText } from "./cellNames";
import { cellSpaceId, nodesOf, bench201Id } from "./cellSpaces";
import { ignoredOf, nameOf, reportOf, same, takenOf, type Found, type ImportOptions } from "./fit";
import type { Cell201Text } from "./nasbench201Text";
import type { ImportReport, TextFormat } from "./report";
import { unreadable } from "./text";

/** The size on screen when it is of this space, else the smallest. */
function place(id: string, options: ImportOptions): { readonly space: Space; readonly fits: readonly Space[] } | null {
  const fits = options.spaces.filter((space) => space.id === id);
  const space =
    fits.find((fit) => same(fit, options.current)) ?? fits.find((fit) => fit.size === "nano") ?? fits[0] ?? null;
  return space === null ? null : { space, fits };
}

function report(
  format: TextFormat,
  id: string,
  options: ImportOptions,
  find: (space: Space) => { readonly found: Found; readonly warnings: readonly string[] },
): Result<ImportReport> {
  const placed = place(id, options);
  if (placed === null) return unreadable(`The file holds a cell of ${id}, and this space is not among those on offer.`);
  const { space, fits } = placed;
  const { found, warnings } = find(space);
  return ok(
    reportOf(format, { space, found }, fits, [
      ...takenOf(space, fits, options.current),
      ...warnings,
      ...ignoredOf(found.ignored),
    ]),
  );
}

/** What a reader should know about cells that the search of the space could not have found. */
function strangeTo(space: Space, text: CellText): string[] {
  const { genotype } = text;
  const nodes = genotype.normal.nodes.length;
  const own = nodesOf(space);
  const warnings = [...text.warnings];
  if (own !== nodes)
    warnings.push(
      `The cells have ${nodes} nodes; ${nameOf(space)} searches cells of ${own}. They can be shown, retrained and exported.`,
    );
  if (repeatsInput(genotype)) warnings.push("A node reads one state twice, which the search never does.");
  if ([genotype.normal, genotype.reduce].some((cell) => cell.nodes.flat().some(({ op }) => op === "conv_3x1_1x3")))
    warnings.push("The cells hold conv_3x1_1x3, which can be shown and exported but not built here.");
  return warnings;
}

/** A pair of cells → report, in `darts-cell` at the size on screen, else at nano. */
export function importCells(format: TextFormat, text: CellText, options: ImportOptions): Result<ImportReport> {
  const { understood, mapped, ignored } = text;
  return report(format, cellSpaceId, options, (space) => ({
    found: { choices: choicesOfGenotype(text.genotype), understood, mapped, ignored },
    warnings: strangeTo(space, text),
  }));
}

/** A cell of NAS-Bench-201 → report, in `nasbench201-cell` at the size on screen, else at nano. */
export function import201(format: TextFormat, text: Cell201Text, options: ImportOptions): Result<ImportReport> {
  const { ops, understood, mapped, ignored } = text;
  return report(format, bench201Id, options, (space) => {
    const entries = space.mutables.map((mutable, i): [string, ChoiceValue] => [mutable.id, ops[i] ?? "none"]);
    const warnings = isConnected(ops)
      ? []
      : ["Every path through the cell has a none on it, so the network sees no image."];
    return { found: { choices: Object.fromEntries(entries), understood, mapped, ignored }, warnings };
  });
}
