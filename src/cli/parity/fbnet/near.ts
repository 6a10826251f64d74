/** What FBNet's reference files hold float32 to: a ten-thousandth of the largest value and a millionth beside it, tensor by tensor. */
import type { Comparison } from "../compare";

const RELATIVE = 1e-4;
const ABSOLUTE = 1e-6;

/** Compares a tensor with |Δ| ≤ 1e-4·max|want| + 1e-6. */
export function near(compare: Comparison, what: string, got: ArrayLike<number>, want: ArrayLike<number>): void {
  const most = Array.from(want).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (most < ABSOLUTE) compare.absolute(what, got, want, ABSOLUTE);
  else compare.tensor(what, got, want, RELATIVE + ABSOLUTE / most);
}
