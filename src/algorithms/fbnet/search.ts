/**
 * The stochastic search itself (spec fbnet 1.5): a pass of the weights by SGD, then a pass of θ by Adam, every step with fresh Gumbel noise. Steps of the
 * weights read nothing back: the derivative that scales their gradient is a function of the drawn weights alone. A step of θ reads its loss and the
 * gradients of a few hundred mixture weights, and moves θ here.
 */
import { trainBatcher } from "@/data/batcher";
import { AppError } from "@/lib/appError";
import { stepTheta, type ThetaAdamOptions } from "@/nas/relaxation/thetaAdam";
import { temperatureAt } from "@/nas/relaxation/temperature";
import type { ParamStore } from "@/nn/executor";
import { cosine } from "@/nn/schedule";
import type { RunConfig } from "../configKeys";
import type { MethodEnv, Tick } from "../method";
import type { LossReader } from "../shared/losses";
import { augmentation } from "../shared/retrain";
import { expectation, type SearchCost, stepLoss } from "./cost";
import { type FbnetLengths, placeOf } from "./lengths";
import type { Draw, Relaxed } from "./relaxed";
import type { FbnetState } from "./state";
import { columnOf, probabilities } from "./theta";

/** L2 of θ, in the gradient (spec 1.5). */
const thetaDecay = 5e-4;

export interface SearchControls {
  readonly losses: LossReader;
  readonly skipped: () => boolean;
  readonly live: () => RunConfig;
}

export async function* searchTheta(env: MethodEnv, state: FbnetState, store: ParamStore, relaxed: Relaxed, cost: SearchCost, lengths: FbnetLengths, controls: SearchControls): AsyncGenerator<Tick, void, void> {
  const { config, data, space, executor } = env;
  const { losses } = controls;
  // Tiny and nano see the pictures as they are; crops and flips begin with small (spec 4).
  const augment = config.size === "small" || config.size === "full" ? augmentation(space, 0) : { crop: 0, grain: 1, flip: false, cutout: 0 };
  const shared = { set: data.train, batch: config["train.batch"], table: data.table, augment };
  const batches = {
    weights: trainBatcher({ ...shared, indices: data.weights, key: env.key.fold("weights") }),
    theta: trainBatcher({ ...shared, indices: data.architecture, key: env.key.fold("theta") }),
  };
  const noise = env.key.fold("gumbel");
  const vectors = executor.vectors(store);
  const tell = (tau: number): void => {
    losses.addAlpha(state.supernetStep, Promise.resolve([columnOf(state.theta)]));
    env.emit({ kind: "cost", step: state.supernetStep, expected: expectation(cost, probabilities(state.theta)) * cost.scale, tau });
  };

  const moveWeights = (draw: Draw, index: number, lr: number): void => {
    const live = controls.live();
    // ∂L/∂CE does not depend on the cross entropy in any of the losses.
    const { scale } = stepLoss(cost, live, 0, draw.weights);
    executor.trainStep(store, [draw.graph], batches.weights.fill(index), {
      part: "weights",
      optimizer: { kind: "sgd", momentum: 0.9, weightDecay: config["train.wd"], decayNorms: true },
      lr,
      clip: config["train.clip"] > 0 ? config["train.clip"] : null,
      labelSmoothing: 0,
      scale: config["fbnet.wLoss"] === "ce" ? 1 : scale,
    }, true);
  };

  const moveTheta = async (draw: Draw, index: number): Promise<void> => {
    const live = controls.live();
    // Losses of the weights' steps come first out of the executor.
    await losses.read();
    executor.accumulate(store, [draw.graph], batches.theta.fill(index), { labelSmoothing: 0, part: "architecture" }, false);
    const started = env.now();
    const [[ce = Number.NaN], gradients] = await Promise.all([executor.takeLosses(), vectors.read("gradients", [...draw.writes.keys()])]);
    vectors.clear("gradients", "architecture");
    env.spend("read", env.now() - started);
    if (!Number.isFinite(ce)) throw new AppError("train.nan", `Loss became ${Number.isNaN(ce) ? "NaN" : "infinite"} in the pass of θ at step ${state.supernetStep + 1}.`, { step: state.supernetStep + 1, recoverable: true, hint: "Resume goes on from the last checkpoint with a learning rate three times lower." });
    const { scale, slopes } = stepLoss(cost, live, ce, draw.weights);
    for (const values of gradients.values()) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * scale;
    const options: ThetaAdamOptions = { lr: live["fbnet.thetaLr"], weightDecay: thetaDecay };
    const moved = stepTheta(state.theta, draw.backward(gradients, slopes), state.adam, options);
    [state.theta, state.adam] = [moved.theta, moved.state];
  };

  while (state.supernetStep < lengths.steps && !controls.skipped()) {
    const step = state.supernetStep;
    const { kind, epoch, index } = placeOf(step, lengths);
    const tau = temperatureAt(epoch, { from: config["fbnet.tau0"], to: config["fbnet.tauEnd"], warmup: lengths.warmup, epochs: lengths.epochs });
    if (step === 0) tell(tau);
    const started = env.now();
    const draw = relaxed.draw(state.theta, tau, noise.fold(step).stream());
    for (const [name, values] of draw.writes) store.write(name, values);
    if (kind === "theta") await moveTheta(draw, index);
    else {
      const lr = cosine(controls.live()["train.lr"], index, lengths.weights);
      moveWeights(draw, index, lr);
      losses.add("supernet", step + 1, lr);
    }
    env.spend("submit", env.now() - started);
    state.supernetStep = step + 1;
    if (state.supernetStep % lengths.columnEvery === 0 || state.supernetStep === lengths.steps) tell(tau);
    if (losses.due() || state.supernetStep === lengths.steps) await losses.read();
    yield { boundary: "step" };
  }
  await losses.read();
}
