/**
 * NNI's architecture dict of a pair of cells: flat keys `normal/op_2_0`, `normal/input_2_0` (spec darts 8.2). Inputs are plain numbers in
 * tutorials and one-element lists in what NNI exports. Our own architecture files have the same keys and `normal/concat` (spec darts 8.4).
 */
import { ok, type Result } from "@/lib/result";
import {
  allNodes,
  cellKinds,
  cellPairs,
  checkGenotype,
  MOST_NODES,
  type Cell,
  type CellInput,
  type CellKind,
  type CellNode,
  type Genotype,
} from "../cell/genotype";
import { badState, isState, readOp, type CellText } from "./cellNames";
import type { IgnoredKey } from "./report";
import { lineOfKey, listSome, quote, unreadable, unreadableAt } from "./text";

const KEY = /^(normal|reduce)\/(op|input)_(\d{1,3})_(\d{1,3})$/;

/** Cells of more nodes than DARTS's are NASNet's and its relatives', whose nodes may read one state twice. */
const DARTS_NODES = 4;

export interface FlatOptions {
  /** Text of the file, to find the line of a key in. */
  readonly text?: string;
  /** Whether `normal/concat` and `reduce/concat` belong to the file. NNI's dicts have none: every node is given out. */
  readonly concat?: boolean;
  /** Whether a node may read one state twice. `wide`: only in cells of more than DARTS's four nodes, as NNI's spaces have it. */
  readonly repeats?: "allow" | "wide";
}

/** Whether keys are those of a pair of cells in NNI's spelling. */
export function isNniDict(keys: readonly string[]): boolean {
  return keys.some((key) => KEY.test(key));
}

interface Reader {
  readonly values: Readonly<Record<string, unknown>>;
  readonly mapped: string[];
  readonly understood: string[];
  readonly line: (key: string) => number | null;
}

function readInput(
  { values, mapped, understood, line }: Reader,
  kind: CellKind,
  node: number,
  slot: number,
): Result<CellInput> {
  const [opKey, inputKey] = [`${kind}/op_${node}_${slot}`, `${kind}/input_${node}_${slot}`];
  const missing = [opKey, inputKey].filter((key) => !Object.hasOwn(values, key));
  if (missing.length > 0) return unreadable(`The file lacks ${listSome(missing)}.`);
  const [given, state] = [values[opKey], values[inputKey]];
  const read = readOp(given);
  if (!read.ok) return unreadableAt(line(opKey), `${opKey} ${read.why}`);
  const from: unknown = Array.isArray(state) && state.length === 1 ? state[0] : state;
  if (!isState(from, node)) return unreadableAt(line(inputKey), badState(inputKey, state, node));
  if (read.op === given) understood.push(opKey);
  else mapped.push(`${opKey}: ${quote(given)} → ${read.op}`);
  understood.push(inputKey);
  return ok({ op: read.op, from });
}

function readNodes(reader: Reader, kind: CellKind, nodeCount: number, repeats: boolean): Result<CellNode[]> {
  const nodes: CellNode[] = [];
  for (let node = 2; node < nodeCount + 2; node++) {
    const a = readInput(reader, kind, node, 0);
    if (!a.ok) return a;
    const b = readInput(reader, kind, node, 1);
    if (!b.ok) return b;
    if (a.value.from === b.value.from && !repeats) {
      const key = `${kind}/input_${node}_1`;
      return unreadableAt(
        reader.line(key),
        `${key} is ${b.value.from}, as ${kind}/input_${node}_0 is; the two inputs of a node must differ.`,
      );
    }
    nodes.push([a.value, b.value]);
  }
  return ok(nodes);
}

function readConcat(
  { values, understood, line }: Reader,
  kind: CellKind,
  nodeCount: number,
): Result<readonly number[]> {
  const key = `${kind}/concat`;
  const value = values[key];
  if (value === undefined) return ok(allNodes(nodeCount));
  const isNode = (node: unknown): boolean => isState(node, nodeCount + 2) && node >= 2;
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const ascending = items.every((node, i) => i === 0 || Number(node) > Number(items[i - 1]));
  if (items.length === 0 || !items.every(isNode) || !ascending)
    return unreadableAt(
      line(key),
      `${key} is ${quote(value)}; it must list nodes of 2 to ${nodeCount + 1} in ascending order.`,
    );
  understood.push(key);
  return ok(items as readonly number[]);
}

/** Keys that are not of the cells, with the reason where it is known. */
function leftOver(values: Readonly<Record<string, unknown>>, concat: boolean): IgnoredKey[] {
  return Object.keys(values)
    .filter((key) => !KEY.test(key) && !(concat && /^(?:normal|reduce)\/concat$/.test(key)))
    .map((key) => ({
      key: quote(key),
      why:
        key === "width" || key === "depth"
          ? "it is the size of the network, not of the cell"
          : "cells have no such key",
    }));
}

/** Values by flat key → genotype. The node count is that of the keys; every key below it must be there. Refuses with the line that is wrong. */
export function readFlatCells(values: Readonly<Record<string, unknown>>, options: FlatOptions = {}): Result<CellText> {
  const { text, concat = false, repeats = "wide" } = options;
  let last = 1;
  for (const key of Object.keys(values)) {
    const match = KEY.exec(key);
    if (match === null) continue;
    const [node, slot] = [Number(match[3]), Number(match[4])];
    const canonical = key === `${match[1]}/${match[2]}_${node}_${slot}`;
    if (node < 2 || node > MOST_NODES + 1 || slot > 1 || !canonical)
      return unreadableAt(
        text === undefined ? null : lineOfKey(text, key),
        `${key} is no part of a cell: nodes are 2 to ${MOST_NODES + 1}, their slots 0 and 1.`,
      );
    last = Math.max(last, node);
  }
  const nodeCount = last - 1;
  if (nodeCount < 1) return unreadable("The file has no normal/op_2_0 and holds no cells.");
  const reader: Reader = {
    values,
    mapped: [],
    understood: [],
    line: (key) => (text === undefined ? null : lineOfKey(text, key)),
  };
  const cells: Partial<Record<CellKind, Cell>> = {};
  for (const kind of cellKinds) {
    const nodes = readNodes(reader, kind, nodeCount, repeats === "allow" || nodeCount > DARTS_NODES);
    if (!nodes.ok) return nodes;
    const given = concat ? readConcat(reader, kind, nodeCount) : ok(allNodes(nodeCount));
    if (!given.ok) return given;
    cells[kind] = { nodes: nodes.value, concat: given.value };
  }
  const { normal, reduce } = cells;
  if (normal === undefined || reduce === undefined) return unreadable("The file holds no cells.");
  const checked = checkGenotype({ normal, reduce });
  if (!checked.ok) return checked;
  const { understood, mapped } = reader;
  return ok({ genotype: checked.value, understood, mapped, ignored: leftOver(values, concat), warnings: [] });
}

/** Why NNI's dict cannot hold a genotype; null when it can. */
export function whyNotNni({ normal, reduce }: Genotype): string | null {
  const repeated = (kind: CellKind, cell: Cell): string | null => {
    const node = cell.nodes.findIndex(([a, b]) => a.from === b.from);
    return node < 0
      ? null
      : `Node ${node + 2} of the ${kind} cell reads one state twice; in NNI's DARTS space the two inputs of a node differ.`;
  };
  return normal.nodes.length > DARTS_NODES ? null : (repeated("normal", normal) ?? repeated("reduce", reduce));
}

/** What is lost on the way into NNI's dict, one sentence a cell. */
export function lostInNni(genotype: Genotype): string[] {
  return cellKinds
    .filter((kind) => genotype[kind].concat.length !== genotype[kind].nodes.length)
    .map(
      (kind) => `NNI gives out every node, so the list ${kind}_concat = [${genotype[kind].concat.join(", ")}] is lost.`,
    );
}

/** Genotype → NNI's dict as data, inputs as one-element lists, as NNI exports them. */
export function nniDictOf(genotype: Genotype): Record<string, string | readonly number[]> {
  const entries = cellKinds.flatMap((kind) =>
    cellPairs(genotype[kind]).flatMap(({ op, from }, i): [string, string | readonly number[]][] => {
      const at = `${2 + Math.floor(i / 2)}_${i % 2}`;
      return [
        [`${kind}/op_${at}`, op],
        [`${kind}/input_${at}`, [from]],
      ];
    }),
  );
  return Object.fromEntries(entries);
}

/** A flat dict as JSON text, one entry a line. */
export function writeFlatDict(dict: Readonly<Record<string, string | readonly number[]>>): string {
  const lines = Object.entries(dict).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}
