/** Reference of the loss: softmax cross entropy with its gradient and the step's metrics. */
import { hyperAt, padTo4 } from "../isa";
import { type Args, add, type Definitions, get, type Memory, put, sum, times } from "./maps";

function softmax(logits: readonly number[]): { readonly probabilities: number[]; readonly logs: number[] } {
  const top = Math.max(...logits);
  const total = Math.log(sum(logits.length, (i) => Math.exp((logits[i] as number) - top)));
  const logs = logits.map((z) => z - top - total);
  return { probabilities: logs.map(Math.exp), logs };
}

/** The first of equals. */
function argmax(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > (values[best] as number) ? i : best), 0);
}

interface Target {
  readonly target: readonly number[];
  readonly right: number;
}

function targetOf(f: Args<"softmaxLoss">, { A, S }: Memory, row: number): Target {
  if (f.mode === 0) {
    const label = get(A, f.t + row);
    const smoothing = get(S, f.hyper + hyperAt.smoothing);
    const target = Array.from(
      { length: f.classes },
      (_, i) => (i === label ? 1 - smoothing : 0) + smoothing / f.classes,
    );
    return { target, right: label };
  }
  const given = Array.from({ length: f.classes }, (_, i) => get(A, f.t + row * f.tld + i));
  return { target: f.mode === 1 ? given : softmax(given).probabilities, right: argmax(given) };
}

export const loss: Definitions<"softmaxLoss"> = {
  softmaxLoss: (f, memory) => {
    const { A, S } = memory;
    let [losses, rights] = [0, 0];
    const scale = f.gradScale * get(S, f.hyper + hyperAt.gradWeight);
    times(f.B, (b) => {
      const z = Array.from({ length: f.classes }, (_, i) => get(A, f.z + b * f.zld + i));
      const { target, right } = targetOf(f, memory, b);
      const { probabilities, logs } = softmax(z);
      losses -= sum(f.classes, (i) => (target[i] as number) * (logs[i] as number));
      if (argmax(z) === right) rights++;
      if (f.dz < 0) return;
      times(padTo4(f.classes), (i) => {
        const value = i < f.classes ? ((probabilities[i] as number) - (target[i] as number)) * scale : 0;
        put(A, f.dz + b * f.dzld + i, value);
      });
    });
    const metrics = f.metrics + 4 * get(S, f.hyper + hyperAt.slot);
    add(S, metrics, losses * f.lossScale * get(S, f.hyper + hyperAt.lossWeight));
    add(S, metrics + 1, rights);
    add(S, metrics + 2, f.B);
  },
};
