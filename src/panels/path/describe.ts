/** The path panel in words: one sentence for the live region, rows for the table. */
import { opStyle } from "@/viz/palette";
import { text as copy } from "@/viz/copy";
import type { PathModel } from "./model";

const text = copy.path;

/** MB3-k3, identity, …: op names as they are read out. */
export function opWords(op: string): string {
  const mb = /^mb(\d)_k(\d)$/.exec(op);
  return mb ? `MB${mb[1]}-k${mb[2]}` : op.replaceAll("_", " ");
}

/** "Step 1,240. Layer 1 MB3-k3, layer 2 identity, … Counts are even: largest deviation 1.4 σ (layer 5)." */
export function describePath(model: PathModel): string {
  if (model.samples === 0 && model.route.genes.length === 0) return text.none;
  const subtitle =
    model.route.kind === "training" || model.route.kind === "past" ? "" : ` ${capital(routeWords(model))}.`;
  const layers = model.route.genes.map((gene, slot) => {
    const column = model.columns[slot];
    const op = column?.nodes[gene]?.op ?? "";
    return `${slot === 0 ? column?.label : column?.label.toLowerCase()} ${opWords(op)}`;
  });
  const route = layers.length > 0 ? ` ${layers.join(", ")}.` : "";
  return `Step ${model.step.toLocaleString("en-US")}.${subtitle}${route}${evenness(model)}`;
}

function evenness({ largest, columns }: PathModel): string {
  if (!largest) return "";
  const size = Math.abs(largest.deviation);
  const where = columns[largest.slot]?.label.toLowerCase() ?? "";
  return ` Counts are ${size <= 2 ? "even" : "uneven"}: largest deviation ${size.toFixed(1)} σ (${where}).`;
}

export function routeWords({ route }: PathModel, shown = 1, of = 1): string {
  switch (route.kind) {
    case "training":
      return text.subtitle.training(shown, of);
    case "past":
      return text.subtitle.past;
    case "candidate":
      return text.subtitle.candidate(route.id);
    case "evaluating":
      return text.subtitle.evaluating(route.id);
    case "winner":
      return text.subtitle.winner(route.id);
    case "none":
      return text.subtitle.none;
  }
}

export function pathTable(model: PathModel): { columns: string[]; rows: (string | number)[][] } {
  const { layer, choice, sampled, expected, deviation, loss, sd, lit } = text.table;
  return {
    columns: [layer, choice, sampled, expected, deviation, loss, sd, lit],
    rows: model.columns.flatMap((column) =>
      column.nodes.map((n) => [
        column.slot + 1,
        `${n.op} (${opStyle(n.op).code})`,
        n.count,
        round(n.expected, 1),
        n.deviation === null ? "" : round(n.deviation, 2),
        n.loss ? round(n.loss.mean, 3) : "",
        n.loss ? round(n.loss.sd, 3) : "",
        model.route.genes[column.slot] === n.choice ? "yes" : "",
      ]),
    ),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
