/**
 * What all single-path op-choice spaces share (stem, slots of candidates, head): genes, the union of parameters, an additive
 * price table, exact extremes, and the network in which every slot is a mixture. A space itself states only its blocks, widths and what
 * counts as equivalent.
 */
import { alphaInit } from "../cell/networks";
import { addCost, costOf, zeroCost, type Cost } from "../cost";
import type { Graph, Shape } from "../graph";
import { graphBuilder, type GraphBuilder, type InitPolicy } from "../graphBuilder";
import type { Choices, OpMutable } from "../mutable";
import { fromGenes, makeMutator, toGenes } from "../mutator";
import { rowMixed } from "./rowMixed";
import { singlePathLatency } from "./singlePathLatency";
import type { Arch, Capability, MixedSpace, SizeId, SlotInfo, Space } from "./types";

export interface SlotDef extends SlotInfo {
  /** Names of the candidates; the gene is the index, at most ten. */
  readonly choices: readonly string[];
}

export interface SinglePathDef {
  readonly id: string;
  readonly name: string;
  readonly size: SizeId;
  readonly params: Readonly<Record<string, number>>;
  readonly capabilities: readonly Capability[];
  /** Shape of one image. */
  readonly input: Shape;
  readonly init: InitPolicy;
  readonly slots: readonly SlotDef[];
  /** Adds the part before the slots; returns its last node. */
  stem(b: GraphBuilder): number;
  /** Adds one candidate at one slot, all names under `<slot>.<choice>.`; returns its last node (`from` itself for a no-op). */
  block(b: GraphBuilder, from: number, slot: SlotDef, choice: string): number;
  /** Adds the last convolution, after the slots; returns its last node. */
  last(b: GraphBuilder, from: number): number;
  /** Adds pooling and classifier; returns the logits. */
  head(b: GraphBuilder, from: number): number;
  /** Name of a candidate in the keys of latency tables; its own when absent. */
  latencyName?(choice: string): string;
  /** Genes that stand for all equivalent ones; identity when absent. */
  canonicalGenes?(genes: readonly number[]): number[];
  /** Number of distinct networks, when canonicalisation makes it smaller than the number of paths. */
  readonly distinct?: number;
}

/** Price of a path = base (stem, head) + one entry a slot, exactly. */
export interface CostTable {
  readonly base: Cost;
  /** By slot, then choice. */
  readonly slots: readonly (readonly Cost[])[];
}

export interface SinglePathSpace extends Space {
  readonly mutables: readonly OpMutable[];
  readonly costTable: CostTable;
  /** Index of the choice at every slot. */
  genes(choices: Choices): number[];
  fromGenes(genes: readonly number[]): Choices;
}

/** Slots of consecutive stages: the first block of a stage has the stage's stride and widens, the others keep. */
export function stageSlots(options: {
  readonly cin: number;
  /** Side of the map that enters the first stage. */
  readonly side: number;
  readonly stages: readonly { readonly width: number; readonly repeats: number; readonly stride: number }[];
  /** Mutable id of a block. */
  readonly id: (index: number, stage: number, block: number) => string;
  readonly choices: (stage: number, block: number) => readonly string[];
}): SlotDef[] {
  const slots: SlotDef[] = [];
  let { cin, side } = options;
  options.stages.forEach(({ width, repeats, stride: firstStride }, stage) => {
    for (let block = 0; block < repeats; block++) {
      const stride = block === 0 ? firstStride : 1;
      const hout = Math.ceil(side / stride);
      slots.push({
        mutable: options.id(slots.length, stage, block),
        label: `Layer ${slots.length + 1}`,
        stage,
        stride,
        cin,
        cout: width,
        hin: side,
        hout,
        choices: options.choices(stage, block),
      });
      cin = width;
      side = hout;
    }
  });
  return slots;
}

const tail = (def: SinglePathDef, b: GraphBuilder, from: number): number => def.head(b, def.last(b, from));

function pathGraph(def: SinglePathDef, choicesOf: (slot: SlotDef, index: number) => readonly string[]): Graph {
  const b = graphBuilder(def.input, def.init);
  let at = def.stem(b);
  def.slots.forEach((slot, i) => {
    const from = at;
    // Several choices (the supernet) hang side by side on the same node; the last one goes on.
    for (const choice of choicesOf(slot, i)) at = b.inSlot(slot.mutable, () => def.block(b, from, slot, choice));
  });
  return b.finish(tail(def, b, at));
}

/**
 * Every slot a mixture of candidates, which keep the space's own norms. Without `columns` all of them by softmax of a row of `alpha.layers`; else the
 * candidates `columns[slot]`, each times its number of `weights.layers` as it stands.
 */
function mixtureGraph(def: SinglePathDef, choices: readonly string[], columns?: readonly (readonly number[])[]): Graph {
  const b = graphBuilder(def.input, def.init);
  const count = choices.length;
  const numbers = def.slots.length * count;
  const weights = columns ? b.architecture("weights.layers", numbers, { kind: "constant", value: 1 / count }) : b.architecture("alpha.layers", numbers, alphaInit);
  const all = choices.map((_, column) => column);
  let at = def.stem(b);
  def.slots.forEach((slot, i) => {
    const from = at;
    const index = columns ? (columns[i] ?? []) : all;
    const candidates = index.map((column) => b.inSlot(slot.mutable, () => def.block(b, from, slot, choices[column] ?? "")));
    at = b.mix(`${slot.mutable}.mix`, candidates, { weights, begin: i * count, count, soft: columns === undefined }, index);
  });
  return b.finish(tail(def, b, at));
}

/** One candidate a slot, times its number of `gates.layers`. */
function gatedGraph(def: SinglePathDef, choices: readonly string[], columns: readonly number[]): Graph {
  const b = graphBuilder(def.input, def.init);
  const weights = b.architecture("gates.layers", def.slots.length, { kind: "constant", value: 1 });
  let at = def.stem(b);
  def.slots.forEach((slot, i) => {
    const from = at;
    const value = b.inSlot(slot.mutable, () => def.block(b, from, slot, choices[columns[i] ?? 0] ?? ""));
    at = b.mix(`${slot.mutable}.gate`, [value], { weights, begin: i, count: 1, soft: false });
  });
  return b.finish(tail(def, b, at));
}

/** The differentiable side, where every slot has the same candidates (α is a matrix) and the space allows mixtures. */
function mixedOf(def: SinglePathDef, choicesOf: (genes: readonly number[]) => Choices): MixedSpace | null {
  const choices = def.slots[0]?.choices ?? [];
  if (!def.capabilities.includes("mix") || def.slots.some((slot) => String(slot.choices) !== String(choices))) return null;
  return rowMixed({
    id: "layers",
    label: "Layers",
    rows: def.slots.map(({ label }) => ({ label })),
    ops: choices,
    searchGraph: () => mixtureGraph(def, choices),
    sampledGraph: (columns) => gatedGraph(def, choices, columns),
    weightedGraph: (columns) => mixtureGraph(def, choices, columns),
    choicesOf,
  });
}

function priceTable(def: SinglePathDef): CostTable {
  const price = (input: Shape, add: (b: GraphBuilder) => number): { cost: Cost; shape: Shape } => {
    const b = graphBuilder(input, def.init);
    const output = add(b);
    return { cost: costOf(b.finish(output)), shape: b.shapeOf(output) };
  };
  const stem = price(def.input, (b) => def.stem(b));
  let at = stem.shape;
  const slots = def.slots.map((slot) => {
    const priced = slot.choices.map((choice) => price(at, (b) => def.block(b, b.input, slot, choice)));
    at = priced[0]?.shape ?? at;
    return priced.map((p) => p.cost);
  });
  const head = price(at, (b) => tail(def, b, b.input));
  return { base: addCost(stem.cost, head.cost), slots };
}

function extremeGenes(table: CostTable, metric: "macs" | "params", sign: 1 | -1): number[] {
  return table.slots.map((costs) => {
    const values = costs.map((c) => sign * c[metric]);
    return values.indexOf(Math.min(...values));
  });
}

/** Genes of a text of one digit a slot; null when it is not a member. */
function parseGenes(slots: readonly SlotDef[], text: string): number[] | null {
  if (text.length !== slots.length || !/^[0-9]*$/.test(text)) return null;
  const genes = [...text].map(Number);
  return genes.every((g, i) => g < (slots[i]?.choices.length ?? 0)) ? genes : null;
}

/** Makes the space of a definition. Everything derived is computed once, on first use. */
export function singlePathSpace(def: SinglePathDef): SinglePathSpace {
  const mutables = def.slots.map((s): OpMutable => ({ kind: "op", id: s.mutable, choices: s.choices }));
  const genesOf = (choices: Choices): number[] => toGenes(mutables, choices);
  const choicesOf = (genes: readonly number[]): Choices => fromGenes(mutables, genes);
  const paths = def.slots.reduce((n, s) => n * s.choices.length, 1);
  let table: CostTable | null = null;
  let supernet: Graph | null = null;
  const mixed = mixedOf(def, choicesOf);
  const latency = def.capabilities.includes("latency") ? singlePathLatency(def) : null;
  const tableOf = (): CostTable => (table ??= priceTable(def));
  const supernetOf = (): Graph => (supernet ??= pathGraph(def, (slot) => slot.choices));

  const canonical = (choices: Choices): Arch => {
    const raw = genesOf(choices);
    const genes = def.canonicalGenes?.(raw) ?? raw;
    return { choices: choicesOf(genes), id: genes.join("") };
  };
  return {
    id: def.id,
    name: def.name,
    size: def.size,
    params: def.params,
    capabilities: def.capabilities,
    mutables,
    mutator: makeMutator(mutables),
    slots: def.slots,
    count: { paths, distinct: def.distinct ?? paths },
    independent: true,
    ...(mixed === null ? {} : { mixed }),
    ...(latency === null ? {} : { latency }),
    get costTable() {
      return tableOf();
    },
    genes: genesOf,
    fromGenes: choicesOf,
    graph: (choices) => {
      const genes = genesOf(choices);
      return pathGraph(def, (slot, i) => slot.choices.slice(genes[i], (genes[i] ?? 0) + 1));
    },
    supernetParams: () => supernetOf().params,
    supernetNorms: () => supernetOf().norms,
    canonical,
    encode: (choices) => genesOf(choices).join(""),
    decode: (text) => {
      const genes = parseGenes(def.slots, text);
      return genes === null ? null : choicesOf(genes);
    },
    cost: (choices) => {
      const { base, slots } = tableOf();
      return genesOf(choices).reduce((sum, gene, i) => addCost(sum, slots[i]?.[gene] ?? zeroCost), base);
    },
    extremes: (metric) => ({
      min: canonical(choicesOf(extremeGenes(tableOf(), metric, 1))),
      max: canonical(choicesOf(extremeGenes(tableOf(), metric, -1))),
    }),
  };
}
