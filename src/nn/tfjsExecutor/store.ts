/** Parameters, optimizer state and running statistics as plain tensors by name. Replaces tensors and frees the old ones itself. */
import { clone, keep, tensor, zerosLike, type Tensor } from "@tensorflow/tfjs-core";
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import type { Graph, ParamRole, ParamSpec } from "@/nas/graph";
import type { AdamOptions, ParamStore, Part, SgdOptions } from "../executor";
import { initialValues } from "../initialValues";
import type { OptimizerState, Updatable } from "../optim";
import { covers, onePartsOf, partOf, type OnePart } from "../parts";

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, n) => a * n, 1);

/** A tensor that outlives every tidy. The values are copied: tfjs-cpu would go on using the caller's array. */
function own(values: Float32Array, shape: readonly number[]): Tensor {
  return keep(tensor(values.slice(), [...shape], "float32"));
}

/** A copy of a tensor's values. */
export async function copyOf(t: Tensor): Promise<Float32Array> {
  return Float32Array.from(await t.data<"float32">());
}

export class TfjsStore implements ParamStore, Updatable {
  readonly names: readonly string[];
  private readonly specs: ReadonlyMap<string, ParamSpec>;
  /** Channels of running statistics by `<stats>.mean` and `<stats>.var`. */
  private readonly statNames: ReadonlyMap<string, number>;
  private readonly values = new Map<string, Tensor>();
  private readonly states = new Map<string, OptimizerState>();
  /** Which optimizer the states of a part belong to. */
  private readonly kinds = new Map<OnePart, OptimizerState["kind"]>();
  /** What was accumulated and not yet used; absent: zero. */
  private readonly gradients = new Map<string, Tensor>();
  private readonly stats = new Map<string, Tensor>();
  private readonly onDispose: (store: TfjsStore) => void;
  private disposed = false;

  constructor(params: readonly ParamSpec[], norms: Graph["norms"], key: RngKey, onDispose: (store: TfjsStore) => void) {
    this.names = params.map((spec) => spec.name);
    this.specs = new Map(params.map((spec) => [spec.name, spec]));
    this.statNames = new Map(norms.flatMap(({ stats, channels }) => [[`${stats}.mean`, channels], [`${stats}.var`, channels]] as const));
    this.onDispose = onDispose;
    for (const spec of params) this.values.set(spec.name, own(initialValues(spec, key), spec.shape));
  }

  value(name: string): Tensor {
    const found = this.values.get(name);
    if (found === undefined) throw new AppError("bug", this.disposed ? "the parameters were already disposed" : `there is no parameter "${name}"`);
    return found;
  }

  role(name: string): ParamRole {
    return this.spec(name).role;
  }

  shape(name: string): readonly number[] {
    return this.spec(name).shape;
  }

  /** Names of a part, in order. */
  namesOf(part: Part): string[] {
    return this.names.filter((name) => covers(part, this.role(name)));
  }

  /** Null: zero. */
  gradient(name: string): Tensor | null {
    return this.gradients.get(name) ?? null;
  }

  setGradient(name: string, value: Tensor | null): void {
    const old = this.gradients.get(name);
    if (value === null) this.gradients.delete(name);
    else this.gradients.set(name, keep(value));
    old?.dispose();
  }

  clearGradients(): void {
    for (const name of [...this.gradients.keys()]) this.setGradient(name, null);
  }

  /** Takes over a tensor as a parameter's value. */
  setValue(name: string, value: Tensor): void {
    const old = this.value(name);
    this.values.set(name, keep(value));
    old.dispose();
  }

  /** Another kind of optimizer than before, or one without state, makes a part forget its state. */
  useOptimizer(optimizer: SgdOptions | AdamOptions, part: Part): void {
    const stateless = optimizer.kind === "sgd" && optimizer.momentum === 0;
    for (const one of onePartsOf(part)) {
      if (stateless || (this.kinds.get(one) ?? optimizer.kind) !== optimizer.kind) for (const name of this.namesOf(one)) this.setState(name, null);
      this.kinds.set(one, optimizer.kind);
    }
  }

  /** First moment by the optimizer of the parameter's part; null: zero. */
  momentum(name: string): Tensor | null {
    const state = this.state(name);
    return state === null ? null : state.kind === "sgd" ? state.momentum : state.m;
  }

  setMomentum(name: string, value: Tensor): void {
    const state = this.state(name);
    if ((state?.kind ?? this.kinds.get(partOf(this.role(name))) ?? "sgd") === "sgd") this.setState(name, { kind: "sgd", momentum: value });
    else if (state?.kind === "adam") this.setState(name, { ...state, m: value, v: clone(state.v) });
    else this.setState(name, { kind: "adam", m: value, v: zerosLike(value), step: 0 });
  }

  state(name: string): OptimizerState | null {
    return this.states.get(name) ?? null;
  }

  replace(name: string, value: Tensor, state: OptimizerState | null): void {
    this.setValue(name, value);
    this.setState(name, state);
  }

  /** Running statistics, null while they were never updated (mean 0, variance 1). */
  stat(name: string): Tensor | null {
    return this.stats.get(name) ?? null;
  }

  setStat(name: string, value: Tensor): void {
    if (!this.statNames.has(name)) throw new AppError("bug", `there are no statistics "${name}"`);
    this.stats.get(name)?.dispose();
    this.stats.set(name, keep(value));
  }

  async read(name: string): Promise<Float32Array> {
    const channels = this.statNames.get(name);
    if (channels === undefined) return copyOf(this.value(name));
    const known = this.stats.get(name);
    return known === undefined ? new Float32Array(channels).fill(name.endsWith(".var") ? 1 : 0) : copyOf(known);
  }

  write(name: string, values: Float32Array): void {
    const channels = this.statNames.get(name);
    const shape = channels === undefined ? this.spec(name).shape : [channels];
    if (values.length !== sizeOf(shape)) throw new AppError("bug", `"${name}" holds ${sizeOf(shape)} numbers, not ${values.length}`);
    const made = own(values, shape);
    if (channels !== undefined) {
      this.setStat(name, made);
      return;
    }
    this.value(name).dispose();
    this.values.set(name, made);
  }

  async snapshot(): Promise<ReadonlyMap<string, Float32Array>> {
    const tensors: [string, Tensor][] = [...this.values];
    const steps: [string, Float32Array][] = [];
    for (const [name, state] of this.states) {
      if (state.kind === "sgd") tensors.push([`${name}#momentum`, state.momentum]);
      else {
        tensors.push([`${name}#m`, state.m], [`${name}#v`, state.v]);
        steps.push([`${name}#step`, Float32Array.of(state.step)]);
      }
    }
    tensors.push(...this.stats);
    const copies = await Promise.all(tensors.map(async ([name, t]) => [name, await copyOf(t)] as const));
    return new Map([...copies, ...steps]);
  }

  /** Makes the store exactly what the snapshot was; state that it lacks becomes untouched again, gradients are cleared. */
  restore(values: ReadonlyMap<string, Float32Array>): void {
    this.checkRestorable(values);
    this.clearGradients();
    this.kinds.clear();
    for (const name of this.names) {
      this.write(name, values.get(name) as Float32Array);
      const state = this.stateFrom(name, values);
      this.setState(name, state);
      if (state !== null) this.kinds.set(partOf(this.role(name)), state.kind);
    }
    for (const name of this.statNames.keys()) {
      const kept = values.get(name);
      if (kept !== undefined) this.write(name, kept);
      else {
        this.stats.get(name)?.dispose();
        this.stats.delete(name);
      }
    }
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const name of [...this.states.keys()]) this.setState(name, null);
    this.clearGradients();
    for (const t of [...this.values.values(), ...this.stats.values()]) t.dispose();
    this.values.clear();
    this.stats.clear();
    this.onDispose(this);
  }

  private spec(name: string): ParamSpec {
    const found = this.specs.get(name);
    if (found === undefined) throw new AppError("bug", `there is no parameter "${name}"`);
    return found;
  }

  private setState(name: string, state: OptimizerState | null): void {
    const old = this.states.get(name);
    if (old?.kind === "sgd") old.momentum.dispose();
    else if (old !== undefined) [old.m, old.v].forEach((t) => t.dispose());
    if (state === null) this.states.delete(name);
    else {
      (state.kind === "sgd" ? [state.momentum] : [state.m, state.v]).forEach((t) => keep(t));
      this.states.set(name, state);
    }
  }

  private stateFrom(name: string, values: ReadonlyMap<string, Float32Array>): OptimizerState | null {
    const { shape } = this.spec(name);
    const momentum = values.get(`${name}#momentum`);
    if (momentum !== undefined) return { kind: "sgd", momentum: own(momentum, shape) };
    const [m, v, step] = [values.get(`${name}#m`), values.get(`${name}#v`), values.get(`${name}#step`)?.[0]];
    if (m === undefined || v === undefined || step === undefined) return null;
    return { kind: "adam", m: own(m, shape), v: own(v, shape), step };
  }

  /** A snapshot of another network must not be half applied. */
  private checkRestorable(values: ReadonlyMap<string, Float32Array>): void {
    const refuse = (what: string): never => {
      throw new AppError("checkpoint.missing", `These weights do not fit this network: ${what}.`, { hint: "Load weights that were saved from the same configuration." });
    };
    if (this.disposed) throw new AppError("bug", "the parameters were already disposed");
    for (const name of this.names) if (!values.has(name)) refuse(`"${name}" is missing`);
    for (const [key, list] of values) {
      const name = key.split("#")[0] ?? key;
      const size = this.statNames.get(key) ?? (this.specs.has(name) ? sizeOf(this.spec(name).shape) : null);
      if (size === null) refuse(`"${key}" is unknown`);
      else if (list.length !== size && !key.endsWith("#step")) refuse(`"${key}" has ${list.length} numbers instead of ${size}`);
    }
  }
}
