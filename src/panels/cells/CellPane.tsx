/** One cell with its head: what it is called, and how many of the operations that it keeps are skips. */
import { useEffect, useId, useMemo, useRef } from "react";
import { useView } from "@/ui/hooks";
import { useTheme } from "@/ui/theme";
import { useSize } from "@/ui/useSize";
import { text } from "@/viz/copy";
import styles from "./cells.module.css";
import { CellPicture } from "./CellPicture";
import { cellTitle, describeCells, type ShownCell } from "./describe";
import type { EdgeRef } from "./focus";
import { geometryOf } from "./layout";
import { isSkip, type SearchCell, type SkipCount, skipCount } from "./model";
import type { Story } from "./story";
import type { CellsControl } from "./useCellsControl";

export interface CellPaneProps {
  readonly cell: ShownCell;
  readonly story: Story;
  readonly focus: { readonly edge: EdgeRef | null; readonly op: string | null };
  readonly pointer: CellsControl["pointer"];
  /** Name and skips are said by a tab. */
  readonly isUntitled: boolean;
}

/** `skip 2/4`, bold with a warning above the limit, and the word for it when the search has collapsed. */
export function SkipBadge({ count, of, level }: SkipCount) {
  const words = text.cells;
  return (
    <span className={styles["badge"]} data-level={level} title={words.skipsHint[level]}>
      {level !== "ok" && <span aria-hidden="true">{words.skipWarning} </span>}
      {words.skips(count, of)}
      {level === "collapsed" && ` · ${words.collapsed}`}
    </span>
  );
}

/** Skips among the ops that a cell keeps; null while it keeps none. */
export function skipsOf({ id, search, derived }: ShownCell): SkipCount | null {
  if (search) return search.skips.of > 0 ? search.skips : null;
  const ops = derived?.inputs.map(({ op }) => op) ?? [];
  return skipCount(id, ops.filter(isSkip).length, ops.length, null);
}

/** A change of weights that the eye can see at once: half a pixel of a ribbon. */
const seenChange = 0.05;

const glideMs = 250;

function hasJumped(was: SearchCell, now: SearchCell): boolean {
  return now.edges.some(({ strands }, row) =>
    strands.some(({ weight }, k) => Math.abs(weight - (was.edges[row]?.strands[k]?.weight ?? weight)) > seenChange),
  );
}

/** Whether the strands should glide: not for the small steps of a search, whose 200 transitions would cost more than they show. */
function useGlide(search: SearchCell | null): boolean {
  const before = useRef(search);
  const until = useRef(0);
  const now = performance.now();
  if (before.current !== null && search !== null && before.current !== search && hasJumped(before.current, search))
    until.current = now + glideMs;
  useEffect(() => {
    before.current = search;
  });
  return now < until.current;
}

export function CellPane({ cell, story, focus, pointer, isUntitled }: CellPaneProps) {
  const box = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(box);
  const theme = useTheme();
  const hatchId = `hatch${useId().replace(/[^a-z0-9]/gi, "")}`;
  const [pinA, pinB] = [useView((v) => v.pinA), useView((v) => v.pinB)];
  const beat = cell.search === null ? 3 : story.beat;
  const subject = beat === 3 && cell.derived ? cell.derived : cell;
  const { id, nodes } = subject;
  const geometry = useMemo(() => geometryOf({ id, nodes }, { width, height }), [id, nodes, width, height]);
  const skips = skipsOf(cell);
  const sentence = useMemo(() => describeCells([cell]), [cell]);
  const isGliding = useGlide(cell.search);
  return (
    <div className={styles["pane"]} data-cell={cell.id} data-beat={beat}>
      {!isUntitled && (
        <div className={styles["head"]}>
          <h3 className={styles["name"]}>{cellTitle(cell.id)}</h3>
          {skips && <SkipBadge {...skips} />}
        </div>
      )}
      <div ref={box} className={styles["picture"]}>
        {width > 0 && height > 0 && (
          // Another size is another drawing: it does not glide there.
          <svg
            key={`${width} ${height}`}
            width={width}
            height={height}
            role="img"
            aria-label={sentence}
            data-told={story.isTold || undefined}
            data-glide={isGliding || undefined}
            {...pointer}
          >
            <CellPicture {...{ cell, geometry, beat, theme, focus, pinA, pinB, hatchId }} />
          </svg>
        )}
      </div>
    </div>
  );
}
