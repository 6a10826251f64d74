/** The network in words and as a table. */
import { text } from "@/viz/copy";
import { accuracyText, macsText, paramsText } from "@/viz/format";
import { opStyle } from "@/viz/palette";
import { type NetworkModel, type OpRow, shapeText } from "./model";

const words = text.network;

/** "7 layers: skip, mb6, …", or the ops of each kind of cell. */
function opsSentence({ ops, stages, isChain }: NetworkModel): string {
  const codes = (row: OpRow): string =>
    row.ops.map(({ op, label }) => `${isChain ? "" : `${label} `}${opStyle(op).code}`).join(", ");
  const first = ops[0];
  if (isChain) return `${words.layersIn(first?.ops.length ?? 0)}: ${first ? codes(first) : ""}.`;
  const kinds = ops.map((row) => `${row.label === "" ? "" : `${row.label}: `}${codes(row)}`);
  return `${words.cellsIn(stages.length)}. ${kinds.join("; ")}.`;
}

/** e.g. "Network 02120112 of NAS-Bench-Macro, nano: 1.20 M FLOPs, 34.5 k parameters in 10 blocks: skip, mb6, … Supernet 41.0 … Not retrained yet." */
export function describeNetwork(model: NetworkModel, name: string): string {
  const { supernet, retrained } = model;
  return [
    `${name} ${model.id} of ${model.space}: ${macsText(model.macs)} FLOPs, ${paramsText(model.params)} parameters.`,
    opsSentence(model),
    supernet ? `${words.supernet} ${accuracyText(supernet.value, supernet.n)}.` : "",
    retrained ? `${words.retrained} ${accuracyText(retrained.value, retrained.n)}.` : `It is ${words.notRetrained}.`,
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

/** What stands in place of a layer that there is not. */
export function passWords(op: string | null): string {
  return op === "none" ? words.noEdge : words.passThrough;
}

/** One row a layer, pass-throughs included; exact numbers. */
export function networkTable(model: NetworkModel): { columns: string[]; rows: (string | number)[][] } {
  const rows = model.blocks.flatMap((block): (string | number)[][] => {
    const stage = model.isChain ? undefined : model.stages.find(({ id }) => id === block.stage)?.label;
    const place = stage === undefined ? block.label : `${stage}, ${block.label}`;
    const name = block.op === null ? place : `${place}, ${opStyle(block.op).code}`;
    if (block.layers.length === 0) return [[name, passWords(block.op), shapeText(block.shape), 0, 0]];
    return block.layers.map((layer) => [name, layer.what, shapeText(layer.shape), layer.params, layer.macs]);
  });
  return { columns: [...words.tableColumns], rows };
}
