/** Curves as the worker keeps them, for checkpoints: a resumed run shows the whole history again. */

export interface LossPoint {
  readonly step: number;
  readonly phase: number;
  readonly loss: number;
  readonly lr: number;
}

export interface AccuracyPoint {
  readonly step: number;
  readonly phase: number;
  readonly split: number;
  readonly accuracy: number;
  readonly n: number;
}

/** Raw architecture weights of all groups after so many steps. */
export interface AlphaPoint {
  readonly step: number;
  readonly values: Float32Array;
}

/** Expected cost and temperature after so many steps. */
export interface CostPoint {
  readonly step: number;
  readonly expected: number;
  readonly tau: number;
}

const costFields = ["step", "expected", "tau"] as const;
const lossFields = ["step", "phase", "loss", "lr"] as const;
const accuracyFields = ["step", "phase", "split", "accuracy", "n"] as const;

/** Beyond this many losses every other point of the older half is dropped. */
const capacity = 65_536;

export class RunRecord {
  private loss: LossPoint[] = [];
  private accuracy: AccuracyPoint[] = [];
  private readonly alpha: AlphaPoint[] = [];
  private readonly cost: CostPoint[] = [];

  addLoss(point: LossPoint): void {
    this.loss.push(point);
    if (this.loss.length > capacity) this.loss = this.loss.filter((_, i) => i >= capacity / 2 || i % 2 === 0);
  }

  addAccuracy(point: AccuracyPoint): void {
    this.accuracy.push(point);
  }

  /** At most one a step; a method keeps their number small. */
  addAlpha(point: AlphaPoint): void {
    this.alpha.push(point);
  }

  /** As often as {@link addAlpha}. */
  addCost(point: CostPoint): void {
    this.cost.push(point);
  }

  costs(): readonly CostPoint[] {
    return this.cost;
  }

  alphas(): readonly AlphaPoint[] {
    return this.alpha;
  }

  losses(): readonly LossPoint[] {
    return this.loss;
  }

  accuracies(): readonly AccuracyPoint[] {
    return this.accuracy;
  }

  /** Columns for a checkpoint, all exact in float32 up to 16 million steps. */
  toTensors(): Map<string, Float32Array> {
    const out = new Map<string, Float32Array>();
    for (const field of lossFields) out.set(`record/loss.${field}`, Float32Array.from(this.loss, (p) => p[field]));
    for (const field of accuracyFields) out.set(`record/accuracy.${field}`, Float32Array.from(this.accuracy, (p) => p[field]));
    if (this.cost.length > 0) for (const field of costFields) out.set(`record/cost.${field}`, Float32Array.from(this.cost, (p) => p[field]));
    if (this.alpha.length === 0) return out;
    const width = this.alpha[0]?.values.length ?? 0;
    const values = new Float32Array(this.alpha.length * width);
    this.alpha.forEach((point, i) => values.set(point.values, i * width));
    out.set("record/alpha.step", Float32Array.from(this.alpha, (p) => p.step));
    out.set("record/alpha.values", values);
    return out;
  }

  static fromTensors(tensors: ReadonlyMap<string, Float32Array>): RunRecord {
    const record = new RunRecord();
    const column = (name: string): Float32Array => tensors.get(`record/${name}`) ?? new Float32Array(0);
    const at = (name: string, i: number): number => column(name)[i] ?? Number.NaN;
    for (let i = 0; i < column("loss.step").length; i++) {
      record.addLoss({ step: at("loss.step", i), phase: at("loss.phase", i), loss: at("loss.loss", i), lr: at("loss.lr", i) });
    }
    for (let i = 0; i < column("accuracy.step").length; i++) {
      record.addAccuracy({ step: at("accuracy.step", i), phase: at("accuracy.phase", i), split: at("accuracy.split", i), accuracy: at("accuracy.accuracy", i), n: at("accuracy.n", i) });
    }
    for (let i = 0; i < column("cost.step").length; i++) record.addCost({ step: at("cost.step", i), expected: at("cost.expected", i), tau: at("cost.tau", i) });
    const alphaSteps = column("alpha.step");
    const values = column("alpha.values");
    const width = alphaSteps.length === 0 ? 0 : values.length / alphaSteps.length;
    alphaSteps.forEach((step, i) => record.addAlpha({ step, values: values.slice(i * width, (i + 1) * width) }));
    return record;
  }
}
