/**
 * `subnet-files.json`: published subnet files by name, each with its space, format, entries and the costs its
 * authors' tools report. Counts are exact. Spaces of methods not built yet are pending.
 */
import { priceSubnetFile } from "@/nas/formats/subnetGolden";
import { type CaseResult, failedCase, type Handler, isRecord, pendingCase } from "./types";

/** Spaces that are known, built or not, by the beginning of their name. */
const SPACES: readonly { readonly prefix: string; readonly method: string }[] = [
  { prefix: "spos-", method: "SPOS" },
  { prefix: "ofa-", method: "OFA" },
  { prefix: "attentive-", method: "AttentiveNAS" },
];


function compareCounts(name: string, expected: Readonly<Record<string, unknown>>, ours: unknown): CaseResult {
  let absError = 0;
  let relError = 0;
  let compared = 0;
  const wrong: string[] = [];
  for (const [layout, counts] of Object.entries(expected)) {
    const found = isRecord(ours) ? ours[layout] : undefined;
    for (const [key, value] of Object.entries(isRecord(counts) ? counts : {})) {
      const own = isRecord(found) ? found[key] : undefined;
      compared++;
      if (typeof value !== "number" || typeof own !== "number") {
        wrong.push(`${layout}.${key} ${String(own)}, expected ${String(value)}`);
        continue;
      }
      const error = Math.abs(own - value);
      if (error === 0) continue;
      absError = Math.max(absError, error);
      relError = Math.max(relError, error / Math.abs(value));
      wrong.push(`${layout}.${key} ${own}, expected ${value}`);
    }
  }
  if (compared === 0) return failedCase(name, "The entry expects nothing.");
  const note = wrong.length === 0 ? `${compared} counts in ${Object.keys(expected).join(" and ")}` : wrong.join("; ");
  return { name, absError, relError, tolerance: 0, status: wrong.length === 0 ? "pass" : "fail", note };
}

function runEntry(name: string, entry: unknown, price: (entry: Readonly<Record<string, unknown>>) => unknown): CaseResult {
  if (!isRecord(entry) || typeof entry["space"] !== "string") return failedCase(name, "The entry names no space.");
  const id = entry["space"];
  const known = SPACES.find(({ prefix }) => id.startsWith(prefix));
  if (known === undefined) return failedCase(name, `The space "${id}" is not known.`);
  const { expect } = entry;
  if (!isRecord(expect)) return failedCase(name, "The entry has no expected counts.");
  try {
    const ours = price(entry);
    return ours === "pending" ? pendingCase(name, `waits for ${known.method} (${id})`) : compareCounts(name, expect, ours);
  } catch (error) {
    return failedCase(name, `The entry could not be priced: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** One case an entry. */
export function compareSubnetFiles(
  value: unknown,
  price: (entry: Readonly<Record<string, unknown>>) => unknown,
): readonly CaseResult[] {
  if (!isRecord(value)) return [failedCase("(file)", "The file must be one object of entries by name.")];
  return Object.entries(value).map(([name, entry]) => runEntry(name, entry, price));
}

export const subnetFiles: Handler = (value) => Promise.resolve(compareSubnetFiles(value, priceSubnetFile));
