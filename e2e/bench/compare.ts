/** Whether two peers computed the same. */
import type { Compared } from "../../src/cli/bench/types";
import type { Results } from "./peer";

const length = (values: Float32Array): number => Math.sqrt(values.reduce((a, v) => a + v * v, 0));

const largest = (values: Float32Array): number => values.reduce((a, v) => Math.max(a, Math.abs(v)), 0);

/** |a − b| relative to |a|, by a norm of vectors; Infinity where a number is not finite. */
function distance(a: Float32Array, b: Float32Array, norm: (values: Float32Array) => number, least: number): number {
  const found = norm(a.map((value, i) => value - (b[i] ?? NaN))) / Math.max(norm(a), least);
  return Number.isFinite(found) ? found : Infinity;
}

/**
 * The worst tensor. Single tensors of blocks and statistics: the largest difference relative to the maximum. Gradients of networks (those with a loss): the
 * Euclidean distance relative to the length, since rounding sends single pixels through the other branch of a ReLU; one whose length is below a thousandth
 * of the longest is measured against that thousandth: behind a norm many gradients are zero but for rounding. Missing: Infinity.
 */
export function compareResults(a: Results, b: Results): Compared {
  const names = [...a.keys()];
  const isNetwork = a.has("loss");
  const isGradient = (name: string): boolean => isNetwork && name.startsWith("d ");
  const floor = 1e-3 * Math.max(0, ...names.filter(isGradient).map((name) => length(a.get(name) ?? new Float32Array(0))));
  let found: Compared = { worst: 0, tensor: "" };
  for (const name of names) {
    const [x, y] = [a.get(name), b.get(name)];
    if (x === undefined || y === undefined || x.length !== y.length) return { worst: Infinity, tensor: `${name} (missing)` };
    // A tie decided the other way is not a difference.
    // Behind norms a mean is zero in theory: its deviation says how large it could be.
    const deviation = name.endsWith(".mean") ? Math.sqrt(largest(a.get(name.replace(/mean$/, "var")) ?? new Float32Array(0))) : 0;
    const least = name === "correct" ? 1000 : Math.max(1e-30, deviation);
    const worst = isGradient(name) ? distance(x, y, length, Math.max(floor, 1e-30)) : distance(x, y, largest, least);
    if (worst > found.worst) found = { worst, tensor: name };
  }
  return found;
}
