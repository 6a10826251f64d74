/** Reference of what ends a step: the gradients' norm, the clipping factor, PyTorch's optimizers, and sums of parameter vectors. */
import { BLOCK, type HyperField, hyperAt } from "../isa";
import { add, type Definitions, get, type Memory, put, sum, times } from "./maps";

const hyper = ({ S }: Memory, at: number, field: HyperField): number => get(S, at + hyperAt[field]);

interface Step {
  readonly w: number;
  readonly g: number;
  readonly decay: number;
  readonly hyper: number;
}

/** The gradient that an optimizer sees: clipped, with the weight's decay. Leaves 0 in its place. */
function takeGradient(memory: Memory, f: Step, i: number): number {
  const decay = hyper(memory, f.hyper, "weightDecay") * get(memory.S, f.decay + Math.floor(i / BLOCK));
  const gradient = get(memory.G, f.g + i) * hyper(memory, f.hyper, "factor") + decay * get(memory.W, f.w + i);
  put(memory.G, f.g + i, 0);
  return gradient;
}

export const update: Definitions<"gradNorm" | "stepFinish" | "sgd" | "adam" | "vectorScale" | "axpy"> = {
  gradNorm: (f, { G, S }) =>
    put(
      S,
      f.out,
      sum(f.n, (i) => get(G, f.g + i) ** 2),
    ),

  stepFinish: (f, memory) => {
    const { S } = memory;
    const clip = hyper(memory, f.hyper, "clip");
    const norm = Math.sqrt(sum(f.count, (i) => get(S, f.norms + i)));
    put(S, f.hyper + hyperAt.factor, clip > 0 ? Math.min(1, clip / (norm + 1e-6)) : 1);
    times(f.count, (i) => put(S, f.norms + i, 0));
    const next = (hyper(memory, f.hyper, "slot") + 1) % f.ring;
    times(4, (i) => put(S, f.metrics + 4 * next + i, 0));
  },

  sgd: (f, memory) => {
    const { W, S } = memory;
    const [lr, momentum] = [hyper(memory, f.hyper, "lr"), hyper(memory, f.hyper, "momentum")];
    const isNesterov = hyper(memory, f.hyper, "nesterov") !== 0;
    times(f.n, (i) => {
      const d = takeGradient(memory, f, i);
      const velocity = momentum * get(S, f.m + i) + d;
      put(S, f.m + i, velocity);
      add(W, f.w + i, -lr * (isNesterov ? d + momentum * velocity : velocity));
    });
  },

  adam: (f, memory) => {
    const { W, S } = memory;
    const [lr, eps] = [hyper(memory, f.hyper, "lr"), hyper(memory, f.hyper, "eps")];
    const [beta1, beta2] = [hyper(memory, f.hyper, "beta1"), hyper(memory, f.hyper, "beta2")];
    times(f.n / BLOCK, (block) => add(S, f.steps + block, 1));
    times(f.n, (i) => {
      const d = takeGradient(memory, f, i);
      const step = get(S, f.steps + Math.floor(i / BLOCK));
      const first = beta1 * get(S, f.m + i) + (1 - beta1) * d;
      const second = beta2 * get(S, f.v + i) + (1 - beta2) * d * d;
      put(S, f.m + i, first);
      put(S, f.v + i, second);
      const size = Math.sqrt(second / (1 - beta2 ** step)) + eps;
      add(W, f.w + i, (-lr / (1 - beta1 ** step)) * (first / size));
    });
  },

  vectorScale: (f, memory) => {
    const { S } = memory;
    const norm = Math.sqrt(sum(f.count, (i) => get(S, f.norms + i)));
    times(f.count, (i) => put(S, f.norms + i, 0));
    put(S, f.out, hyper(memory, f.hyper, "lr") * norm ** hyper(memory, f.hyper, "power"));
  },

  axpy: (f, { W, G, S }) => times(f.n, (i) => add(W, f.y + i, get(S, f.scale) * get(G, f.x + i))),
};
