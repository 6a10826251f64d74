/** WGSL of the hyper block's words. */
import { hyperAt, type HyperField } from "../../isa/isa";

const lanes = ["x", "y", "z", "w"] as const;

/** A word of the block at J.hyper, in a pass that has S as vec4f. */
export const hyper = (field: HyperField): string => `S[J.hyper + ${hyperAt[field] >> 2}].${lanes[hyperAt[field] & 3] ?? "x"}`;

/** The same where S is f32. */
export const hyper1 = (field: HyperField): string => `S[J.hyper + ${hyperAt[field]}]`;
