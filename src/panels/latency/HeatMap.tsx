/** The cells of the latency table: shade by time, hatched foot for the overhead, value and marks, rings for focus, pins and the outlined network. */
import { memo } from "react";
import type { Focus } from "@/store/view";
import { text as copy } from "@/viz/copy";
import { cellMs } from "@/viz/copy/latency";
import { opStyle, type PaletteTheme, sequential } from "@/viz/palette";
import { inkOn } from "@/viz/thetaInk";
import styles from "./latency.module.css";
import { type CellId, type LatencyCell, type LatencyModel, shadeOf } from "./model";
import type { PlacedCell, TableLayout } from "./tableLayout";

const text = copy.latency;

export interface HeatMapProps {
  readonly layout: TableLayout;
  readonly model: LatencyModel;
  readonly theme: PaletteTheme;
  readonly isLog: boolean;
  readonly focus: Focus;
  readonly pinA: Focus | null;
  readonly pinB: Focus | null;
  /** Cell under the pointer or the arrow keys. */
  readonly at: CellId | null;
}

/** Height of the hatched foot. */
const foot = 4;

/** Signs of a cell whose number was not measured, or not calmly. */
function markOf({ status, isNoisy }: LatencyCell): string {
  if (status === "edited") return text.marks.edited;
  if (status === "estimated") return text.marks.estimated;
  return isNoisy ? text.marks.noisy : "";
}

function valueOf({ us, status }: LatencyCell): string {
  if (us !== null) return cellMs(us);
  return status === "pending" ? text.marks.pending : text.marks.missing;
}

export function HeatMap(props: HeatMapProps) {
  const { layout, model, theme, isLog, focus } = props;
  return (
    <>
      <defs>
        {/* One pattern a document would do, but panels come and go. */}
        <pattern id="latency-hatch" width={4} height={4} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line x1={0} x2={0} y1={0} y2={4} className={styles["hatch"]} />
        </pattern>
      </defs>
      {layout.rowLabels.map(({ row, op, y }) => (
        <text key={row} className={styles["rowLabel"]} data-lit={focus.op === op || undefined} x={layout.labelX} y={y} textAnchor="end">
          {op}
          <title>{opStyle(op).code}</title>
        </text>
      ))}
      {layout.heads.map(({ slot, text: label, x }) => (
        <text key={slot} className={styles["tick"]} data-lit={focus.slot === slot || undefined} x={x} y={layout.headY} textAnchor="middle">
          {label}
        </text>
      ))}
      {layout.fixedHead && (
        <text className={styles["tick"]} x={layout.fixedHead.x} y={layout.headY} textAnchor="middle">
          {text.fixed}
        </text>
      )}
      <Cells {...{ layout, model, theme, isLog }} />
      <Rings {...props} />
    </>
  );
}

type CellsProps = Pick<HeatMapProps, "layout" | "model" | "theme" | "isLog">;

/** Hundreds of marks: drawn again when numbers or size change, not when the pointer moves. */
const Cells = memo(function Cells(props: CellsProps) {
  return props.layout.cells.map((placed) => <Cell key={`${placed.cell.slot}/${placed.cell.choice}`} placed={placed} {...props} />);
});

function Cell({ placed, layout, model, theme, isLog }: CellsProps & { readonly placed: PlacedCell }) {
  const { cell, x, y, width, height } = placed;
  const isTimed = cell.us !== null && cell.us > 0 && model.range !== null;
  const fill = isTimed && cell.us !== null && model.range ? sequential(shadeOf(cell.us, model.range, isLog), theme) : "none";
  const ink = isTimed ? inkOn(fill) : "var(--ink-3)";
  const isFixed = cell.slot < 0;
  const mark = markOf(cell);
  const value = isFixed ? `${text.fixedPart(cell.op)} ${valueOf(cell)}` : valueOf(cell);
  const shows = layout.hasValues || !isTimed || isFixed;
  return (
    <g data-cell={`${cell.slot}/${cell.choice}`} data-status={cell.status}>
      <rect className={styles["cell"]} x={x} y={y} width={width} height={height} rx={2} fill={fill} data-empty={!isTimed || undefined} />
      {cell.overhead !== null && height >= 12 && (
        <g>
          <rect className={styles["overheadBack"]} x={x} y={y + height - foot} width={width * cell.overhead} height={foot} />
          <rect fill="url(#latency-hatch)" x={x} y={y + height - foot} width={width * cell.overhead} height={foot} />
        </g>
      )}
      {shows && height >= 12 && (
        <text className={styles["value"]} x={x + width / 2} y={y + height / 2 + (cell.overhead !== null && height < 22 ? 2 : 4)} textAnchor="middle" style={{ fill: ink }}>
          {value}
        </text>
      )}
      {mark !== "" && (
        <text className={styles["mark"]} x={x + width - 2} y={y + 9} textAnchor="end" style={{ fill: ink }}>
          {mark}
        </text>
      )}
    </g>
  );
}

/** A focus is a ring, never a fade: here lightness is the number itself. */
function Rings({ layout, focus, pinA, pinB, at }: HeatMapProps) {
  const isAt = (id: CellId | null, { cell }: PlacedCell): boolean => id !== null && cell.slot === id.slot && cell.choice === id.choice;
  const named = ({ slot, choice }: Focus): CellId | null => (slot === undefined || choice === undefined ? null : { slot, choice });
  const cells = layout.cells;
  const key = cells.find((placed) => isAt(at, placed))?.cell.key ?? null;
  const ring = (placed: PlacedCell, kind: string, inset: number) => (
    <rect
      key={`${kind}/${placed.cell.slot}/${placed.cell.choice}`}
      className={styles[kind]}
      x={placed.x + inset}
      y={placed.y + inset}
      width={Math.max(0, placed.width - 2 * inset)}
      height={Math.max(0, placed.height - 2 * inset)}
      rx={2}
    />
  );
  return (
    <g fill="none">
      {cells.filter(({ cell }) => cell.isPath).map((placed) => ring(placed, "path", 0))}
      {/* Equal shapes are one entry: what happens to this happens to those. */}
      {key !== null && cells.filter((placed) => placed.cell.key === key && !isAt(at, placed)).map((placed) => ring(placed, "same", 0.5))}
      {focus.op !== undefined && focus.slot === undefined && cells.filter(({ cell }) => cell.op === focus.op).map((placed) => ring(placed, "ring", -0.5))}
      {cells.filter((placed) => isAt(at, placed)).map((placed) => ring(placed, "ring", -1))}
      {pinA && cells.filter((placed) => isAt(named(pinA), placed)).map((placed) => ring(placed, "pinA", -1))}
      {pinB && cells.filter((placed) => isAt(named(pinB), placed)).map((placed) => ring(placed, "pinB", -1))}
    </g>
  );
}
