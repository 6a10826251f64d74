/** The joint search in words and as a table: the same numbers as the pictures. */
import { text as copy } from "@/viz/copy";
import { correlationText, geneText } from "@/viz/copy/joint";
import { accuracyText, macsText } from "@/viz/format";
import { type JointLine, type JointModel, type JointViewId, untrained } from "./model";

const text = copy.joint;

/** "optimiser sgd, rate 0.05, …". */
export function recipeText(recipe: Readonly<Record<string, string | number>>): string {
  return Object.entries(recipe)
    .map(([id, value]) => `${text.recipes.gene(id)} ${geneText(value)}`)
    .join(", ");
}

export function describePair({ index, accuracy, isTrained, macs, recipe }: JointLine, { report }: JointModel): string {
  const worth = isTrained ? accuracyText(accuracy, report?.n ?? 0) : text.saidPredicted(accuracy);
  return text.said(index, worth, macsText(macs), recipeText(recipe));
}

export function describeJoint(model: JointModel): string {
  const { report, marks, best, round, planned } = model;
  if (!report || marks.length === 0) return text.describe.none;
  const { describe } = text;
  const parts = [describe.head(round, marks.length, planned)];
  if (best) parts.push(describe.best(best.trial.index, accuracyText(best.trial.accuracy, report.n), macsText(best.trial.macs)));
  const last = report.correlations.findLast(({ spearman }) => spearman !== null);
  if (last) parts.push(describe.correlation(correlationText(last.spearman), correlationText(last.kendall), last.trials));
  if (report.earlyStop) parts.push(describe.stop(report.earlyStop.epoch));
  const fine = report.fine.at(-1);
  if (fine) parts.push(describe.fine(fine.best, fine.randomBest, fine.calls));
  if (report.swap) parts.push(describe.swap(report.swap.joint, report.swap.defaultRecipe));
  parts.push(text.budget(marks.length, model.images));
  return parts.join(" ");
}

const percent = (value: number | null): number | string => (value === null ? "" : Math.round(1e4 * value) / 100);

function pairRows(model: JointModel, others: readonly JointLine[]) {
  const { report, marks, isNow } = model;
  const { pair, network, round, macs, params, epochs, accuracy, n, before, now } = text.table;
  const genes = report?.recipeGenes.map(({ id }) => id) ?? [];
  const rows = marks.map(({ trial: t, id }): (string | number)[] => [
    ...[t.index + 1, id, t.round, ...genes.map((gene) => t.recipe[gene] ?? "")],
    ...[t.macs, t.params, t.epochs, percent(t.accuracy), report?.n ?? 0, percent(t.predictedBefore), isNow ? percent(t.predicted) : ""],
  ]);
  for (const { index, id, recipe, macs: cost, params: count, accuracy: worth, isTrained } of others) {
    rows.push([index + 1, id, "", ...genes.map((gene) => recipe[gene] ?? ""), cost, count, "", isTrained ? percent(worth) : "", "", "", isTrained ? "" : percent(worth)]);
  }
  return { columns: [pair, network, round, ...genes.map(text.recipes.gene), macs, params, epochs, accuracy, n, before, now], rows };
}

function stageRows({ report }: JointModel) {
  const { generation, best, mean, random, calls, limit, macs, network } = text.table;
  const rows = [
    ...(report?.fine ?? []).map((g): (string | number)[] => [g.generation, percent(g.best), percent(g.mean), percent(g.randomBest), g.calls, "", "", ""]),
    ...(report?.sweep ?? []).map((s): (string | number)[] => ["", percent(s.predicted), "", "", "", s.limit, s.macs, s.id]),
  ];
  return { columns: [generation, best, mean, random, calls, limit, macs, network], rows };
}

/** Trained pairs, among the recipes the others too; in the view of the stages, what evolution and the budgets found. */
export function jointTable(model: JointModel, view: JointViewId) {
  return view === "stages" && (model.report?.fine.length ?? 0) > 0 ? stageRows(model) : pairRows(model, view === "recipes" ? untrained(model) : []);
}
