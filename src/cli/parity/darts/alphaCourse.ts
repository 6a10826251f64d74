/**
 * α over the steps of Adam, ours beside the reference. Adam divides by the size of the gradient, so a difference of gradients that is well within
 * its tolerance can move a small one's α by a good part of the rate. How far is computed: α may differ by a millionth and by what Adam in double
 * precision makes of the difference between our gradients and the file's.
 */
import type { ParamName } from "@/nas/graph";
import type { AdamOptions, ParamStore, UpdateOptions } from "@/nn/executor";
import type { Comparison } from "../compare";
import type { Fields } from "./fields";
import { alphasOf, type SearchSetup, TOLERANCE } from "./searchSetup";
import type { Values } from "./values";

/** Gradients below this may have either sign, and Adam's first step is nearly the sign (README of the reference folder). */
const SIGNLESS = 1e-6;

/** Adam with L2 decay as in spec darts 3.5, one matrix. */
class Adam64 {
  readonly alpha: Float64Array;
  private readonly m: Float64Array;
  private readonly v: Float64Array;
  private readonly options: AdamOptions;
  private readonly lr: number;
  private steps = 0;

  constructor(alpha: Float32Array, options: AdamOptions, lr: number) {
    this.alpha = Float64Array.from(alpha);
    this.m = new Float64Array(alpha.length);
    this.v = new Float64Array(alpha.length);
    this.options = options;
    this.lr = lr;
  }

  step(gradient: ArrayLike<number>): void {
    const { beta1, beta2, eps, weightDecay } = this.options;
    this.steps++;
    const [first, second] = [1 - beta1 ** this.steps, 1 - beta2 ** this.steps];
    this.alpha.forEach((a, i) => {
      const g = (gradient[i] ?? Number.NaN) + weightDecay * a;
      const m = (this.m[i] = beta1 * (this.m[i] as number) + (1 - beta1) * g);
      const v = (this.v[i] = beta2 * (this.v[i] as number) + (1 - beta2) * g * g);
      this.alpha[i] = a - (this.lr * (m / first)) / (Math.sqrt(v / second) + eps);
    });
  }
}

interface Pair {
  readonly ours: Adam64;
  readonly theirs: Adam64;
}

export class AlphaCourse {
  private readonly pairs: ReadonlyMap<ParamName, Pair>;
  private readonly alphas: readonly ParamName[];

  /** From the file's α. */
  constructor({ alphas, values, alphaStep }: Pick<SearchSetup, "alphas" | "values" | "alphaStep">) {
    const { optimizer, lr }: UpdateOptions = alphaStep;
    if (optimizer.kind !== "adam") throw new Error("α moves by Adam.");
    this.alphas = alphas;
    this.pairs = new Map(
      alphas.map((name) => {
        const start = values.get(name) as Float32Array;
        return [name, { ours: new Adam64(start, optimizer, lr), theirs: new Adam64(start, optimizer, lr) }];
      }),
    );
  }

  /** After a step of the store's α with our gradient `got`; the file's gradient and α are in `gradient` and `want`. */
  async compare(compare: Comparison, what: string, store: ParamStore, got: Values, gradient: Fields, want: Fields): Promise<void> {
    const [slopes, wanted] = [alphasOf(gradient, this.alphas), alphasOf(want, this.alphas)];
    for (const [name, { ours, theirs }] of this.pairs) {
      const [slope, goal, alpha] = [slopes.get(name) as Float32Array, wanted.get(name) as Float32Array, await store.read(name)];
      ours.step(got.get(name) ?? []);
      theirs.step(slope);
      const beyond = alpha.map((a, i) => {
        const allowed = Math.abs((ours.alpha[i] as number) - (theirs.alpha[i] as number));
        return Math.abs(slope[i] as number) < SIGNLESS ? 0 : Math.max(0, Math.abs(a - (goal[i] as number)) - allowed);
      });
      compare.absolute(`${what} ${name}`, beyond, new Float32Array(beyond.length), TOLERANCE.alpha);
    }
  }
}
