/** Arithmetic with whole sets of parameters as tensors by name. A parameter that a vector lacks is zero there. */
import { add, clone, concat, keep, mul, pow, reshape, sqrt, square, sum, tensor, tidy, zeros, type Tensor } from "@tensorflow/tfjs-core";
import { AppError } from "@/lib/appError";
import { blend } from "@/kernels/ops/update";
import type { NormFactor, ParamVectors, Part, ScratchVector, VectorPlace } from "../executor";
import { copyOf, type TfjsStore } from "./store";

class TfjsVector implements ScratchVector {
  readonly kind = "scratch";
  readonly tensors = new Map<string, Tensor>();

  set(name: string, value: Tensor | null): void {
    const old = this.tensors.get(name);
    if (value === null) this.tensors.delete(name);
    else this.tensors.set(name, keep(value));
    old?.dispose();
  }
}

export class TfjsVectors implements ParamVectors {
  private readonly store: TfjsStore;
  private readonly made = new Set<ScratchVector>();

  constructor(store: TfjsStore) {
    this.store = store;
  }

  create(): ScratchVector {
    const vector = new TfjsVector();
    this.made.add(vector);
    return vector;
  }

  copy(from: VectorPlace, to: VectorPlace, part: Part): void {
    if (from === to) return;
    tidy(() => {
      for (const name of this.store.namesOf(part)) {
        const value = this.get(from, name);
        this.set(to, name, value && clone(value));
      }
    });
  }

  clear(at: VectorPlace, part: Part): void {
    tidy(() => {
      for (const name of this.store.namesOf(part)) this.set(at, name, null);
    });
  }

  add(to: VectorPlace, from: VectorPlace, factor: number | NormFactor, part: Part): void {
    if (to === "momenta") throw new AppError("bug", "nothing is added to the momenta");
    tidy(() => {
      const scale = typeof factor === "number" ? factor : this.scaleOf(factor);
      for (const name of this.store.namesOf(part)) {
        const x = this.get(from, name);
        if (x === null) continue;
        const y = this.get(to, name);
        if (typeof scale === "number") this.set(to, name, blend(x, scale, y ?? x, y === null ? 0 : 1));
        else this.set(to, name, y === null ? mul(x, scale) : add(y, mul(x, scale)));
      }
    });
  }

  async read(at: VectorPlace, names: readonly string[] = this.store.names): Promise<ReadonlyMap<string, Float32Array>> {
    // Copies: what is read must be what is there now.
    const copies = names.map((name) => [name, tidy(() => keep(clone(this.get(at, name) ?? zeros([...this.store.shape(name)]))))] as const);
    try {
      return new Map(await Promise.all(copies.map(async ([name, copy]) => [name, await copyOf(copy)] as const)));
    } finally {
      for (const [, copy] of copies) copy.dispose();
    }
  }

  write(at: VectorPlace, name: string, values: Float32Array): void {
    const shape = this.store.shape(name);
    const size = shape.reduce((a, n) => a * n, 1);
    if (values.length !== size) throw new AppError("bug", `"${name}" holds ${size} numbers, not ${values.length}`);
    tidy(() => this.set(at, name, tensor(values.slice(), [...shape], "float32")));
  }

  dispose(): void {
    for (const vector of this.made) for (const t of this.tensorsOf(vector).values()) t.dispose();
    this.made.clear();
  }

  private tensorsOf(place: VectorPlace): TfjsVector["tensors"] {
    return this.own(place).tensors;
  }

  private own(place: VectorPlace): TfjsVector {
    if (!(place instanceof TfjsVector) || !this.made.has(place)) throw new AppError("bug", "this vector belongs to another store, or was disposed");
    return place;
  }

  private get(place: VectorPlace, name: string): Tensor | null {
    if (place === "values") return this.store.value(name);
    if (place === "gradients") return this.store.gradient(name);
    if (place === "momenta") return this.store.momentum(name);
    return this.tensorsOf(place).get(name) ?? null;
  }

  private set(place: VectorPlace, name: string, value: Tensor | null): void {
    if (place === "gradients") this.store.setGradient(name, value);
    else if (place === "values" || place === "momenta") {
      const whole = value ?? zeros([...this.store.shape(name)]);
      if (place === "values") this.store.setValue(name, whole);
      else this.store.setMomentum(name, whole);
    } else this.own(place).set(name, value);
  }

  private scaleOf({ times, of, over, power }: NormFactor): Tensor {
    const squares = this.store.namesOf(over).flatMap((name) => {
      const x = this.get(of, name);
      return x === null ? [] : [reshape(sum(square(x)), [1])];
    });
    const norm = squares.length === 0 ? zeros([]) : sqrt(sum(squares.length === 1 ? (squares[0] as Tensor) : concat(squares)));
    return mul(pow(norm, power), times);
  }
}
