/** The two halves of a network's parameters, which different optimizers move: those that weigh candidates, and those that compute. */
import type { ParamRole } from "@/nas/graph";
import type { Part } from "./executor";

/** A part without the other in it. */
export type OnePart = Exclude<Part, "all">;

const both = ["weights", "architecture"] as const satisfies readonly OnePart[];
const alone = { weights: ["weights"], architecture: ["architecture"] } as const satisfies Readonly<Record<OnePart, readonly OnePart[]>>;

/** The part that parameters of a role belong to. */
export function partOf(role: ParamRole): OnePart {
  return role === "architecture" ? "architecture" : "weights";
}

/** What a part consists of. */
export function onePartsOf(part: Part): readonly OnePart[] {
  return part === "all" ? both : alone[part];
}

/** Whether parameters of a role belong to a part. */
export function covers(part: Part, role: ParamRole): boolean {
  return part === "all" || part === partOf(role);
}
