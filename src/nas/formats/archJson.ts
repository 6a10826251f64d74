/** The project's own architecture file (`*.arch.json`): lossless, everything needed to rebuild the network and to know where it came from. */
import * as v from "valibot";
import { ok, type Result } from "@/lib/result";
import type { Accuracy, Origin } from "../candidate";
import type { Choices } from "../mutable";
import { sizes, type Arch, type SizeId, type Space } from "../space/types";
import { asRecord, type JsonObject, type JsonValue } from "./json";
import { parseJson, quote, unreadable } from "./text";

export const ARCH_FORMAT = "nas-playground/architecture";
export const ARCH_VERSION = 1;

/** Named results. Accuracies carry their sample size; `retrainedAccuracy` is on the test split; null = not measured. Further names may follow. */
export interface ArchMetrics {
  readonly supernetAccuracy: Accuracy | null;
  readonly retrainedAccuracy: Accuracy | null;
  readonly macs: number | null;
  readonly params: number | null;
  readonly latencyMs: number | null;
  readonly [name: string]: Accuracy | number | null;
}

/** How the file came to be. `createdAt` is ISO 8601; further JSON members may follow. */
export interface Provenance {
  readonly app: string;
  readonly algorithm: string;
  readonly config: JsonObject;
  readonly seed: number;
  readonly dataset: { readonly id: string; readonly sha256: string | null };
  readonly backend: string;
  readonly createdAt: string;
  readonly [name: string]: JsonValue;
}

export interface ArchFile {
  readonly format: typeof ARCH_FORMAT;
  readonly version: typeof ARCH_VERSION;
  /** False when the run was stopped before its end. */
  readonly complete: boolean;
  readonly space: { readonly id: string; readonly size: SizeId; readonly params: Readonly<Record<string, number>> };
  /** Canonical id of `choices` in the space. */
  readonly id: string;
  readonly choices: Choices;
  readonly origin: Origin;
  readonly metrics: ArchMetrics;
  /** Null only for files written by hand without it. */
  readonly provenance: Provenance | null;
}

const accuracy = v.object({
  value: v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(1)),
  n: v.pipe(v.number(), v.integer(), v.minValue(0)),
});
const amount = v.nullable(v.pipe(v.number(), v.finite()));
const shortText = v.pipe(v.string(), v.maxLength(256));
const origin = v.variant("kind", [
  v.object({ kind: v.literal("random") }),
  v.object({ kind: v.literal("manual") }),
  v.object({ kind: v.literal("mutation"), parent: shortText, layers: v.array(v.pipe(v.number(), v.integer())) }),
  v.object({ kind: v.literal("crossover"), parents: v.tuple([shortText, shortText]) }),
  v.object({ kind: v.literal("sampled") }),
  v.object({ kind: v.literal("derived"), rule: v.picklist(["official", "nni"]) }),
  v.object({ kind: v.literal("sampled") }),
]);
const json = v.custom<JsonValue>((value) => value !== undefined);
const schema = v.object({
  format: v.literal(ARCH_FORMAT),
  version: v.literal(ARCH_VERSION),
  complete: v.optional(v.boolean(), true),
  space: v.object({
    id: shortText,
    size: v.picklist(sizes),
    params: v.optional(v.record(v.string(), v.pipe(v.number(), v.finite())), {}),
  }),
  id: v.optional(shortText),
  choices: v.record(shortText, v.union([v.string(), v.number(), v.array(v.string()), v.array(v.number())])),
  origin: v.optional(origin, { kind: "manual" }),
  metrics: v.optional(
    v.objectWithRest(
      {
        supernetAccuracy: v.optional(v.nullable(accuracy), null),
        retrainedAccuracy: v.optional(v.nullable(accuracy), null),
        macs: v.optional(amount, null),
        params: v.optional(amount, null),
        latencyMs: v.optional(amount, null),
      },
      v.union([accuracy, amount]),
    ),
    {},
  ),
  provenance: v.optional(
    v.nullable(
      v.objectWithRest(
        {
          app: shortText,
          algorithm: shortText,
          config: v.record(v.string(), json),
          seed: v.number(),
          dataset: v.object({ id: shortText, sha256: v.nullable(shortText) }),
          backend: shortText,
          createdAt: shortText,
        },
        json,
      ),
    ),
    null,
  ),
});

/** An architecture file whose shape is right; whether its space knows its choices is still open. */
export type ParsedArchFile = Omit<ArchFile, "id"> & { readonly id: string | null };

export interface ArchText {
  readonly file: ParsedArchFile;
  /** Top-level keys that the format does not know. */
  readonly unknownKeys: readonly string[];
  /** Known keys the file left out. */
  readonly absentKeys: readonly string[];
}

/** A parsed JSON tree → architecture file, shapes checked, values not yet checked against a space. */
export function parseArchTree(tree: unknown): Result<ArchText> {
  const record = asRecord(tree);
  if (record === null || record["format"] !== ARCH_FORMAT)
    return unreadable("The file is not an architecture file of NAS Playground.");
  if (record["version"] !== ARCH_VERSION) {
    return unreadable(
      `The file has architecture format version ${quote(record["version"])}; this app reads version ${ARCH_VERSION}.`,
      "Update the app, or export the file again from an older one.",
    );
  }
  const parsed = v.safeParse(schema, tree, { abortEarly: true });
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const path = v.getDotPath(issue) ?? "the file";
    return unreadable(`In the architecture file, ${quote(path)} is not what it should be: ${plainIssue(issue)}.`);
  }
  const known = Object.keys(schema.entries);
  return ok({
    // `id` is the only member that is optional in the schema and nullable here.
    file: { ...parsed.output, id: parsed.output.id ?? null } as ParsedArchFile,
    unknownKeys: Object.keys(record).filter((key) => !known.includes(key)),
    absentKeys: known.filter((key) => !Object.hasOwn(record, key)),
  });
}

function plainIssue(issue: v.BaseIssue<unknown>): string {
  const got = issue.received.length > 40 ? `${issue.received.slice(0, 39)}…` : issue.received;
  return issue.expected === null ? `got ${got}` : `expected ${issue.expected.slice(0, 120)}, got ${got}`;
}

/** Text → architecture file (shape only; `importArchitecture` also checks it against its space). */
export function readArchJson(text: string): Result<ArchText> {
  const tree = parseJson(text);
  return tree.ok ? parseArchTree(tree.value) : tree;
}

/** What a search adds to an architecture to make a file. */
export interface ArchFileParts {
  readonly complete: boolean;
  readonly origin: Origin;
  readonly metrics: ArchMetrics;
  readonly provenance: Provenance;
}

/** The file of one member of a space. */
export function archFileOf(space: Space, arch: Arch, parts: ArchFileParts): ArchFile {
  return {
    format: ARCH_FORMAT,
    version: ARCH_VERSION,
    complete: parts.complete,
    space: { id: space.id, size: space.size, params: space.params },
    id: arch.id,
    choices: arch.choices,
    origin: parts.origin,
    metrics: parts.metrics,
    provenance: parts.provenance,
  };
}

/** Architecture file → text. Members come in the order of the format's description; numbers that are not finite become null. */
export function writeArchJson(file: ArchFile): string {
  const { format, version, complete, space, id, choices, origin: from, metrics, provenance } = file;
  return `${JSON.stringify({ format, version, complete, space, id, choices, origin: from, metrics, provenance }, null, 2)}\n`;
}
