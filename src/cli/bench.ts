/**
 * `npm run bench`: ours, stock tfjs and jax-js on the same work in one browser, checked against each other before they are timed.
 * Exit codes: 0 everything measured and equal, 1 ours failed or differs somewhere, or the run could not go on, 2 the command line is not
 * possible, 130 interrupted after printing what there was.
 */
import { writeFileSync } from "node:fs";
import { AppError } from "@/lib/appError";
import { openBench } from "./bench/driver";
import { type BenchFlags, parseBenchFlags, USAGE } from "./bench/flags";
import { formatHead, formatTable } from "./bench/report";
import { runBench } from "./bench/run";
import { torchMs, torchVersion } from "./bench/torch";

/** One line that overwrites itself on a terminal; elsewhere a line a case. */
function statusLine(): { show: (text: string) => void; clear: () => void } {
  const { stderr } = process;
  let last = "";
  return {
    show(text) {
      if (stderr.isTTY) return void stderr.write(`\r\u001b[2K${text.slice(0, Math.max(20, (stderr.columns ?? 80) - 1))}`);
      const head = text.split(":", 1)[0] ?? text;
      if (head !== last) stderr.write(`${head}\n`);
      last = head;
    },
    clear: () => void (stderr.isTTY && stderr.write("\r\u001b[2K")),
  };
}

async function bench(flags: BenchFlags): Promise<number> {
  // Found out now, not after the run.
  if (flags.json !== undefined) writeFileSync(flags.json, "");
  const interrupt = new AbortController();
  const onSignal = (): void => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  const status = statusLine();
  status.show("building the page");
  const version = flags.backend === "wasm" ? await torchVersion() : null;
  const driver = await openBench(flags.backend, (sentence) => process.stderr.write(`${sentence}\n`));
  try {
    const report = await runBench(driver, {
      flags,
      torch: version === null ? null : { version, ms: torchMs },
      signal: interrupt.signal,
      now: () => new Date(),
      status: status.show,
    });
    status.clear();
    process.stdout.write(`${formatHead(report)}\n\n${formatTable(report)}\n`);
    if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    if (interrupt.signal.aborted) return 130;
    return report.cases.every(({ passed }) => passed) ? 0 : 1;
  } finally {
    status.clear();
    await driver.close();
  }
}

async function main(): Promise<number> {
  const flags = parseBenchFlags(process.argv.slice(2));
  if (!flags.ok) {
    process.stderr.write(`${flags.problem.message}\n`);
    return 2;
  }
  if (flags.value === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    return await bench(flags.value);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof AppError && error.hint !== undefined ? ` ${error.hint}` : "";
    process.stderr.write(`${`${message}${hint}`.replaceAll(/\s*\n\s*/g, " ").trim()}\n`);
    return error instanceof AppError && error.code === "config.invalid" ? 2 : 1;
  }
}

// A browser or server handle that lingers must not keep a finished command alive.
process.exit(await main());
