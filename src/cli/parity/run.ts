/** Finds the kinds below a folder and runs each through its handler; whatever goes wrong in one is a line of that one. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { ok, refuse, type Result } from "@/lib/result";
import { PENDING } from "./pending";
import { HANDLERS } from "./registry";
import { failedCase, type CaseResult, type ParityLine, pendingCase, reasonOf, type RunKind } from "./types";

export interface ParityOptions {
  /** Keep the kinds whose path begins with this. */
  readonly only: string | undefined;
  /** Runs the handler of a kind on the backend. */
  readonly run: RunKind;
}

/** What is known of kinds; tests pass their own. */
export interface KnownKinds {
  readonly handlers: Readonly<Record<string, unknown>>;
  /** Kind → the method that will bring it. */
  readonly pending: Readonly<Record<string, string>>;
}

const KNOWN: KnownKinds = { handlers: HANDLERS, pending: PENDING };

/** Every `.json` file below a folder as a path with `/`, sorted. */
export function findKinds(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith(".json"))
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .sort();
}

/** Files beside a kind, by bare name. */
function siblingsOf(directory: string, kind: string): (name: string) => Promise<unknown> {
  const folder = path.dirname(path.join(directory, kind));
  return (name) =>
    Promise.resolve().then((): unknown => {
      const file = path.join(folder, path.basename(name));
      if (statSync(file, { throwIfNoEntry: false }) === undefined) throw new Error(`This kind needs ${path.basename(name)} beside it, which is not there.`);
      return JSON.parse(readFileSync(file, "utf8"));
    });
}

async function runKind(directory: string, kind: string, run: RunKind, known: KnownKinds): Promise<readonly CaseResult[]> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path.join(directory, kind), "utf8"));
  } catch (error) {
    return [failedCase("(file)", `The file is not readable JSON: ${error instanceof Error ? error.message : String(error)}`)];
  }
  const method = Object.hasOwn(known.pending, kind) ? known.pending[kind] : undefined;
  if (method !== undefined) return [pendingCase("(all cases)", `waits for ${method}`)];
  if (!Object.hasOwn(known.handlers, kind)) return [failedCase("(file)", "This kind is not known; a kind is the file's path below the golden folder.")];
  try {
    const results = await run(kind, value, siblingsOf(directory, kind));
    return results.length > 0 ? results : [failedCase("(file)", "The file holds no cases.")];
  } catch (error) {
    return [failedCase("(file)", `The kind could not be run: ${reasonOf(error)}`)];
  }
}

/**
 * Run all kinds below `directory`; `onLine` is called for each case as it is done.
 * Refuses a folder that is not there, and a choice that leaves nothing to run.
 */
export async function runParity(
  directory: string,
  { only, run }: ParityOptions,
  onLine: (line: ParityLine) => void = () => undefined,
  known: KnownKinds = KNOWN,
): Promise<Result<readonly ParityLine[]>> {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) return refuse("data.missing", `There is no folder ${directory}.`);
  const kinds = findKinds(directory).filter((kind) => only === undefined || kind.startsWith(only));
  if (kinds.length === 0) {
    return refuse("data.missing", only === undefined ? `There are no .json files below ${directory}.` : `No kind below ${directory} begins with "${only}".`);
  }
  const lines: ParityLine[] = [];
  for (const kind of kinds) {
    for (const result of await runKind(directory, kind, run, known)) {
      const line = { kind, ...result };
      lines.push(line);
      onLine(line);
    }
  }
  return ok(lines);
}
