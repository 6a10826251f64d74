/**
 * A genotype as choices, in NNI's flat keys with plain states (spec darts 8.2, 8.4): `normal/op_2_0`, `normal/input_2_0`, and `normal/concat`,
 * so that every published genotype fits.
 */
import { refuse, type Result } from "@/lib/result";
import type { Choices, ChoiceValue } from "../mutable";
import { allNodes, cellKinds, checkGenotype, MOST_NODES, type Cell, type CellKind, type CellNode, type Genotype } from "./genotype";

/** Key of the op in slot 0 or 1 of a node (2 …). */
export function opKey(kind: CellKind, node: number, slot: number): string {
  return `${kind}/op_${node}_${slot}`;
}

/** Key of the state that this op reads. */
export function inputKey(kind: CellKind, node: number, slot: number): string {
  return `${kind}/input_${node}_${slot}`;
}

export function concatKey(kind: CellKind): string {
  return `${kind}/concat`;
}

/** Choices of a genotype. Keys come in a fixed order: per cell its nodes, per node both slots, then the concat. */
export function choicesOfGenotype(genotype: Genotype): Choices {
  const choices: Record<string, ChoiceValue> = {};
  for (const kind of cellKinds) {
    genotype[kind].nodes.forEach((inputs, n) => {
      inputs.forEach(({ op, from }, slot) => {
        choices[opKey(kind, n + 2, slot)] = op;
        choices[inputKey(kind, n + 2, slot)] = from;
      });
    });
    choices[concatKey(kind)] = [...genotype[kind].concat];
  }
  return choices;
}

const KEY = /^(?:normal|reduce)\/(?:op|input)_(\d{1,3})_\d{1,3}$/;

function readCell(choices: Choices, kind: CellKind, nodeCount: number): Result<Cell> {
  const nodes: CellNode[] = [];
  for (let node = 2; node < nodeCount + 2; node++) {
    const slots = [0, 1].map((slot) => ({ op: choices[opKey(kind, node, slot)], from: choices[inputKey(kind, node, slot)] }));
    for (const [slot, { op, from }] of slots.entries()) {
      if (typeof op !== "string") return refuse("import.unreadable", `${opKey(kind, node, slot)} must be the name of an op.`);
      if (typeof from !== "number") return refuse("import.unreadable", `${inputKey(kind, node, slot)} must be the number of a state.`);
    }
    nodes.push(slots as unknown as CellNode);
  }
  const concat = choices[concatKey(kind)];
  if (concat === undefined) return { ok: true, value: { nodes, concat: allNodes(nodes.length) } };
  if (!Array.isArray(concat) || concat.some((c) => typeof c !== "number"))
    return refuse("import.unreadable", `${concatKey(kind)} must be a list of nodes.`);
  return { ok: true, value: { nodes, concat: concat as readonly number[] } };
}

/**
 * Inverse of {@link choicesOfGenotype}. The node count is that of the keys; an absent concat means all nodes; other keys are ignored.
 * Refuses (`import.unreadable`) what {@link checkGenotype} refuses, and values of a wrong kind.
 */
export function genotypeOfChoices(choices: Choices): Result<Genotype> {
  let last = 1;
  for (const key of Object.keys(choices)) last = Math.max(last, Number(KEY.exec(key)?.[1] ?? 1));
  if (last < 2 || last > MOST_NODES + 1)
    return refuse("import.unreadable", last < 2 ? "These are not the choices of a pair of cells." : `Node ${last} is one too many; cells have at most ${MOST_NODES} nodes.`);
  const normal = readCell(choices, "normal", last - 1);
  if (!normal.ok) return normal;
  const reduce = readCell(choices, "reduce", last - 1);
  return reduce.ok ? checkGenotype({ normal: normal.value, reduce: reduce.value }) : reduce;
}
