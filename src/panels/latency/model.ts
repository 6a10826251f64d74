/**
 * What the latency panel knows: one cell a layer and candidate, the parts that every network has, the smallest entry, and the network whose way is
 * outlined. Pure: space, table and view state in, plain data out. Times are microseconds.
 */
import type { LatencyReading, LatencyTable } from "@/nas/latency/table";
import type { LatencyBlock, Space } from "@/nas/space/types";

export const latencyViews = ["table", "check", "cost"] as const;
export type LatencyViewId = (typeof latencyViews)[number];

/** `pending`: being measured, not reached yet. */
export type CellStatus = "measured" | "edited" | "estimated" | "identity" | "missing" | "pending";

/** A cell by column and row: a layer's candidate; slot −1 holds the parts of every network. */
export interface CellId {
  readonly slot: number;
  readonly choice: number;
}

export interface LatencyCell extends CellId {
  /** Row of the picture. */
  readonly row: number;
  /** Name of the candidate, or key of the fixed part. */
  readonly op: string;
  readonly key: string | null;
  readonly us: number | null;
  readonly p10: number | null;
  readonly p90: number | null;
  readonly status: CellStatus;
  /** Spread of the readings over half of the median. */
  readonly isNoisy: boolean;
  /** Share of the cell that the smallest entry makes up, 0–1. */
  readonly overhead: number | null;
  /** Cells with the same key, this one included. */
  readonly places: number;
  /** On the way of the network that is outlined. */
  readonly isPath: boolean;
}

export interface LatencyColumn {
  readonly slot: number;
  readonly label: string;
  readonly stage: number;
  readonly cells: readonly LatencyCell[];
}

export interface LatencyModel {
  /** Candidates, top to bottom: the first layer's order, then what others add. */
  readonly ops: readonly string[];
  readonly columns: readonly LatencyColumn[];
  readonly fixed: readonly LatencyCell[];
  /** Smallest and largest positive time on show; null before any. */
  readonly range: readonly [number, number] | null;
  /** Smallest positive entry: an upper bound of what starting a part costs. */
  readonly overheadUs: number | null;
  /** Distinct keys that the space needs, and those that the table has. */
  readonly needed: number;
  readonly known: number;
  readonly hasNoisy: boolean;
  readonly hasEdited: boolean;
  readonly hasEstimated: boolean;
  readonly hasPath: boolean;
}

export interface LatencyInput {
  readonly space: Space;
  readonly table: Pick<LatencyTable, "entries" | "fixed"> | null;
  readonly isMeasuring: boolean;
  /** Gene by slot of the network whose way is outlined, or null. */
  readonly path: readonly number[] | null;
}

const noisyFrom = 0.5;

function statusOf(block: LatencyBlock | null, reading: LatencyReading | undefined, isMeasuring: boolean): CellStatus {
  if (block === null) return "identity";
  if (reading === undefined) return isMeasuring ? "pending" : "missing";
  return reading.source ?? "measured";
}

/** Names of the candidates of a slot, in gene order. */
export function choicesAt({ mutables }: Pick<Space, "mutables">, slot: number): readonly string[] {
  return (mutables[slot]?.choices ?? []).map(String);
}

export function buildLatency({ space, table, isMeasuring, path }: LatencyInput): LatencyModel {
  const { fixed, slots } = space.latency ?? { fixed: [], slots: [] };
  const readings = new Map([...(table?.entries ?? []), ...(table?.fixed ?? [])].map((reading) => [reading.key, reading]));
  const blocks = [...fixed, ...slots.flat()].flatMap((block) => (block === null ? [] : [block.key]));
  const places = new Map<string, number>();
  for (const key of blocks) places.set(key, (places.get(key) ?? 0) + 1);
  const known = [...places.keys()].flatMap((key) => readings.get(key) ?? []);
  const positive = known.map(({ us }) => us).filter((us) => us > 0);
  const overheadUs = positive.length > 0 ? Math.min(...positive) : null;
  const ops = [...new Set(slots.flatMap((_, slot) => choicesAt(space, slot)))];

  const cell = (id: CellId, row: number, op: string, block: LatencyBlock | null): LatencyCell => {
    const reading = block === null ? undefined : readings.get(block.key);
    const us = block === null ? 0 : (reading?.us ?? null);
    const status = statusOf(block, reading, isMeasuring);
    return {
      ...id,
      ...{ row, op, us, status },
      key: block?.key ?? null,
      p10: reading?.p10 ?? null,
      p90: reading?.p90 ?? null,
      isNoisy: status === "measured" && reading !== undefined && (reading.p90 - reading.p10) / reading.us > noisyFrom,
      overhead: overheadUs !== null && us !== null && us > 0 ? Math.min(1, overheadUs / us) : null,
      places: block === null ? 1 : (places.get(block.key) ?? 1),
      isPath: path !== null && id.slot >= 0 && path[id.slot] === id.choice,
    };
  };

  return {
    ops,
    columns: slots.map((choices, slot) => {
      const names = choicesAt(space, slot);
      return {
        slot,
        label: space.slots[slot]?.label ?? String(slot + 1),
        stage: space.slots[slot]?.stage ?? 0,
        cells: choices.map((block, choice) => cell({ slot, choice }, ops.indexOf(names[choice] ?? ""), names[choice] ?? "", block)),
      };
    }),
    fixed: fixed.map((block, i) => cell({ slot: -1, choice: i }, i, block.key, block)),
    range: overheadUs === null ? null : [overheadUs, Math.max(...positive)],
    overheadUs,
    needed: places.size,
    known: known.length,
    hasNoisy: known.some(({ us, p10, p90, source }) => source === undefined && (p90 - p10) / us > noisyFrom),
    hasEdited: known.some(({ source }) => source === "edited"),
    hasEstimated: known.some(({ source }) => source === "estimated"),
    hasPath: path !== null,
  };
}

export function cellOf(model: LatencyModel, id: CellId | null): LatencyCell | null {
  if (id === null) return null;
  return (id.slot < 0 ? model.fixed[id.choice] : model.columns[id.slot]?.cells[id.choice]) ?? null;
}

/** Place of a time on the colour scale, 0–1: the smallest keeps some ink, so that it is no gap. */
export function shadeOf(us: number, range: readonly [number, number], isLog: boolean): number {
  const [low, high] = range;
  if (us <= 0) return 0;
  if (high <= low) return 0.6;
  const t = isLog ? Math.log(us / low) / Math.log(high / low) : us / high;
  return 0.08 + 0.92 * Math.min(1, Math.max(0, t));
}

/** Keys to measure again for a cell; null for an identity. */
export function keysOf({ key }: LatencyCell): readonly string[] | null {
  return key === null ? null : [key];
}

/** About how long a table takes, seconds: 25 entries take some 5 s, 75 some 20 s. */
export function measureSeconds(entries: number): number {
  const seconds = entries * (entries > 50 ? 0.27 : 0.2);
  return Math.max(2, seconds < 10 ? Math.round(seconds) : Math.round(seconds / 5) * 5);
}

/** A time typed in milliseconds, as µs; null when it is none. */
export function parseMs(text: string): number | null {
  const ms = Number(text.trim().replace(",", ".").replace(/\s*ms$/i, ""));
  return text.trim() !== "" && Number.isFinite(ms) && ms > 0 ? ms * 1000 : null;
}

/** Step of an arrow over cells: left and right over layers and on to the fixed parts, up and down over candidates; the first press lands on the first cell. */
export function movedCell(model: LatencyModel, key: string, from: CellId | null): CellId | null {
  const moves: Readonly<Record<string, readonly [dx: number, dy: number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const move = moves[key];
  if (move === undefined) return null;
  const lists = [...model.columns.map(({ cells }) => cells), model.fixed].filter((cells) => cells.length > 0);
  const at = cellOf(model, from);
  if (at === null) return lists[0]?.[0] ?? null;
  const clamp = (value: number, count: number): number => Math.min(count - 1, Math.max(0, value));
  const column = lists.findIndex((cells) => cells[0]?.slot === at.slot);
  const own = lists[column] ?? [];
  const target = lists[clamp(column + move[0], lists.length)] ?? own;
  const index = clamp(own.indexOf(at) + move[1], own.length);
  const found = move[0] === 0 ? own[index] : (target.find(({ row }) => row === at.row) ?? target[clamp(at.row, target.length)]);
  return found ?? null;
}
