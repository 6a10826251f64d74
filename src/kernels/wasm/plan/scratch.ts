/** Scratch of the norms, mixes, pools, losses and optimizers; the C files beside it rely on exactly these sizes. */
import type { Call, Instruction } from "../../isa/isa";

type Args = Readonly<Record<string, number>>;

/** CHUNK_ROWS of strips.h, LOSS_ROWS of loss.c, NORM_FLOATS of update.c. */
const CHUNK_ROWS = 128;
const LOSS_ROWS = 16;
const NORM_FLOATS = 4096;

const chunks = (M: number): number => Math.ceil(M / CHUNK_ROWS);

const sizes: Partial<Record<Instruction, (a: Args) => number>> = {
  normStats: ({ M = 0, C = 0 }) => chunks(M) * 2 * C,
  /** The parts and two coefficients. */
  normGrad: ({ M = 0, C = 0 }) => (chunks(M) + 1) * 2 * C,
  /** Four coefficients and the parts. */
  mixGrad: ({ M = 0, C = 0, slots = 0 }) => 4 * slots * C + chunks(M) * (slots + 1) * C,
  scaleGradScale: ({ M = 0, C = 0, sb = 0 }) => (sb === 0 ? chunks(M) * C : 0),
  softmaxLoss: ({ B = 0 }) => 2 * Math.ceil(B / LOSS_ROWS),
  gradNorm: ({ n = 0 }) => Math.ceil(n / NORM_FLOATS),
};

/** Floats of `tmp` that the call needs. */
export function scratchOf(call: Call): number {
  return sizes[call.op]?.(call.args as Args) ?? 0;
}
