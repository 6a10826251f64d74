/** The cells side by side, or behind tabs where that would be too narrow, and the line below: what is seen and how far to trust it. */
import { useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { useMedia } from "@/ui/theme";
import { useSize } from "@/ui/useSize";
import { text } from "@/viz/copy";
import { CellPane, SkipBadge, skipsOf } from "./CellPane";
import styles from "./cells.module.css";
import { cellTitle } from "./describe";
import { knownFocus } from "./focus";
import { coinToss } from "./model";
import { beats } from "./story";
import type { CellsControl } from "./useCellsControl";
import type { CellsView } from "./useCellsView";

const words = text.cells;
/** Below this width two cells do not fit beside each other. */
const leastPair = 640;

interface CellsBodyProps {
  readonly view: CellsView;
  readonly pointer: CellsControl["pointer"];
}

/** Dots of the story: where it is, and a way to every beat without a keyboard. */
function Stepper({ view }: { readonly view: CellsView }) {
  const { story } = view;
  return (
    <div role="group" aria-label={words.stepper} className={styles["stepper"]}>
      {beats.map((beat) => (
        <Button
          key={beat}
          small
          weight="quiet"
          aria-label={words.beat(beat)}
          aria-pressed={story.story.beat === beat}
          onClick={() => story.step(beat)}
        >
          {beat}
        </Button>
      ))}
      <span className={styles["hint"]}>{words.stepHint}</span>
    </div>
  );
}

/** Sentences about what is drawn, the most needed first. */
function notesOf({ state, subject, story, problem, goodStep, bootMessage, isSampled, gap }: CellsView): string[] {
  if (problem === "alpha") return [words.broken(goodStep)];
  if (problem === "result") return [words.unreadable];
  if (state === "loading") return [bootMessage || words.loading];
  const isSingle = subject.cells[0]?.id === "cell";
  if (state === "empty") return [isSampled ? words.emptySampled : words.empty];
  const { beat, isTold } = story.story;
  if (isTold) return [(isSingle ? words.beatsSingle : words.beats)[beat] ?? ""];
  if (!subject.hasWeights) return isSingle ? [] : [words.reading.derived];
  const closest = subject.cells
    .flatMap(({ id, search }) => (search && search.margin !== null ? [{ id, margin: search.margin }] : []))
    .sort((a, b) => a.margin - b.margin)[0];
  const toss = closest && closest.margin < coinToss ? [words.coinToss(cellTitle(closest.id), closest.margin)] : [];
  const reading = beat < 3 ? [words.reading.weights] : isSingle ? [] : [words.reading.derived];
  return [isSingle ? words.shared.cell : words.shared.normal, ...(toss.length > 0 ? toss : gap ? [] : reading)];
}

export function CellsBody({ view, pointer }: CellsBodyProps) {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const isSmall = useMedia("(max-width: 1100px)");
  const { subject, story, focus, gap, state } = view;
  const { cells } = subject;
  const isTabbed = cells.length > 1 && (isSmall || (width > 0 && width < leastPair));
  const [wanted, setWanted] = useState(0);
  // A focus from elsewhere brings its cell to the front.
  const tab = focus.edge && cells.some(({ group }) => group === focus.edge?.group) ? focus.edge.group : wanted;
  const shown = isTabbed ? cells.filter(({ group }) => group === tab) : cells;
  const known = knownFocus(focus, cells);
  return (
    <div
      ref={box}
      className={styles["body"]}
      data-grey={(view.problem === "alpha" && story.story.beat < 3) || undefined}
    >
      {isTabbed && (
        <div role="group" aria-label={words.tabs} className={styles["tabs"]}>
          {cells.map((cell) => {
            const skips = skipsOf(cell);
            return (
              <Button
                key={cell.id}
                small
                weight="quiet"
                aria-pressed={cell.group === tab}
                onClick={() => setWanted(cell.group)}
              >
                {cellTitle(cell.id)}
                {skips && <SkipBadge {...skips} />}
              </Button>
            );
          })}
        </div>
      )}
      <div className={styles["panes"]}>
        {shown.map((cell) => (
          <CellPane
            key={cell.id}
            cell={cell}
            story={story.story}
            focus={known}
            pointer={pointer}
            isUntitled={isTabbed}
          />
        ))}
      </div>
      <div className={styles["foot"]} data-state={state}>
        {notesOf(view).map((note) => (
          <p key={note} role={view.problem === null ? undefined : "alert"}>
            {note}
          </p>
        ))}
        {story.story.isTold && <Stepper view={view} />}
        {gap && (
          <p className={styles["gap"]} title={words.gap.hint}>
            <b>{words.gap.name}</b> {words.gap.text(gap.supernet, gap.derived)}, {words.gap.same}
          </p>
        )}
      </div>
    </div>
  );
}
