/** Graphs of recently used paths: building one is cheap, compiling it in an executor is not. */
import type { Graph } from "@/nas/graph";
import type { Choices } from "@/nas/mutable";
import type { Space } from "@/nas/space/types";

const capacity = 256;

export class GraphCache {
  private readonly space: Space;
  private readonly graphs = new Map<string, Graph>();

  constructor(space: Space) {
    this.space = space;
  }

  /** The graph of a member; the same object while it stays in the cache (least recently used leave first). */
  of(choices: Choices): Graph {
    const key = this.space.encode(choices);
    const known = this.graphs.get(key);
    const graph = known ?? this.space.graph(choices);
    if (known) this.graphs.delete(key);
    else if (this.graphs.size >= capacity) this.graphs.delete(this.graphs.keys().next().value as string);
    this.graphs.set(key, graph);
    return graph;
  }
}
