/** What a differentiable search will want of memory, said before it starts (spec darts 9). */
import { AppError } from "@/lib/appError";
import { sizeOf } from "@/nas/graph";
import type { MixedSpace } from "@/nas/space/types";
import type { MethodEnv } from "../method";

const mega = (bytes: number): string => (bytes >= 1e9 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${Math.ceil(bytes / 2 ** 20)} MB`);

/** About 4 B × (3·A·B + n·P): A activation floats an image, B images, P parameters; n = 6 with an unrolled step, 3 without. */
export function wantedBytes({ config }: MethodEnv, mixed: MixedSpace): { readonly activations: number; readonly total: number } {
  const parameters = mixed.params.reduce((n, { shape }) => n + sizeOf(shape), 0);
  const activations = 4 * 3 * mixed.activationFloats * config["train.batch"];
  const copies = config.algorithm === "darts" && config["darts.order"] === 2 ? 6 : 3;
  return { activations, total: activations + 4 * copies * parameters };
}

function nameOf({ config }: MethodEnv): string {
  if (config.algorithm === "gdas") return "GDAS";
  return config["darts.order"] === 2 ? "Second-order DARTS" : "First-order DARTS";
}

export function memoryNote(env: MethodEnv, mixed: MixedSpace): string {
  const { config } = env;
  return `${nameOf(env)} at ${config.size} with batch ${config["train.batch"]} wants up to ${mega(wantedBytes(env, mixed).total)} of memory.`;
}

/**
 * Throws `gpu.oom` when not even one value of every activation fits into what the device gives in one piece: a plan reuses memory, but a
 * mixture's gradient needs each candidate once.
 */
export function refuseTooLarge(env: MethodEnv, mixed: MixedSpace): void {
  const { config, executor } = env;
  const limit = executor.maxBytes;
  const { activations, total } = wantedBytes(env, mixed);
  // GDAS runs one candidate an edge.
  if (limit === null || config.algorithm === "gdas" || activations / 3 <= limit) return;
  const batch = Math.max(1, 2 ** Math.floor(Math.log2((config["train.batch"] * limit * 3) / activations)));
  const order = config["darts.order"] === 2 ? ", or first order (fewer copies of the weights)" : "";
  throw new AppError("gpu.oom", `${nameOf(env)} at ${config.size} with batch ${config["train.batch"]} wants up to ${mega(total)} of memory, at least ${mega(activations / 3)} of it in one piece; this device gives ${mega(limit)}.`, {
    recoverable: true,
    hint: `Take train.batch ${batch}, or a smaller size${order}.`,
  });
}
