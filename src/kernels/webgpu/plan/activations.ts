/** Activations and their gradients; each kind is a text of its own. */
import type { Call } from "../../isa/isa";
import type { KernelTable, Pass, Tuning } from "./kernelDef";
import { loadOf } from "./load";
import { eachRow, factorsOf, loadedOf, rowsPass, storeRows, storeRowsInto } from "./rows";

/** exp overflows above this; the sigmoid is 0 to float32 there anyway. */
const sigmoid = `
fn sigmoid(x: vec4f) -> vec4f { return 1.0 / (1.0 + exp(atMost(-x, 88.0))); }`;

/** By kind: the function and its derivative, which is 0 where a kink begins or ends. */
const kinds: readonly { readonly value: string; readonly derivative: string }[] = [
  { value: "return atLeast(x, 0.0);", derivative: "return select(vec4f(), vec4f(1.0), x > vec4f());" },
  { value: "return bounded(x, 0.0, 6.0);", derivative: "return inside(x, 0.0, 6.0);" },
  {
    value: "return x * bounded(x + 3.0, 0.0, 6.0) / 6.0;",
    derivative: "return select(select((2.0 * x + 3.0) / 6.0, vec4f(1.0), x >= vec4f(3.0)), vec4f(), x <= vec4f(-3.0));",
  },
  { value: "return sigmoid(x);", derivative: "let s = sigmoid(x); return s * (1.0 - s);" },
  { value: "return x * sigmoid(x);", derivative: "let s = sigmoid(x); return s * (1.0 + x * (1.0 - s));" },
  { value: "return bounded(x + 3.0, 0.0, 6.0) / 6.0;", derivative: "return inside(x, -3.0, 3.0) / 6.0;" },
];

/** Declares `f` as the function or the derivative of a kind. */
function functionOf(kind: number, part: "value" | "derivative"): string {
  const body = kinds[kind]?.[part];
  if (body === undefined) throw new RangeError(`There is no activation of kind ${kind}.`);
  return `${body.includes("sigmoid") ? sigmoid : ""} fn f(x: vec4f) -> vec4f { ${body} }`;
}

function forwardPass(args: Call<"activation">["args"], tuning: Tuning): Pass {
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  // Pad lanes become 0 whatever f(0) is.
  const text = (): string => `
  ${factorsOf(load, "x", "q")}
  let isReal = vec4i(q * 4) + vec4i(0, 1, 2, 3) < vec4i(J.real);
  ${eachRow(
    (j) => `let y${j} = select(vec4f(), f(${loadedOf(load, "x", `A[J.x + m${j} * J.xld + q]`)}), isReal);`,
    storeRows((j) => `y${j}`),
  )}`;
  return activationPass(`activation ${args.kind} ${load.key}`, args, tuning, functionOf(args.kind, "value"), text);
}

function gradPass(args: Call<"activationGrad">["args"], tuning: Tuning): Pass {
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const text = (): string => `
  ${factorsOf(load, "x", "q")}
  ${eachRow(
    (j) => `let d${j} = A[J.dy + m${j} * J.dyld + q] * f(${loadedOf(load, "x", `A[J.x + m${j} * J.xld + q]`)});`,
    storeRowsInto((j) => `d${j}`),
  )}`;
  return activationPass(`activationGrad ${args.kind} ${load.key}`, args, tuning, functionOf(args.kind, "derivative"), text);
}

function activationPass(key: string, size: { readonly M: number; readonly C: number }, tuning: Tuning, helpers: string, text: () => string): Pass {
  const pass = rowsPass(key, size, tuning, text);
  return { ...pass, source: () => ({ helpers, ...pass.source() }) };
}

/** Activations. */
export const activations: KernelTable = {
  activation: { passes: (args, tuning) => [forwardPass(args, tuning)] },
  activationGrad: { passes: (args, tuning) => [gradPass(args, tuning)] },
};
