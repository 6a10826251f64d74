/**
 * Cells, networks and the kinks of ReLU and max-pool. A unit within rounding of its kink may fall to either side, and one that falls to the other
 * moves gradients by far more than any tolerance; which backend is struck is chance. So a case that misses by less than a bug would is computed
 * again from weights that differ in their last bit: the reference must come out of one of a few such starts, at the tolerances of all others.
 */
import { rootKey } from "@/lib/rng";
import type { Comparison } from "../compare";
import type { CaseResult } from "../types";
import { runCase } from "./fields";
import type { Values } from "./values";

/** Starts beside the file's own. */
const ATTEMPTS = 4;
/** An error as large as the reference is no kink. */
const GROSS = 1;
/** Distance of neighbouring float32 numbers, relative. */
const LAST_BIT = 2 ** -23;

/** The values that a computation starts from, by the file's. */
export type Start = (values: Values) => Values;

/** The values of a start: 0 = as they are, else each weight at itself or a neighbour. */
function startFrom(values: Values, attempt: number): Values {
  if (attempt === 0) return values;
  return new Map([...values].map(([name, list]) => {
    const rng = rootKey(attempt).fold(name).stream();
    // α stays: its steps are compared to a millionth.
    return [name, name.startsWith("alpha.") ? list : list.map((v) => v * (1 + (2 * rng.next() - 1) * LAST_BIT))];
  }));
}

/** One case of a cell or network. */
export async function runNetworkCase(name: string, body: (compare: Comparison, start: Start) => Promise<void>): Promise<CaseResult> {
  const run = (attempt: number): Promise<CaseResult> => runCase(name, (compare) => body(compare, (values) => startFrom(values, attempt)));
  const first = await run(0);
  if (first.status !== "fail" || !(first.relError < GROSS)) return first;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const again = await run(attempt);
    if (again.status === "pass") return { ...again, note: `${again.note ?? ""}; start ${attempt}, another last bit: a unit sits on its kink` };
  }
  return first;
}
