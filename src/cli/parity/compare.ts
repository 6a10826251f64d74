/** Collects the comparisons of one case and makes its line: the worst of them decides. */
import { type CaseResult, failedCase, isRecord } from "./types";

/** References below this are nought but for the rounding of float64: there is no maximum to relate an error to. */
const NOUGHT = 1e-12;

type Numbers = ArrayLike<number>;

interface Found {
  readonly what: string;
  readonly error: number;
  readonly tolerance: number;
}

/** How far past its tolerance an error is; infinite when exactness was asked for and missed. */
function excess({ error, tolerance }: Found): number {
  if (Number.isNaN(error)) return Infinity;
  if (tolerance > 0) return error / tolerance;
  return error === 0 ? 0 : Infinity;
}

/** Equal as JSON, records in any order of their keys. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isRecord(a) || !isRecord(b)) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
};

function maxAbs(values: Numbers): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] as number));
  return most;
}

/** Largest |a − b|; NaN when a number is missing or not finite. */
function maxDifference(a: Numbers, b: Numbers): number {
  let most = 0;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (!Number.isFinite(difference)) return Number.NaN;
    most = Math.max(most, difference);
  }
  return most;
}

export class Comparison {
  readonly name: string;
  private readonly found: Found[] = [];
  private readonly wrong: string[] = [];
  private absError = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** A tensor: max abs error ÷ max abs reference is held to `tolerance`. */
  tensor(what: string, got: Numbers, want: Numbers, tolerance: number): void {
    const scale = maxAbs(want);
    this.scaled(what, got, want, tolerance, scale < NOUGHT ? 1 : scale);
  }

  /** A tensor whose largest absolute error is held to `tolerance`. */
  absolute(what: string, got: Numbers, want: Numbers, tolerance: number): void {
    this.scaled(what, got, want, tolerance, 1);
  }

  number(what: string, got: number, want: number, tolerance: number): void {
    this.tensor(what, [got], [want], tolerance);
  }

  /** Anything that must be equal as JSON: names, lists, counts. Numbers count by their difference, other things by being different. */
  exact(what: string, got: unknown, want: unknown): void {
    if (typeof got === "number" && typeof want === "number") this.scaled(what, [got], [want], 0, want === 0 ? 1 : Math.abs(want));
    else this.push({ what, error: isSame(got, want) ? 0 : 1, tolerance: 0 });
    if (excess(this.found.at(-1) as Found) > 1) this.wrong.push(`${what} is ${short(got)}, expected ${short(want)}`);
  }

  /** Something that makes the case fail whatever the numbers are. */
  problem(sentence: string): void {
    this.push({ what: sentence, error: Number.NaN, tolerance: 0 });
    this.wrong.push(sentence);
  }

  /** The line of the case; one without comparisons fails. */
  result(): CaseResult {
    const [first, ...rest] = this.found;
    if (first === undefined) return failedCase(this.name, "The case expects nothing.");
    const worst = rest.reduce((a, b) => (excess(b) > excess(a) ? b : a), first);
    const failures = this.found.filter((one) => excess(one) > 1).length;
    const count = `${this.found.length} ${this.found.length === 1 ? "comparison" : "comparisons"}`;
    const { error: relError, tolerance } = worst;
    const closest = worst.error === 0 ? count : `${count}, worst ${worst.what}`;
    const note = failures === 0 ? closest : `${failures} of ${count} differ: ${this.wrong[0] ?? `worst ${worst.what}`}`;
    return { name: this.name, absError: this.absError, relError, tolerance, status: failures === 0 ? "pass" : "fail", note };
  }

  private scaled(what: string, got: Numbers, want: Numbers, tolerance: number, scale: number): void {
    if (got.length !== want.length) return this.problem(`${what} has ${got.length} numbers, expected ${want.length}`);
    const error = maxDifference(got, want);
    // Once not a number, always: a difference that cannot be told is the worst.
    if (!(error <= this.absError) && !Number.isNaN(this.absError)) this.absError = error;
    this.push({ what, error: error / scale, tolerance });
  }

  private push(found: Found): void {
    this.found.push(found);
  }
}

/** `[Σ, ‖·‖₂, Σ|·|]` of tensors together: how the reference sums up what is too long to list. */
export function digest(tensors: Iterable<Numbers>): [number, number, number] {
  let [sum, squares, absolute] = [0, 0, 0];
  for (const values of tensors)
    for (let i = 0; i < values.length; i++) {
      const v = values[i] as number;
      sum += v;
      squares += v * v;
      absolute += Math.abs(v);
    }
  return [sum, Math.sqrt(squares), absolute];
}
