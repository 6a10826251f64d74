/** jax-js: the graph traced, differentiated and compiled by jit; one compiled function a case. */
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, valueAndGrad, vjp } from "@jax-js/jax";
import type { ParamSpec } from "@/nas/graph";
import { initialValues } from "@/nn/initialValues";
import { rootKey } from "@/lib/rng";
import { blockInputs, blockOutputGradient, evaluationBatches, paramValues, stepBatch, type BenchCase } from "../cases";
import { filterFirst, filterLast, type Laid, mapsFirst, mapsLast } from "../layout";
import { type CreatePeer, type Peer, Unsupported } from "../peer";
import { avoidStrides, walk, type Named } from "./jaxOps";

type Arrays = Record<string, np.Array>;

const arrayOf = ({ values, shape }: Laid): np.Array => np.array(values, { shape });

const paramsOf = (specs: readonly ParamSpec[], values: (spec: ParamSpec) => Float32Array): Arrays =>
  Object.fromEntries(specs.map((spec) => [spec.name, arrayOf(filterFirst(values(spec), spec.shape, spec.role))]));

/** Uses of the same arrays again. */
const refs = (arrays: Named): Arrays => Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.ref]));

const free = (arrays: Named): void => Object.values(arrays).forEach((array) => array.dispose());

/** Takes the array over. */
async function read(array: np.Array | undefined): Promise<Float32Array> {
  if (array === undefined) throw new Error("jax-js left out a result");
  return Float32Array.from((await array.data()) as Float32Array);
}

const label = (device: string): string => (device === "wasm" ? `jax-js, ${navigator.hardwareConcurrency} threads` : "jax-js");

/** Frees the results of a run once they are there: jax-js runs nothing that nobody waits for. */
class InFlight {
  private pending: Promise<unknown>[] = [];

  add(results: np.Array[], andFree: boolean): void {
    this.pending.push(blockUntilReady(results).then(() => andFree && results.forEach((array) => array.dispose())));
  }

  async idle(): Promise<void> {
    const { pending } = this;
    this.pending = [];
    await Promise.all(pending);
  }
}

function blockPeer(benchCase: BenchCase, device: string): Peer {
  const { graph, batch } = benchCase;
  const given = blockInputs(benchCase);
  const xs = given.map(({ values, shape }) => arrayOf(mapsFirst(values, [batch, ...shape])));
  const params = paramsOf(graph.params, paramValues);
  const out = blockOutputGradient(benchCase);
  const dy = arrayOf(mapsFirst(out.values, [batch, ...out.shape]));
  const names = graph.params.map(({ name }) => name);

  const compute = jit((inputs: np.Array[], weights: Arrays, gradient: np.Array): np.Array[] => {
    const forward = (i: np.Array[], w: Arrays): np.Array => {
      const { output } = walk(graph, i, w);
      Object.values(w).forEach((array) => array.dispose());
      return output;
    };
    const [y, back] = vjp(forward, [inputs, weights]);
    const [dInputs, dWeights] = back(gradient) as unknown as [np.Array[], Arrays];
    back.dispose();
    return [y, ...dInputs, ...names.map((name) => dWeights[name] as np.Array)];
  });
  const once = (): np.Array[] => compute(xs.map((x) => x.ref), refs(params), dy.ref) as np.Array[];
  const flight = new InFlight();
  return {
    label: label(device),
    async check() {
      const [y, ...grads] = once();
      const results = new Map([["y", mapsLast(await read(y), [batch, ...out.shape])]]);
      for (const [i, { shape }] of given.entries()) results.set(`dx${i}`, mapsLast(await read(grads[i]), [batch, ...shape]));
      for (const [i, { name, shape, role }] of graph.params.entries())
        results.set(`d ${name}`, filterLast(await read(grads[given.length + i]), shape, role));
      return results;
    },
    run: () => flight.add(once(), true),
    idle: () => flight.idle(),
    dispose: () => undefined,
  };
}

interface Step {
  loss: np.Array;
  params: Arrays;
  momenta: Arrays;
}

function stepPeer(benchCase: BenchCase, device: string): Peer {
  const { graph, batch, classes } = benchCase;
  const { images, labels } = stepBatch(benchCase);
  const x = arrayOf(mapsFirst(images, [batch, ...(graph.nodes[0]?.shape ?? [])]));
  const hot = new Float32Array(batch * classes);
  labels.forEach((value, i) => (hot[i * classes + value] = 1));
  const target = np.array(hot, { shape: [batch, classes] });
  const key = rootKey(7);
  const start = (): Arrays => paramsOf(graph.params, (spec) => initialValues(spec, key));
  const zeros = (): Arrays => paramsOf(graph.params, ({ shape }) => new Float32Array(shape.reduce((a, n) => a * n, 1)));

  const step = jit(({ params, momenta, image, onehot, lr }: { params: Arrays; momenta: Arrays; image: np.Array; onehot: np.Array; lr: np.Array }) => {
    const lossOf = (w: Arrays, i: np.Array, t: np.Array): np.Array => {
      const { output } = walk(graph, [i], w);
      Object.values(w).forEach((array) => array.dispose());
      return np.sum(nn.logSoftmax(output, 1).mul(t)).mul(-1 / batch);
    };
    const [loss, grads] = valueAndGrad(lossOf)(refs(params), image, onehot) as unknown as [np.Array, Arrays];
    const next: Step = { loss, params: {}, momenta: {} };
    for (const [name, grad] of Object.entries(grads)) {
      const moved = (momenta[name] as np.Array).mul(0.9).add(grad);
      next.momenta[name] = moved.ref;
      next.params[name] = (params[name] as np.Array).sub(moved.mul(lr.ref));
    }
    lr.dispose();
    return next as { loss: np.Array; params: Arrays; momenta: Arrays };
  });
  const once = ({ params, momenta }: Pick<Step, "params" | "momenta">, lr: number): Step =>
    step({ params, momenta, image: x.ref, onehot: target.ref, lr: np.array(lr) });

  let state: Pick<Step, "params" | "momenta"> = { params: start(), momenta: zeros() };
  return {
    label: label(device),
    async check() {
      // With rate 1 and no momentum yet, a parameter moves by its gradient.
      const { loss, params, momenta } = once({ params: start(), momenta: zeros() }, 1);
      free(params);
      const results = new Map([["loss", await read(loss)]]);
      for (const { name, shape, role } of graph.params) results.set(`d ${name}`, filterLast(await read(momenta[name]), shape, role));
      return results;
    },
    async run() {
      const { loss, params, momenta } = once(state, 0.01);
      state = { params, momenta };
      await blockUntilReady([loss, ...Object.values(params), ...Object.values(momenta)]);
      loss.dispose();
    },
    idle: () => Promise.resolve(),
    dispose: () => undefined,
  };
}

function evaluationPeer(benchCase: BenchCase, device: string): Peer {
  const { graph, batch, classes } = benchCase;
  const shape = graph.nodes[0]?.shape ?? [];
  const { recalibrate, test } = evaluationBatches(benchCase);
  const key = rootKey(7);
  const params = paramsOf(graph.params, (spec) => initialValues(spec, key));
  const imagesOf = (b: { images: Float32Array }): np.Array => arrayOf(mapsFirst(b.images, [batch, ...shape]));
  const sets = { recalibrate: recalibrate.map(imagesOf), test: test.map(imagesOf) };
  const targets = test.map(({ labels }) => {
    const hot = new Float32Array(batch * classes);
    labels.forEach((value, i) => (hot[i * classes + value] = 1));
    return np.array(hot, { shape: [batch, classes] });
  });
  const statsOf = jit((image: np.Array, w: Arrays): Arrays => {
    const { output, stats } = walk(graph, [image], w, null, true);
    output.dispose();
    free(w);
    return { ...stats };
  });
  const score = jit((image: np.Array, onehot: np.Array, w: Arrays, stats: Arrays): np.Array[] => {
    const { output } = walk(graph, [image], w, stats);
    free(w);
    free(stats);
    const loss = np.sum(nn.logSoftmax(output.ref, 1).mul(onehot.ref)).mul(-1);
    const best = np.max(output.ref, 1, { keepdims: true });
    const own = np.sum(output.mul(onehot), 1, { keepdims: true });
    return [loss, np.sum(np.greaterEqual(own, best).astype(np.float32))];
  });
  const once = async (readsStats: boolean): Promise<Map<string, Float32Array>> => {
    let sums: Arrays | null = null;
    for (const image of sets.recalibrate) {
      const stats = statsOf(image.ref, refs(params)) as Arrays;
      const before: Arrays | null = sums;
      sums = Object.fromEntries(
        Object.entries(stats).map(([name, value]): [string, np.Array] => {
          const share = value.mul(1 / recalibrate.length);
          const old: np.Array | undefined = before?.[name];
          return [name, old === undefined ? share : old.add(share)];
        }),
      );
      await blockUntilReady(Object.values(sums));
    }
    const stats = sums ?? {};
    let [loss, correct] = [0, 0];
    const parts: np.Array[][] = [];
    for (const [i, image] of sets.test.entries()) {
      const part = score(image.ref, (targets[i] as np.Array).ref, refs(params), refs(stats)) as np.Array[];
      await blockUntilReady(part);
      parts.push(part);
    }
    for (const [l, c] of parts) {
      loss += (await read(l))[0] ?? 0;
      correct += (await read(c))[0] ?? 0;
    }
    const results = new Map<string, Float32Array>([["loss", Float32Array.of(loss / (batch * test.length))], ["correct", Float32Array.of(correct)]]);
    if (!readsStats) free(stats);
    else for (const [name, array] of Object.entries(stats)) results.set(name, await read(array));
    return results;
  };
  return {
    label: label(device),
    check: () => once(true),
    async run() {
      await once(false);
    },
    idle: () => Promise.resolve(),
    dispose: () => undefined,
  };
}

export const createPeer: CreatePeer = async (benchCase, { backend }) => {
  avoidStrides(backend === "webgpu");
  const devices = await init(backend);
  if (!devices.includes(backend)) throw new Unsupported(`jax-js has no ${backend} here`);
  defaultDevice(backend);
  if (benchCase.kind === "block") return blockPeer(benchCase, backend);
  return benchCase.kind === "step" ? stepPeer(benchCase, backend) : evaluationPeer(benchCase, backend);
};
