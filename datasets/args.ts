/** The command line of `npm run data`: what may be said, parsed without touching anything. */

export type DataCommand =
  | { readonly kind: "embedded"; readonly out: string | null }
  | { readonly kind: "cifar10"; readonly out: string | null; readonly from: readonly string[] }
  | { readonly kind: "verify"; readonly out: string | null }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

export const USAGE = "npm run data -- embedded | cifar10 [--from PATH|URL]... | verify  [--out FOLDER]";

const COMMANDS = ["embedded", "cifar10", "verify"] as const;

function isCommand(word: string | undefined): word is (typeof COMMANDS)[number] {
  return COMMANDS.some((command) => command === word);
}

/** Parse the words after `npm run data --`. Anything not allowed gives `wrong` with one line that says what is. */
export function parseDataArgs(words: readonly string[]): DataCommand {
  const wrong = (what: string): DataCommand => ({ kind: "wrong", message: `${what} – allowed: ${USAGE}` });
  const [command, ...rest] = words;
  if (command === "--help" || command === "-h") return { kind: "help" };
  if (!isCommand(command)) return wrong(command === undefined ? "No command given" : `Unknown command “${command}”`);
  const from: string[] = [];
  let out: string | null = null;
  for (let i = 0; i < rest.length; i++) {
    const [flag, inline] = splitFlag(rest[i] as string);
    if (flag !== "--out" && !(flag === "--from" && command === "cifar10"))
      return wrong(`Unknown argument “${rest[i]}” of ${command}`);
    const value = inline ?? rest[++i];
    if (value === undefined || value === "") return wrong(`${flag} needs a value`);
    if (flag === "--out") out = value;
    else from.push(value);
  }
  return command === "cifar10" ? { kind: command, out, from } : { kind: command, out };
}

/** `--from=x` → ["--from", "x"], `--from` → ["--from", null]. */
function splitFlag(word: string): [string, string | null] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word, null] : [word.slice(0, at), word.slice(at + 1)];
}
