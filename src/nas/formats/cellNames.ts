/** What the cell formats share: which names of ops they take, and what reading one of them yields. */
import { dartsPrimitives, extraCellOps, type CellOpName, type Genotype } from "../cell/genotype";
import type { IgnoredKey } from "./report";
import { listSome, quote } from "./text";

/** What a file of cells says, before it is placed in a space. */
export interface CellText {
  readonly genotype: Genotype;
  readonly understood: readonly string[];
  readonly mapped: readonly string[];
  readonly ignored: readonly IgnoredKey[];
  /** What the reader should know beside that. */
  readonly warnings: readonly string[];
}

/** Ops that a derived cell may hold, in the order of the search. */
export const cellOps: readonly CellOpName[] = [...dartsPrimitives.filter((op) => op !== "none"), ...extraCellOps];

/** Names of NNI's older examples, and of `none` in MMRazor (spec darts 8.4). */
const aliases: Readonly<Record<string, CellOpName>> = {
  maxpool: "max_pool_3x3",
  avgpool: "avg_pool_3x3",
  skipconnect: "skip_connect",
  sepconv3x3: "sep_conv_3x3",
  sepconv5x5: "sep_conv_5x5",
  dilconv3x3: "dil_conv_3x3",
  dilconv5x5: "dil_conv_5x5",
  zero: "none",
};

/** The published name of an op, or why a derived cell cannot hold it: the end of a sentence after "the op …". */
export function readOp(
  value: unknown,
): { readonly ok: true; readonly op: CellOpName } | { readonly ok: false; readonly why: string } {
  if (typeof value !== "string") return { ok: false, why: `${quote(value)} is not the name of an op.` };
  const name = value.trim();
  const op = Object.hasOwn(aliases, name) ? (aliases[name] ?? name) : name;
  if (op === "none")
    return { ok: false, why: `${quote(value)} cannot stand in a derived cell: it would drop the edge.` };
  if (cellOps.includes(op)) return { ok: true, op };
  return { ok: false, why: `${quote(value)} is not known; known are ${listSome(cellOps, cellOps.length)}.` };
}

/** One sentence for a state that a node cannot read: only the cell's inputs and earlier nodes come before it. */
export function badState(key: string, value: unknown, node: number): string {
  return `${key} is ${quote(value)}; node ${node} can read ${node === 2 ? "0 or 1" : `0 to ${node - 1}`}.`;
}

/** Whether a value is the number of a state before the node. */
export function isState(value: unknown, node: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < node;
}

/** Whether both inputs of some node come from the same state. */
export function repeatsInput(genotype: Genotype): boolean {
  return [genotype.normal, genotype.reduce].some((cell) => cell.nodes.some(([a, b]) => a.from === b.from));
}
