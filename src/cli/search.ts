/**
 * `npm run search`: the main job without a window. Drives the built app's own worker in headless Chromium through
 * `window.nasPlayground`; there is no second engine. Exit codes: 0 complete, 1 the run could not go on, 2 the command
 * line or a value is not possible, 130 interrupted after writing what there was.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { AppError } from "@/lib/appError";
import { buildIfStale } from "./build.mjs";
import { ROOT } from "./process.mjs";
import { type Driver, openDriver } from "./search/driver";
import { parseSearchFlags, type SearchFlags, USAGE } from "./search/flags";
import { Progress } from "./search/progress";
import { otherFiles, checkResult, summarise } from "./search/result";
import { openRunLog } from "./search/runLog";
import { runSearch } from "./search/runSearch";
import { serve } from "./serve.mjs";

/** A sentence when the data set is not there, else null. */
function dataProblem(id: string): string | null {
  const folder = path.join(ROOT, "datasets");
  if (existsSync(path.join(folder, id, "manifest.json"))) return null;
  if (id === "cifar10") return "CIFAR-10 is not here yet. Bring it with: npm run data -- cifar10 --from PATH|URL";
  if (id === "emoji10") return "The embedded data set is not here yet. Make it with: npm run data -- embedded";
  const there = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "manifest.json"))) : [];
  return `There is no data set "${id}". There is: ${there.join(", ") || "none"}.`;
}

const temporaryName = (file: string): string => `${file}.${process.pid}.tmp`;

/** Find out now, not after the run, that the file cannot be written. */
function prepareOutput(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) throw new AppError("config.invalid", `--out needs a file; ${file} is a folder.`);
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(temporaryName(file), "");
    rmSync(temporaryName(file));
  } catch (error) {
    throw new AppError("storage.quota", `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Written beside and renamed, so that a reader never sees half a file. */
function writeWhole(file: string, text: string): void {
  writeFileSync(temporaryName(file), text);
  renameSync(temporaryName(file), file);
}

/** What else a run has to give, beside the result: a cell in other tools’ formats, the latency table; returns the files written. What a format cannot express is said and left out. */
async function writeOtherFiles(driver: Driver, value: Readonly<Record<string, unknown>>, out: string, say: (sentence: string) => void): Promise<string[]> {
  const written: string[] = [];
  for (const { format, file } of otherFiles(value, out)) {
    try {
      writeWhole(file, await driver.exportAs(format));
      written.push(file);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }
  return written;
}

async function search(flags: SearchFlags): Promise<number> {
  const missing = dataProblem(flags.dataset);
  if (missing !== null) throw new AppError("data.missing", missing);
  prepareOutput(flags.out);
  const interrupt = new AbortController();
  const onSignal = (): void => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);

  const progress = new Progress(process.stdout, flags.quiet);
  await buildIfStale({ quiet: flags.quiet });
  const server = await serve();
  const log = flags.log === undefined ? null : openRunLog(flags.log, () => new Date());
  try {
    const driver = await openDriver(server.url, flags, (sentence) => progress.say(sentence));
    try {
      const outcome = await runSearch(driver, flags.raw, { progress, log, signal: interrupt.signal });
      if (outcome.text === null) {
        progress.end("Interrupted before the run had anything to write.");
        return 130;
      }
      const result = checkResult(outcome.text, outcome.interrupted);
      writeWhole(flags.out, result.text);
      const others = await writeOtherFiles(driver, result.value, flags.out, (sentence) => progress.say(sentence));
      progress.end(`${summarise(result.value)}\nWrote ${[flags.out, ...others].join(", ")}${result.isComplete ? "" : " (incomplete)"}`);
      if (outcome.interrupted) return 130;
      if (!result.isComplete) throw new AppError("bug", "The run ended before its last phase; what there was is written.");
      return 0;
    } finally {
      await driver.close();
    }
  } finally {
    progress.clear();
    log?.close();
    await server.close();
  }
}

async function main(): Promise<number> {
  const flags = parseSearchFlags(process.argv.slice(2));
  if (!flags.ok) {
    process.stderr.write(`${flags.problem.message}\n`);
    return 2;
  }
  if (flags.value === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    return await search(flags.value);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof AppError && error.hint !== undefined ? ` ${error.hint}` : "";
    process.stderr.write(`${`${message}${hint}`.replaceAll(/\s*\n\s*/g, " ").trim()}\n`);
    return error instanceof AppError && error.code === "config.invalid" ? 2 : 1;
  }
}

// A browser or server handle that lingers must not keep a finished command alive.
process.exit(await main());
