/** The training recipe as something that is searched (FBNetV3; spec fbnet 3.6): its genes, their ranges, and what a value means. */
import { AppError } from "@/lib/appError";
import type { Recipe } from "../candidate";

/** A gene with options, or a real number between two ends, on a logarithmic scale where `log`. */
export type RecipeGene =
  | { readonly kind: "option"; readonly id: string; readonly options: readonly string[] }
  | { readonly kind: "real"; readonly id: string; readonly min: number; readonly max: number; readonly log: boolean };

/** Genes of every size (spec fbnet 3.6). `lr` is stated for SGD; Adam takes a fortieth: 5e-4 to 5e-3. */
export const recipeGenes: readonly RecipeGene[] = [
  { kind: "option", id: "optimizer", options: ["sgd", "adam"] },
  { kind: "real", id: "lr", min: 0.02, max: 0.2, log: true },
  { kind: "real", id: "weightDecay", min: 1e-5, max: 1e-3, log: true },
  { kind: "option", id: "ema", options: ["off", "on"] },
  { kind: "real", id: "dropout", min: 0, max: 0.3, log: false },
  { kind: "real", id: "dropConnect", min: 0, max: 0.2, log: false },
  { kind: "real", id: "mixup", min: 0, max: 0.4, log: false },
];

/** What the other methods retrain by: SGD, no averaging, nothing dropped or mixed. */
export const defaultRecipe: Recipe = { optimizer: "sgd", lr: 0.05, weightDecay: 1e-4, ema: "off", dropout: 0, dropConnect: 0, mixup: 0 };

/** Digits that a searched real number keeps: more would only look like knowledge. */
const digits = 4;

const scaleOf = ({ log }: Extract<RecipeGene, { kind: "real" }>, value: number): number => (log ? Math.log(value) : value);

/** (v − min)/(max − min), of logarithms where the gene is logarithmic (spec fbnet 3.2). */
export function encodeReal(gene: Extract<RecipeGene, { kind: "real" }>, value: number): number {
  const [low, high] = [scaleOf(gene, gene.min), scaleOf(gene, gene.max)];
  return (scaleOf(gene, value) - low) / (high - low);
}

/** Inverse of {@link encodeReal}, rounded to four digits; what lies outside 0 to 1 is taken to the nearest end. */
export function decodeReal(gene: Extract<RecipeGene, { kind: "real" }>, u: number): number {
  const [low, high] = [scaleOf(gene, gene.min), scaleOf(gene, gene.max)];
  const scaled = low + Math.min(1, Math.max(0, u)) * (high - low);
  const value = Number((gene.log ? Math.exp(scaled) : scaled).toPrecision(digits));
  return Math.min(gene.max, Math.max(gene.min, value));
}

/** A recipe as a trainer wants it. */
export interface RecipeSettings {
  readonly optimizer: "sgd" | "adam";
  /** The optimizer's own rate. */
  readonly lr: number;
  readonly weightDecay: number;
  readonly ema: boolean;
  readonly dropout: number;
  readonly dropConnect: number;
  /** α of mixup's Beta(α, α); 0: no mixing. */
  readonly mixup: number;
}

/** Ratio of SGD's range of rates to Adam's: both span a decade. */
const sgdToAdam = 40;

/** Genes that are absent take the default recipe's value. Throws `bug` on a value of the wrong kind. */
export function settingsOf(recipe: Recipe): RecipeSettings {
  const value = (id: string): string | number | undefined => recipe[id] ?? defaultRecipe[id];
  const number = (id: string): number => {
    const found = value(id);
    if (typeof found === "number") return found;
    throw new AppError("bug", `A recipe's ${id} must be a number.`);
  };
  const optimizer = value("optimizer") === "adam" ? "adam" : "sgd";
  return {
    optimizer,
    lr: optimizer === "adam" ? number("lr") / sgdToAdam : number("lr"),
    weightDecay: number("weightDecay"),
    ema: value("ema") === "on",
    dropout: number("dropout"),
    dropConnect: number("dropConnect"),
    mixup: number("mixup"),
  };
}
