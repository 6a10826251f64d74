/** GPU time of a run: timestamps at both ends of its compute passes, added up without the gaps in which the device waited for the host. */
import type { MachineTimer, Program } from "../../isa/machine";
import { type Buffers, deviceLost } from "./buffers";

/** Compute passes of one timed run; a run of more dispatches has longer passes. */
const PASSES = 128;
const BYTES = 2 * PASSES * BigUint64Array.BYTES_PER_ELEMENT;

/** How a run is cut into passes when it is timed. */
export interface TimedPasses {
  /** Dispatches of one pass. */
  readonly dispatches: number;
  /** Descriptor of the next pass. */
  next(): GPUComputePassDescriptor | undefined;
}

/** Nanoseconds covered by [begin, end] pairs that begin in order; neighbours may overlap. */
export function covered(stamps: BigUint64Array, pairs: number): number {
  let [total, until] = [0n, 0n];
  for (let i = 0; i < pairs; i++) {
    const [begin = 0n, end = 0n] = [stamps[2 * i], stamps[2 * i + 1]];
    const from = begin > until ? begin : until;
    if (end > from) total += end - from;
    if (end > until) until = end;
  }
  return Number(total);
}

/** A timer of the device; null without the feature `timestamp-query`. `run` is the machine's, `submit` the dispatches that it puts into a pass. */
export function createTimer(device: GPUDevice, buffers: Buffers, submit: number, run: (programs: readonly Program[], timed: TimedPasses) => void): MachineTimer | null {
  if (!device.features.has("timestamp-query")) return null;
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 * PASSES });
  const resolved = buffers.create("timestamps", BYTES, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
  const staging = buffers.create("timestamps", BYTES, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  const descriptors = Array.from({ length: PASSES }, (_, i): GPUComputePassDescriptor => ({
    timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
  }));
  return {
    async time(programs) {
      const dispatches = programs.reduce((sum, program) => sum + program.dispatches, 0);
      let used = 0;
      run(programs, { dispatches: Math.max(submit, Math.ceil(dispatches / PASSES)), next: () => descriptors[used++] });
      if (used === 0) return 0;
      const encoder = device.createCommandEncoder();
      encoder.resolveQuerySet(querySet, 0, 2 * used, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, BYTES);
      device.queue.submit([encoder.finish()]);
      try {
        await staging.mapAsync(GPUMapMode.READ);
      } catch (cause) {
        throw deviceLost(cause);
      }
      const nanoseconds = covered(new BigUint64Array(staging.getMappedRange()), used);
      staging.unmap();
      return nanoseconds / 1000;
    },
    dispose() {
      querySet.destroy();
      buffers.destroy(resolved);
      buffers.destroy(staging);
    },
  };
}
