/** All instructions as plain TypeScript: the executable definition of the instruction set, and what the other machines are held against. */
import type { Call, Instruction } from "../isa";
import { elementwise } from "./elementwise";
import { loss } from "./loss";
import type { Args, Definitions, Memory } from "./maps";
import { mix } from "./mix";
import { norms } from "./norms";
import { patches } from "./patches";
import { pools } from "./pools";
import { products } from "./products";
import { update } from "./update";

export const definitions: Definitions<Instruction> = {
  ...products,
  ...norms,
  ...elementwise,
  ...pools,
  ...patches,
  ...mix,
  ...loss,
  ...update,
};

/** Execute one call. Float fields count as they are given; a machine rounds them to float32 first. */
export function execute({ op, args }: Call, memory: Memory): void {
  (definitions[op] as (f: Args<Instruction>, memory: Memory) => void)(args, memory);
}
