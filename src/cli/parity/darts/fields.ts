/** Reads reference files: named fields of the kinds that they must have, and a sentence that names the field where one does not. */
import { type CaseResult, failedCase, isRecord, reasonOf } from "../types";
import { Comparison } from "../compare";

/** Numbers with a shape, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

function fromBase64(text: string): Float32Array {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

/** A record with words for what is missing. Every reader throws a sentence that names the field. */
export class Fields {
  private readonly value: Readonly<Record<string, unknown>>;
  private readonly where: string;

  constructor(value: unknown, where: string) {
    if (!isRecord(value)) throw new Error(`${where} must be an object.`);
    this.value = value;
    this.where = where;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.value, key) && this.value[key] !== null && this.value[key] !== undefined;
  }

  keys(): string[] {
    return Object.keys(this.value);
  }

  /** Whatever is there. */
  raw(key: string): unknown {
    if (!Object.hasOwn(this.value, key)) this.fail(key, "is missing");
    return this.value[key];
  }

  number(key: string): number {
    const found = this.raw(key);
    return typeof found === "number" ? found : this.fail(key, "must be a number");
  }

  /** The number, or `absent` where there is none. */
  numberOr(key: string, absent: number): number {
    return this.has(key) ? this.number(key) : absent;
  }

  text(key: string): string {
    const found = this.raw(key);
    return typeof found === "string" ? found : this.fail(key, "must be a text");
  }

  flag(key: string): boolean {
    const found = this.raw(key);
    return typeof found === "boolean" ? found : this.fail(key, "must be true or false");
  }

  list(key: string): readonly unknown[] {
    const found = this.raw(key);
    return Array.isArray(found) ? found : this.fail(key, "must be a list");
  }

  /** Plain numbers of a list. */
  numbers(key: string): readonly number[] {
    const found = this.list(key);
    return found.every((v): v is number => typeof v === "number") ? found : this.fail(key, "must be a list of numbers");
  }

  fields(key: string): Fields {
    return new Fields(this.raw(key), this.nameOf(key));
  }

  /** Records of a list, each under its own name. */
  records(key: string): readonly Fields[] {
    return this.list(key).map((item, i) => new Fields(item, `${this.nameOf(key)}[${i}]`));
  }

  /** `{shape, data}` or `{shape, b64}`: row-major, base64 of little-endian float32. */
  tensor(key: string): Tensor {
    const found = this.fields(key);
    const shape = found.numbers("shape");
    const data = found.has("b64") ? fromBase64(found.text("b64")) : Float64Array.from(found.numbers("data"));
    const length = shape.reduce((a, b) => a * b, 1);
    if (data.length !== length) this.fail(key, `has ${data.length} numbers for the shape ${shape.join("×")}`);
    return { shape, data };
  }

  /** As inputs are: exact in float32. */
  floats(key: string): Float32Array {
    return Float32Array.from(this.tensor(key).data);
  }

  /** Every field as a tensor, in the order of the file. */
  tensors(): ReadonlyMap<string, Tensor> {
    return new Map(this.keys().map((key) => [key, this.tensor(key)]));
  }

  fail(key: string, what: string): never {
    throw new Error(`${this.nameOf(key)} ${what}.`);
  }

  private nameOf(key: string): string {
    return this.where === "" ? `"${key}"` : `"${key}" of ${this.where}`;
  }
}

/** The whole file. */
export function fileOf(value: unknown): Fields {
  if (!isRecord(value)) throw new Error("The file must be one object.");
  return new Fields(value, "");
}

/** One case of a kind: compares; what it throws is its failure. */
export async function runCase(name: string, body: (compare: Comparison) => Promise<void> | void): Promise<CaseResult> {
  const compare = new Comparison(name);
  try {
    await body(compare);
  } catch (error) {
    return failedCase(name, reasonOf(error));
  }
  return compare.result();
}

/** One after the other: cases share an executor, and the gradients of its stores are not to be mixed. */
export async function runCases<T>(
  items: readonly T[],
  nameOf: (item: T, index: number) => string,
  body: (item: T, compare: Comparison) => Promise<void> | void,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const [i, item] of items.entries()) results.push(await runCase(nameOf(item, i), (compare) => body(item, compare)));
  return results;
}
