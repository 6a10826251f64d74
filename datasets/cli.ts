/** `npm run data`: exit code 0 done, 1 failed with one sentence, 2 not understood with one line. */
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";
import { parseDataArgs, USAGE, type DataCommand } from "./args";
import { cifar10, DataFailure, embedded, verify, type DataEnv } from "./commands";
import { progressLine } from "./progress";

type Work = Extract<DataCommand, { readonly out: string | null }>;

function perform(command: Work, env: DataEnv): Promise<string> {
  switch (command.kind) {
    case "embedded":
      return embedded(env);
    case "cifar10":
      return cifar10(command.from, env);
    case "verify":
      return verify(env);
    default:
      return command satisfies never;
  }
}

async function main(words: readonly string[]): Promise<number> {
  const command = parseDataArgs(words);
  if (command.kind === "help") {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (command.kind === "wrong") {
    process.stderr.write(`${command.message}\n`);
    return 2;
  }
  const progress = progressLine(process.stdout, () => performance.now());
  const stopping = new AbortController();
  process.once("SIGINT", () => stopping.abort());
  const root = command.out === null ? fileURLToPath(new URL(".", import.meta.url)) : resolve(command.out);
  try {
    progress.done(await perform(command, { root, progress, fetchFn: fetch, signal: stopping.signal }));
    return 0;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    progress.done(`${cause instanceof DataFailure ? "" : "Failed: "}${message}`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
