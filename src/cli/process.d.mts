/** Types of process.mjs, for the commands written in TypeScript. */

export interface RunOptions {
  /** Stop after this many milliseconds without output. */
  readonly idleMs?: number;
  /** Stop after this many milliseconds altogether. */
  readonly limitMs?: number;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: boolean;
  /** Keep the output to ourselves. */
  readonly quiet?: boolean;
}

export interface RunOutcome {
  /** Exit status; 124 when a bound ended it, 127 when it could not be started. */
  readonly code: number;
  readonly stopped: "idle" | "limit" | null;
  /** The last 20,000 characters of both streams. */
  readonly output: string;
}

export const ROOT: string;
export function run(command: string, args: readonly string[], options?: RunOptions): Promise<RunOutcome>;
export function runNode(args: readonly string[], options?: RunOptions): Promise<RunOutcome>;
export function runNpm(args: readonly string[], options?: RunOptions): Promise<RunOutcome>;
export function tool(name: string, file: string): string;
export function isMain(url: string): boolean;
export function die(sentence: string, code?: number): never;
