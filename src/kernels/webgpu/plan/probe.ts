/**
 * Which variants an adapter runs fastest: a few representative calls are timed with each choice once, and what was found is kept for this adapter.
 * Software adapters are not measured: their default was, and equal runs must stay equal.
 */
import { call, type Call } from "../../isa/isa";
import type { Arenas } from "../../isa/machine";
import type { Tuning } from "./kernelDef";
import { createWebgpuMachine, type WebgpuMachine } from "./machine";
import { defaultTuning, isSoftwareDevice } from "./tuning";

/** Where measurements are kept, by key. */
export interface ProbeStorage {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
}

/** Measurements of other kernels than today's mean nothing: count up when texts change. */
const VERSION = 1;

/** Milliseconds after which no further choice is tried. */
const PATIENCE_MS = 1500;

/** A choice must be this much faster than what it replaces. */
const MARGIN = 0.95;

/** Runs of a call in one measurement, and measurements of which the least counts. */
const RUNS = 8;
const ROUNDS = 3;

const SIDE = 32;
const BATCH = 32;

/** Values that each measured choice may have. */
const allowed: { readonly [K in keyof Tuning]?: readonly Tuning[K][] } = {
  tileRows: [4, 8],
  tileColumns: [2, 4],
  pixels: [4, 8],
  lines: [1, 2, 4],
  sharedProduct: [false, true],
  splitThreads: [4096, 8192, 16384],
};

type Family = "pointwise" | "wide" | "convolution" | "weights";

/** What is tried, in this order, and the calls that show the difference. */
const choices: readonly { readonly family: Family; readonly change: Partial<Tuning> }[] = [
  { family: "pointwise", change: { tileRows: 4 } },
  { family: "pointwise", change: { tileColumns: 4 } },
  { family: "wide", change: { sharedProduct: true } },
  { family: "convolution", change: { pixels: 8 } },
  { family: "convolution", change: { lines: 1 } },
  { family: "convolution", change: { lines: 4 } },
  { family: "weights", change: { splitThreads: 4096 } },
  { family: "weights", change: { splitThreads: 16384 } },
];

const keyOf = ({ vendor, architecture, device, description }: GPUAdapterInfo): string =>
  ["webgpu-tuning", VERSION, vendor, architecture, device, description].join("|");

/** A kept choice, or null where the text is none (broken, or of another version). */
export function readTuning(text: string | null, base: Tuning): Tuning | null {
  if (text === null) return null;
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== "object" || kept === null) return null;
    const entries = Object.entries(allowed).map(([name, values]) => [name, (kept as Record<string, unknown>)[name], values] as const);
    if (!entries.every(([, value, values]) => (values as readonly unknown[]).includes(value))) return null;
    return { ...base, ...(Object.fromEntries(entries.map(([name, value]) => [name, value])) as Partial<Tuning>) };
  } catch {
    return null;
  }
}

const writeTuning = (tuning: Tuning): string => JSON.stringify(Object.fromEntries(Object.keys(allowed).map((name) => [name, tuning[name as keyof Tuning]])));

/** The calls of a family, on maps that begin at 0, M·C and 2·M·C of A; scratch is placed behind by `measure`. */
function callsOf(family: Family): Call[] {
  const on = (side: number, C: number): { readonly M: number; readonly C: number; readonly window: { B: number; H: number; W: number; Ho: number; Wo: number; k: number; s: number; p: number; tmp: number } } => ({
    M: BATCH * side * side,
    C,
    window: { B: BATCH, H: side, W: side, Ho: side, Wo: side, k: 3, s: 1, p: 1, tmp: 0 },
  });
  const loaded = { x: 0, xmode: 1, xcoef: -1, xcs: 0, xlo: 0, xhi: 3.4e38 } as const;
  const into = (at: number, C: number) => ({ dx: at, dxld: C, base: -1, baseld: 0, mask: 1, x: 0, xld: C, lo: 0, hi: 3.4e38 }) as const;
  const { M, C, window } = on(SIDE, 16);
  const dy = { dy: M * C, dyld: C } as const;
  switch (family) {
    case "pointwise":
      return [
        call("pointwise", { ...loaded, xld: C, w: 0, bias: -1, y: M * C, yld: C, M, K: C, N: C, tmp: 0 }),
        call("pointwiseGradInput", { ...dy, w: 0, ...into(2 * M * C, C), M, K: C, N: C, tmp: 0 }),
      ];
    case "wide": {
      const wide = on(SIDE / 4, 128);
      const [rows, channels] = [wide.M, wide.C];
      return [
        call("pointwise", { ...loaded, xld: channels, w: 0, bias: -1, y: rows * channels, yld: channels, M: rows, K: channels, N: channels, tmp: 0 }),
        call("pointwiseGradInput", { dy: rows * channels, dyld: channels, w: 0, ...into(2 * rows * channels, channels), M: rows, K: channels, N: channels, tmp: 0 }),
      ];
    }
    case "convolution":
      return [
        call("depthwise", { ...loaded, xld: C, w: 0, y: M * C, yld: C, ...window, d: 1, C }),
        call("depthwiseGradInput", { ...dy, w: 0, ...into(2 * M * C, C), ...window, d: 1, C }),
        call("conv", { ...loaded, xld: C, w: 0, bias: -1, y: M * C, yld: C, ...window, K: C, N: C }),
      ];
    case "weights":
      return [
        call("pointwiseGradWeight", { ...loaded, xld: C, ...dy, dw: 0, M, K: C, N: C, tmp: 0 }),
        call("depthwiseGradWeight", { ...loaded, xld: C, ...dy, dw: 0, ...window, d: 1, C }),
      ];
    default:
      return family satisfies never;
  }
}

/** Floats of the maps and weights of all families. */
const MAP_FLOATS = 3 * BATCH * SIDE * SIDE * 16;
const WEIGHT_FLOATS = 128 * 128;

/** How a family's calls are timed; a test has its own way. */
export type Timed = (device: GPUDevice, tuning: Tuning, family: string) => Promise<number>;

/** Milliseconds of a family's calls on a machine with this tuning. */
async function measure(device: GPUDevice, tuning: Tuning, family: Family): Promise<number> {
  const machine: WebgpuMachine = createWebgpuMachine(device, { tuning });
  try {
    const calls = callsOf(family);
    const scratch = Math.max(...calls.map((one) => machine.scratchFloats(one)));
    const arenas: Arenas = {
      A: machine.createArena("A", MAP_FLOATS + scratch),
      W: machine.createArena("W", WEIGHT_FLOATS),
      G: machine.createArena("G", WEIGHT_FLOATS),
      S: machine.createArena("S", 64),
    };
    const placed = calls.map((one): Call => ({ op: one.op, args: { ...one.args, tmp: MAP_FLOATS } }) as Call);
    const program = machine.compile(Array.from({ length: RUNS }, () => placed.map((one) => [one])).flat(), arenas);
    await machine.prepare([program]);
    let least = Infinity;
    for (let round = 0; round <= ROUNDS; round++) {
      const start = performance.now();
      machine.run([program]);
      await machine.idle();
      // The first run also pays for the memory.
      if (round > 0) least = Math.min(least, performance.now() - start);
    }
    return least;
  } finally {
    machine.dispose();
  }
}

/** Tries the choices one after the other, each on top of those that won. */
export async function searchTuning(device: GPUDevice, base: Tuning, timed: Timed = measure as Timed, now: () => number = () => performance.now()): Promise<Tuning> {
  const end = now() + PATIENCE_MS;
  let best = base;
  const times = new Map<Family, number>();
  for (const { family, change } of choices) {
    if (now() > end) break;
    const before = times.get(family) ?? (await timed(device, best, family));
    const tried = { ...best, ...change };
    const after = await timed(device, tried, family);
    const isFaster = after < before * MARGIN;
    if (isFaster) best = tried;
    times.set(family, isFaster ? after : before);
  }
  return best;
}

/**
 * The tuning for a device: the default where nothing can be kept or the adapter is software, else what was kept, else what a search of about a second
 * finds (and keeps). Never throws: whatever fails, the default serves.
 */
export async function probeTuning(device: GPUDevice, storage: ProbeStorage | null, timed?: Timed, now?: () => number): Promise<Tuning> {
  const base = defaultTuning(device);
  const info = (device as { readonly adapterInfo?: GPUAdapterInfo }).adapterInfo;
  if (storage === null || info === undefined || isSoftwareDevice(device)) return base;
  try {
    const key = keyOf(info);
    const kept = readTuning(await storage.get(key), base);
    if (kept !== null) return kept;
    const found = await searchTuning(device, base, timed, now);
    // Measured anew next time where it cannot be kept.
    await storage.set(key, writeTuning(found)).catch(() => undefined);
    return found;
  } catch {
    return base;
  }
}
