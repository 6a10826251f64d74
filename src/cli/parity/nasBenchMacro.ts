/**
 * `nas-bench-macro.json`: architecture string → [accuracy or null, params, FLOPs] of the benchmark's networks, 32×32 and
 * 10 classes. Params and MACs are exact; accuracies are the benchmark's and are not compared. The benchmark's original
 * form, an object a row, is read too.
 */
import { macro8Cost } from "@/nas/space/macro8";
import { type CaseResult, failedCase, type Handler, isRecord } from "./types";

/** Rows a case: a line each would be thousands of lines. */
const ROWS_PER_CASE = 500;

interface Row {
  readonly arch: string;
  readonly params: number;
  readonly macs: number;
}

/** One cost, as the space computes it. */
export type CostOf = (arch: string) => { readonly params: number; readonly macs: number };

function toRow(arch: string, value: unknown): Row | string {
  if (!/^[012]{8}$/.test(arch)) return `"${arch.slice(0, 40)}" is not eight digits from 0 to 2.`;
  const [params, macs] = Array.isArray(value) ? [value[1], value[2]] : isRecord(value) ? [value["params"], value["flops"]] : [];
  if (!Number.isSafeInteger(params) || !Number.isSafeInteger(macs)) return `${arch}: params and FLOPs must be whole numbers.`;
  return { arch, params: Number(params), macs: Number(macs) };
}

function compare(rows: readonly Row[], first: number, costOf: CostOf): CaseResult {
  let absError = 0;
  let relError = 0;
  const wrong: string[] = [];
  for (const row of rows) {
    const ours = costOf(row.arch);
    for (const key of ["params", "macs"] as const) {
      const error = Math.abs(ours[key] - row[key]);
      if (error === 0) continue;
      absError = Math.max(absError, error);
      relError = Math.max(relError, error / Math.abs(row[key]));
      wrong.push(`${row.arch}: ${key} ${ours[key]}, expected ${row[key]}`);
    }
  }
  const name = `rows ${first}–${first + rows.length - 1}`;
  const note = wrong.length === 0 ? `${rows.length} rows, params and MACs` : `${wrong.length} differences, first ${wrong[0]}`;
  return { name, absError, relError, tolerance: 0, status: wrong.length === 0 ? "pass" : "fail", note };
}

/** Compare every row with `costOf`; a row that cannot be read is a failed case of its own. */
export function compareMacroTable(value: unknown, costOf: CostOf): readonly CaseResult[] {
  if (!isRecord(value)) return [failedCase("(file)", "The file must be one object of rows by architecture string.")];
  const rows: Row[] = [];
  const unreadable: CaseResult[] = [];
  for (const [arch, cells] of Object.entries(value)) {
    const row = toRow(arch, cells);
    if (typeof row === "string") unreadable.push(failedCase(arch.slice(0, 40), row));
    else rows.push(row);
  }
  const cases: CaseResult[] = [];
  for (let first = 0; first < rows.length; first += ROWS_PER_CASE) {
    cases.push(compare(rows.slice(first, first + ROWS_PER_CASE), first, costOf));
  }
  return [...cases, ...unreadable];
}

export const nasBenchMacro: Handler = (value) => Promise.resolve(compareMacroTable(value, (arch) => macro8Cost(arch, "full")));
