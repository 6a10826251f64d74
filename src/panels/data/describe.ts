/** The data browser in words and as a table. */
import { text } from "@/viz/copy";
import { countText } from "@/viz/format";
import type { BrowserState, DataModel } from "./model";

const words = text.data;

/** e.g. "Emoji-10, built in: 10,000 training, 2,000 test emoji pictures in 10 classes. Validation on view, 1–3 of 200 a class." */
export function describeData(model: DataModel, { split, augment }: BrowserState): string {
  const sentences = [
    `${model.name}, ${model.origin}: ${model.counts} in ${countText(model.rows.length)} classes.`,
    `${words.split(split, model.movesAlpha)} on view, ${model.range}${augment ? ", augmented" : ""}.`,
    ...model.warnings,
  ];
  const failed = model.rows.filter((row) => row.state.status === "failed").length;
  if (failed > 0) sentences.push(`${countText(failed)} ${failed === 1 ? "class" : "classes"} did not arrive.`);
  return sentences.join(" ");
}

/** One row a class. */
export function dataTable(model: DataModel): { columns: string[]; rows: (string | number)[][] } {
  return {
    columns: [...words.columns],
    rows: model.rows.map(({ name, state }) =>
      state.status === "ready" ? [name, state.total, [...state.records].join(" ")] : [name, "", state.status],
    ),
  };
}
