/** One cell drawn by React: lines into the output, ribbons of strands, labels, states. What moves, moves by style sheet. */
import type { Focus } from "@/store/view";
import { useMemo } from "react";
import type { CellGeometry } from "@/viz/cellLayout";
import { opColor, opStyle } from "@/viz/palette";
import styles from "./cells.module.css";
import type { ShownCell } from "./describe";
import { type EdgeRef, isSameEdge } from "./focus";
import { concatMarks, type EdgeMark, edgeMarks, slotMarks } from "./layout";
import type { Beat } from "./story";

export interface CellPictureProps {
  readonly cell: ShownCell;
  readonly geometry: CellGeometry;
  readonly beat: Beat;
  readonly theme: "light" | "dark";
  readonly focus: { readonly edge: EdgeRef | null; readonly op: string | null };
  readonly pinA: Focus | null;
  readonly pinB: Focus | null;
  /** Of this picture alone: several stand on a page. */
  readonly hatchId: string;
}

export function CellPicture(props: CellPictureProps) {
  const { cell, geometry, beat, theme, hatchId } = props;
  const { search, derived } = cell;
  const edges = useMemo(() => edgeMarks(search, derived, geometry, beat), [search, derived, geometry, beat]);
  const concat = useMemo(() => concatMarks(search, derived, geometry, beat), [search, derived, geometry, beat]);
  const slots = useMemo(() => (beat === 3 && derived ? slotMarks(derived, geometry) : []), [beat, derived, geometry]);
  return (
    <>
      <defs>
        <pattern id={hatchId} width={5} height={5} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width={5} height={5} fill={opColor("none", theme)} />
          <rect width={1.5} height={5} className={styles["hatchLine"]} />
        </pattern>
      </defs>
      <g fill="none">
        {concat.map(({ key, d }) => (
          <path key={key} className={styles["concat"]} d={d} data-concat={key} />
        ))}
        {edges.map((edge) => (
          <Pins key={edge.key} edge={edge} {...props} />
        ))}
        {edges.map((edge) => (
          <Edge key={edge.key} edge={edge} {...props} />
        ))}
      </g>
      {slots.map(({ key, x, y, slot }) => (
        <g key={key} className={styles["slot"]}>
          <circle cx={x} cy={y} r={7.5} />
          <text x={x} y={y + 4} textAnchor="middle">
            {slot}
          </text>
        </g>
      ))}
      {geometry.nodes.map(({ id, x, y, r, label }) => {
        const half = label.length > 2 ? 26 : r;
        return (
          <g key={id} className={styles["state"]} data-state-id={id}>
            <rect x={x - half} y={y - r} width={2 * half} height={2 * r} rx={r} />
            <text x={x} y={y + 4} textAnchor="middle">
              {label}
            </text>
          </g>
        );
      })}
      {edges.map((edge) => (
        <EdgeLabel key={edge.key} edge={edge} {...props} />
      ))}
    </>
  );
}

interface EdgeProps extends CellPictureProps {
  readonly edge: EdgeMark;
}

/** Full ink for what the focus names, or for all while it names nothing here. */
function isLit({ cell, focus, edge }: EdgeProps, op: string | null): boolean {
  if (focus.edge && !isSameEdge(focus.edge, { group: cell.group, row: edge.row })) return false;
  return focus.op === null || op === null || op === focus.op;
}

function isPinned(pin: Focus | null, { cell, edge }: EdgeProps): boolean {
  return isSameEdge(pin?.edge, { group: cell.group, row: edge.row });
}

/** Outlines of pins, beside the edges so that a focus on others does not dim them: A solid, B dashed. */
function Pins(props: EdgeProps) {
  const { line, width, isGone } = props.edge;
  const [isA, isB] = [isPinned(props.pinA, props), isPinned(props.pinB, props)];
  if (isGone || (!isA && !isB)) return null;
  return (
    <>
      <path className={styles["pin"]} d={line} strokeWidth={width + 8} strokeDasharray={isA ? undefined : "6 4"} />
      <path className={styles["casing"]} d={line} strokeWidth={width + 4} />
    </>
  );
}

function Edge(props: EdgeProps) {
  const { edge, cell, theme, hatchId } = props;
  const { row, line, width, strands, isKept, isGone } = edge;
  return (
    <g
      className={styles["edge"]}
      data-group={cell.group}
      data-row={row}
      data-kept={isKept}
      data-gone={isGone}
      data-plain={cell.search?.isUniform || undefined}
      data-lit={isLit(props, null)}
    >
      <path className={styles["hit"]} d={line} strokeWidth={width + 8} />
      {isKept && <path className={styles["casing"]} d={line} strokeWidth={width + 3} />}
      {strands.map((strand) => (
        <path
          key={strand.key}
          className={styles["strand"]}
          d={strand.d}
          stroke={opStyle(strand.op).family === "none" ? `url(#${hatchId})` : opColor(strand.op, theme)}
          strokeWidth={strand.width}
          pathLength={1}
          data-op={strand.op}
          data-gone={strand.isGone}
          data-lit={isLit(props, strand.op)}
        />
      ))}
    </g>
  );
}

function EdgeLabel(props: EdgeProps) {
  const { edge, cell } = props;
  const { label, isKept, isGone, row } = edge;
  if (!label || isGone) return null;
  return (
    <text
      className={styles["label"]}
      x={label.x}
      y={label.y + 4}
      textAnchor="middle"
      data-group={cell.group}
      data-row={row}
      data-op={label.op}
      data-kept={isKept}
      data-lit={isLit(props, label.op)}
    >
      {label.text}
    </text>
  );
}
