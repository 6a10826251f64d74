/** Only for tests: runs handlers on one executor and changes single values of reference files. */
import { chooseDevice } from "@/engine/device";
import type { Executor } from "@/nn/executor";
import type { CaseResult, Handler, ParityBackend } from "../types";

/** JSON that may be changed. */
export type Json = Record<string, unknown>;

export interface Bench {
  /** The cases of a file. */
  run(handler: Handler, file: unknown): Promise<readonly CaseResult[]>;
  dispose(): void;
}

export async function openBench(backend: ParityBackend, sibling: unknown = null): Promise<Bench> {
  const { executor } = await chooseDevice(backend, { gpu: null, threads: 2, onFatal: () => undefined });
  const shared = (): Promise<Executor> => Promise.resolve(executor);
  return {
    run: (handler, file) => handler(file, { backend, executor: shared, sibling: () => (sibling === null ? Promise.reject(new Error("no such file")) : Promise.resolve(sibling)) }),
    dispose: () => executor.dispose(),
  };
}

/** A copy of a file in which the value at a path is replaced; a number by what `change` makes of it. Throws when the path leads nowhere. */
export function changed(file: unknown, path: string, change: unknown): Json {
  const copy = structuredClone(file) as Json;
  const keys = path.split("/");
  const last = keys.pop() as string;
  const holder = keys.reduce<Json>((at, key) => at[key] as Json, copy);
  if (!Object.hasOwn(holder, last)) throw new Error(`There is nothing at ${path}.`);
  holder[last] = typeof change === "function" ? (change as (value: unknown) => unknown)(holder[last]) : change;
  return copy;
}

/** A copy of a file that keeps some of the cases in one of its lists. */
export function keeping(file: unknown, list: string, keep: (item: Json) => boolean): Json {
  return changed(file, list, (items: unknown) => (items as Json[]).filter(keep));
}

export const more = (by: number) => (value: unknown): number => (value as number) + by; // prettier-ignore
