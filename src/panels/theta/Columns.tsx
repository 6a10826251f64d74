/** One stacked column a layer, as wide as its share of the expected cost: bands, codes, feet, pins, and the tip of what is under the pointer. */
import { type CSSProperties, type MouseEvent, useId, useMemo, useState } from "react";
import { history } from "@/store/history";
import { type Focus, pin } from "@/store/view";
import { useView } from "@/ui/hooks";
import { text as copy } from "@/viz/copy";
import { opColor, opStyle, type PaletteTheme } from "@/viz/palette";
import { inkOn } from "@/viz/thetaInk";
import { useTransientFocus } from "../useTransientFocus";
import { costText } from "@/viz/copy/latency";
import { describeTheta } from "./describe";
import { choicesInFocus, focusOf, genesOf, inkOf, isPinned, namesRow } from "./focus";
import { bandText, columnAt, type ColumnHit, type ColumnsLayout, layoutColumns, type PlacedColumn, type Size } from "./layout";
import { rankOf, type ThetaLayer, type ThetaModel } from "./model";
import styles from "./theta.module.css";
import { lineHeight } from "./ThetaPicture";
import { Tip } from "./Tip";
import type { ThetaView } from "./useThetaView";

const text = copy.theta;

export interface ColumnsProps {
  readonly view: ThetaView;
  readonly model: ThetaModel;
  readonly theme: PaletteTheme;
  readonly size: Size;
}

type Pointed = ColumnHit & { readonly x: number; readonly y: number };

const shift = (x: number, y = 0): CSSProperties => ({ transform: `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)` });

export function Columns({ view, model, theme, size }: ColumnsProps) {
  const { width, height } = size;
  const layout = useMemo(() => layoutColumns(model, { width, height }, lineHeight()), [model, width, height]);
  const [focus, pinA, pinB] = [useView((v) => v.focus), useView((v) => v.pinA), useView((v) => v.pinB)];
  const transient = useTransientFocus();
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const hatch = useId();
  const choices = choicesInFocus(focus, history.candidates());
  const genes = choices && genesOf(choices, view.space);
  const sentence = describeTheta(view);

  const hitOf = (event: MouseEvent<SVGSVGElement>): Pointed | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const hit = columnAt(layout, x, y);
    return hit && { ...hit, x, y };
  };
  const focusAt = (hit: ColumnHit | null): Focus | null => {
    const layer = hit ? model.layers[hit.index] : undefined;
    return layer && hit ? focusOf(layer, hit.op) : null;
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
  return (
    <>
      {/* A picture with keys of its own: the figure around it has the tab stop, the arrow keys and the table. */}
      <svg width={width} height={height} role="img" aria-label={sentence} data-still={view.state === "past"} {...(view.hasTheta ? handlers : {})}>
        <pattern id={hatch} width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width={6} height={6} className={styles["hatchBack"]} />
          <rect width={1.4} height={6} className={styles["hatchLine"]} />
        </pattern>
        {layout.columns.map((column) => {
          const layer = model.layers[column.index];
          return layer ? (
            <Layer key={layer.slot} {...{ column, layer, layout, model, focus, theme }} taken={genes?.[layer.slot] ?? -1} />
          ) : (
            <Fixed key="fixed" {...{ column, layout, hatch }} share={model.fixed?.share ?? 0} />
          );
        })}
        <Pins {...{ layout, model, pinA, pinB }} />
      </svg>
      {pointed && <Tip x={pointed.x} y={pointed.y} within={size} lines={columnLines(pointed, model, view.step)} />}
    </>
  );
}

/** What the tip says of a band, a foot or the fixed parts. */
export function columnLines({ index, op }: ColumnHit, model: ThetaModel, step: number): string[] {
  const layer = model.layers[index];
  const money = (value: number): string => costText(value, model.metric);
  if (!layer) return model.fixed ? [text.fixedHint, text.tip.fixed(money(model.fixed.cost), model.fixed.share)] : [];
  const k = op ?? layer.winner;
  const [p, cost] = [layer.weights[k] ?? 0, layer.costs?.[k]];
  const lines = [text.tip.where(layer.label, opStyle(layer.ops[k] ?? "").code), text.tip.p(p, rankOf(layer.weights, k), layer.ops.length)];
  if (cost !== undefined) lines.push(cost === 0 ? text.tip.free : text.tip.cost(money(cost), money(p * cost)), text.tip.layer(money(layer.expected), layer.share));
  return [...lines, text.tip.entropy(layer.entropy), text.tip.step(step)];
}

function Layer({ column, layer, layout, model, focus, theme, taken }: { readonly column: PlacedColumn; readonly layer: ThetaLayer; readonly layout: ColumnsLayout; readonly model: ThetaModel; readonly focus: Focus; readonly theme: PaletteTheme; /** Op of the network in focus, or −1. */ readonly taken: number }) {
  const { box, bands } = column;
  return (
    <g className={styles["column"]} style={shift(box.x)} data-slot={layer.slot}>
      {bands.map(({ op, y, height }) => {
        const name = layer.ops[op] ?? "";
        const fill = opColor(name, theme);
        const { code } = opStyle(name);
        const p = text.share(layer.weights[op] ?? 0);
        const says = bandText(box.width, height, layout.line, p.length);
        return (
          <g key={name} className={styles["band"]} style={{ opacity: inkOf(focus, model.groups, layer, op) }} data-op={name}>
            {/* A pixel of background between bands: neighbours of one family differ in lightness only. */}
            <rect y={y} width={box.width} height={Math.max(0, height - (height > 2 ? 1 : 0))} fill={fill} />
            {op === taken && <rect className={styles["taken"]} data-taken="" y={y} width={4} height={Math.max(3, height - 1)} />}
            {says !== "none" && (
              <g style={{ ...shift(box.width / 2, y + height / 2), fill: inkOn(fill) }} className={styles["code"]}>
                {says === "two" ? (
                  <>
                    <text y={-2}>{code}</text>
                    <text y={layout.line - 2}>{p}</text>
                  </>
                ) : (
                  <text y={layout.line / 3}>{says === "line" ? `${code} ${p}` : code}</text>
                )}
              </g>
            )}
          </g>
        );
      })}
      <Foot {...{ layout }} width={box.width} isLit={namesRow(focus, layer) !== false} label={layer.label} share={layer.share} entropy={layer.entropy} />
    </g>
  );
}

interface FootProps {
  readonly layout: ColumnsLayout;
  readonly width: number;
  readonly isLit: boolean;
  readonly label: string;
  readonly share: number;
  /** null: nothing is being decided. */
  readonly entropy: number | null;
}

/** Label, share of the cost, and how undecided the layer is as a bar: full = all ops are equally likely. */
function Foot({ layout, width, isLit, label, share, entropy }: FootProps) {
  const { foot, line } = layout;
  const name = width >= label.length * 0.52 * line ? label : text.layer(label);
  return (
    <g className={styles["foot"]} data-lit={isLit}>
      <g style={shift(width / 2, foot)}>
        <text y={line - 3}>{name}</text>
        <text className={styles["share"]} y={2 * line - 3}>
          {width >= 2.3 * line ? text.share(share) : Math.round(100 * share)}
        </text>
      </g>
      {entropy !== null && (
        <g style={shift(0, foot + 2 * line + 2)} className={styles["entropy"]}>
          <rect width={width} height={3} />
          <rect width={width * entropy} height={3} data-now="" />
        </g>
      )}
    </g>
  );
}

function Fixed({ column, layout, share, hatch }: { readonly column: PlacedColumn; readonly layout: ColumnsLayout; readonly share: number; readonly hatch: string }) {
  const { box } = column;
  return (
    <g className={styles["column"]} style={shift(box.x)} data-slot="fixed">
      <rect y={box.y} width={box.width} height={box.height} fill={`url(#${hatch})`} />
      <Foot layout={layout} width={box.width} isLit label={text.fixed} share={share} entropy={null} />
    </g>
  );
}

/** Outlines of what is pinned: a band, or a column; A solid, B dashed. */
function Pins({ layout, model, pinA, pinB }: { readonly layout: ColumnsLayout; readonly model: ThetaModel; readonly pinA: Focus | null; readonly pinB: Focus | null }) {
  return [pinA, pinB].flatMap((pinned, i) =>
    layout.columns.flatMap(({ index, box, bands }) => {
      const layer = model.layers[index];
      if (!layer || pinned === null) return [];
      const band = bands.find(({ op }) => isPinned(pinned, layer, op));
      const at = band ?? (isPinned(pinned, layer, null) ? box : null);
      return at ? [<rect key={`${i}.${index}`} className={styles["pin"]} x={box.x + 1} y={at.y + 1} width={Math.max(0, box.width - 2)} height={Math.max(0, at.height - 2)} strokeDasharray={i === 1 ? "4 3" : undefined} />] : [];
    }),
  );
}
