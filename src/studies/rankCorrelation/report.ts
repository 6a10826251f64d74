/** The study's statistics as the table of the README, and as rounded numbers for the file. */
import type { Interval } from "@/lib/stats";
import { scorerIds, type Agreement, type ScorerId, type StudyStatistics, type SubsetReport } from "./statistics";

const names: Readonly<Record<ScorerId, string>> = {
  recalibrated: "supernet, recalibrated",
  running: "supernet, running statistics",
  flops: "FLOPs",
  params: "parameters",
  activeLayers: "non-identity layers",
};

/** Four decimals everywhere: what lies below is noise. */
export function rounded(value: unknown): unknown {
  if (typeof value === "number") return Number(value.toFixed(4));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, rounded(entry)]));
  return value;
}

const two = (value: number): string => value.toFixed(2);
const between = (interval: Interval | null): string => (interval === null ? "" : ` [${two(interval.low)}, ${two(interval.high)}]`);
const percent = (value: number): string => (100 * value).toFixed(2);

function row(name: string, a: Agreement): string {
  const spread = a.tauSpread === null ? "" : ` ± ${two(a.tauSpread)}`;
  return `| ${name} | ${two(a.tau)}${spread}${between(a.tauInterval)} | ${two(a.rho)}${between(a.rhoInterval)} | ${percent(a.topAccuracy)} | ${a.rankOfBest.toFixed(1)} |`;
}

function table(title: string, { networks, reference, scorers, seeds, recalibratedLess }: SubsetReport): string {
  const ceiling = reference.tauBetweenRuns === null ? "" : `; run against run τ ${two(reference.tauBetweenRuns)}`;
  const differences = (["running", "flops", "params", "activeLayers"] as const)
    .map((other) => `${names[other]} ${two(recalibratedLess[other].tau)}${between(recalibratedLess[other].interval)}`)
    .join("; ");
  return [
    `${title}: ${networks} networks, mean true accuracy ${percent(reference.meanAccuracy)} %, true top 10 ${percent(reference.bestTopAccuracy)} %${ceiling}`,
    "",
    "| ranking | Kendall τ-b | Spearman ρ | true accuracy of its top 10, % | true rank of its best |",
    "|---|---|---|---|---|",
    ...scorerIds.map((id) => row(names[id], scorers[id])),
    ...Object.entries(seeds).map(([seed, { recalibrated }]) => row(`seed ${seed}, recalibrated`, recalibrated)),
    ...Object.entries(seeds).map(([seed, { running }]) => row(`seed ${seed}, running statistics`, running)),
    "",
    `τ of the recalibrated supernet less that of: ${differences}`,
  ].join("\n");
}

/** Markdown of the whole study. */
export function formatStatistics({ subsets, supernetAccuracy }: StudyStatistics): string {
  const means = Object.entries(supernetAccuracy)
    .map(([seed, { recalibrated, running }]) => `seed ${seed}: ${percent(recalibrated)} % recalibrated, ${percent(running)} % with running statistics`)
    .join("; ");
  return [
    table("All", subsets.all),
    table("Uniform half", subsets.uniform),
    table("Top-quartile half", subsets.topQuartile),
    `Mean validation accuracy under the supernet: ${means}.`,
  ].join("\n\n");
}
