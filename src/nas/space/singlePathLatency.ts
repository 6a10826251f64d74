/** What a latency table of a single-path space holds (spec fbnet 1.6): every candidate by shape, each shape once, and the parts that all members have. */
import { costOf } from "../cost";
import type { Graph, Shape } from "../graph";
import { graphBuilder, type GraphBuilder } from "../graphBuilder";
import type { SinglePathDef, SlotDef } from "./singlePath";
import type { LatencyBlock, LatencySpace } from "./types";

type Add = (b: GraphBuilder) => number;

/** A part alone, its input a map of this shape; null when it adds nothing. */
function partOf(def: SinglePathDef, input: Shape, add: Add): Graph | null {
  const b = graphBuilder(input, def.init);
  const output = add(b);
  return output === b.input ? null : b.finish(output);
}

const blockOf = (key: string, graph: Graph): LatencyBlock => ({ key, macs: costOf(graph).macs, graph: () => graph });

function fixedOf(def: SinglePathDef): readonly LatencyBlock[] {
  const blocks: LatencyBlock[] = [];
  const add = (name: string, input: Shape, part: Add): Shape => {
    const graph = partOf(def, input, part);
    if (graph === null) return input;
    const output = graph.nodes[graph.output]?.shape ?? [];
    const [hin = 0, , cin = 0] = input;
    const strided = name === "stem" ? `_s${Math.round(hin / (output[0] ?? hin))}` : "";
    blocks.push(blockOf(`${name}${strided}_i${cin}_o${output.at(-1)}_h${hin}`, graph));
    return output;
  };
  add("stem", def.input, (b) => def.stem(b));
  const end = def.slots.at(-1);
  const last = add("last", [end?.hout ?? 0, end?.hout ?? 0, end?.cout ?? 0], (b) => def.last(b, b.input));
  add("head", last, (b) => def.head(b, b.input));
  return blocks;
}

/** Slots with the same candidate on the same shapes share one block; its nodes are named as if it stood in a slot `block`. */
function slotsOf(def: SinglePathDef): readonly (readonly (LatencyBlock | null)[])[] {
  const known = new Map<string, LatencyBlock | null>();
  const of = (slot: SlotDef, choice: string): LatencyBlock | null => {
    const { stride, cin, cout, hin } = slot;
    const key = `${def.latencyName?.(choice) ?? choice}_s${stride}_i${cin}_o${cout}_h${hin}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const graph = partOf(def, [hin, hin, cin], (b) => def.block(b, b.input, { ...slot, mutable: "block" }, choice));
    const block = graph === null ? null : blockOf(key, graph);
    known.set(key, block);
    return block;
  };
  return def.slots.map((slot) => slot.choices.map((choice) => of(slot, choice)));
}

/** The latency side of a definition; everything is built when it is first looked at. */
export function singlePathLatency(def: SinglePathDef): LatencySpace {
  let fixed: LatencySpace["fixed"] | null = null;
  let slots: LatencySpace["slots"] | null = null;
  return {
    get fixed() {
      return (fixed ??= fixedOf(def));
    },
    get slots() {
      return (slots ??= slotsOf(def));
    },
  };
}
