/** The focused candidate's line of descent as mini-strips: one row a candidate, only the layers that changed are coloured. */
import type { Space } from "@/nas/space/types";
import { optionName } from "@/nas/space/optionNames";
import { text as copy } from "@/viz/copy";
import { opColor, opStyle } from "@/viz/palette";
import type { LineageStep } from "./lineage";
import styles from "./pool.module.css";

const text = copy.pool;

export interface LineageCardProps {
  readonly space: Space;
  readonly line: readonly LineageStep[];
  readonly isCut: boolean;
  readonly theme: "light" | "dark";
  /** Lower corner of the plot that the focused mark is not in, in pixels from the picture's edges. */
  readonly corner:
    { readonly bottom: number; readonly left: number } | { readonly bottom: number; readonly right: number };
  readonly maxRows: number;
}

const cell = 14;

export function LineageCard({ space, line, isCut, theme, corner, maxRows }: LineageCardProps) {
  const rows = line.slice(0, Math.max(1, maxRows));
  // Of cells the ops: which states they read has no colour.
  const ops = space.mutables.filter((mutable) => mutable.kind !== "input");
  return (
    <div className={styles["card"]} style={corner} aria-hidden="true">
      {rows.map(({ candidate, changed }) => (
        <div key={candidate.index} className={styles["cardRow"]}>
          <svg width={cell * ops.length} height={cell}>
            {ops.map((mutable, i) => {
              const op = optionName(mutable.id, candidate.choices[mutable.id]);
              const isChanged = changed === null || changed.includes(mutable.id);
              return (
                <g key={mutable.id}>
                  <rect
                    className={styles["cell"]}
                    x={i * cell + 0.5}
                    y={0.5}
                    width={cell - 2}
                    height={cell - 2}
                    rx={2}
                    fill={isChanged ? opColor(op, theme) : "none"}
                  />
                  {!isChanged && (
                    <text
                      className={styles["cellGlyph"]}
                      x={i * cell + cell / 2 - 0.5}
                      y={cell - 4}
                      textAnchor="middle"
                    >
                      {opStyle(op).glyph}
                    </text>
                  )}
                </g>
              );
            })}
          </svg>
          <span>{candidate.accuracy ? (100 * candidate.accuracy.value).toFixed(1) : "✕"}</span>
          <span className={styles["muted"]}>{`g${candidate.generation}`}</span>
        </div>
      ))}
      {(isCut || rows.length < line.length) && <div className={styles["muted"]}>{text.lineage.more}</div>}
    </div>
  );
}
