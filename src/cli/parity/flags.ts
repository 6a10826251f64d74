/** The command line of `npm run parity`. */
import { parseArgs } from "node:util";
import { ok, refuse, type Result } from "@/lib/result";
import { BACKENDS, type ParityBackend } from "./types";

export interface ParityFlags {
  readonly golden: string | undefined;
  readonly backend: ParityBackend;
  readonly only: string | undefined;
  readonly json: string | undefined;
}

const ALLOWED = "Allowed: --golden DIR, --backend cpu|wasm|webgpu, --only NAME, --json FILE.";

/** Parse the arguments; refuses anything unknown with one line that says what is allowed. */
export function parseParityFlags(args: readonly string[]): Result<ParityFlags> {
  const option = { type: "string" } as const;
  let values;
  try {
    values = parseArgs({ args: [...args], options: { golden: option, backend: option, only: option, json: option }, strict: true }).values;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/[.\n]/, 1)[0] ?? "") : String(error);
    return refuse("config.invalid", `${reason}. ${ALLOWED}`);
  }
  const backend = BACKENDS.find((name) => name === (values.backend ?? "cpu"));
  if (backend === undefined) return refuse("config.invalid", `--backend "${values.backend ?? ""}" is not known. ${ALLOWED}`);
  return ok({ golden: values.golden, backend, only: values.only, json: values.json });
}
