/** Published subnet files as data: their prices in our spaces, and whether import and export give them back unchanged. */
import { stringify } from "yaml";
import { AppError } from "@/lib/appError";
import { ok, type Result } from "@/lib/result";
import type { Choices } from "../mutable";
import { sposImageNet } from "../space/spos";
import { sposMobilenet } from "../space/sposMobilenet";
import type { Space } from "../space/types";
import { importArchitecture } from "./detect";
import { asRecord } from "./json";
import { placeEntries, subnetToChoices } from "./razorImport";
import { razorEntries, readRazorYaml, writeRazor, type RazorStyle, type RazorText } from "./razorYaml";
import type { ImportReport } from "./report";
import { choicesToVector } from "./sposVector";
import { quote, unreadable } from "./text";

export interface SubnetPrice {
  readonly params: number;
  /** Multiply–adds of convolutions and dense layers. */
  readonly macs: number;
  /** MMRazor's counter: + batch norm, ReLU, pooling and bias. */
  readonly flops: number;
}

export interface SubnetPrices {
  readonly razor: SubnetPrice;
  /** The SPOS authors' layout of the same choices. */
  readonly megvii?: SubnetPrice;
}

interface Entry {
  readonly space: string;
  readonly style: RazorStyle;
  readonly text: RazorText;
  readonly indices: readonly unknown[] | null;
}

const PENDING = ["ofa-", "attentive-"] as const;
const SHUFFLE = "spos-shufflenetv2-imagenet";
const MOBILENET = "spos-mobilenetv2-proxyless-gpu";

function spaceOf(id: string): Space | null {
  if (id === SHUFFLE) return sposImageNet({ layout: "razor", resolution: 224, classes: 1000 });
  return id === MOBILENET ? sposMobilenet() : null;
}

/** `pending` for spaces of methods that are not built yet. */
function readEntry(entry: unknown): Result<Entry> | "pending" {
  const record = asRecord(entry);
  if (record === null) return unreadable("The entry is not an object.");
  const { space, format, indices } = record;
  if (typeof space !== "string") return unreadable("The entry names no space.");
  if (PENDING.some((prefix) => space.startsWith(prefix))) return "pending";
  if (format !== "razor-0x" && format !== "razor-1x")
    return unreadable(`The entry's format ${quote(format)} is not razor-0x or razor-1x.`);
  const entries = asRecord(record["entries"]);
  if (entries === null) return unreadable("The entry has no entries.");
  const text = razorEntries(Object.fromEntries(Object.entries(entries).map(([key, chosen]) => [key, { chosen }])));
  if (!text.ok) return text;
  return ok({
    space,
    style: format,
    text: text.value,
    indices: Array.isArray(indices) ? (indices as readonly unknown[]) : null,
  });
}

function choicesOf(entry: Entry, space: Space): Result<Choices> {
  const placed = placeEntries(entry.text);
  if (!placed.ok) return placed;
  const found = subnetToChoices(space, placed.value);
  return found.ok ? ok(found.value.choices) : found;
}

function priceOf(space: Space, choices: Choices): SubnetPrice {
  const { params, macs, razorFlops } = space.cost(choices);
  return { params, macs, flops: razorFlops };
}

/**
 * Prices of one entry of `subnet-files.json` (224², 1,000 classes), or `pending` when its space is not built yet.
 * Throws `import.unreadable` for an entry that cannot be read.
 */
export function priceSubnetFile(entry: unknown): SubnetPrices | "pending" {
  const read = readEntry(entry);
  if (read === "pending") return "pending";
  if (!read.ok) throw new AppError("import.unreadable", read.problem.message);
  const space = spaceOf(read.value.space);
  if (space === null) throw new AppError("import.unreadable", `The space ${quote(read.value.space)} is not known.`);
  const choices = choicesOf(read.value, space);
  if (!choices.ok) throw new AppError("import.unreadable", choices.problem.message);
  const razor = priceOf(space, choices.value);
  if (read.value.space !== SHUFFLE) return { razor };
  return { razor, megvii: priceOf(sposImageNet({ layout: "megvii", resolution: 224, classes: 1000 }), choices.value) };
}

/**
 * Entry → YAML text → import → export in the same style → entries: the identity, or a problem that names the first difference.
 * Gene vectors, where given, must agree too.
 */
export function roundTripSubnetFile(entry: unknown): Result<ImportReport> | "pending" {
  const read = readEntry(entry);
  if (read === "pending" || !read.ok) return read;
  const { space: id, style, text, indices } = read.value;
  const space = spaceOf(id);
  if (space === null) return unreadable(`The space ${quote(id)} is not known.`);
  const yaml = stringify(Object.fromEntries([...text.entries].map(([key, chosen]) => [key, { chosen }])));
  const report = importArchitecture(yaml, { spaces: [space] });
  if (!report.ok) return report;
  if (report.value.format !== style) return unreadable(`The file was read as ${report.value.format}, not ${style}.`);
  if (indices !== null && JSON.stringify(choicesToVector(space, report.value.choices)) !== JSON.stringify(indices)) {
    return unreadable("The gene vector of the entry differs from its choices.");
  }
  const written = readRazorYaml(writeRazor(space, report.value.choices, style));
  if (!written.ok) return written;
  const back = written.value.entries;
  if (back.size !== text.entries.size)
    return unreadable(`The file has ${text.entries.size} entries; export wrote ${back.size}.`);
  for (const [key, chosen] of text.entries) {
    if (JSON.stringify(back.get(key)) !== JSON.stringify(chosen))
      return unreadable(`Export wrote ${quote(back.get(key))} for ${key}, not ${quote(chosen)}.`);
  }
  return report;
}
