/** Calls as the interpreter in C reads them: one word a field, addresses as byte addresses of the linear memory. */
import { AppError } from "@/lib/appError";
import { type Call, type FieldKind, instructions, isa } from "../../isa/isa";

const opcodes = new Map<string, number>(instructions.map((name, index) => [name, index]));
/** Fields of each instruction as pairs, once. */
const layouts = new Map<string, readonly (readonly [string, FieldKind])[]>(
  instructions.map((name) => [name, Object.entries(isa[name] as Readonly<Record<string, FieldKind>>)]),
);

const floatBits = new Float32Array(1);
const intBits = new Int32Array(floatBits.buffer);

function bitsOf(value: number): number {
  floatBits[0] = value;
  return intBits[0] as number;
}

function layoutOf(call: Call): readonly (readonly [string, FieldKind])[] {
  const layout = layouts.get(call.op);
  if (!layout) throw new AppError("bug", `no instruction "${String(call.op)}"`);
  return layout;
}

export const opcodeOf = (call: Call): number => opcodes.get(call.op) ?? -1;

/** Words of the call's descriptor. */
export const wordsOf = (call: Call): number => layoutOf(call).length;

/** Writes the descriptor at word `at`; `locate` turns an address of an arena into a byte address, 0 for none. The word behind it. */
export function encode(call: Call, words: Int32Array, at: number, locate: (kind: FieldKind, name: string, value: number) => number): number {
  const args = call.args as Readonly<Record<string, number>>;
  for (const [name, kind] of layoutOf(call)) {
    const value = args[name];
    if (value === undefined) throw new AppError("bug", `${call.op} without ${name}`);
    words[at++] = kind === "i" ? value | 0 : kind === "f" ? bitsOf(value) : locate(kind, name, value);
  }
  return at;
}
