/** The latency table as a file (spec fbnet 1.6): written as the specification shows it, read with the same care as any imported file. */
import * as v from "valibot";
import { ok, type Result } from "@/lib/result";
import { asRecord } from "../formats/json";
import { decodeText, listSome, parseJson, quote, unreadable } from "../formats/text";
import { sizes } from "../space/types";
import type { LatencyReading, LatencyTable } from "./table";

export const TABLE_FORMAT = "nas-playground/latency-table";
export const TABLE_VERSION = 1;

/** Entries of the largest table that is read; the largest space of ours needs some 100. */
const MAX_ENTRIES = 5000;

const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1e6));
const shortText = v.pipe(v.string(), v.maxLength(256));
/** Also a value of the setup, so it keeps to what such a value may hold; `none` there means no device. */
const label = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^[\x20-\x7e]{1,120}$/, "1 to 120 printable ASCII characters"),
  v.check((text) => text !== "none", "a label other than none"),
);
const key = v.pipe(v.string(), v.regex(/^[\w.-]{1,100}$/, "letters, digits and _ . -, at most 100"));
// Whether a time is possible is checked afterwards, for a sentence that names the entry; 1e999 reads as infinite.
const reading = v.object({
  key,
  us: v.number(),
  p10: v.optional(v.number()),
  p90: v.optional(v.number()),
  source: v.optional(v.picklist(["edited", "estimated"])),
});
const readings = v.pipe(v.array(reading), v.maxLength(MAX_ENTRIES));
const point = v.object({ id: shortText, sum: finite, measured: finite });
const schema = v.object({
  format: v.literal(TABLE_FORMAT),
  version: v.literal(TABLE_VERSION),
  unit: v.literal("us"),
  app: v.optional(shortText, ""),
  device: v.object({
    label,
    vendor: v.optional(shortText, ""),
    architecture: v.optional(shortText, ""),
    backend: v.optional(shortText, ""),
    executor: v.optional(shortText, ""),
    threads: v.optional(count, 1),
    timer: v.optional(v.picklist(["timestamp", "wall"]), "wall"),
    quantumUs: v.optional(v.pipe(finite, v.minValue(0)), 0),
  }),
  settings: v.object({
    batch: v.pipe(count, v.minValue(1)),
    dtype: v.literal("float32"),
    warmup: v.optional(count, 0),
    runs: v.optional(count, 0),
    bnFolded: v.optional(v.boolean(), true),
    keepPw: v.optional(v.boolean(), true),
    layout: v.optional(v.literal("NHWC"), "NHWC"),
  }),
  space: v.object({ id: shortText, size: v.picklist(sizes) }),
  entries: readings,
  fixed: readings,
  fit: v.optional(
    v.object({ a: finite, b: finite, r: v.pipe(finite, v.minValue(-1), v.maxValue(1)), n: count, points: v.optional(v.pipe(v.array(point), v.maxLength(1000))) }),
    { a: 0, b: 1, r: 0, n: 0 },
  ),
});

/** A block that passes its input on: stride 1, as many channels out as in. Such a one may take no time. */
function isIdentityKey(name: string): boolean {
  return /^skip_s1_i(\d+)_o\1_h\d+$/.test(name);
}

/** A reading that no device can have given: not finite, negative, or nothing for something. */
export function isBadReading({ key: name, us, p10, p90 }: LatencyReading): boolean {
  const isPossible = (time: number): boolean => Number.isFinite(time) && (time > 0 || (time === 0 && isIdentityKey(name)));
  return ![us, p10, p90].every(isPossible) || p10 > p90;
}

/** A table whose shape and times are right; whether it serves a space is for `checkTable`. */
export interface TableText {
  readonly table: LatencyTable;
  /** Top-level keys that the format does not know. */
  readonly unknownKeys: readonly string[];
}

type Read = v.InferOutput<typeof reading>;

const readingOf = ({ key: name, us, p10, p90, source }: Read): LatencyReading => ({ key: name, us, p10: p10 ?? us, p90: p90 ?? us, ...(source === undefined ? {} : { source }) });

function firstTwice(list: readonly LatencyReading[]): string | null {
  const seen = new Set<string>();
  for (const entry of list) {
    if (seen.has(entry.key)) return entry.key;
    seen.add(entry.key);
  }
  return null;
}

function timesOf(list: readonly LatencyReading[]): string {
  return listSome(list.map(({ key: name, us }) => `${quote(name)} (${us})`), 3);
}

/** A parsed tree → latency table. Fails with `import.unreadable` and one sentence. */
export function parseTableTree(tree: unknown): Result<TableText> {
  const record = asRecord(tree);
  if (record === null || record["format"] !== TABLE_FORMAT) return unreadable("The file is not a latency table of NAS Playground.");
  if (record["version"] !== TABLE_VERSION)
    return unreadable(`The file has latency table version ${quote(record["version"])}; this app reads version ${TABLE_VERSION}.`, "Update the app, or export the table again from an older one.");
  if (record["unit"] !== "us") return unreadable(`The latency table is in ${quote(record["unit"])}; times must be in microseconds (“us”).`);
  const parsed = v.safeParse(schema, tree, { abortEarly: true });
  if (!parsed.success) {
    const issue = parsed.issues[0];
    return unreadable(`In the latency table, ${quote(v.getDotPath(issue) ?? "the file")} is not what it should be: ${plainIssue(issue)}.`);
  }
  const { app, device, settings, space, fit } = parsed.output;
  const [entries, fixed] = [parsed.output.entries.map(readingOf), parsed.output.fixed.map(readingOf)];
  const all = [...entries, ...fixed];
  const bad = all.filter(isBadReading);
  if (bad.length > 0) return unreadable(`In the latency table, ${bad.length === 1 ? "an entry has" : `${bad.length} entries have`} an impossible time: ${timesOf(bad)}. Times are finite and above 0, and the 10 % quantile is not above the 90 % one.`);
  const twice = firstTwice(all);
  if (twice !== null) return unreadable(`The latency table has the entry ${quote(twice)} twice.`);
  const { points, ...line } = fit as v.InferOutput<typeof schema>["fit"] & { points?: LatencyTable["fit"]["points"] };
  const known = Object.keys(schema.entries);
  return ok({
    table: { app, device, settings, space, entries, fixed, fit: points === undefined ? line : { ...line, points } },
    unknownKeys: Object.keys(record).filter((name) => !known.includes(name)),
  });
}

function plainIssue(issue: v.BaseIssue<unknown>): string {
  const got = issue.received.length > 40 ? `${issue.received.slice(0, 39)}…` : issue.received;
  const wanted = issue.type === "regex" || issue.type === "check" ? issue.message : issue.expected;
  return wanted === null ? `got ${got}` : `expected ${wanted.slice(0, 120)}, got ${got}`;
}

/** Text of a table → table. */
export function readTableJson(text: string): Result<TableText> {
  const tree = parseJson(text, "latency table");
  return tree.ok ? parseTableTree(tree.value) : tree;
}

/**
 * Any imported bytes or text: null when they are no latency table (another reader may know them), else the table or why it is refused. Told by the
 * value of `format`, never by a file's name.
 */
export function latencyTableIn(source: Uint8Array | string): Result<TableText> | null {
  const decoded = decodeText(source);
  if (!decoded.ok || !/^\s*\{/.test(decoded.value) || !decoded.value.includes(`"${TABLE_FORMAT}"`)) return null;
  const tree = parseJson(decoded.value, "latency table");
  if (!tree.ok) return tree;
  return asRecord(tree.value)?.["format"] === TABLE_FORMAT ? parseTableTree(tree.value) : null;
}

const entryLine = (entry: LatencyReading): string => `  ${JSON.stringify(entry)}`;

function list(entries: readonly LatencyReading[]): string {
  return entries.length === 0 ? "[]" : `[\n${entries.map(entryLine).join(",\n")}\n ]`;
}

const threeDecimals = (us: number): number => Number(us.toFixed(3));

/** Nanoseconds are kept; a time that is not nought does not become it. */
function rounded({ key: name, us, p10, p90, source }: LatencyReading): LatencyReading {
  const of = (time: number): number => (time > 0 ? Math.max(0.001, threeDecimals(time)) : time);
  return { key: name, us: of(us), p10: of(p10), p90: of(p90), ...(source === undefined ? {} : { source }) };
}

/** Table → text, one entry a line. Members come in the order of the specification. */
export function writeTableJson({ app, device, settings, space, entries, fixed, fit }: LatencyTable): string {
  const head = { format: TABLE_FORMAT, version: TABLE_VERSION, unit: "us", app };
  const parts = [...Object.entries(head), ["device", device], ["settings", settings], ["space", space]].map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const tables = [`"entries": ${list(entries.map(rounded))}`, `"fixed": ${list(fixed.map(rounded))}`, `"fit": ${JSON.stringify(fit)}`];
  return `{\n ${[...parts, ...tables].join(",\n ")}\n}\n`;
}
