/**
 * `optim_sgd.json` and `optim_adam.json`: steps with given gradients. The gradients are written to where a backward pass leaves them; the update
 * is the one that training makes.
 */
import { graphBuilder } from "@/nas/graphBuilder";
import { sizeOf, type Graph } from "@/nas/graph";
import { torchDefaultInit } from "@/nas/space/init";
import type { Executor, ParamStore, ParamVectors, UpdateOptions } from "@/nn/executor";
import type { Comparison } from "../compare";
import type { Handler } from "../types";
import { Fields, fileOf, runCases, type Tensor } from "./fields";
import { withStore } from "./values";

const TOLERANCE = 1e-6;
/** The second moment holds 1 − β₂ as float32 has it; the bias correction has the same, so the parameters do not feel it. */
const MOMENTS = 5e-5;

const nameOf = (index: number): string => `p${index}`;

/** A network that mentions one parameter of each length; what it computes does not matter. */
function parameterNetwork(lengths: readonly number[]): Graph {
  const b = graphBuilder([1, 1, 1], torchDefaultInit);
  const last = lengths.reduce((from, length, i) => {
    const weights = b.architecture(nameOf(i), length, { kind: "constant", value: 0 });
    return b.mix(`mix${i}`, [from], { weights, begin: 0, count: 1, soft: false });
  }, b.input);
  return b.finish(b.node("out", { op: "globalAvgPool" }, [last]));
}

/** Tensors of a list of records. */
function tensorsOf(fields: Fields, key: string): readonly Tensor[] {
  return fields.list(key).map((item, i) => new Fields({ tensor: item }, `${key}[${i}]`).tensor("tensor"));
}

interface Bench {
  readonly executor: Executor;
  readonly store: ParamStore;
  readonly graph: Graph;
  readonly vectors: ParamVectors;
}

async function withParameters(executor: Executor, params: readonly Tensor[], body: (bench: Bench) => Promise<void>): Promise<void> {
  const graph = parameterNetwork(params.map(({ shape }) => sizeOf(shape)));
  const values = new Map(params.map(({ data }, i) => [nameOf(i), Float32Array.from(data)]));
  await withStore(executor, graph, values, (store) => body({ executor, store, graph, vectors: executor.vectors(store) }));
}

function setGradients({ vectors }: Bench, gradients: readonly Tensor[]): void {
  gradients.forEach(({ data }, i) => vectors.write("gradients", nameOf(i), Float32Array.from(data)));
}

function update({ executor, store, graph }: Bench, options: UpdateOptions): void {
  executor.update(store, [graph], options);
}

/** ‖g‖ as the device sees it: what is added to nought is ‖g‖·g. */
async function gradientNorm({ vectors }: Bench, scratch: ReturnType<ParamVectors["create"]>): Promise<number> {
  vectors.clear(scratch, "all");
  vectors.add(scratch, "gradients", { times: 1, of: "gradients", over: "all", power: 1 }, "all");
  const [scaled, plain] = [await vectors.read(scratch), await vectors.read("gradients")];
  let [largest, norm] = [0, 0];
  for (const [name, values] of plain)
    values.forEach((g, i) => {
      if (Math.abs(g) <= largest) return;
      largest = Math.abs(g);
      norm = (scaled.get(name)?.[i] as number) / g;
    });
  return norm;
}

function compareAll(compare: Comparison, what: string, got: (i: number) => ArrayLike<number> | undefined, want: readonly Tensor[], tolerance = TOLERANCE): void {
  want.forEach(({ data }, i) => compare.tensor(`${what}[${i}]`, got(i) ?? [], data, tolerance));
}

async function compareSgd(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const clip = golden.has("clip_norm") ? golden.number("clip_norm") : null;
  const [momentum, weightDecay] = [golden.number("momentum"), golden.number("weight_decay")];
  await withParameters(executor, tensorsOf(golden, "params0"), async (bench) => {
    const scratch = bench.vectors.create();
    const buffer = (state: ReadonlyMap<string, Float32Array>, i: number): Float32Array | undefined => state.get(`${nameOf(i)}#momentum`);
    for (const [i, step] of golden.records("steps").entries()) {
      const gradients = tensorsOf(step, "grads");
      setGradients(bench, gradients);
      if (step.has("total_norm")) compare.number(`step ${i} total_norm`, await gradientNorm(bench, scratch), step.number("total_norm"), TOLERANCE);
      const before = await bench.store.snapshot();
      update(bench, { optimizer: { kind: "sgd", momentum, weightDecay, decayNorms: true }, lr: step.number("lr"), clip });
      const after = await bench.store.snapshot();
      compareAll(compare, `step ${i} params`, (p) => after.get(nameOf(p)), tensorsOf(step, "params"));
      compareAll(compare, `step ${i} momentum_buffers`, (p) => buffer(after, p), tensorsOf(step, "momentum_buffers"));
      if (!step.has("clipped")) continue;
      // The clipped gradient is what the buffer gained beside its own momentum and the decay.
      const clipped = (p: number): Float64Array =>
        Float64Array.from(gradients[p]?.data ?? [], (_, k) => {
          const [m = 0, m0 = 0, w = 0] = [buffer(after, p)?.[k], buffer(before, p)?.[k], before.get(nameOf(p))?.[k]];
          return m - momentum * m0 - weightDecay * w;
        });
      compareAll(compare, `step ${i} clipped`, clipped, tensorsOf(step, "clipped"));
    }
  });
}

async function compareAdam(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const [beta1, beta2, eps] = [golden.number("beta1"), golden.number("beta2"), golden.number("eps")];
  const optimizer = { kind: "adam", beta1, beta2, eps, weightDecay: golden.numberOr("weight_decay_l2", 0), decayNorms: true } as const;
  await withParameters(executor, [golden.tensor("param0")], async (bench) => {
    for (const [i, step] of golden.records("steps").entries()) {
      setGradients(bench, [step.tensor("grad")]);
      update(bench, { optimizer, lr: golden.number("lr"), clip: null });
      const after = await bench.store.snapshot();
      compare.tensor(`step ${i} param`, after.get(nameOf(0)) ?? [], step.tensor("param").data, TOLERANCE);
      for (const moment of ["m", "v"]) compare.tensor(`step ${i} ${moment}`, after.get(`${nameOf(0)}#${moment}`) ?? [], step.tensor(moment).data, MOMENTS);
    }
  });
}

export const sgd: Handler = async (value, context) => {
  const executor = await context.executor();
  return runCases(fileOf(value).records("cases"), (golden, i) => (golden.has("case") ? golden.text("case") : `case ${i}`), (golden, compare) => compareSgd(executor, golden, compare));
};

export const adam: Handler = async (value, context) => {
  const executor = await context.executor();
  return runCases(fileOf(value).records("cases"), (golden, i) => `case ${i}, lr ${golden.number("lr")}`, (golden, compare) => compareAdam(executor, golden, compare));
};
