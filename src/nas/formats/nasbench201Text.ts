/**
 * Cells of NAS-Bench-201 (Dong and Yang, ICLR 2020) as text: the benchmark's own `|op~0|+|op~0|op~1|+…`, and NNI's dict, whose keys
 * `cell/0_1` name source and node and whose convolutions have shorter names (spec darts 10).
 */
import { ok, type Result } from "@/lib/result";
import { nasBench201Edges, nasBench201Key, nasBench201Ops } from "../cell/nasbench201";
import type { IgnoredKey } from "./report";
import { lineOfKey, listSome, quote, unreadable, unreadableAt } from "./text";

const ops = nasBench201Ops;
const edges = nasBench201Edges;

const fromNni: Readonly<Record<string, string>> = { conv_1x1: "nor_conv_1x1", conv_3x3: "nor_conv_3x3" };
const toNni: Readonly<Record<string, string>> = { nor_conv_1x1: "conv_1x1", nor_conv_3x3: "conv_3x3" };

/** Ops of the six edges, and how they were found. */
export interface Cell201Text {
  readonly ops: readonly string[];
  readonly understood: readonly string[];
  readonly mapped: readonly string[];
  readonly ignored: readonly IgnoredKey[];
}

function readOp(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const name = value.trim();
  const op = Object.hasOwn(fromNni, name) ? (fromNni[name] ?? name) : name;
  return ops.some((known) => known === op) ? op : null;
}

const allowed = `known are ${ops.join(", ")}`;

/** Whether a text begins as the benchmark's strings do. */
export function looksLike201(text: string): boolean {
  return /^["']?\|[^|]*~/.test(text);
}

/** The benchmark's string → ops. Refuses with the edge that is wrong. */
export function read201Text(text: string): Result<Cell201Text> {
  const trimmed = text.trim().replace(/^(["'])(.*)\1$/s, "$2");
  if (trimmed.length > 400) return unreadable("The cell of NAS-Bench-201 is far longer than six edges.");
  const nodes = trimmed.split("+");
  if (nodes.length !== 3)
    return unreadable(
      `The cell of NAS-Bench-201 has ${nodes.length} of its 3 nodes, which “+” separates; it may be cut off.`,
    );
  const found: string[] = [];
  const mapped: string[] = [];
  for (const [i, node] of nodes.entries()) {
    const at = node.trim();
    if (!at.startsWith("|") || !at.endsWith("|") || at.length < 2)
      return unreadable(`Node ${i + 1} of the cell must begin and end with “|”, not ${quote(at)}; it may be cut off.`);
    const inputs = at.slice(1, -1).split("|");
    if (inputs.length !== i + 1)
      return unreadable(`Node ${i + 1} of the cell has ${inputs.length} inputs; it must have ${i + 1}.`);
    for (const [from, input] of inputs.entries()) {
      const [name = "", state, ...more] = input.split("~");
      if (state?.trim() !== String(from) || more.length > 0)
        return unreadable(`Input ${from + 1} of node ${i + 1} is ${quote(input)}; it must be an op, “~” and ${from}.`);
      const op = readOp(name);
      if (op === null) return unreadable(`Input ${from + 1} of node ${i + 1} has the op ${quote(name)}; ${allowed}.`);
      if (op !== name) mapped.push(`${quote(name)} → ${op}`);
      found.push(op);
    }
  }
  return ok({ ops: found, understood: [`${found.length} edges`], mapped, ignored: [] });
}

const KEY = /^cell\/(\d)_(\d)$/;

/** Whether keys are those of NNI's dict of one NAS-Bench-201 cell. */
export function is201Dict(keys: readonly string[]): boolean {
  return keys.some((key) => KEY.test(key));
}

/** NNI's dict → ops. `text` lets refusals name the line. The two states of a key may stand in either order. */
export function read201Dict(record: Readonly<Record<string, unknown>>, text: string): Result<Cell201Text> {
  const understood: string[] = [];
  const mapped: string[] = [];
  const ignored: IgnoredKey[] = [];
  const found = new Map<number, string>();
  for (const [key, value] of Object.entries(record)) {
    const match = KEY.exec(key);
    if (match === null) {
      ignored.push({ key: quote(key), why: "a cell of NAS-Bench-201 has no such key" });
      continue;
    }
    const [a, b] = [Number(match[1]), Number(match[2])];
    const edge = edges.findIndex(({ from, to }) => from === Math.min(a, b) && to === Math.max(a, b));
    if (edge < 0) return unreadableAt(lineOfKey(text, key), `${key} is no edge of the cell, whose states are 0 to 3.`);
    if (found.has(edge)) return unreadableAt(lineOfKey(text, key), `${key} names an edge that another key names too.`);
    const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    const op = readOp(single);
    if (op === null) return unreadableAt(lineOfKey(text, key), `${key} is ${quote(value)}; ${allowed}.`);
    found.set(edge, op);
    // NNI's shorter names are how its files are written, not a deviation.
    if (a < b) understood.push(key);
    else mapped.push(`${key} → cell/${b}_${a}`);
  }
  const missing = edges.filter((_, i) => !found.has(i)).map(nasBench201Key);
  if (missing.length > 0)
    return unreadable(`The file lacks ${missing.length} of the 6 edges of the cell: ${listSome(missing)}.`);
  return ok({ ops: edges.map((_, i) => found.get(i) ?? "none"), understood, mapped, ignored });
}

/** Ops of the six edges → NNI's dict as data. */
export function nni201DictOf(edgeOps: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    edges.map((edge, i) => {
      const op = edgeOps[i] ?? "none";
      return [nasBench201Key(edge), toNni[op] ?? op];
    }),
  );
}
