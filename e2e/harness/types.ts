/** What a module of the harness looks like, and how its worker answers. */

/** The `--arg key=value` pairs of the command. */
export type Args = Readonly<Record<string, string>>;

/** Writes one line to the terminal. */
export type Log = (line: string) => void;

/** A module that the harness can run: `export default async function (args, log) { … }`; what it returns must survive JSON. */
export interface HarnessModule {
  readonly default: (args: Args, log: Log) => unknown;
}

export type WorkerReply =
  | { readonly type: "log"; readonly line: string }
  | { readonly type: "result"; readonly value: unknown }
  | { readonly type: "error"; readonly message: string };
