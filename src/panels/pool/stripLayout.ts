/** The generation strip: a beeswarm a generation, its median, best so far, and random search at equal evaluations in grey. Pure geometry. */
import { scaleLinear } from "d3";
import { scoreOf } from "@/nas/pareto";
import type { Box, Tick } from "./layout";
import type { PoolMark, PoolModel } from "./model";

export interface StripDot {
  readonly mark: PoolMark;
  readonly x: number;
  readonly y: number;
}

export interface StripColumn {
  readonly generation: number;
  readonly x: number;
  readonly width: number;
  readonly medianY: number | null;
  readonly label: string;
}

export interface StripLayout {
  readonly box: Box;
  readonly columns: readonly StripColumn[];
  readonly dots: readonly StripDot[];
  readonly randomDots: readonly { readonly x: number; readonly y: number; readonly isLit: boolean }[];
  readonly best: string;
  readonly randomBest: string;
  readonly yTicks: readonly Tick[];
}

const dotRadius = 2.5;

/**
 * Offsets of a beeswarm: each dot goes to the nearest free place beside the centre, in the order given; when the column is full it
 * stays at the edge. `ys` in pixels; returns offsets from the centre.
 */
export function swarm(ys: readonly number[], halfWidth: number, radius: number): number[] {
  const placed: { x: number; y: number }[] = [];
  return ys.map((y) => {
    let offset = 0;
    for (let i = 0; ; i++) {
      offset = i % 2 === 1 ? ((i + 1) / 2) * radius : (-i / 2) * radius + 0;
      if (Math.abs(offset) > halfWidth) {
        offset = Math.sign(offset) * Math.max(0, halfWidth);
        break;
      }
      if (placed.every((p) => (p.x - offset) ** 2 + (p.y - y) ** 2 >= (2 * radius) ** 2)) break;
    }
    placed.push({ x: offset, y });
    return offset;
  });
}

function stepLine(
  columns: readonly StripColumn[],
  values: readonly (number | null)[],
  y: (value: number) => number,
): string {
  let path = "";
  columns.forEach(({ x, width }, i) => {
    const value = values[i];
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    path += path === "" ? `M${x},${y(value)}H${x + width}` : `V${y(value)}H${x + width}`;
  });
  return path;
}

export function placeStrip(model: PoolModel, box: Box, domain: readonly [number, number]): StripLayout {
  const y = scaleLinear(domain, [box.y + box.height, box.y]);
  const count = Math.max(1, model.plannedGenerations);
  const width = box.width / count;
  const every = Math.max(1, Math.ceil(22 / width));
  const columns = Array.from({ length: count }, (_, generation): StripColumn => {
    const middle = model.generations[generation]?.median;
    return {
      ...{ generation, width, x: box.x + generation * width },
      medianY: middle === undefined || !Number.isFinite(middle) ? null : y(middle),
      label: generation % every === 0 ? String(generation) : "",
    };
  });
  const dots: StripDot[] = [];
  const randomDots: { x: number; y: number; isLit: boolean }[] = [];
  const isLit = model.focused === null;
  for (const { generation, marks, random } of model.generations) {
    const column = columns[generation];
    if (!column) continue;
    const centre = column.x + width / 2;
    const half = width / 2 - dotRadius - 1;
    const ys = marks.map((m) => y(m.accuracy));
    const offsets = swarm(ys, half, dotRadius);
    marks.forEach((mark, i) => dots.push({ mark, x: centre + (offsets[i] ?? 0), y: ys[i] ?? 0 }));
    const randomYs = random.filter((c) => c.accuracy).map((c) => y(scoreOf(c)));
    const randomOffsets = swarm(randomYs, half, dotRadius);
    randomYs.forEach((at, i) => randomDots.push({ x: centre + (randomOffsets[i] ?? 0), y: at, isLit }));
  }
  return {
    ...{ box, columns, dots, randomDots },
    best: stepLine(
      columns,
      model.generations.map((g) => g.best),
      y,
    ),
    randomBest: stepLine(
      columns,
      model.generations.map((g) => g.randomBest),
      y,
    ),
    yTicks: y
      .ticks(Math.max(2, Math.floor(box.height / 40)))
      .map((at) => ({ at: y(at), label: String(Math.round(1000 * at) / 10) })),
  };
}
