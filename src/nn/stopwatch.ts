/** What the stopwatches of all executors have in common. */
import { AppError } from "@/lib/appError";
import type { Graph } from "@/nas/graph";
import type { Stopwatch } from "./executor";

/** As many places as passes. Throws `bug` unless there is at least one. */
export function passesOf(times: number): readonly null[] {
  if (!Number.isInteger(times) || times < 1) throw new AppError("bug", `a stopwatch was run ${times} times`);
  return Array.from({ length: times }, () => null);
}

/** Numbers of one example. */
export function inputFloats(graph: Graph): number {
  const shape = graph.nodes.find((node) => node.attrs.op === "input")?.shape ?? [];
  return shape.reduce((a, n) => a * n, 1);
}

/** Of a graph that computes nothing: it takes no time. */
export function idleStopwatch(timer: Stopwatch["timer"]): Stopwatch {
  return {
    timer,
    run: (times) => Promise.resolve(0 * passesOf(times).length),
    dispose: () => undefined,
  };
}
