/** The results as a table for people. */
import type { BenchReport, CaseResult } from "./types";

const none = "–";

/** Three significant digits: 0.123, 12.3, 1230. */
export function short(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return none;
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 4));
}

const times = (ratio: number | null): string => (ratio === null ? none : `${ratio >= 9.95 ? Math.round(ratio) : ratio.toFixed(1)}×`);
const whole = (value: number | null): string => (value === null ? none : String(value));

type Column = readonly [title: string, cell: (one: CaseResult) => string];

function columnsOf({ backend, torch, cases }: Pick<BenchReport, "backend" | "torch" | "cases">): Column[] {
  const columns: Column[] = [
    ["case", ({ name }) => name],
    ["ours ms", ({ oursMs }) => short(oursMs)],
    ["tfjs ms", ({ tfjsMs }) => short(tfjsMs)],
    ["jax-js ms", ({ jaxMs }) => short(jaxMs)],
    ["× tfjs", ({ ratioTfjs }) => times(ratioTfjs)],
    ["× jax-js", ({ ratioJax }) => times(ratioJax)],
    ["GFLOPS", ({ gflops }) => short(gflops)],
    ["of limit", ({ rooflineFraction, bound }) => (rooflineFraction === null ? none : `${short(rooflineFraction)}${bound === "bytes" ? " copy" : ""}`)],
    [backend === "webgpu" ? "dispatches" : "calls", ({ dispatches }) => whole(dispatches)],
  ];
  if (backend === "webgpu") columns.push(["tfjs's", ({ dispatchesTfjs }) => whole(dispatchesTfjs)], ["JS ms/1000", ({ jsMsPer1000Dispatches }) => short(jsMsPer1000Dispatches)]);
  columns.push(["first s", ({ firstStepMs }) => (firstStepMs === null ? none : short(firstStepMs / 1000))]);
  columns.push(["images/s", ({ imagesPerSecond }) => short(imagesPerSecond)]);
  if (cases.some(({ oursTwoThreadsMs }) => oursTwoThreadsMs !== null)) columns.push(["2 threads", ({ ratioTwoThreads }) => times(ratioTwoThreads)]);
  if (torch !== null) columns.push(["PyTorch ms", ({ torchMs }) => short(torchMs)]);
  return columns;
}

/** Aligned columns, then the notes. */
export function formatTable(report: BenchReport): string {
  const columns = columnsOf(report);
  const rows = [columns.map(([title]) => title), ...report.cases.map((one) => columns.map(([, cell]) => cell(one)))];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  const notes = report.cases.flatMap(({ name, note }) => (note === null ? [] : [`${name}: ${note}`]));
  return [...rows.map(line), ...(notes.length === 0 ? [] : ["", ...notes])].join("\n");
}

/** Where it ran and what the machine can do. */
export function formatHead({ machine, backend, adapter, roofline, browser, isolated, load, date }: BenchReport): string {
  const where = adapter === null || backend === "wasm" ? "" : `, adapter ${[adapter.vendor, adapter.architecture || adapter.description].filter(Boolean).join(" ")}${adapter.fallback ? " (software)" : ""}`;
  const limits = roofline === null ? "" : `\nlimits: ${short(roofline.gflops)} GFLOPS (${roofline.product}), ${short(roofline.gbs)} GB/s (${roofline.copy})`;
  return `${date.slice(0, 10)}, ${machine}, ${browser}${isolated ? ", isolated" : ""}, ${backend}${where}, load ${load.map((value) => value.toFixed(1)).join(" → ")}${limits}`;
}
