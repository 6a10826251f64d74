/**
 * The genotype as the DARTS authors print it (Liu et al., arXiv 1806.09055): `Genotype(normal=[('sep_conv_3x3', 1), …],
 * normal_concat=[2, 3, 4, 5], reduce=[…], reduce_concat=range(2, 6))`. Read in the spellings that people have: with a name before it,
 * from a log, pairs grouped by node (PNAS), pairs with the weight they had (GDAS), further fields.
 */
import { ok, type Result } from "@/lib/result";
import {
  cellPairs,
  checkGenotype,
  MOST_NODES,
  type Cell,
  type CellInput,
  type CellNode,
  type Genotype,
} from "../cell/genotype";
import { badState, isState, readOp, type CellText } from "./cellNames";
import { type Literal, MAX_GENOTYPE, reading, shown, tokenize, TokenReader } from "./genotypeTokens";
import type { IgnoredKey } from "./report";
import { lineAt, listSome, quote, unreadable, unreadableAt } from "./text";

const START = /(?:^|[^\w'"])Genotype[ \t\r\n]*\(/;
const fieldNames = ["normal", "normal_concat", "reduce", "reduce_concat"] as const;
/** Longest beginning of a log line before the genotype. */
const MAX_PREFIX = 200;
type FieldName = (typeof fieldNames)[number];

/** Whether a text holds a genotype somewhere; it need not be a good one. */
export function looksLikeGenotype(text: string): boolean {
  return START.test(text);
}

interface Notes {
  readonly understood: string[];
  readonly mapped: string[];
  readonly ignored: IgnoredKey[];
}

type Refuse = (line: number, what: string) => never;

function isPair({ kind, ...rest }: Literal): boolean {
  return kind === "list" && "items" in rest && rest.items[0]?.kind === "string";
}

/** Pairs of a field, and whether they were grouped by node. */
function flatten(field: FieldName, value: Literal, refuse: Refuse): { pairs: readonly Literal[]; grouped: boolean } {
  if (value.kind !== "list")
    return refuse(value.line, `${field} is ${shown(value)}; it must be a list of (op, state) pairs.`);
  const grouped =
    value.items.length > 0 && value.items.every((item) => item.kind === "list" && item.items.some(isPair));
  if (!grouped) return { pairs: value.items, grouped };
  const pairs = value.items.flatMap((node, i) => {
    const items = node.kind === "list" ? node.items : [];
    if (items.length !== 2)
      refuse(
        node.line,
        `node ${i + 2} of ${field} has ${items.length} ${items.length === 1 ? "pair" : "pairs"}; every node has 2.`,
      );
    return items;
  });
  return { pairs, grouped };
}

function readPair(field: FieldName, index: number, value: Literal, notes: Notes, refuse: Refuse): CellInput {
  const name = `pair ${index + 1} of ${field}`;
  const items = value.kind === "list" ? value.items : [];
  const [opAt, fromAt, weight] = items;
  const hasWeight = weight !== undefined && weight.kind === "number" && items.length === 3;
  if (opAt?.kind !== "string" || fromAt?.kind !== "number" || (items.length !== 2 && !hasWeight))
    return refuse(value.line, `${name} is not an op and a state, such as ('sep_conv_3x3', 1).`);
  const read = readOp(opAt.text);
  if (!read.ok) return refuse(opAt.line, `in ${name}, the op ${read.why}`);
  const node = 2 + Math.floor(index / 2);
  if (!isState(fromAt.value, node)) return refuse(fromAt.line, badState(`the state in ${name}`, fromAt.text, node));
  if (read.op !== opAt.text) notes.mapped.push(`${name}: ${quote(opAt.text)} → ${read.op}`);
  if (hasWeight)
    notes.ignored.push({ key: `${name}: ${weight.text}`, why: "the weight that the search gave it is not kept" });
  return { op: read.op, from: fromAt.value };
}

function readNodes(field: FieldName, value: Literal, notes: Notes, refuse: Refuse): CellNode[] {
  const { pairs, grouped } = flatten(field, value, refuse);
  if (pairs.length === 0 || pairs.length % 2 !== 0 || pairs.length > 2 * MOST_NODES)
    return refuse(
      value.line,
      `${field} has ${pairs.length} pairs; every node has 2, and a cell has 1 to ${MOST_NODES} nodes.`,
    );
  const inputs = pairs.map((pair, i) => readPair(field, i, pair, notes, refuse));
  if (grouped) notes.mapped.push(`${field}: pairs grouped by node → one list`);
  notes.understood.push(field);
  return Array.from({ length: inputs.length / 2 }, (_, n) => inputs.slice(2 * n, 2 * n + 2) as unknown as CellNode);
}

/** `[2, 3, 4, 5]`, `(2, 3)`, `range(2, 6)` or `list(range(2, 6))` → numbers as they stand. */
function readNumbers(field: FieldName, value: Literal, refuse: Refuse): number[] {
  const bad = (): never =>
    refuse(value.line, `${field} is ${shown(value)}; it must be a list of nodes, such as [2, 3, 4, 5] or range(2, 6).`);
  if (value.kind === "list")
    return value.items.map((item) => (item.kind === "number" && Number.isInteger(item.value) ? item.value : bad()));
  if (value.kind !== "call") return bad();
  const [first, second] = value.items;
  if (value.name === "list" && value.items.length === 1 && first !== undefined)
    return readNumbers(field, first, refuse);
  if (value.name !== "range" || value.items.length !== 2 || first?.kind !== "number" || second?.kind !== "number")
    return bad();
  const [from, to] = [first.value, second.value];
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > 100) return bad();
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

function readConcat(field: FieldName, value: Literal, nodes: number, notes: Notes, refuse: Refuse): number[] {
  const given = readNumbers(field, value, refuse);
  const sorted = [...new Set(given)].sort((a, b) => a - b);
  if (given.length === 0) refuse(value.line, `${field} is empty; a cell must give out at least one node.`);
  if (sorted.length !== given.length)
    refuse(value.line, `${field} names a node twice: ${listSome(given.map(String), 10)}.`);
  const wrong = given.find((node) => node < 2 || node > nodes + 1);
  if (wrong !== undefined)
    refuse(
      value.line,
      `${field} names node ${wrong}; the cell has ${nodes === 1 ? "node 2" : `nodes 2 to ${nodes + 1}`}.`,
    );
  if (given.join() === sorted.join()) notes.understood.push(field);
  else notes.mapped.push(`${field}: ${given.join(", ")} → ${sorted.join(", ")} (ascending)`);
  return sorted;
}

/** Fields by name, of a reader that stands behind `Genotype`. Fields without a name have the order of the named tuple. */
function readFields(reader: TokenReader, notes: Notes): { fields: ReadonlyMap<string, Literal>; line: number } {
  const { line } = reader.mark("(");
  const fields = new Map<string, Literal>();
  for (let i = 0; !reader.isMark(")"); i++) {
    const token = reader.peek();
    const named = token?.kind === "name" && reader.isMark("=", 1);
    const name = named ? token.text : (fieldNames[i] ?? `field ${i + 1}`);
    if (named) {
      reader.next("a field");
      reader.mark("=");
    }
    if (fields.has(name)) reader.refuse(token?.line ?? line, `${quote(name)} is given twice.`);
    fields.set(name, reader.literal());
    if (!fieldNames.some((known) => known === name))
      notes.ignored.push({ key: quote(name), why: "a genotype has no such field" });
    if (!reader.isMark(")")) reader.mark(",");
  }
  reader.mark(")");
  const after = reader.peek();
  if (after !== undefined) reader.refuse(after.line, `${quote(after.text)} stands after the end of the genotype.`);
  return { fields, line };
}

function readBody(reader: TokenReader, notes: Notes): Genotype {
  const refuse: Refuse = (line, what) => reader.refuse(line, what);
  const { fields, line } = readFields(reader, notes);
  const field = (name: FieldName): Literal => fields.get(name) ?? refuse(line, `the genotype lacks ${name}.`);
  const missing = fieldNames.filter((name) => !fields.has(name));
  if (missing.length > 0) refuse(line, `the genotype lacks ${listSome(missing)}.`);
  const cell = (name: "normal" | "reduce"): Cell => {
    const nodes = readNodes(name, field(name), notes, refuse);
    return { nodes, concat: readConcat(`${name}_concat`, field(`${name}_concat`), nodes.length, notes, refuse) };
  };
  const genotype = { normal: cell("normal"), reduce: cell("reduce") };
  const [a, b] = [genotype.normal.nodes.length, genotype.reduce.nodes.length];
  if (a !== b)
    refuse(
      field("reduce").line,
      `reduce has ${b} ${b === 1 ? "node" : "nodes"}, normal has ${a}; both cells must have as many.`,
    );
  return genotype;
}

/** Lines before the genotype: comments and Python's own are passed over, a log's beginning and a variable's name too; others are refused. */
function passBefore(before: string, notes: Notes): Result<null> {
  const lines = before.split("\n");
  const own = (lines.pop() ?? "").trim();
  for (const [i, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (!/^(?:from|import)\s|^\w+\s*=\s*namedtuple\(/.test(line))
      return unreadableAt(i + 1, `${quote(line)} stands before the genotype; leave only the genotype.`);
    notes.ignored.push({ key: quote(line), why: "it stands before the genotype" });
  }
  // The expression below would be slow on a long line.
  const log = own.length > MAX_PREFIX ? own : (/^(.*?)(?:\w+\s*=\s*)?(?:\w+\s*\.\s*)?$/.exec(own)?.[1] ?? "").trim();
  if (log.length > MAX_PREFIX || /['"()[\]{}]/.test(log))
    return unreadableAt(lines.length + 1, `${quote(log)} stands before the genotype; leave only the genotype.`);
  if (log !== "") notes.ignored.push({ key: quote(log), why: "it stands before the genotype" });
  return ok(null);
}

/** Text → genotype. Refuses (`import.unreadable`) with the line and what is wrong there. */
export function readGenotypeText(text: string): Result<CellText> {
  if (text.length > MAX_GENOTYPE)
    return unreadable(
      `The file is ${Math.ceil(text.length / 1024)} KB; a genotype is at most ${MAX_GENOTYPE / 1024} KB.`,
    );
  const starts = [...text.matchAll(new RegExp(START, "g"))];
  const [start, second] = starts;
  if (start === undefined) return unreadable("The text holds no Genotype(…).");
  if (second !== undefined)
    return unreadableAt(
      lineAt(text, second.index),
      `this is the second of ${starts.length} genotypes in the text; leave only one of them.`,
    );
  const notes: Notes = { understood: [], mapped: [], ignored: [] };
  const name = text.indexOf("Genotype", start.index);
  const before = passBefore(text.slice(0, name), notes);
  if (!before.ok) return before;
  const tokens = tokenize(text.slice(name + "Genotype".length), lineAt(text, name));
  if (!tokens.ok) return tokens;
  const genotype = reading(() => readBody(new TokenReader(tokens.value, lineAt(text, text.length)), notes));
  if (!genotype.ok) return genotype;
  const checked = checkGenotype(genotype.value);
  return checked.ok ? ok({ genotype: checked.value, ...notes, warnings: [] }) : checked;
}

/** `range(2, 6)` is what search logs print; the tables of published cells have lists. */
export type ConcatStyle = "list" | "range";

function concatText(cell: Cell, style: ConcatStyle): string {
  const [first = 2] = cell.concat;
  const run = cell.concat.every((node, i) => node === first + i);
  return style === "range" && run ? `range(${first}, ${first + cell.concat.length})` : `[${cell.concat.join(", ")}]`;
}

/** Genotype → the authors' text, one line, pairs in slot order. */
export function writeGenotypeText({ normal, reduce }: Genotype, style: ConcatStyle = "list"): string {
  const pairs = (cell: Cell): string =>
    cellPairs(cell)
      .map(({ op, from }) => `('${op}', ${from})`)
      .join(", ");
  return `Genotype(normal=[${pairs(normal)}], normal_concat=${concatText(normal, style)}, reduce=[${pairs(reduce)}], reduce_concat=${concatText(reduce, style)})\n`;
}
