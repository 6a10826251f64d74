/**
 * Prices of derived networks as sums (evolution asks thousands of times): every op has one price a cell kind and stride, added up over the cells
 * of that kind; the rest (stem, preprocessing, head) depends only on how many nodes each cell concatenates.
 */
import { addCost, costOf, zeroCost, type Cost } from "../cost";
import type { Shape } from "../graph";
import { graphBuilder, type GraphBuilder } from "../graphBuilder";
import { torchDefaultInit } from "../space/init";
import { strideOf } from "./cells";
import { cellKinds, type CellKind, type CellOpName, type Genotype } from "./genotype";
import { addHead, addStem, cellPlaces, imageBuilder, type NetworkShape } from "./networks";
import { addCellOp, addFactorizedReduce, addReluConvNorm } from "./ops";

/** Equal to `costOf(derivedNetwork(genotype, shape))` without auxiliary classifier. */
export interface CellPrices {
  /** Throws `config.invalid` for an op that cannot be built. */
  of(genotype: Genotype): Cost;
  /** What one op on an edge from that state costs in all cells of the kind together. */
  op(kind: CellKind, op: CellOpName, from: number): Cost;
}

interface Stage {
  readonly kind: CellKind;
  readonly channels: number;
  /** Side of the cell's inputs (of s1). */
  readonly side: number;
  /** Whether the cell before it halved the map. */
  readonly afterReduce: boolean;
}

function stagesOf(shape: NetworkShape): Stage[] {
  let side = shape.side;
  let before: CellKind = "normal";
  return cellPlaces(shape).map(({ kind, channels }) => {
    const stage = { kind, channels, side, afterReduce: before === "reduce" };
    if (kind === "reduce") side = Math.ceil(side / 2);
    before = kind;
    return stage;
  });
}

function priceOf(input: Shape, add: (b: GraphBuilder) => number): Cost {
  const b = graphBuilder(input, torchDefaultInit);
  return costOf(b.finish(add(b)));
}

function memo<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const found = known.get(key) ?? make(key);
    known.set(key, found);
    return found;
  };
}

/** Prices of a network shape; every entry is computed when it is first asked for, from the graph of that part. */
export function cellPrices(shape: NetworkShape): CellPrices {
  const stages = stagesOf(shape);
  const { stemMultiplier = 3, classes = 10, halve = false } = shape;

  const opPrice = memo((key) => {
    const [kind, op, stride] = JSON.parse(key) as [CellKind, CellOpName, number];
    const cells = stages.filter((stage) => stage.kind === kind);
    const prices = cells.map(({ side, channels }) => {
      // Behind the strided edges a reduction cell works on the halved map.
      const at = kind === "reduce" && stride === 1 ? Math.ceil(side / 2) : side;
      return priceOf([at, at, channels], (b) => addCellOp(b, "op", b.input, op, stride, "derived"));
    });
    return prices.reduce(addCost, zeroCost);
  });

  const framePrice = memo((key) => {
    const concats = JSON.parse(key) as Readonly<Record<CellKind, number>>;
    const stem = stemMultiplier * shape.channels;
    let [cin0, cin1] = [stem, stem];
    const b = imageBuilder(shape);
    let sum = costOf(b.finish(addStem(b, halve, stem)));
    let side = shape.side;
    for (const { kind, channels, side: at, afterReduce } of stages) {
      const outer = afterReduce ? 2 * at : at;
      const addPre0 = afterReduce ? addFactorizedReduce : addReluConvNorm;
      sum = addCost(sum, priceOf([outer, outer, cin0], (g) => addPre0(g, "pre0", g.input, channels, "derived")));
      sum = addCost(sum, priceOf([at, at, cin1], (g) => addReluConvNorm(g, "pre1", g.input, channels, "derived")));
      [cin0, cin1] = [cin1, channels * concats[kind]];
      side = kind === "reduce" ? Math.ceil(at / 2) : at;
    }
    return addCost(sum, priceOf([side, side, cin1], (g) => addHead(g, g.input, classes)));
  });

  const op = (kind: CellKind, name: CellOpName, from: number): Cost => opPrice(JSON.stringify([kind, name, strideOf(kind, from)]));
  return {
    op,
    of: (genotype) => {
      const frame = framePrice(JSON.stringify({ normal: genotype.normal.concat.length, reduce: genotype.reduce.concat.length }));
      const ops = cellKinds.flatMap((kind) => genotype[kind].nodes.flatMap((node) => node.map((input) => op(kind, input.op, input.from))));
      return ops.reduce(addCost, frame);
    },
  };
}
