/** An executor that only has stopwatches, whose times a test makes up: quantised timers, noisy clocks, readings of nought. */
import { AppError } from "@/lib/appError";
import type { Graph } from "@/nas/graph";
import type { Executor, ParamStore, Stopwatch } from "../executor";

export interface FakeTimes {
  /** µs that so many passes of a graph take by the wall clock; `call` counts the runs of all graphs. */
  wall(key: string, passes: number, call: number): number;
  /** The same by timestamps; absent: the device has none. */
  timestamp?(key: string, passes: number, call: number): number;
}

export interface FakeMeasuring {
  readonly executor: Executor;
  /** Milliseconds that all runs have taken so far, as the clock shows them. */
  now(): number;
  /** Every run: graph, passes, timer. */
  readonly runs: { readonly key: string; readonly passes: number; readonly timer: Stopwatch["timer"] }[];
  /** Stores and stopwatches that are not disposed. */
  open(): number;
}

/** A graph by its name alone. */
export function namedGraph(name: string): Graph {
  return { name, params: [], norms: [], nodes: [] } as unknown as Graph;
}

/** `stepUs`: by how much the clock moves at once. */
export function fakeMeasuring(times: FakeTimes, stepUs = 0.05): FakeMeasuring {
  const runs: FakeMeasuring["runs"] = [];
  let open = 0;
  let looks = 0;
  const keep = <T extends object>(thing: T): T & { dispose(): void } => {
    let live = true;
    open++;
    return {
      ...thing,
      dispose: () => {
        if (!live) throw new AppError("bug", "disposed twice");
        live = false;
        open--;
      },
    };
  };
  const stopwatch = (graph: Graph, timer: Stopwatch["timer"]): Stopwatch | null => {
    const { name } = graph as unknown as { readonly name: string };
    const timeOf = timer === "wall" ? times.wall : times.timestamp;
    if (!timeOf) return null;
    return keep({
      timer,
      run: (passes: number) => {
        runs.push({ key: name, passes, timer });
        return Promise.resolve(timeOf(name, passes, runs.length));
      },
    });
  };
  const executor = {
    createStore: () => keep({}) as unknown as ParamStore,
    stopwatch: (_: ParamStore, graph: Graph, __: number, timer: Stopwatch["timer"]) => Promise.resolve(stopwatch(graph, timer)),
  } as unknown as Executor;
  // Ten looks at the clock a step, as a loop that does nothing else would see it.
  return { executor, runs, open: () => open, now: () => (Math.floor(looks++ / 10) * stepUs) / 1000 };
}
