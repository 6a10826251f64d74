/**
 * MMRazor subnet YAML in both generations: 0.x lists (`stage_0_block_0: {chosen: [op]}`) and 1.x scalars
 * (`backbone.layers.0.0: {chosen: op}`). Every single-path space uses the same mapping: stage = rank of the slot's stage, block =
 * position inside the stage, both from 0; so `macro8`'s layer.0 … layer.7 are 0.0 0.1 · 1.0 1.1 1.2 · 2.0 2.1 2.2.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { ok, type Result } from "@/lib/result";
import type { Choices } from "../mutable";
import type { Space } from "../space/types";
import { asRecord, isForbiddenKey } from "./json";
import { lineAt, listSome, MAX_DEPTH, quote, unreadable } from "./text";

export type RazorStyle = "razor-0x" | "razor-1x";

/** Largest YAML that is parsed: subnet files are below 10 KB, and the parser takes up to a second for 256 KB of nonsense. */
export const MAX_YAML_BYTES = 131_072;
const MAX_LINE = 4096;
const MAX_INDENT = 64;
/** A flow-style file of the largest space has two a slot. */
const MAX_OPENINGS = 512;
const PREFIXES = ["architecture.backbone.", "backbone.", "architecture."] as const;

/** Where a slot sits: stage and block, both from 0. */
export interface RazorPosition {
  readonly stage: number;
  readonly block: number;
}

/** Position of every mutable of a space, in the order of the space. */
export function razorPositions(space: Space): (RazorPosition & { readonly mutable: string })[] {
  const stages = [...new Set(space.slots.map((slot) => slot.stage))].sort((a, b) => a - b);
  const filled = new Map<number, number>();
  return space.slots.map((slot) => {
    const stage = stages.indexOf(slot.stage);
    const block = filled.get(stage) ?? 0;
    filled.set(stage, block + 1);
    return { stage, block, mutable: slot.mutable };
  });
}

/** The key of a slot in a style. */
export function razorKey(style: RazorStyle, at: RazorPosition): string {
  return style === "razor-0x" ? `stage_${at.stage}_block_${at.block}` : `backbone.layers.${at.stage}.${at.block}`;
}

/** The canonical name `stage.block` of a key, its style and whether it was spelled otherwise than we would; null for any other key. */
export function parseRazorKey(
  key: string,
): { readonly place: string; readonly style: RazorStyle; readonly prefixed: boolean } | null {
  const old = /^stage_(\d{1,3})_block_(\d{1,3})$/.exec(key);
  if (old !== null) return { place: `${Number(old[1])}.${Number(old[2])}`, style: "razor-0x", prefixed: false };
  const prefix = PREFIXES.find((p) => key.startsWith(p)) ?? "";
  const path = /^layers\.(\d{1,3})\.(\d{1,3})$/.exec(key.slice(prefix.length));
  return path === null
    ? null
    : { place: `${Number(path[1])}.${Number(path[2])}`, style: "razor-1x", prefixed: prefix !== "backbone." };
}

/** Choices → YAML text in the given generation's own style. */
export function writeRazor(space: Space, choices: Choices, style: RazorStyle): string {
  const lines = razorPositions(space).flatMap((at) => {
    const value = String(choices[at.mutable]);
    const text =
      /^[A-Za-z_][\w]*$/.test(value) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(value)
        ? value
        : JSON.stringify(value);
    const key = razorKey(style, at);
    return style === "razor-0x" ? [`${key}:`, "  chosen:", `  - ${text}`] : [`${key}:`, `  chosen: ${text}`];
  });
  return `${lines.join("\n")}\n`;
}

/** A subnet file as it stands: `chosen` by key (string, number or list), keys without it apart. */
export interface RazorText {
  readonly entries: ReadonlyMap<string, unknown>;
  readonly without: readonly string[];
}

/** Nesting, line length and aliases, checked on the text: the parser never sees what could make it slow or deep. */
function refuseShape(text: string): ReturnType<typeof unreadable> | null {
  if (text.length > MAX_YAML_BYTES)
    return unreadable(
      `The file is ${Math.ceil(text.length / 1024)} KB of YAML; subnet files are at most ${MAX_YAML_BYTES / 1024} KB.`,
    );
  // Counted without regard to quoting: closing brackets could hide in strings, so only opening ones count.
  const openings = text.length - text.replace(/[[{]/g, "").length;
  if (openings > MAX_OPENINGS)
    return unreadable(`The file has ${openings} opening brackets, or is deeply nested; no subnet file is.`);
  for (const line of text.split("\n")) {
    if (line.length > MAX_LINE)
      return unreadable("The file has a line of more than 4,096 characters; no subnet file has.");
    const indent = line.length - line.trimStart().length;
    if (indent > MAX_INDENT || /(?:[-?:]\s+){9}/.test(line))
      return unreadable(`The file is nested more than ${MAX_DEPTH} levels deep; no subnet file is.`);
  }
  return null;
}

/** Thrown inside the reader only: the text uses a part of YAML that subnet files have no use for. */
class Refusal extends Error {}

function toPlain(node: unknown, text: string, depth: number): unknown {
  if (node === null) return null;
  if (depth > 4) throw new Refusal("is nested deeper than a subnet file");
  if (isAlias(node)) throw new Refusal("uses YAML aliases");
  if (isScalar(node)) {
    if (node.anchor !== undefined) throw new Refusal("uses YAML anchors");
    return node.value;
  }
  if (isSeq(node)) {
    if (node.anchor !== undefined) throw new Refusal("uses YAML anchors");
    return node.items.map((item) => toPlain(item, text, depth + 1));
  }
  if (!isMap(node)) throw new Refusal("is not a subnet file");
  if (node.anchor !== undefined) throw new Refusal("uses YAML anchors");
  const seen = new Map<string, unknown>();
  for (const { key, value } of node.items) {
    if (!isScalar(key) || (typeof key.value !== "string" && typeof key.value !== "number"))
      throw new Refusal("has a key that is not a name");
    const name = String(key.value);
    if (isForbiddenKey(name)) throw new Refusal(`contains the key ${quote(name)}`);
    if (seen.has(name))
      throw new Refusal(`contains the key ${quote(name)} twice (again in line ${lineAt(text, key.range?.[0] ?? 0)})`);
    seen.set(name, toPlain(value, text, depth + 1));
  }
  return Object.fromEntries(seen);
}

/** YAML text → plain tree (no anchors, aliases, duplicate or prototype keys). */
export function parseYaml(text: string): Result<unknown> {
  const refusal = refuseShape(text);
  if (refusal !== null) return refusal;
  try {
    const parsed = parseDocument(text, {
      prettyErrors: false,
      logLevel: "silent",
      uniqueKeys: false,
      merge: false,
      schema: "core",
    });
    if (parsed.errors.length > 0) return unreadable("The file is neither JSON nor valid YAML; it may be cut off.");
    return ok(toPlain(parsed.contents, text, 0));
  } catch (cause) {
    if (cause instanceof Refusal) return unreadable(`The file ${cause.message}, which no subnet file does.`);
    return unreadable("The file is neither JSON nor valid YAML; it may be cut off.");
  }
}

/** Other one-off files that people have, refused by name (rule 8 and spaces of later versions). */
function recognise(keys: readonly string[], record: Readonly<Record<string, unknown>>): string | null {
  const has = (...names: string[]): boolean => names.every((name) => Object.hasOwn(record, name));
  if (has("channel_unit_cfg")) return "This is a pruning file (channel_unit_cfg), not the subnet of a search space.";
  const inner = keys.map((key) => asRecord(record[key]));
  if (
    inner.some(
      (entry) => entry !== null && (Object.hasOwn(entry, "current_choice") || Object.hasOwn(entry, "origin_channels")),
    )
  ) {
    return "This is a pruning file (current_choice, origin_channels), not the subnet of a search space.";
  }
  if (inner.some((entry) => entry !== null && Object.hasOwn(entry, "test_acc")))
    return "This is a NAS-Bench-Macro table, not an architecture; drop it on the truth switch of the pool.";
  if (has("kernel_size", "expand_ratio", "depth"))
    return "This is an AttentiveNAS architecture; its space is not part of this version yet.";
  const bare = keys.map((key) => key.replace(/^architecture\./, "").replace(/^backbone\./, ""));
  if (bare.some((key) => /^layers\.\d+\.(?:\d+\.)?(?:depth|kernel_size|expand_ratio|out_channels)$/.test(key))) {
    return "This is a subnet of the OFA or AttentiveNAS space, which is not part of this version yet.";
  }
  return null;
}

/** A parsed tree (from YAML, or from JSON with the same keys) → entries. */
export function razorEntries(tree: unknown): Result<RazorText> {
  const record = asRecord(tree);
  if (record === null)
    return unreadable(
      "The file is not an architecture: it is neither an architecture file, nor a subnet file, nor a gene vector.",
    );
  const keys = Object.keys(record);
  const known = recognise(keys, record);
  if (known !== null) return unreadable(known);
  const entries = new Map<string, unknown>();
  const without: string[] = [];
  for (const key of keys) {
    const entry = asRecord(record[key]);
    if (entry !== null && Object.hasOwn(entry, "chosen")) entries.set(key, entry["chosen"]);
    else without.push(key);
  }
  if (entries.size === 0)
    return unreadable(
      `The file is not an architecture: none of its keys (${listSome(keys.map(quote)) || "there are none"}) has a chosen value.`,
    );
  return ok({ entries, without });
}

/** YAML text → entries of a subnet file of layers. */
export function readRazorYaml(text: string): Result<RazorText> {
  const tree = parseYaml(text);
  return tree.ok ? razorEntries(tree.value) : tree;
}
