/** What the network that is trained from scratch costs, at the size's width and depth or at others. Drop path and auxiliary head cost nothing. */
import { costOf, type Cost } from "../cost";
import type { Choices } from "../mutable";
import type { NetworkOptions, Space } from "./types";

/** Throws `config.invalid` for a member that cannot be built. */
export function networkCost(space: Space, choices: Choices, { width, cells }: NetworkOptions = {}): Cost {
  if (width === undefined && cells === undefined) return space.cost(choices);
  const size = { ...(width === undefined ? {} : { width }), ...(cells === undefined ? {} : { cells }) };
  return space.network ? costOf(space.network(choices, size)) : space.cost(choices);
}
