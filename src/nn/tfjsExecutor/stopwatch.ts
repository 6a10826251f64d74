/** Timed forward passes on tfjs: by the wall clock on any backend, by timestamps where its WebGPU device has them. */
import { backend, keep, reshape, slice, tensor, tidy, time, type Tensor } from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AppError } from "@/lib/appError";
import { rootKey } from "@/lib/rng";
import type { Executor, Stopwatch } from "../executor";
import { passesOf } from "../stopwatch";
import { runPlan, type Plan, type PlanContext } from "./plan";

/** Whether tfjs can ask the device for its time. Elsewhere `tf.time` does not fail, it answers nought. */
export function hasTimestamps({ backend: name }: Pick<Executor, "backend">): boolean {
  return name === "tfjs-webgpu" && (backend() as WebGPUBackend).device.features.has("timestamp-query");
}

/** A number of the map, read when the map is there; frees the map. */
async function settle(map: Tensor): Promise<void> {
  const one = tidy(() => slice(reshape(map, [map.size]), [0], [1]));
  map.dispose();
  await one.data();
  one.dispose();
}

export interface TfjsStopwatchOptions {
  readonly plan: Plan;
  readonly context: PlanContext;
  readonly size: number;
  readonly timer: Stopwatch["timer"];
  /** Resolves when the device has nothing to do. */
  readonly idle: () => Promise<void>;
  readonly onDispose: (gone: Stopwatch) => void;
}

/** Runs one pass, so that every kernel is compiled. The caller has checked that the timer is there. */
export async function startStopwatch({ plan, context, size, timer, idle, onDispose }: TfjsStopwatchOptions): Promise<Stopwatch> {
  const rng = rootKey(1).stream();
  const [h = 0, w = 0, c = 0] = plan.inputShape;
  const images = keep(tensor(Float32Array.from({ length: size * h * w * c }, () => rng.normal()), [size, h, w, c], "float32"));
  const forward = (): Tensor => tidy(() => runPlan(plan, images, context, true));
  const byTheWall = async (times: number): Promise<number> => {
    const from = performance.now();
    let last = forward();
    for (let i = 1; i < times; i++) {
      last.dispose();
      last = forward();
    }
    await settle(last);
    return 1000 * (performance.now() - from);
  };
  const byTimestamps = async (times: number): Promise<number> => {
    const { kernelMs } = await time(() => {
      for (let i = 0; i < times; i++) forward().dispose();
    });
    return typeof kernelMs === "number" ? 1000 * kernelMs : 0;
  };
  let live = true;
  const stopwatch: Stopwatch = {
    timer,
    run: async (times) => {
      if (!live) throw new AppError("bug", "this stopwatch was disposed");
      const { length } = passesOf(times);
      await idle();
      return timer === "wall" ? byTheWall(length) : byTimestamps(length);
    },
    dispose: () => {
      if (!live) return;
      live = false;
      images.dispose();
      onDispose(stopwatch);
    },
  };
  await settle(forward());
  return stopwatch;
}
