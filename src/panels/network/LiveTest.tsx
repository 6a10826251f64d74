/** Does it work? A picture of the reader's choice, the 32 × 32 that the network sees, and what two sets of weights make of it. */
import { type DragEvent, useRef, useState } from "react";
import { useStore } from "zustand";
import type { Result } from "@/lib/result";
import { liveTestStore } from "@/store/liveTest";
import { Button } from "@/ui/Button";
import { useRun } from "@/ui/hooks";
import { text } from "@/viz/copy";
import { modelSide, rgbToRgba } from "@/viz/imageTo32";
import { Doodle } from "./Doodle";
import styles from "./liveTest.module.css";
import shared from "./network.module.css";
import { Pixels } from "./Pixels";
import { predictions } from "./predictions";
import { PredictionTable } from "./PredictionTable";
import { pictureOf, testClipboard, testPicture } from "./readPicture";
import { useAnswer } from "./useAnswer";

const words = text.network.test;
const noClasses: readonly string[] = [];

function Pictures() {
  const { image, original, note, source } = useStore(liveTestStore);
  if (!image) return <p className={shared["hint"]}>{words.none}</p>;
  return (
    <div className={styles["pictures"]}>
      {original && (
        <div>
          <Pixels picture={original} label={`${words.original}: ${source}`} />
          <p>{words.original}</p>
        </div>
      )}
      <div>
        <Pixels picture={{ data: rgbToRgba(image), width: modelSide, height: modelSide }} label={words.seen} />
        <p>{words.seen}</p>
      </div>
      <p className={`${shared["hint"]} ${styles["wide"]}`}>
        {source}. {note}
      </p>
    </div>
  );
}

function Answers({ shownId }: { readonly shownId: string }) {
  const image = useStore(liveTestStore, (state) => state.image);
  const label = useStore(liveTestStore, (state) => state.label);
  const classes = useRun((run) => run.info?.dataset?.classes ?? noClasses);
  const dataset = useRun((run) => run.plan?.config.dataset ?? run.info?.dataset?.id);
  const { state, again } = useAnswer(image);
  if (state.status === "none") return null;
  if (state.status === "asking") return <p className={shared["hint"]}>{words.asking}</p>;
  const found = state.status === "ready" ? predictions(state.answer, classes, label) : null;
  const id = state.status === "ready" ? state.answer.id : null;
  return (
    <div className={styles["answers"]}>
      {found === null ? (
        <p className={shared["hint"]}>{state.status === "failed" ? words.failed : words.noWeights}</p>
      ) : (
        <>
          {id !== null && id !== shownId && <p className={shared["warning"]}>{words.otherNetwork(id)}</p>}
          <PredictionTable predictions={found} />
          <p className={shared["hint"]}>
            {words.mustChoose}
            {dataset === "emoji10" && ` ${words.noTransfer}`}
          </p>
        </>
      )}
      <Button small onClick={again}>
        {words.again}
      </Button>
    </div>
  );
}

export function LiveTest({ shownId }: { readonly shownId: string }) {
  const input = useRef<HTMLInputElement>(null);
  const [doodle, setDoodle] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = (work: Promise<Result<null>>): void =>
    void work.then((result) => setProblem(result.ok ? null : result.problem.message));
  const take = (file: File | null): boolean => {
    if (file) run(testPicture(file));
    return file !== null;
  };
  const onDrop = (event: DragEvent): void => {
    // Other kinds of files go on to the page, which knows what to do with them.
    if (!take(pictureOf(event.dataTransfer))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles["test"]} onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
      <div className={styles["tools"]}>
        <Button small onClick={() => input.current?.click()}>
          {words.choose}
        </Button>
        <Button small title={words.pasteHint} onClick={() => run(testClipboard())}>
          {words.paste}
        </Button>
        <Button small aria-pressed={doodle} onClick={() => setDoodle(!doodle)}>
          {words.doodle}
        </Button>
        <input
          ref={input}
          type="file"
          accept="image/*"
          hidden
          aria-label={words.choose}
          onChange={(event) => {
            take(event.currentTarget.files?.[0] ?? null);
            event.currentTarget.value = "";
          }}
        />
      </div>
      {problem !== null && (
        <p role="alert" className={shared["error"]}>
          {problem}
        </p>
      )}
      {doodle && <Doodle />}
      <Pictures />
      <Answers shownId={shownId} />
    </div>
  );
}
