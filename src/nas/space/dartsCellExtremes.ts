/** The cheapest and the dearest pair of cells: prices add up over nodes, so every node is settled alone. */
import type { CellPrices } from "../cell/price";
import { allNodes, type Cell, type CellKind, type CellNode, type Genotype } from "../cell/genotype";

/** Every node of `kind` that reads two different states, smaller state first. */
function nodesAt(node: number, ops: readonly string[]): CellNode[] {
  const nodes: CellNode[] = [];
  for (let a = 0; a < node; a++)
    for (let b = a + 1; b < node; b++) for (const opA of ops) for (const opB of ops) nodes.push([{ op: opA, from: a }, { op: opB, from: b }]);
  return nodes;
}

/** Cells of `nodes` nodes over `ops`, all concatenated. Of equals the first is taken: small states, early ops. */
export function extremeCells(prices: CellPrices, nodes: number, ops: readonly string[], metric: "macs" | "params"): { readonly min: Genotype; readonly max: Genotype } {
  const cell = (kind: CellKind, sign: 1 | -1): Cell => ({
    nodes: allNodes(nodes).map((node) => {
      const priceOf = (inputs: CellNode): number => inputs.reduce((sum, { op, from }) => sum + sign * prices.op(kind, op, from)[metric], 0);
      const all = nodesAt(node, ops).map((inputs) => ({ inputs, price: priceOf(inputs) }));
      return all.reduce((best, next) => (next.price < best.price ? next : best)).inputs;
    }),
    concat: allNodes(nodes),
  });
  const pair = (sign: 1 | -1): Genotype => ({ normal: cell("normal", sign), reduce: cell("reduce", sign) });
  return { min: pair(1), max: pair(-1) };
}
