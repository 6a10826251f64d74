/** The command line of `npm run search`: flags to the one key list, refused before anything is started. */
import path from "node:path";
import { parseArgs } from "node:util";
import { parseConfig } from "@/algorithms/config";
import { algorithmIds, spaceIds } from "@/algorithms/configKeys";
import { ok, refuse, type Result } from "@/lib/result";

/** Flag → the key it sets. */
const KEY_OF_FLAG = {
  algorithm: "algorithm",
  space: "space",
  size: "size",
  seed: "seed",
  dataset: "dataset",
  backend: "backend",
  steps: "train.steps",
  generations: "evo.generations",
  "retrain-steps": "retrain.steps",
} as const;

type KeyFlag = keyof typeof KEY_OF_FLAG;

export const USAGE = `npm run search -- [flags]

  --algorithm NAME      ${algorithmIds.join(", ")} (default ${algorithmIds[0]})
  --space NAME          ${spaceIds.join(", ")} (default: the algorithm's own)
  --size NAME           nano, tiny, small, full (default nano)
  --seed N              default 7
  --dataset ID          emoji10 (default), cifar10
  --backend NAME        auto (default), webgpu, wasm, cpu, tfjs-webgpu, tfjs-wasm, tfjs-webgl, tfjs-cpu
  --steps N             steps of the supernet, or of the differentiable search
  --generations N       rounds of the search
  --retrain-steps N     steps of the winner's training from scratch
  --set KEY=VALUE ...   any key of the setup; may be repeated
  --out FILE            the architecture file to write (default result.json)
  --log FILE            one JSON line per phase, candidate and loss sample
  --quiet               say nothing but errors
`;

const ALLOWED = `Allowed: ${[...Object.keys(KEY_OF_FLAG), "set", "out", "log", "quiet", "help"].map((name) => `--${name}`).join(", ")}.`;

export interface SearchFlags {
  /** Keys as given, for the page to parse; `size` is always there. */
  readonly raw: Readonly<Record<string, string>>;
  readonly dataset: string;
  readonly backend: string;
  readonly out: string;
  readonly log: string | undefined;
  readonly quiet: boolean;
}

const OPTIONS = {
  ...(Object.fromEntries(Object.keys(KEY_OF_FLAG).map((name) => [name, { type: "string" }])) as Record<KeyFlag, { type: "string" }>),
  set: { type: "string", multiple: true },
  out: { type: "string" },
  log: { type: "string" },
  quiet: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const invalid = (message: string): Result<never> => refuse("config.invalid", message);
const firstLine = (text: string): string => text.split(/\.\s|\n/, 1)[0] ?? text;

/**
 * Parse and check the arguments. Values of `--set` win over flags of the same key, later ones over earlier ones.
 * Refuses, in one line, unknown flags and keys and impossible values.
 */
export function parseSearchFlags(args: readonly string[]): Result<SearchFlags | "help"> {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: true, tokens: true });
  } catch (error) {
    return invalid(`${firstLine(error instanceof Error ? error.message : String(error))}. ${ALLOWED}`);
  }
  const { values } = parsed;
  if (values.help === true) return ok("help");

  // `--set a=1 b=2`: words that follow a --set belong to it; any other bare word is a mistake.
  const pairs: string[] = [];
  let isAfterSet = false;
  for (const token of parsed.tokens) {
    if (token.kind === "option") {
      isAfterSet = token.name === "set";
      if (isAfterSet && token.value !== undefined) pairs.push(token.value);
    } else if (token.kind === "positional") {
      if (!isAfterSet) return invalid(`Unexpected argument "${token.value}". ${ALLOWED}`);
      pairs.push(token.value);
    }
  }

  const raw = new Map<string, string>([["size", "nano"]]);
  for (const flag of Object.keys(KEY_OF_FLAG) as KeyFlag[]) {
    const value = values[flag];
    if (value !== undefined) raw.set(KEY_OF_FLAG[flag], value);
  }
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at <= 0) return invalid(`--set takes key=value, not "${pair}".`);
    const key = pair.slice(0, at);
    raw.set(key === "alg" ? "algorithm" : key, pair.slice(at + 1));
  }

  // fromEntries defines own properties, so a key such as __proto__ stays a key and is refused as unknown.
  const config = Object.fromEntries(raw);
  const checked = parseConfig(config, "refuse");
  if (checked.problems.length > 0) return invalid(checked.problems.map((problem) => problem.message).join(" "));
  return ok({
    raw: config,
    dataset: checked.config.dataset,
    backend: checked.config.backend,
    out: path.resolve(values.out ?? "result.json"),
    log: values.log === undefined ? undefined : path.resolve(values.log),
    quiet: values.quiet ?? false,
  });
}
