/**
 * The predictor as a joint search uses it (spec fbnet 3.3): pre-trained on costs, which nobody has to train a network for, then fitted to the pairs
 * that were trained. Loaded when first needed, since it brings tfjs along.
 */
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import { mean, std } from "@/lib/stats";
import type { JointSpace, Pair } from "@/nas/joint/encode";
import type { Predictor, PredictorValues } from "@/nn/predictor";
import { cosine } from "@/nn/schedule";
import { pretrainBatch } from "./lengths";
import type { Scale } from "./state";

/** Adam's rates, each falling to nought by a cosine. */
const rates = { pretrain: 2e-3, head: 1e-2, all: 1e-3 } as const;
/** Epochs with the encoder frozen, and then with everything (spec fbnet 3.3). */
const fitEpochs = 50;
/** Few pairs: small batches make enough updates of them. */
const fitBatch = 8;

/** Accuracies that hardly differ are not blown up to a spread of one. */
const leastStd = 1e-3;

export function scaleOf(values: readonly number[]): Scale {
  return { mean: mean(values), std: Math.max(leastStd, std(values)) };
}

const standardised = (value: number, { mean: m, std: s }: Scale): number => (value - m) / s;

/** An architecture's ln MACs and ln params; those without either count as one. */
export function lnCosts({ macs, params }: Pick<Pair, "macs" | "params">): readonly [number, number] {
  return [Math.log(Math.max(1, macs)), Math.log(Math.max(1, params))];
}

/** What training tells between two pieces of work: null, or the mean loss of an epoch that is over. */
export type Progress = number | null;

export class Judge {
  private readonly joint: JointSpace;
  private readonly predictor: Predictor;
  /** Encoder and cost head after the pre-training, and everything after the last fit. */
  pretrained: PredictorValues | null = null;
  fitted: PredictorValues | null = null;
  scale: Scale | null = null;

  private constructor(joint: JointSpace, predictor: Predictor) {
    this.joint = joint;
    this.predictor = predictor;
  }

  static async open(joint: JointSpace): Promise<Judge> {
    const { openPredictor, predictorLayers } = await import("@/nn/predictor");
    return new Judge(joint, await openPredictor({ ...joint.widths, ...predictorLayers }));
  }

  /** Weights that nothing has been trained of, for a search without pre-training. */
  startFresh(key: RngKey): void {
    this.pretrained = this.predictor.initial(key.fold("initial"));
  }

  /** Encoder and cost head on the costs of architectures. */
  *pretrain(pairs: readonly Pick<Pair, "choices" | "macs" | "params">[], epochs: number, key: RngKey): Generator<Progress, void, void> {
    const costs = pairs.map(lnCosts);
    const scales = [0, 1].map((i) => scaleOf(costs.map((pair) => pair[i] as number)));
    const training = this.predictor.train(this.predictor.initial(key.fold("initial")), {
      head: "costs",
      rows: { arch: pairs.map(({ choices }) => this.joint.encodeArch(choices)), recipe: [] },
      targets: costs.map((pair) => pair.map((cost, i) => standardised(cost, scales[i] as Scale))),
      epochs,
      batch: pretrainBatch,
      lr: (epoch) => cosine(rates.pretrain, epoch, epochs),
      frozen: false,
      key: key.fold("order"),
    });
    this.pretrained = yield* losses(training);
  }

  /** A fresh accuracy head on the pre-trained encoder: first alone, then both at a lower rate. */
  *fit(pairs: readonly Pick<Pair, "choices" | "recipe">[], accuracies: readonly number[], key: RngKey): Generator<Progress, void, void> {
    if (this.pretrained === null) throw new AppError("bug", "the predictor is fitted before it is pre-trained");
    const scale = scaleOf(accuracies);
    const encoded = pairs.map((pair) => this.joint.encode(pair));
    const training = {
      head: "accuracy",
      rows: { arch: encoded.map(({ arch }) => arch), recipe: encoded.map(({ recipe }) => recipe) },
      targets: accuracies.map((accuracy) => [standardised(accuracy, scale)]),
      epochs: fitEpochs,
      batch: fitBatch,
    } as const;
    const fresh = [...this.predictor.initial(key.fold("head"))].filter(([name]) => name.startsWith("acc"));
    const headOnly = yield* losses(this.predictor.train(new Map([...this.pretrained, ...fresh]), { ...training, frozen: true, lr: (epoch) => cosine(rates.head, epoch, fitEpochs), key: key.fold("frozen") }));
    this.fitted = yield* losses(this.predictor.train(headOnly, { ...training, frozen: false, lr: (epoch) => cosine(rates.all, epoch, fitEpochs), key: key.fold("all") }));
    this.scale = scale;
  }

  /** Predicted accuracies. Throws `bug` before the first fit. */
  score(pairs: readonly Pick<Pair, "choices" | "recipe">[]): number[] {
    const { fitted, scale } = this;
    if (fitted === null || scale === null) throw new AppError("bug", "the predictor is asked before it was fitted");
    const encoded = pairs.map((pair) => this.joint.encode(pair));
    const rows = { arch: encoded.map(({ arch }) => arch), recipe: encoded.map(({ recipe }) => recipe) };
    return Array.from(this.predictor.predict(fitted, "accuracy", rows), (z) => scale.mean + scale.std * z);
  }
}

/** The work of a training, with its losses. */
function* losses(training: ReturnType<Predictor["train"]>): Generator<Progress, PredictorValues, void> {
  for (;;) {
    const next = training.next();
    if (next.done === true) return next.value;
    yield next.value.loss;
  }
}
