/** The curves in words and as a table: the same numbers as the picture. */
import { text as all } from "@/viz/copy";
import { accuracyText, bytesText, countText } from "@/viz/format";
import { accuracyAt, type CurvesModel, lossAt } from "./model";

const text = all.curves;

const signed = (points: number): string =>
  Math.abs(points) < 0.05 ? "unchanged" : `${points > 0 ? "up" : "down"} ${Math.abs(points).toFixed(1)} points`;

function lossSentence(model: CurvesModel): string {
  const now = lossAt(model, model.at);
  if (!now) return "No loss yet.";
  const back = Math.min(200, Math.floor(model.at / 2));
  const before = lossAt(model, model.at - back);
  const place = model.past ? `At step ${countText(model.at)} the loss` : "Loss";
  if (!before || back < 1 || before.phase !== now.phase)
    return `${place} ${model.past ? "was " : ""}${now.loss.toFixed(2)}.`;
  const change = now.loss - before.loss;
  const trend = Math.abs(change) < 0.005 ? "unchanged" : `${change > 0 ? "up" : "down"} ${Math.abs(change).toFixed(2)}`;
  return `${place} ${model.past ? "was " : ""}${now.loss.toFixed(2)}, ${trend} in the last ${countText(back)} steps.`;
}

function accuracySentences(model: CurvesModel): string[] {
  const out: string[] = [];
  const now = accuracyAt(model, 1, model.at);
  if (now) {
    const before = accuracyAt(model, 1, now.step - 200);
    const trend = before ? `, ${signed(100 * (now.value - before.value))} since step ${countText(before.step)}` : "";
    out.push(`Validation ${accuracyText(now.value, now.n)}${trend}.`);
  }
  const test = accuracyAt(model, 2, model.at);
  if (test) out.push(`Test ${accuracyText(test.value, test.n)}.`);
  return out;
}

/** e.g. "Loss 1.42, down 0.11 in the last 200 steps. Validation 68.2 ± 2.0 % (n=2,000). 1,830 images per second. Memory steady at 412 MB." */
export function describeCurves(model: CurvesModel): string {
  const sentences = [lossSentence(model), ...accuracySentences(model)];
  if (model.machine) {
    const { imagesPerSecond, bytes, rising } = model.machine;
    sentences.push(`${countText(imagesPerSecond)} images per second.`);
    sentences.push(
      rising
        ? `${text.rising(bytesText(rising.from), bytesText(rising.to))}.`
        : `Memory steady at ${bytesText(bytes)}.`,
    );
  }
  const gap = model.gaps.at(-1);
  if (gap !== undefined) sentences.push(`${text.gap(countText(gap))}.`);
  return sentences.join(" ");
}

/** One row a point on view: loss bins with their range, accuracies with their interval and images. */
export function curvesTable(model: CurvesModel): { columns: string[]; rows: (string | number)[][] } {
  const rows: (string | number)[][] = [];
  const round = (value: number): number | string => (Number.isFinite(value) ? +value.toFixed(4) : "NaN");
  for (const series of model.loss) {
    const name = `${text.loss}, ${text.band(series.phase, model.algorithm)}`;
    series.x.forEach((x, i) =>
      rows.push([x, name, round(series.mean[i] ?? NaN), round(series.min[i] ?? NaN), round(series.max[i] ?? NaN), ""]),
    );
  }
  for (const p of model.accuracy)
    rows.push([p.step, `${text.accuracy}, ${text.splits[p.split]}`, round(p.value), round(p.low), round(p.high), p.n]);
  return { columns: [...text.columns], rows };
}
