/** How parity looks on the console. */
import type { ParityLine } from "./types";

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  /** Pending cases. */
  readonly skipped: number;
}

const number = (value: number): string => (Number.isNaN(value) ? "–" : value === 0 ? "0" : value.toExponential(2));

/** One line a case: kind, name, worst absolute and relative error, tolerance, outcome, note. */
export function formatCase(line: ParityLine): string {
  const cells = [line.kind.padEnd(32), line.name.padEnd(30), number(line.absError).padStart(9), number(line.relError).padStart(9)];
  const tolerance = (line.status === "pending" ? "–" : line.tolerance === 0 ? "exact" : number(line.tolerance)).padStart(9);
  return [...cells, tolerance, line.status.padEnd(7), line.note ?? ""].join("  ").trimEnd();
}

export function tally(lines: readonly ParityLine[]): Totals {
  const count = (status: ParityLine["status"]): number => lines.filter((line) => line.status === status).length;
  return { passed: count("pass"), failed: count("fail"), skipped: count("pending") };
}

/** The plain last line. */
export function totalsLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
