/** `published_traces.json`: the course of published searches. Data, not results of ours: checked that it reads and agrees with itself. */
import type { Comparison } from "../compare";
import type { Handler } from "../types";
import { type Fields, fileOf, runCases } from "./fields";

const SERIES = ["skip_count_normal", "skip_count_reduce", "search_train_error", "search_valid_error"] as const;

function nameOf(run: Fields, index: number): string {
  const [space, decay, seed] = [run.has("space") ? run.text("space") : "run", run.numberOr("weight_decay", Number.NaN), run.numberOr("seed_index", index)];
  return `${space} decay ${decay} seed ${seed}`;
}

/** Skip connections of a list of `[op, input]` pairs. */
function skipsOf(run: Fields, key: string): number {
  return run.list(key).filter((pair) => Array.isArray(pair) && pair[0] === "skip_connect").length;
}

function checkRun(run: Fields, compare: Comparison): void {
  const epochs = run.number("epochs");
  for (const key of SERIES) if (run.has(key)) compare.exact(`length of ${key}`, run.numbers(key).length, epochs);
  for (const kind of ["normal", "reduce"]) {
    const counts = run.numbers(`skip_count_${kind}`);
    compare.exact(`last skip_count_${kind}`, counts.at(-1), skipsOf(run, `final_${kind}`));
  }
  const curve = run.list("lambda_max_by_epoch");
  const readable = curve.every((point, i) => {
    if (!Array.isArray(point) || point.length !== 2 || !point.every((v) => typeof v === "number" && Number.isFinite(v))) return false;
    const [epoch, before] = [point[0] as number, (curve[i - 1] as readonly number[] | undefined)?.[0] ?? -1];
    return Number.isInteger(epoch) && epoch > before && epoch <= epochs;
  });
  compare.exact("lambda_max_by_epoch reads", readable && curve.length > 0, true);
}

export const publishedTraces: Handler = async (value) => runCases(fileOf(value).records("runs"), nameOf, checkRun);
