/**
 * Timed forward passes on a machine. They have activations of their own, shared by all stopwatches and freed with the last: measuring beside a
 * run neither moves its memory nor voids its programs.
 */
import type { Machine, Program } from "@/kernels/isa/machine";
import { AppError } from "@/lib/appError";
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import type { Batch, Stopwatch } from "../executor";
import { isIdentity } from "../identity";
import { idleStopwatch, inputFloats, passesOf } from "../stopwatch";
import { normMode } from "./bankStats";
import { BatchWriter } from "./batchWriter";
import { ActivationArena, Frame } from "./frame";
import type { PlanStore } from "./store";

export class Stopwatches {
  private readonly machine: Machine;
  private activations: ActivationArena | null = null;
  private open = 0;
  private noise = new Float32Array(0);

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** See the executor's; `graph` is what its output needs alone. `onDispose` is told once. */
  async start(store: PlanStore, graph: Graph, size: number, kind: Stopwatch["timer"], onDispose: (gone: Stopwatch) => void): Promise<Stopwatch | null> {
    const { machine } = this;
    const timer = kind === "timestamp" ? machine.createTimer() : null;
    if (kind === "timestamp" && timer === null) return null;
    if (isIdentity(graph)) {
      timer?.dispose();
      return idleStopwatch(kind);
    }
    const activations = (this.activations ??= new ActivationArena(machine));
    this.open++;
    const frame = new Frame(machine, store.layout, activations, { batch: size, norms: normMode(store, "running"), train: false, loss: null, part: "all", hoist: true });
    const writer = new BatchWriter(machine);
    const batch: Batch = { images: this.images(size * inputFloats(graph)), labels: new Uint8Array(size), size };
    let live = true;
    const stopwatch: Stopwatch = {
      timer: kind,
      run: async (times) => {
        if (!live) throw new AppError("bug", "this stopwatch was disposed");
        // Another stopwatch may have moved the activations meanwhile: then the programs are made again here, before the time begins.
        const { setup, forward } = frame.path(graph, store, store.version);
        const queue = passesOf(times).flatMap((): readonly Program[] => forward);
        writer.write(frame, activations.memory, graph, batch, null);
        machine.run(setup);
        await machine.idle();
        if (timer) return timer.time(queue);
        const { at } = frame.output(graph);
        const from = performance.now();
        machine.run(queue);
        await machine.read(activations.memory, at, 1);
        return 1000 * (performance.now() - from);
      },
      dispose: () => {
        if (!live) return;
        live = false;
        frame.dispose();
        timer?.dispose();
        if (--this.open === 0) this.free();
        onDispose(stopwatch);
      },
    };
    try {
      const { setup, forward } = frame.path(graph, store, store.version);
      await machine.prepare([...setup, ...forward]);
    } catch (cause) {
      stopwatch.dispose();
      throw cause;
    }
    return stopwatch;
  }

  /** At least so many numbers to compute with; their values are of no matter, as long as they are ordinary. */
  private images(length: number): Float32Array {
    if (this.noise.length < length) {
      const rng = rootKey(1).stream();
      this.noise = Float32Array.from({ length }, () => rng.normal());
    }
    return this.noise;
  }

  private free(): void {
    this.activations?.dispose();
    this.activations = null;
    this.noise = new Float32Array(0);
  }
}
