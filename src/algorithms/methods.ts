/** The method table: adding a method is one folder and one row here. */
import type { AlgorithmId } from "./configKeys";
import type { Method } from "./method";
import { spos } from "./spos/spos";

const methods: Readonly<Record<AlgorithmId, Method>> = { spos };

export function methodOf(id: AlgorithmId): Method {
  return methods[id];
}
