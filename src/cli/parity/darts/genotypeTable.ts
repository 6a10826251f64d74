/** Genotypes as the reference files write them: by published name, and as lists of `[op, input]` pairs. */
import { cellKinds, cellOfPairs, cellPairs, type Cell, type CellInput, type Genotype } from "@/nas/cell/genotype";
import { publishedGenotypes, publishedNames } from "@/nas/cell/published";
import type { Fields } from "./fields";

/** From the product's own table. Throws a sentence for a name that is not in it. */
export function genotypeNamed(name: string): Genotype {
  const known = publishedNames.find((one) => one === name);
  if (known === undefined) throw new Error(`The genotype "${name}" is not known; there are ${publishedNames.join(", ")}.`);
  return publishedGenotypes[known];
}

/** `[["sep_conv_3x3", 1], …]` of a cell. */
export function pairsOf(cell: Cell): [string, number][] {
  return cellPairs(cell).map(({ op, from }) => [op, from]);
}

/** `{normal, normal_concat, reduce, reduce_concat}` of a genotype. */
export function listOf(genotype: Genotype): Record<string, unknown> {
  return Object.fromEntries(cellKinds.flatMap((kind) => [[kind, pairsOf(genotype[kind])], [`${kind}_concat`, [...genotype[kind].concat]]])); // prettier-ignore
}

function cellOf(list: Fields, kind: string): Cell {
  const pairs = list.list(kind).map((pair): CellInput => {
    const [op, from] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
    return typeof op === "string" && typeof from === "number" ? { op, from } : list.fail(kind, "must hold [op, input] pairs");
  });
  return cellOfPairs(pairs, list.has(`${kind}_concat`) ? list.numbers(`${kind}_concat`) : undefined);
}

/** Inverse of {@link listOf}. */
export function genotypeOfList(list: Fields): Genotype {
  return { normal: cellOf(list, "normal"), reduce: cellOf(list, "reduce") };
}
