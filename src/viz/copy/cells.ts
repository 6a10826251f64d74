/** Words of the cells panel. */
import { accuracyText, countText } from "../format";

interface Scored {
  readonly value: number;
  readonly n: number;
}

/** `4.0 points`, between two shares. */
function points(difference: number): string {
  const value = 100 * Math.abs(difference);
  return value < 0.05 ? "less than 0.1 points" : `${value.toFixed(1)} points`;
}

export const cells = {
  title: "Cells",
  label: "Cell graphs: the weight of every operation on every edge, and what the derivation keeps",
  caption:
    "Each line between two states is an edge; its strands are operations, as wide as their weight. Derived: two inputs a node are left.",
  empty: "No α yet: press Train, or look at a published cell.",
  emptySampled: "This search samples whole cells and has no α: point at a candidate in the pool to see its cells.",
  loading: "Getting the search space ready.",
  notApplicable: (space: string) => `${space} has layers, not cells. See Architecture weights.`,
  toWeights: "Show Architecture weights",
  broken: (step: number) =>
    `α stopped being numbers; these are the weights of step ${countText(step)}. What was derived is kept.`,
  unreadable: "What the run derived cannot be drawn as cells.",
  cell: { normal: "Normal cell", reduce: "Reduction cell", cell: "Cell" } as Readonly<Record<string, string>>,
  tabs: "Cell that is shown",
  views: { label: "What is drawn", weights: "Weights", derived: "Derived" },
  viewHint: {
    weights: "Every edge with the weight of all its operations",
    derived: "Only what the derivation keeps",
  },
  derive: "Derive",
  deriveHint: "See in three beats what the derivation throws away",
  beats: [
    "Every operation of every edge, as wide as its weight.",
    "1 of 3: every edge keeps its strongest operation only.",
    "2 of 3: every node keeps its two strongest inputs, the rest goes.",
    "3 of 3: what is left is the derived cell.",
  ],
  beatsSingle: [
    "Every operation of every edge, as wide as its weight.",
    "1 of 3: every edge keeps its strongest operation only.",
    "2 of 3: every edge stays, also those whose strongest operation is none.",
    "3 of 3: what is left is the derived cell.",
  ],
  stepper: "Beats of the derivation",
  beat: (beat: number) => (beat === 0 ? "Before" : `Beat ${beat}`),
  stepHint: "← → step through, Esc ends",
  source: {
    now: "α now",
    past: "α at this step",
    final: "α at the end of the search",
    none: "before the search",
    winner: "result of the run",
    candidate: (id: string) => `candidate ${id}`,
    network: { imported: "imported network", sample: "network on show", pinned: "pinned candidate" },
    published: (name: string) => `published: ${name}`,
  },
  published: {
    label: "Published cells",
    none: "Published cells",
    run: "This run's cells",
  },
  retrain: "Retrain this cell",
  retrainHint: "Train this cell from scratch in a new run, without a search",
  save: {
    svg: "SVG",
    png: "PNG",
    svgHint: "Save the cells as an SVG picture",
    pngHint: "Save the cells as a PNG picture",
  },
  notSaved: "The picture could not be made.",
  saved: (name: string) => `Saved ${name}.`,
  shared: {
    normal: "All normal cells share these α, all reduction cells theirs.",
    cell: "All cells share these α.",
  },
  reading: {
    weights: "strand: weight of an operation · pale: the derivation would drop the edge",
    derived: "small number: place among the inputs of its node, the strongest first",
  },
  coinToss: (cell: string, margin: number) =>
    `Coin toss: in the ${cell.toLowerCase()} the last edge that is kept is ${points(margin)} ahead of the first that is dropped.`,
  skips: (count: number, of: number) => `skip ${count}/${of}`,
  skipWarning: "⚠",
  collapsed: "collapsed",
  skipsHint: {
    ok: "Skip connections among the operations that the derivation keeps",
    many: "Many skip connections among the operations that the derivation keeps: the search may be collapsing",
    collapsed: "Most operations that the derivation keeps are skip connections: the search has collapsed",
  },
  gap: {
    name: "Gap",
    text: (supernet: Scored, derived: Scored) =>
      `supernet ${accuracyText(supernet.value, supernet.n)} → derived ${accuracyText(derived.value, derived.n)}`,
    same: "same weights, same images",
    hint: "Discretisation gap: accuracy of the whole mixture and of the derived cell, with the same weights on the same images",
  },
  state: {
    /** Of a cell of DARTS. */
    double: (id: number) => (id === 0 ? "c(k-2)" : id === 1 ? "c(k-1)" : `node ${id}`),
    /** Of a cell with one input. */
    single: (id: number) => (id === 0 ? "the input" : `node ${id}`),
  },
  none: "There is no cell to describe yet.",
  uniform: (cell: string, edges: number) => `${cell}. ${edges} edges, every operation at the same weight.`,
  describe: {
    node: (node: number, inputs: string, dropped: string) => `Node ${node} keeps ${inputs}${dropped}.`,
    nothing: "nothing",
    input: (op: string, from: string, weight: string) => `${op} from ${from}${weight}`,
    weight: (weight: number) => ` at ${weight.toFixed(2)}`,
    dropped: (count: number) => (count === 0 ? "" : `; drops ${count} ${count === 1 ? "input" : "inputs"}`),
    skips: (count: number, of: number) => `${count} of ${of} kept operations are skip.`,
    concat: (states: string) => `The output joins ${states}.`,
  },
  edge: (cell: string, from: string, to: string, what: string) => `${cell}, edge from ${from} to ${to}: ${what}.`,
  edgeOp: (op: string, weight: number | null) => (weight === null ? op : `${op} ${weight.toFixed(2)}`),
  kept: "kept",
  dropped: "dropped",
  yes: "yes",
  table: {
    cell: "Cell",
    node: "Node",
    slot: "Slot",
    op: "Operation",
    input: "Input",
    weight: "Weight",
    kept: "Kept",
  },
} as const;
