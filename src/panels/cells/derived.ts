/**
 * A derived cell as the panel draws it, whatever it comes from: α as it stands, the run's winner, a candidate, a file or a published cell.
 * Pure: choices in, plain data out.
 */
import { genotypeOfChoices } from "@/nas/cell/choices";
import { cellKinds, edgeRow, type Genotype } from "@/nas/cell/genotype";
import type { Choices } from "@/nas/mutable";
import type { AlphaGroup } from "@/nas/space/types";
import { ok, type Result } from "@/lib/result";

/** One op of a derived cell: what it reads and where it goes. */
export interface DerivedInput {
  readonly node: number;
  /** Place among the inputs of its node, strongest first where a search says so. */
  readonly slot: number;
  readonly op: string;
  readonly from: number;
  /** Row of α of this edge. */
  readonly row: number;
  /** Another op of the same node reads the same state. */
  readonly isTwin: boolean;
}

export interface DerivedCell {
  /** Group of α that this cell has in its space. */
  readonly group: number;
  readonly id: string;
  readonly nodes: number;
  readonly inputs: readonly DerivedInput[];
  /** States whose channels make the output; empty where the last state is the output. */
  readonly concat: readonly number[];
}

/** Both cells of a genotype. */
export function cellsOfGenotype(genotype: Genotype): DerivedCell[] {
  return cellKinds.map((kind, group) => {
    const { nodes, concat } = genotype[kind];
    const inputs = nodes.flatMap((pair, n) =>
      pair.map(({ op, from }, slot): DerivedInput => {
        const isTwin = pair.every((other) => other.from === from);
        return { node: n + 2, slot, op, from, row: edgeRow(from, n + 2), isTwin };
      }),
    );
    return { group, id: kind, nodes: nodes.length, inputs, concat };
  });
}

/** A cell in which every edge has an op: the op of row r is what the choices say for the r-th mutable. */
function cellOfRows(group: AlphaGroup, g: number, ops: readonly string[]): DerivedCell {
  const slots = new Map<number, number>();
  const inputs = group.rows.map(({ from = 0, to = 0 }, row): DerivedInput => {
    const slot = slots.get(to) ?? 0;
    slots.set(to, slot + 1);
    return { node: to, slot, op: ops[row] ?? "none", from, row, isTwin: false };
  });
  const nodes = Math.max(0, ...inputs.map(({ node }) => node));
  return { group: g, id: group.id, nodes, inputs, concat: [] };
}

/**
 * The cells that some choices of a cell space are. `rowOps` reads the op of every edge where the space has one a row (NAS-Bench-201).
 * Refuses what is no pair of cells.
 */
export function cellsOfChoices(
  choices: Choices,
  groups: readonly AlphaGroup[],
  mutables: readonly { readonly id: string }[],
): Result<readonly DerivedCell[]> {
  const [first] = groups;
  if (first?.id === "cell" && groups.length === 1)
    return ok([
      cellOfRows(
        first,
        0,
        mutables.map(({ id }) => String(choices[id] ?? "none")),
      ),
    ]);
  const genotype = genotypeOfChoices(choices);
  return genotype.ok ? ok(cellsOfGenotype(genotype.value)) : genotype;
}
