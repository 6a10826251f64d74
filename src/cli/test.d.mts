/** Types of test.mjs, for its test. */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function countOne(code: number): Counts;
export function withCrash(counts: Counts, code: number): Counts;
export function countVitest(report: unknown): Counts;
export function countPlaywright(report: unknown): Counts;
export function closingLine(counts: Counts): string;
