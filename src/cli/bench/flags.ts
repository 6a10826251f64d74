/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";
import { ok, refuse, type Result } from "@/lib/result";
import { BENCH_BACKENDS, type BenchBackend } from "./types";

export interface BenchFlags {
  readonly backend: BenchBackend;
  /** Beginning of the cases' names; undefined: all. */
  readonly only: string | undefined;
  readonly quick: boolean;
  readonly json: string | undefined;
}

export const USAGE = `npm run bench -- [flags]

  --backend NAME   webgpu (default; on the software adapter where there is no other) or wasm
  --only NAME      the cases whose names begin so
  --quick          fewer repetitions
  --json FILE      write the results
`;

const ALLOWED = "Allowed: --backend webgpu|wasm, --only NAME, --quick, --json FILE.";

/** Parse the arguments; refuses anything unknown with one line that says what is allowed. */
export function parseBenchFlags(args: readonly string[]): Result<BenchFlags | "help"> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  let values;
  try {
    values = parseArgs({ args: [...args], options: { backend: text, only: text, quick: flag, json: text, help: flag }, strict: true }).values;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/\.\s|\n/, 1)[0] ?? "") : String(error);
    return refuse("config.invalid", `${reason}. ${ALLOWED}`);
  }
  if (values.help === true) return ok("help");
  const backend = BENCH_BACKENDS.find((name) => name === (values.backend ?? "webgpu"));
  if (backend === undefined) return refuse("config.invalid", `--backend "${values.backend ?? ""}" is not known. ${ALLOWED}`);
  return ok({ backend, only: values.only, quick: values.quick ?? false, json: values.json });
}
