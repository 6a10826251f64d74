/** All cases, one after the other, with the machine's limits measured before. Stops between runs when told to. */
import os from "node:os";
import { AppError } from "@/lib/appError";
import type { BenchDriver } from "./driver";
import type { BenchFlags } from "./flags";
import { type CaseContext, runCase } from "./runCase";
import { LIMITS, within } from "./schedule";
import type { BenchReport, CaseInfo, CaseResult } from "./types";

/** PyTorch as the run sees it. */
export interface TorchPeer {
  readonly version: string;
  ms(caseJson: string, samples: number): Promise<number | null>;
}

export interface RunOptions {
  readonly flags: BenchFlags;
  readonly torch: TorchPeer | null;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** What is going on, to be overwritten. */
  readonly status: (text: string) => void;
}

export function machineText(): string {
  const cpus = os.cpus();
  return `${os.type()} ${os.arch()}, ${cpus.length} × ${cpus[0]?.model.trim() ?? "processor"}`;
}

async function withTorch(result: CaseResult, driver: BenchDriver, { torch, flags, signal, status }: RunOptions): Promise<CaseResult> {
  if (torch === null || signal.aborted) return result;
  status(`${result.name}: PyTorch`);
  const ms = await torch.ms(await driver.torchCase(result.name), flags.quick ? 3 : 5);
  return { ...result, torchMs: ms, ratioTorch: ms === null || result.oursMs === null ? null : ms / result.oursMs };
}

function chosen(cases: readonly CaseInfo[], only: string | undefined): readonly CaseInfo[] {
  const found = only === undefined ? cases : cases.filter(({ name }) => name.startsWith(only));
  if (found.length > 0) return found;
  throw new AppError("config.invalid", `--only "${only}" names no case. There are: ${cases.map(({ name }) => name).join(", ")}.`);
}

/** Throws when there is nothing to measure on. Otherwise what could not be measured is null with a note. */
export async function runBench(driver: BenchDriver, options: RunOptions): Promise<BenchReport> {
  const { flags, torch, signal, status, now } = options;
  const { backend, quick } = flags;
  const load = os.loadavg()[0] ?? 0;
  const facts = await driver.facts();
  const cases = chosen(await driver.cases(), flags.only);
  if (backend === "webgpu" && facts.adapter === null)
    throw new AppError("gpu.unavailable", "This browser offers no WebGPU adapter.", { hint: "Try --backend wasm." });
  status("measuring what the machine can do");
  const roofline = await within(driver.roofline(backend, quick), LIMITS.rooflineMs, signal).catch((error: unknown) => {
    status(`limits not measured: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  });
  const results: CaseResult[] = [];
  for (const [i, info] of cases.entries()) {
    if (signal.aborted) break;
    const say = (text: string): void => status(`${i + 1}/${cases.length} ${info.name}: ${text}`);
    const isSoftware = facts.adapter?.fallback ?? false;
    const context: CaseContext = { driver, backend, quick, roofline, isSoftware, canThread: backend === "wasm" && facts.isolated && facts.cores > 1, signal, say };
    const result = await runCase(info, context);
    // Of an interrupted case only what was measured is worth keeping.
    if (!signal.aborted || result.oursMs !== null) results.push(await withTorch(result, driver, options));
  }
  return {
    machine: machineText(),
    backend,
    adapter: facts.adapter,
    roofline,
    cases: results,
    browser: facts.browser,
    isolated: facts.isolated,
    threads: 1,
    torch: torch?.version ?? null,
    load: [load, os.loadavg()[0] ?? 0],
    date: now().toISOString(),
    quick,
    complete: !signal.aborted,
  };
}
