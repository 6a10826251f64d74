/** One small picture a masking decision: its distribution over time, what it is now, and its effective value. */
import { type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { history } from "@/store/history";
import { type Focus, pin } from "@/store/view";
import { useView } from "@/ui/hooks";
import { fitCanvas } from "@/viz/canvas";
import { text as copy } from "@/viz/copy";
import type { PaletteTheme } from "@/viz/palette";
import { columnWidth, type Sampled, sampleColumns } from "@/viz/streamLayout";
import { inkOn } from "@/viz/thetaInk";
import { useTransientFocus } from "../useTransientFocus";
import { describeTheta } from "./describe";
import { bandFill, drawTiles } from "./draw";
import { choicesInFocus, focusOf, inkLevels, inkOf, isPinned, namesRow } from "./focus";
import { type Box, labelLevel, layoutTiles, type PlacedTile, type Size, tileAt, type TileHit } from "./layout";
import { bandsAt, type Decision, effectiveText, type MaskBand, type MasksModel } from "./masks";
import { rankOf } from "./model";
import styles from "./theta.module.css";
import { lineHeight } from "./ThetaPicture";
import { Tip } from "./Tip";
import { decisionRow, type ReadableRow } from "./useThetaControl";
import type { ThetaView } from "./useThetaView";

const text = copy.theta;
const bins = 48;

export interface TilesProps {
  readonly view: ThetaView;
  readonly masks: MasksModel;
  readonly theme: PaletteTheme;
  readonly size: Size;
}

type Pointed = TileHit & { readonly x: number; readonly y: number };

function binOf(at: number, sampled: Sampled): number {
  return Math.min(sampled.bins - 1, Math.round(at * (sampled.bins - 1)));
}

export function Tiles({ view, masks, theme, size }: TilesProps) {
  const { width, height } = size;
  const { columns, hasTheta } = view;
  const count = masks.decisions.length;
  // Tiles stand where they stand whatever their numbers.
  const layout = useMemo(() => layoutTiles(count, { width, height }, lineHeight()), [count, width, height]);
  const sampled = useMemo(() => {
    const [first, last] = [columns[0], columns.at(-1)];
    return first && last ? sampleColumns(columns, columnWidth(masks.groups), bins, [first.step, last.step]) : null;
  }, [columns, masks.groups]);
  const rows = useMemo(() => masks.decisions.map((decision) => decisionRow(decision, masks.groups[decision.row]?.ops ?? [])), [masks]);
  const [focus, pinA, pinB] = [useView((v) => v.focus), useView((v) => v.pinA), useView((v) => v.pinB)];
  const canvas = useRef<HTMLCanvasElement>(null);
  const transient = useTransientFocus();
  const [pointed, setPointed] = useState<Pointed | null>(null);

  useEffect(() => {
    if (!canvas.current) return;
    const ctx = fitCanvas(canvas.current, width, height);
    const ink = (index: number): number => (rows[index] && namesRow(focus, rows[index]) === false ? inkLevels[2] : 1);
    if (sampled) drawTiles(ctx, layout, masks, sampled, theme, ink);
  }, [layout, masks, sampled, theme, focus, rows, width, height]);

  const bandsOf = (index: number, at: number | null): readonly MaskBand[] => {
    const decision = masks.decisions[index];
    if (!decision) return [];
    return at === null || !sampled ? decision.bands : bandsAt(decision, sampled, binOf(at, sampled));
  };
  const hitOf = (event: MouseEvent<SVGSVGElement>): Pointed | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const hit = tileAt(layout, x, y, bandsOf);
    return hit && { ...hit, x, y };
  };
  const focusAt = (hit: TileHit | null): Focus | null => {
    const row = hit ? rows[hit.index] : undefined;
    return row && hit ? focusOf(row, hit.option) : null;
  };
  const handlers = {
    onPointerMove: (event: MouseEvent<SVGSVGElement>) => {
      const hit = hitOf(event);
      setPointed(hit);
      const next = focusAt(hit);
      if (next) transient.enter(next);
      else transient.leave();
    },
    onPointerLeave: () => {
      setPointed(null);
      transient.leave();
    },
    onClick: (event: MouseEvent<SVGSVGElement>) => {
      const next = focusAt(hitOf(event));
      if (next) pin(next);
    },
  };
  const shareOf = (step: number): number => {
    const [from, to] = [sampled?.from ?? 0, sampled?.to ?? 1];
    return to > from ? Math.min(1, Math.max(0, (step - from) / (to - from))) : 1;
  };
  const choices = choicesInFocus(focus, history.candidates());
  const takenOf = ({ mutable, options }: Decision): number => (choices ? options.findIndex((option) => option === choices[mutable]) : -1);
  const labels = masks.decisions.map(labelsOf);
  const level = labelLevel(labels, layout.tiles[0]?.box.width ?? 0, layout.line);
  const cursor = view.state === "past" ? shareOf(view.step) : null;
  return (
    <>
      <canvas ref={canvas} aria-hidden="true" />
      <svg width={width} height={height} role="img" aria-label={describeTheta(view)} {...(hasTheta ? handlers : {})}>
        {layout.tiles.map((place) => {
          const [decision, row] = [masks.decisions[place.index], rows[place.index]];
          return decision && row && <Tile key={decision.id} {...{ place, decision, row, theme, focus, cursor, pinA, pinB }} label={labels[place.index]?.[level] ?? decision.label} taken={takenOf(decision)} groups={masks.groups} line={layout.line} />;
        })}
      </svg>
      {pointed && <Tip x={pointed.x} y={pointed.y} within={size} lines={tileLines(pointed, masks, sampled, view.step)} />}
    </>
  );
}

/** What the tip says of a band as it was at that place. */
export function tileLines({ index, option, at }: TileHit, masks: MasksModel, sampled: Sampled | null, step: number): string[] {
  const decision = masks.decisions[index];
  if (!decision) return [];
  const { kind, options, offset, widths } = decision;
  const bin = at !== null && sampled ? binOf(at, sampled) : null;
  const weights = bin === null || !sampled ? decision.weights : Float32Array.from(options, (_, k) => sampled.values[(offset + k) * sampled.bins + bin] ?? 0);
  const k = option ?? decision.winner;
  const sum = (values: readonly number[]): string => effectiveText(values.reduce((total, value, i) => total + value * (weights[i] ?? 0), 0));
  const lines = [text.tip.where(decision.label, text.masks.option[kind](options[k] ?? 0)), text.tip.p(weights[k] ?? 0, rankOf(weights, k), options.length)];
  lines.push(text.tip.effective(sum(options), String(options.at(-1) ?? "")));
  if (widths && kind === "expansion") lines.push(text.tip.channels(sum(widths), widths.at(-1) ?? 0));
  return [...lines, text.tip.step(Math.round(at === null || !sampled ? step : sampled.from + at * (sampled.to - sampled.from)))];
}

/** "Block 2.1 expansion", "2.1 expansion", "2.1 e": best first. */
function labelsOf({ id, label, kind }: Decision): readonly string[] {
  const { short, kinds } = text.masks;
  if (kind === "resolution") return [label, label, short.resolution];
  if (id === "stem") return [label, label, short.stem];
  const place = [...id.matchAll(/\d+/g)].map((match) => Number(match[0]) + 1).join(".");
  return [label, `${place} ${kinds[kind]}`, `${place} ${short[kind]}`];
}

interface TileProps {
  readonly place: PlacedTile;
  readonly decision: Decision;
  readonly label: string;
  /** Option of the network in focus, or −1. */
  readonly taken: number;
  readonly row: ReadableRow;
  readonly groups: MasksModel["groups"];
  readonly theme: PaletteTheme;
  readonly focus: Focus;
  readonly pinA: Focus | null;
  readonly pinB: Focus | null;
  readonly line: number;
  /** Place of the time cursor, 0–1; null = live. */
  readonly cursor: number | null;
}

function Tile({ place, decision, label, taken, row, groups, theme, focus, pinA, pinB, line, cursor }: TileProps) {
  const { box, heat, now } = place;
  const pins = [pinA, pinB].flatMap((pinned, i) => {
    const band = decision.bands.find(({ option }) => isPinned(pinned, row, option));
    const at = band ? bandBox(now, band) : isPinned(pinned, row, null) ? { x: box.x, y: heat.y, width: box.width, height: heat.height } : null;
    return at ? [<rect key={i} className={styles["pin"]} {...at} strokeDasharray={i === 1 ? "4 3" : undefined} />] : [];
  });
  return (
    <g className={styles["tile"]} data-lit={namesRow(focus, row) !== false} data-row={decision.id}>
      <text x={box.x} y={box.y + line - 2}>
        {label}
      </text>
      <text className={styles["effective"]} x={box.x + box.width} y={box.y + line - 2}>
        {effectiveText(decision.effective)}
      </text>
      <rect className={styles["tileFrame"]} x={heat.x + 0.5} y={heat.y + 0.5} width={Math.max(0, heat.width - 1)} height={Math.max(0, heat.height - 1)} />
      {decision.bands.map((band) => (
        <NowBand key={band.option} {...{ band, decision, now, theme, line }} ink={inkOf(focus, groups, row, band.option)} />
      ))}
      {decision.bands
        .filter(({ option }) => option === taken)
        .map((band) => (
          <rect key="taken" className={styles["taken"]} data-taken="" {...bandBox(now, band)} x={now.x - 4} width={4} />
        ))}
      {cursor !== null && <line className={styles["cursor"]} x1={heat.x + cursor * heat.width} x2={heat.x + cursor * heat.width} y1={heat.y} y2={heat.y + heat.height} />}
      {pins}
    </g>
  );
}

function bandBox({ x, y, width, height }: Box, { from, to }: MaskBand): Box {
  return { x, y: y + (1 - to) * height, width, height: Math.max(0, (to - from) * height) };
}

/** What stands now: a step of the mask as wide as M, or a part of the stack as tall as its option is likely. */
function NowBand({ band, decision, now, theme, line, ink }: { readonly band: MaskBand; readonly decision: Decision; readonly now: Box; readonly theme: PaletteTheme; readonly line: number; readonly ink: number }) {
  // Its width says M already; ink of its own keeps a thin step visible.
  const fill = bandFill(decision, decision.widths ? { ...band, value: 0.4 + 0.6 * band.value } : band, theme);
  const { x, y, width, height } = bandBox(now, band);
  const value = decision.widths ? band.value : 1;
  const option = String(decision.options[band.option] ?? "");
  const hasText = height >= line && width * value >= 0.62 * line * option.length;
  return (
    <g style={{ opacity: ink }} data-option={band.option}>
      <rect x={x} y={y} width={width * value} height={Math.max(0, height - (height > 2 ? 1 : 0))} fill={fill} />
      {hasText && (
        <text className={styles["option"]} x={x + (width * value) / 2} y={y + height / 2 + line / 3} style={{ fill: inkOn(fill) }}>
          {option}
        </text>
      )}
    </g>
  );
}
