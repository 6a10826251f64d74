/** What stays text and vector over the canvas: names and winners of the rows, axes, pins, the time cursor and the brush. */
import type { Focus } from "@/store/view";
import { text as copy } from "@/viz/copy";
import { countText } from "@/viz/format";
import { opColor, opStyle, type PaletteTheme, sequential } from "@/viz/palette";
import { edgeOf, inkLevel, isOpLit, isRowLit } from "./focus";
import { xAt } from "./hit";
import type { RowLabels } from "./labels";
import { labelBox, type PlacedRow, soloLabels, type StreamsLayout } from "./layout";
import type { EntropyLines, StreamRow, StreamsModel } from "./model";
import styles from "./streams.module.css";
import type { Brush } from "./useStreamsPointer";

const text = copy.streams;

export interface StreamsOverlayProps {
  readonly layout: StreamsLayout;
  readonly model: StreamsModel;
  readonly labels: RowLabels;
  readonly lines: EntropyLines | null;
  readonly focus: Focus;
  readonly pinA: Focus | null;
  readonly pinB: Focus | null;
  readonly theme: PaletteTheme;
  readonly isPast: boolean;
  readonly brush: Brush | null;
  /** False before there is α: names and axes alone. */
  readonly hasWeights: boolean;
}

export function StreamsOverlay(props: StreamsOverlayProps) {
  const { layout, model, isPast, brush } = props;
  return (
    <>
      {layout.heads.map(({ group, label, x, y }) => (
        <text key={group} className={styles["head"]} x={x} y={y}>
          {label}
        </text>
      ))}
      {layout.rows.map((placed) => (
        <RowMarks key={placed.index} placed={placed} {...props} />
      ))}
      {layout.ops.map(({ group, op, x, y, anchor }) => {
        const name = model.groups[group]?.ops[op] ?? "";
        return (
          <text
            key={`${group}.${op}`}
            className={styles["name"]}
            data-lit={isOpLit(props.focus, model.groups, name)}
            x={x}
            y={y}
            textAnchor={anchor}
          >
            {anchor === "middle" && layout.room !== "wide" ? opStyle(name).glyph : opStyle(name).code}
          </text>
        );
      })}
      {layout.charts.length > 0 && <EntropyMarks {...props} />}
      {layout.isSolo && <SoloMarks {...props} />}
      {layout.ticks.map(({ x, y, step, anchor }, i) => (
        <text key={i} className={styles["tick"]} x={x} y={y} textAnchor={anchor}>
          {countText(step)}
        </text>
      ))}
      {isPast &&
        layout.view !== "now" &&
        [...layout.rows, ...layout.charts].map(({ box }, i) => {
          const x = xAt(box, model.span, model.step);
          return <line key={i} className={styles["cursor"]} x1={x} x2={x} y1={box.y} y2={box.y + box.height} />;
        })}
      {brush && (
        <rect
          className={styles["brush"]}
          x={Math.min(brush.from, brush.to)}
          width={Math.abs(brush.to - brush.from)}
          y={brush.box.y}
          height={brush.box.height}
        />
      )}
    </>
  );
}

/**
 * Name of a row in the room there is: "Layer 3" is 3, and in a line of narrow columns an edge is named whole only where another node
 * begins: 4←0 1 2 3.
 */
function nameOf({ index, box, axis }: PlacedRow, { view, room }: StreamsLayout, model: StreamsModel): string {
  const row = model.rows[index];
  if (!row) return "";
  if (view === "streams" && room === "wide") return row.label;
  const edge = (i: number) => model.groups[row.group]?.rows[model.rows[i]?.row ?? -1];
  const [own, before] = [edge(index), model.rows[index - 1]?.group === row.group ? edge(index - 1) : undefined];
  const isNarrow = view === "now" && axis === "up" && box.width < 30;
  if (isNarrow && own?.from !== undefined && own.to === before?.to) return String(own.from);
  return row.label.replace(/^\D+(?=\d)/, "");
}

function isPinned(pin: Focus | null, model: StreamsModel, row: StreamRow): boolean {
  const edge = pin && edgeOf(pin, model.groups);
  return edge?.group === row.group && edge.row === row.row;
}

/** "sep3 61 %", "61 %" or "61" after the glyph. */
function winnerWords(op: string, weight: number, room: StreamsLayout["room"]): string {
  if (room === "tiny") return String(Math.round(100 * weight));
  return ` ${room === "short" ? text.share(weight) : text.winner(opStyle(op).code, weight)}`;
}

function RowMarks({
  placed,
  layout,
  model,
  labels,
  focus,
  pinA,
  pinB,
  theme,
  hasWeights,
}: StreamsOverlayProps & { readonly placed: PlacedRow }) {
  const row = model.rows[placed.index];
  if (!row) return null;
  const { box, axis } = placed;
  const name = labelBox(layout, placed);
  const isAbove = layout.view === "streams" || axis === "up";
  const isStack = layout.view === "streams";
  const isKept = model.isDerived && row.kept !== null && row.kept >= 0;
  const shown = layout.isSolo ? "" : nameOf(placed, layout, model);
  const label = labels[row.group]?.[row.row] ?? { winner: row.winner, weight: row.weights[row.winner] ?? 0 };
  return (
    <g data-group={row.group} data-row={row.row} data-kept={isKept || undefined}>
      <g className={styles["row"]} data-lit={isRowLit(focus, model.groups, row)}>
        {layout.view === "heat" || (layout.view === "now" && !isAbove) ? (
          <text className={styles["name"]} x={name.x + name.width - 6} y={box.y + box.height / 2 + 4} textAnchor="end">
            {isKept && `${text.kept} `}
            {shown}
          </text>
        ) : (
          <text
            className={styles["name"]}
            x={isStack ? box.x : box.x + box.width / 2}
            y={box.y - 4}
            textAnchor={isStack ? "start" : "middle"}
          >
            {shown}
            {isKept && <tspan className={styles["kept"]}>{isStack ? ` ${text.kept}` : text.kept}</tspan>}
          </text>
        )}
        {isStack && hasWeights && !layout.isSolo && (
          <text className={styles["winner"]} x={box.x + box.width} y={box.y - 4} textAnchor="end">
            <tspan
              fill={row.ops[label.winner] === "none" ? "var(--ink-3)" : opColor(row.ops[label.winner] ?? "", theme)}
            >
              {opStyle(row.ops[label.winner] ?? "").glyph}
            </tspan>
            {winnerWords(row.ops[label.winner] ?? "", label.weight, layout.room)}
          </text>
        )}
      </g>
      {layout.view !== "streams" && isKept && <KeptMark placed={placed} row={row} view={layout.view} />}
      {isPinned(pinA, model, row) && <rect className={styles["pin"]} {...around(box)} />}
      {isPinned(pinB, model, row) && <rect className={styles["pin"]} strokeDasharray="5 4" {...around(box)} />}
    </g>
  );
}

function around({ x, y, width, height }: PlacedRow["box"]) {
  return { x: x - 1.5, y: y - 1.5, width: width + 3, height: height + 3 };
}

/** The op that a row would keep: a frame around its square, or a mark beside its line. */
function KeptMark({
  placed: { box, axis },
  row,
  view,
}: {
  readonly placed: PlacedRow;
  readonly row: StreamRow;
  readonly view: string;
}) {
  const p = row.order.indexOf(row.kept ?? -1);
  if (p < 0) return null;
  const n = row.ops.length;
  const step = (axis === "up" ? box.height : box.width) / n;
  const at =
    axis === "up"
      ? { x: box.x, y: box.y + box.height - (p + 1) * step, width: box.width, height: step }
      : { x: box.x + p * step, y: box.y, width: step, height: box.height };
  if (view === "heat")
    return <rect className={styles["keptLine"]} {...at} x={box.x - 4} width={3} height={Math.max(2, step)} />;
  return <rect className={styles["keptFrame"]} x={at.x + 1} y={at.y + 1} width={at.width - 2} height={at.height - 2} />;
}

/** Axis of the one row on show, and the name of every band that has room for it. */
function SoloMarks({ layout, model, theme, focus, hasWeights }: StreamsOverlayProps) {
  const placed = layout.rows[0];
  const row = placed && model.rows[placed.index];
  if (!placed || !row) return null;
  const { box } = placed;
  return (
    <g>
      {text.axis.shares.map((label, i) => (
        <text
          key={label}
          className={styles["tick"]}
          x={box.x - 6}
          y={box.y + (i / 2) * box.height + 4}
          textAnchor="end"
        >
          {label}
        </text>
      ))}
      {hasWeights &&
        soloLabels(box, row).map(({ op, y }) => (
          <text
            key={op}
            className={styles["winner"]}
            data-lit={inkLevel(focus, model, row, op) < 2}
            x={box.x + box.width + 8}
            y={y + 4}
          >
            <tspan fill={row.ops[op] === "none" ? "var(--ink-3)" : opColor(row.ops[op] ?? "", theme)}>
              {opStyle(row.ops[op] ?? "").glyph}
            </tspan>
            {` ${text.winner(opStyle(row.ops[op] ?? "").code, row.weights[op] ?? 0)}`}
          </text>
        ))}
    </g>
  );
}

function EntropyMarks({ layout, model, lines, focus }: StreamsOverlayProps) {
  const edge = edgeOf(focus, model.groups);
  return (
    <g>
      {layout.charts.map(({ group, box }) => {
        const own = model.rows.flatMap((row, i) => (row.group === group ? [{ row, i }] : []));
        const named =
          own.find(({ row }) => edge?.group === group && edge.row === row.row) ??
          own.reduce((a, b) => (b.row.entropy < a.row.entropy ? b : a));
        const end = (values: Float32Array, at: number): number =>
          box.y + (1 - (values[(at + 1) * (lines?.bins ?? 1) - 1] ?? 1)) * box.height + 4;
        const [meanY, rowY] = lines ? [end(lines.mean, group), end(lines.rows, named.i)] : [0, 0];
        return (
          <g key={group}>
            {text.axis.entropy.map((label, i) => (
              <text
                key={label}
                className={styles["tick"]}
                x={box.x - 6}
                y={box.y + (i / 2) * box.height + 4}
                textAnchor="end"
              >
                {label}
              </text>
            ))}
            {lines && (
              <>
                <text className={styles["winner"]} x={box.x + box.width + 6} y={meanY}>
                  {text.mean}
                </text>
                {Math.abs(rowY - meanY) > 11 && (
                  <text className={styles["name"]} x={box.x + box.width + 6} y={rowY}>
                    {named.row.label}
                  </text>
                )}
              </>
            )}
          </g>
        );
      })}
    </g>
  );
}

/** Five steps of the scale of the heat view, and what its ends mean. */
export function HeatScale({ top, theme }: { readonly top: number; readonly theme: PaletteTheme }) {
  return (
    <span className={styles["scale"]}>
      {[0, 0.25, 0.5, 0.75, 1].map((t) => (
        <span key={t} style={{ background: sequential(t, theme) }} />
      ))}
      {text.scale(top)}
    </span>
  );
}
