/** How parameters start, the same in every executor. */
import type { RngKey } from "@/lib/rng";
import type { ParamSpec } from "@/nas/graph";

/** Initial values of one parameter: they depend on the key and its own name only. */
export function initialValues(spec: ParamSpec, key: RngKey): Float32Array {
  const values = new Float32Array(spec.shape.reduce((a, n) => a * n, 1));
  if (spec.init.kind === "constant") return values.fill(spec.init.value);
  const rng = key.fold(spec.name).stream();
  const { std } = spec.init;
  return values.map(() => std * rng.normal());
}
