/** The network in words and as a table. */
import { text } from "@/viz/copy";
import { accuracyText, countText, macsText, paramsText } from "@/viz/format";
import { opStyle } from "@/viz/palette";
import { type NetworkModel, shapeText } from "./model";

const words = text.network;

/** e.g. "Network 02120112 of NAS-Bench-Macro, nano: 1.20 M FLOPs, 34.5 k parameters in 10 blocks: skip, mb6, … Supernet 41.0 … Not retrained yet." */
export function describeNetwork(model: NetworkModel): string {
  const ops = model.blocks.flatMap((block) => (block.op === null ? [] : [opStyle(block.op).code]));
  const { supernet, retrained } = model;
  return [
    `${words.current[model.source]} ${model.id} of ${model.space}: ${macsText(model.macs)} FLOPs, ${paramsText(model.params)} parameters.`,
    `${countText(ops.length)} layers: ${ops.join(", ")}.`,
    supernet ? `${words.supernet} ${accuracyText(supernet.value, supernet.n)}.` : "",
    retrained ? `${words.retrained} ${accuracyText(retrained.value, retrained.n)}.` : `It is ${words.notRetrained}.`,
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

/** One row a layer, pass-throughs included; exact numbers. */
export function networkTable(model: NetworkModel): { columns: string[]; rows: (string | number)[][] } {
  const rows = model.blocks.flatMap((block): (string | number)[][] => {
    const name = block.op === null ? block.label : `${block.label}, ${opStyle(block.op).code}`;
    if (block.layers.length === 0) return [[name, words.passThrough, shapeText(block.shape), 0, 0]];
    return block.layers.map((layer) => [name, layer.what, shapeText(layer.shape), layer.params, layer.macs]);
  });
  return { columns: [...words.tableColumns], rows };
}
