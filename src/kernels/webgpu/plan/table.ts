/** All kernels of the WebGPU machine by instruction. */
import type { Call, Instruction } from "../../isa/isa";
import { AppError } from "@/lib/appError";
import { convolutions } from "./conv";
import { depthwise } from "./depthwise";
import { grouped } from "./grouped";
import type { KernelDef, KernelTable, Pass, Tuning } from "./kernelDef";
import { norms } from "./norms";
import { products } from "./products";
import { elementwise } from "./elementwise";
import { activations } from "./activations";
import { multipliers } from "./multipliers";
import { patches } from "./patches";
import { pools } from "./pools";
import { mix } from "./mix";
import { loss } from "./loss";
import { update } from "./update";

const table: KernelTable = { ...products, ...convolutions, ...grouped, ...depthwise, ...norms, ...elementwise, ...activations, ...multipliers, ...patches, ...pools, ...mix, ...loss, ...update };

function kernelOf(op: Instruction): KernelDef {
  const found = table[op];
  if (found === undefined) throw new AppError("bug", `The WebGPU machine has no kernel for ${op}.`);
  // The table pairs every instruction with the definition for its own fields.
  return found as unknown as KernelDef;
}

/** The passes that execute a call. */
export const passesOf = (call: Call, tuning: Tuning): readonly Pass[] => kernelOf(call.op).passes(call.args, tuning);

/** Floats of `tmp` of a call. */
export const scratchOf = (call: Call, tuning: Tuning): number => {
  const floats = kernelOf(call.op).scratchFloats?.(call.args, tuning) ?? 0;
  return Math.ceil(floats / 4) * 4;
};
