/** Every instruction on awkward shapes, and how a machine is held against the reference on them. */
import { AppError } from "@/lib/appError";
import { type Arena, type Call, type Fields, type Instruction, isa } from "../isa";
import type { Arenas, Machine } from "../machine";
import { referenceMachine } from "../reference/machine";
import type { BuiltCase, Case, Region } from "./builder";
import { elementwiseCases } from "./elementwiseCases";
import { mixCases } from "./mixCases";
import { normCases } from "./normCases";
import { patchCases } from "./patchCases";
import { poolCases } from "./poolCases";
import { productCases } from "./productCases";
import { sequenceCases } from "./sequenceCases";
import { updateCases } from "./updateCases";

export interface CaseResult {
  readonly name: string;
  readonly op: Instruction;
  readonly pass: boolean;
  /** Largest error, relative to the largest expected value of its region; NaN when nothing could be compared. */
  readonly worst: number;
  /** What is wrong; empty when nothing is. */
  readonly message: string;
}

export interface RunOptions {
  /** Only instructions whose names begin so, separated by commas; `=name` for exactly that one. */
  readonly only?: string;
  /** Called after each case. */
  readonly report?: (result: CaseResult) => void;
}

export const allCases = (): Case[] => [
  ...productCases(),
  ...normCases(),
  ...elementwiseCases(),
  ...poolCases(),
  ...patchCases(),
  ...mixCases(),
  ...updateCases(),
  ...sequenceCases(),
];

const ARENAS = ["A", "W", "G", "S"] as const;

/** Floats behind each scratch that must stay as they are. */
const GUARD = 16;

interface Placed {
  readonly groups: readonly (readonly Call[])[];
  /** Ranges of A that the calls may leave in any state. */
  readonly scratch: readonly (readonly [number, number])[];
  readonly floats: number;
}

/** Gives every call scratch of its own behind what the case holds. */
function placeScratch(machine: Machine, { memory, groups }: BuiltCase): Placed {
  const scratch: [number, number][] = [];
  let floats = Math.ceil(memory.A.length / 64) * 64;
  const placed = groups.map((group) =>
    group.map((one): Call => {
      if (!("tmp" in (isa[one.op] as Fields))) return one;
      const needed = machine.scratchFloats(one);
      const tmp = floats;
      if (needed > 0) scratch.push([tmp, tmp + needed]);
      floats = Math.ceil((floats + needed + GUARD) / 64) * 64;
      return { op: one.op, args: { ...one.args, tmp } } as Call;
    }),
  );
  return { groups: placed, scratch, floats };
}

/** Splits a group as a compiler would: equal variants share a dispatch, up to the machine's limit. */
function batches(machine: Machine, group: readonly Call[]): Call[][] {
  const byVariant = new Map<string, Call[]>();
  for (const one of group) byVariant.set(machine.variant(one), [...(byVariant.get(machine.variant(one)) ?? []), one]);
  return [...byVariant.values()].flatMap((calls) => {
    const size = Math.max(1, machine.maxBatch);
    return Array.from({ length: Math.ceil(calls.length / size) }, (_, i) => calls.slice(i * size, (i + 1) * size));
  });
}

type Contents = Readonly<Record<Arena, Float32Array>>;

/** The memory after a case; `before` is what it held, scratch (NaN) and guards included. */
async function execute(
  machine: Machine,
  built: BuiltCase,
): Promise<Placed & { readonly before: Contents; readonly after: Contents }> {
  const placed = placeScratch(machine, built);
  const A = new Float32Array(placed.floats).fill(7);
  A.set(built.memory.A);
  placed.scratch.forEach(([from, to]) => A.fill(NaN, from, to));
  const before: Contents = { ...built.memory, A };
  const arenas = Object.fromEntries(
    ARENAS.map((arena) => [arena, machine.createArena(built.kinds[arena] ?? arena, before[arena].length)]),
  ) as Arenas;
  ARENAS.forEach((arena) => machine.write(arenas[arena], 0, before[arena]));
  for (const { source, from, target, to, length } of built.copies)
    machine.copy(arenas[source], from, arenas[target], to, length);
  const program = machine.compile(
    placed.groups.flatMap((group) => batches(machine, group)),
    arenas,
  );
  try {
    await machine.prepare([program]);
    machine.run([program]);
    const after = await Promise.all(
      ARENAS.map(async (arena) => [arena, await machine.read(arenas[arena], 0, before[arena].length)] as const),
    );
    return { ...placed, before, after: Object.fromEntries(after) as Contents };
  } finally {
    machine.releaseProgram(program);
    ARENAS.forEach((arena) => machine.releaseArena(arenas[arena]));
  }
}

/** Visit the address of every float of a region, with its place. */
function visit({ at, rows, ld, channels }: Region, each: (address: number, row: number, c: number) => void): void {
  for (let row = 0; row < rows; row++) for (let c = 0; c < channels; c++) each(at + row * ld + c, row, c);
}

interface Difference {
  readonly error: number;
  readonly message: string;
}

function compareRegion(region: Region, expected: Contents, got: Contents): Difference {
  const [want, have] = [expected[region.arena], got[region.arena]];
  let [largest, error, where] = [0, 0, ""];
  visit(region, (i) => (largest = Math.max(largest, Math.abs(want[i] as number))));
  if (!Number.isFinite(largest))
    throw new AppError("bug", `The reference left ${region.name} at ${largest}; the case is wrong.`);
  visit(region, (i, row, c) => {
    const [w, h] = [want[i] as number, have[i] as number];
    const difference = w === h ? 0 : Math.abs(w - h) / Math.max(largest, 1e-30);
    // NaN counts as the largest error.
    if (difference <= error) return;
    [error, where] = [
      Number.isNaN(difference) ? Infinity : difference,
      `${region.name}[${row}, ${c}] is ${h}, not ${w}`,
    ];
  });
  return {
    error,
    message: error > region.tolerance ? `${where} (error ${error.toExponential(1)}, allowed ${region.tolerance})` : "",
  };
}

/** The first float that changed although no output and no scratch covers it. */
function strayWrite(
  outputs: readonly Region[],
  { before, after, scratch }: { before: Contents; after: Contents; scratch: Placed["scratch"] },
): string {
  for (const arena of ARENAS) {
    const isOpen = new Uint8Array(before[arena].length);
    outputs.filter((region) => region.arena === arena).forEach((region) => visit(region, (i) => (isOpen[i] = 1)));
    if (arena === "A") scratch.forEach(([from, to]) => isOpen.fill(1, from, to));
    const at = before[arena].findIndex((value, i) => isOpen[i] === 0 && !Object.is(value, after[arena][i]));
    if (at >= 0)
      return `${arena}[${at}] changed from ${before[arena][at]} to ${after[arena][at]}, which is nobody's output`;
  }
  return "";
}

/** What was thrown on purpose says enough; of everything else the place is wanted too. */
function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause instanceof AppError ? cause.message : (cause.stack ?? cause.message);
}

async function check(machine: Machine, { name, op, build }: Case): Promise<CaseResult> {
  try {
    const built = build();
    const reference = referenceMachine();
    const expected = (await execute(reference, built)).after;
    const got = await execute(machine, built);
    const differences = built.outputs.map((region) => compareRegion(region, expected, got.after));
    const message =
      differences.find((difference) => difference.message !== "")?.message ?? strayWrite(built.outputs, got);
    return { name, op, pass: message === "", worst: Math.max(0, ...differences.map(({ error }) => error)), message };
  } catch (cause) {
    return { name, op, pass: false, worst: NaN, message: messageOf(cause) };
  }
}

/** Hold a machine against the reference on all cases, or on those of some instructions. Never throws: a failure is a result. */
export async function runCases(machine: Machine, { only = "", report }: RunOptions = {}): Promise<CaseResult[]> {
  const names = only.split(",");
  const isWanted = (op: string): boolean =>
    names.some((name) => (name.startsWith("=") ? op === name.slice(1) : op.startsWith(name)));
  const results: CaseResult[] = [];
  for (const one of allCases()) {
    if (!isWanted(one.op)) continue;
    const result = await check(machine, one);
    results.push(result);
    report?.(result);
  }
  return results;
}
