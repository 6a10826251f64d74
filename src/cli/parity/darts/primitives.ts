/** The columns of α: ours are those of the paper in its order, and a file with others says so. */
import { dartsPrimitives } from "@/nas/cell/genotype";
import type { Fields } from "./fields";

/** Throws a sentence when a file has other ops, or the same in another order. */
export function checkPrimitives(golden: Fields): void {
  if (!golden.has("primitives")) return;
  const theirs = golden.list("primitives");
  if (theirs.join() !== dartsPrimitives.join()) throw new Error(`The ops of an edge are ${dartsPrimitives.join(", ")} here; the file has ${theirs.slice(0, 12).join(", ")}.`);
}
