/**
 * Printable ids of genotypes (spec darts 8.4): `n:s3.0+s3.1-s3.1+sk.0;r:…`. Per node two `op.state` in slot order, then `/456` when the output
 * is not all nodes. Slot order survives here; `dedupeId` is the form that cells of equal function share.
 */
import { ok, refuse, type Result } from "@/lib/result";
import { allNodes, checkGenotype, isAllNodes, opShort, type Cell, type CellInput, type CellNode, type Genotype } from "./genotype";

/** Longer than any id: two cells of eight nodes have 2·(2 + 8·10 + 8) characters at most. */
const LONGEST = 200;

const longNames: ReadonlyMap<string, string> = new Map(Object.entries(opShort).map(([long, short]) => [short, long]));

function formatCell(cell: Cell): string {
  const nodes = cell.nodes.map((node) => node.map(({ op, from }) => `${opShort[op] ?? op}.${from}`).join("+")).join("-");
  return isAllNodes(cell) ? nodes : `${nodes}/${cell.concat.join("")}`;
}

/** Id of a genotype, slots in the order that they have. */
export function formatCellId({ normal, reduce }: Genotype): string {
  return `n:${formatCell(normal)};r:${formatCell(reduce)}`;
}

function parseInput(text: string): CellInput | null {
  const match = /^([a-z][a-z0-9])\.(\d)$/.exec(text);
  const op = longNames.get(match?.[1] ?? "");
  return match === null || op === undefined ? null : { op, from: Number(match[2]) };
}

function parseCell(text: string): Cell | null {
  const [body = "", concat, ...rest] = text.split("/");
  if (rest.length > 0 || (concat !== undefined && !/^\d{1,8}$/.test(concat))) return null;
  const nodes: CellNode[] = [];
  for (const part of body.split("-")) {
    const [a, b, ...more] = part.split("+").map(parseInput);
    if (a === null || a === undefined || b === null || b === undefined || more.length > 0) return null;
    nodes.push([a, b]);
  }
  const cell = { nodes, concat: concat === undefined ? allNodes(nodes.length) : [...concat].map(Number) };
  // A concat of all nodes is never written, so that a genotype has one id.
  return concat !== undefined && isAllNodes(cell) ? null : cell;
}

/** Inverse of {@link formatCellId}; any text that it could not have written is refused (`import.unreadable`). */
export function parseCellId(text: string): Result<Genotype> {
  const match = text.length > LONGEST ? null : /^n:([^;]*);r:([^;]*)$/.exec(text);
  const [normal, reduce] = [parseCell(match?.[1] ?? ""), parseCell(match?.[2] ?? "")];
  if (normal === null || reduce === null) {
    const shown = text.length > 40 ? `${text.slice(0, 39)}…` : text;
    return refuse("import.unreadable", `${JSON.stringify(shown)} is not the id of a pair of cells.`, "It looks like n:s3.0+s3.1-…;r:mp.0+mp.1-….");
  }
  const checked = checkGenotype({ normal, reduce });
  return checked.ok ? ok(checked.value) : checked;
}

const orderOf: ReadonlyMap<string, number> = new Map(Object.keys(opShort).map((op, i) => [op, i]));

/** A node is a sum, so the order of its slots means nothing: by state, then by op. */
function sortedNode([a, b]: CellNode): CellNode {
  const order = a.from - b.from || (orderOf.get(a.op) ?? 0) - (orderOf.get(b.op) ?? 0);
  return order <= 0 ? [a, b] : [b, a];
}

/** Id with the two slots of every node sorted: genotypes of the same function have the same. */
export function dedupeId({ normal, reduce }: Genotype): string {
  const sorted = (cell: Cell): Cell => ({ ...cell, nodes: cell.nodes.map(sortedNode) });
  return formatCellId({ normal: sorted(normal), reduce: sorted(reduce) });
}
