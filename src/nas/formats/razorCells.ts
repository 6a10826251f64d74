/**
 * MMRazor's subnet file of a pair of cells (spec darts 8.3): `normal_n2: {chosen: [normal_n2_p0, normal_n2_p1]}` names the two edges of a
 * node, `normal_n2_p0: {chosen: [sep_conv_3x3]}` the op of an edge. One op an edge, four nodes at most, all of them given out.
 */
import { ok, refuse, type Result } from "@/lib/result";
import {
  allNodes,
  cellKinds,
  checkGenotype,
  isAllNodes,
  type Cell,
  type CellInput,
  type CellKind,
  type CellNode,
  type Genotype,
} from "../cell/genotype";
import { readOp, type CellText } from "./cellNames";
import { asRecord } from "./json";
import type { IgnoredKey } from "./report";
import { lineOfKey, listSome, quote, unreadable, unreadableAt } from "./text";

const NODE = /^(normal|reduce)_n(\d{1,3})$/;
const EDGE = /^(normal|reduce)_n(\d{1,3})_p(\d{1,3})$/;
const MOST_RAZOR_NODES = 4;

/** Whether keys are those of a pair of cells in MMRazor's spelling. */
export function isRazorCells(keys: readonly string[]): boolean {
  return keys.some((key) => NODE.test(key) || EDGE.test(key));
}

/** A file's entries and what has been read of them. */
class Entries {
  readonly understood: string[] = [];
  readonly mapped: string[] = [];
  private readonly used = new Set<string>();
  private readonly record: Readonly<Record<string, unknown>>;
  private readonly text: string | undefined;

  constructor(record: Readonly<Record<string, unknown>>, text: string | undefined) {
    this.record = record;
    this.text = text;
  }

  refuseAt(key: string, what: string): ReturnType<typeof unreadable> {
    return unreadableAt(this.text === undefined ? null : lineOfKey(this.text, key), what);
  }

  /** The list under a key's `chosen`; a single value counts as a list of one. */
  chosen(key: string): Result<readonly unknown[]> {
    const entry = asRecord(this.record[key]);
    if (!Object.hasOwn(this.record, key)) return unreadable(`The subnet file lacks ${key}.`);
    if (entry === null || !Object.hasOwn(entry, "chosen")) return this.refuseAt(key, `${key} has no chosen value.`);
    this.used.add(key);
    const value = entry["chosen"];
    return ok(Array.isArray(value) ? (value as readonly unknown[]) : [value]);
  }

  leftOver(): IgnoredKey[] {
    return Object.keys(this.record)
      .filter((key) => !this.used.has(key))
      .map((key) =>
        EDGE.test(key) ? { key, why: "no node chose this edge" } : { key: quote(key), why: "cells have no such key" },
      );
  }
}

function readEdge(entries: Entries, kind: CellKind, node: number, name: unknown): Result<CellInput> {
  const owner = `${kind}_n${node}`;
  const match = typeof name === "string" ? EDGE.exec(name.trim()) : null;
  const from = Number(match?.[3]);
  const key = `${owner}_p${from}`;
  if (match === null || key !== match[0] || from >= node)
    return entries.refuseAt(
      owner,
      `${owner} chose ${quote(name)}; its edges are ${owner}_p0 to ${owner}_p${node - 1}.`,
    );
  const chosen = entries.chosen(key);
  if (!chosen.ok) return chosen;
  const [given, ...more] = chosen.value;
  if (given === undefined || more.length > 0)
    return entries.refuseAt(key, `${key} has ${chosen.value.length} ops; an edge has one.`);
  const read = readOp(given);
  if (!read.ok) return entries.refuseAt(key, `the op of ${key} ${read.why}`);
  if (read.op === given) entries.understood.push(key);
  else entries.mapped.push(`${key}: ${quote(given)} → ${read.op}`);
  return ok({ op: read.op, from });
}

function readNode(entries: Entries, kind: CellKind, node: number): Result<CellNode> {
  const key = `${kind}_n${node}`;
  const chosen = entries.chosen(key);
  if (!chosen.ok) return chosen;
  const [first, second, ...more] = chosen.value;
  if (second === undefined || more.length > 0)
    return entries.refuseAt(
      key,
      `${key} chose ${chosen.value.length} ${chosen.value.length === 1 ? "edge" : "edges"}; a node has two.`,
    );
  const a = readEdge(entries, kind, node, first);
  if (!a.ok) return a;
  const b = readEdge(entries, kind, node, second);
  if (!b.ok) return b;
  if (a.value.from === b.value.from)
    return entries.refuseAt(key, `${key} chose ${quote(first)} twice; its two edges must differ.`);
  entries.understood.push(key);
  return ok([a.value, b.value]);
}

/** Entries of a subnet file of cells → genotype. `text` lets refusals name the line. Edges that no node chose are ignored and reported. */
export function readRazorCells(record: Readonly<Record<string, unknown>>, text?: string): Result<CellText> {
  const entries = new Entries(record, text);
  let last = 1;
  for (const key of Object.keys(record)) {
    const match = NODE.exec(key) ?? EDGE.exec(key);
    if (match === null) continue;
    const node = Number(match[2]);
    if (node < 2 || node > MOST_RAZOR_NODES + 1)
      return entries.refuseAt(
        key,
        `${quote(key)} is not of MMRazor's DARTS, whose cells have the nodes 2 to ${MOST_RAZOR_NODES + 1}.`,
      );
    last = Math.max(last, node);
  }
  const cells: Partial<Record<CellKind, Cell>> = {};
  for (const kind of cellKinds) {
    const nodes: CellNode[] = [];
    for (let node = 2; node <= last; node++) {
      const read = readNode(entries, kind, node);
      if (!read.ok) return read;
      nodes.push(read.value);
    }
    cells[kind] = { nodes, concat: allNodes(nodes.length) };
  }
  const { normal, reduce } = cells;
  if (normal === undefined || reduce === undefined) return unreadable("The file holds no cells.");
  const checked = checkGenotype({ normal, reduce });
  if (!checked.ok) return checked;
  const { understood, mapped } = entries;
  return ok({ genotype: checked.value, understood, mapped, ignored: entries.leftOver(), warnings: [] });
}

/** Why MMRazor's file cannot hold a genotype; null when it can. */
export function whyNotRazor(genotype: Genotype): string | null {
  for (const kind of cellKinds) {
    const cell = genotype[kind];
    if (cell.nodes.length > MOST_RAZOR_NODES)
      return `The cells have ${cell.nodes.length} nodes; MMRazor's DARTS has ${MOST_RAZOR_NODES}.`;
    const node = cell.nodes.findIndex(([a, b]) => a.from === b.from);
    if (node >= 0) return `Node ${node + 2} of the ${kind} cell reads one state twice; MMRazor knows one op an edge.`;
    if (!isAllNodes(cell))
      return `The ${kind} cell gives out only ${listSome(cell.concat.map(String), 8)}; MMRazor's cells give out every node.`;
  }
  return null;
}

/** Genotype → MMRazor's entries as data: every node with its edges, then the ops of these edges by state. Refuses what MMRazor cannot hold. */
export function razorCellsOf(genotype: Genotype): Result<Record<string, { readonly chosen: readonly string[] }>> {
  const why = whyNotRazor(genotype);
  if (why !== null) return refuse("config.invalid", why);
  const entries: Record<string, { readonly chosen: readonly string[] }> = {};
  for (const kind of cellKinds) {
    genotype[kind].nodes.forEach((inputs, n) => {
      const key = `${kind}_n${n + 2}`;
      entries[key] = { chosen: inputs.map(({ from }) => `${key}_p${from}`) };
      for (const { op, from } of [...inputs].sort((a, b) => a.from - b.from))
        entries[`${key}_p${from}`] = { chosen: [op] };
    });
  }
  return ok(entries);
}

/** Entries → YAML in block style, as MMRazor's own files are. */
export function writeRazorCells(entries: Readonly<Record<string, { readonly chosen: readonly string[] }>>): string {
  const lines = Object.entries(entries).flatMap(([key, { chosen }]) => [
    `${key}:`,
    "  chosen:",
    ...chosen.map((item) => `  - ${item}`),
  ]);
  return `${lines.join("\n")}\n`;
}
