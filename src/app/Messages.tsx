/** The strip under the control bar: what the reader should know now, dismissible, never in the way of a panel. */
import { X } from "lucide-react";
import { useMemo, useState } from "react";
import { actions } from "@/store/actions";
import { dismissMessage } from "@/store/run";
import { Button, IconButton } from "@/ui/Button";
import { useExperiment, useRun } from "@/ui/hooks";
import { useNow } from "@/ui/useNow";
import { text } from "@/viz/copy";
import { countText, durationText } from "@/viz/format";
import { type Sentence, sentences } from "./messageModel";
import styles from "./messages.module.css";

const words = text.shell.messages;
const FEW = 2;

function Line({ sentence, onDismiss }: { readonly sentence: Sentence; readonly onDismiss: () => void }) {
  return (
    <li className={styles.line} data-level={sentence.level}>
      <p>
        {sentence.level !== "info" && (
          <span className="visually-hidden">{sentence.level === "error" ? words.error : words.warning}: </span>
        )}
        {sentence.text} {sentence.hint !== undefined && <span className={styles.hint}>{sentence.hint}</span>}
      </p>
      {sentence.dismissible && (
        <IconButton small label={text.shell.dismiss(sentence.text)} icon={<X size={14} />} onClick={onDismiss} />
      )}
    </li>
  );
}

/** "Resume seed 7 · step 1,240 · 14 min ago?": offered until something runs or the reader says no. */
function ResumeOffer() {
  const checkpoint = useRun((run) =>
    run.boot.status === "ready" && run.latest === null ? (run.info?.checkpoint ?? null) : null,
  );
  const pending = useRun((run) => run.pending);
  const [refused, setRefused] = useState<string | null>(null);
  const now = useNow(30_000);
  if (checkpoint === null || refused === checkpoint.id || pending !== null) return null;
  const ago = durationText(Math.max(0, (now - Date.parse(checkpoint.createdAt)) / 1000));
  return (
    <li className={styles.line} data-level="info" data-offer="resume">
      <p>{words.resume(checkpoint.config.seed, countText(checkpoint.step), ago)}</p>
      <Button small onClick={() => void actions().resume(checkpoint.id)}>
        {words.resumeYes}
      </Button>
      <Button small weight="quiet" onClick={() => setRefused(checkpoint.id)}>
        {words.resumeNo}
      </Button>
    </li>
  );
}

export function Messages() {
  const boot = useRun((run) => run.boot);
  const info = useRun((run) => run.info);
  const messages = useRun((run) => run.messages);
  const error = useRun((run) => run.error);
  const runNotes = useRun((run) => run.notes);
  const notes = useExperiment((experiment) => experiment.notes);
  const [dismissed, setDismissed] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState(false);
  const shown = useMemo(
    () => sentences({ run: { boot, info, messages, error, notes: runNotes }, notes, dismissed }),
    [boot, info, messages, error, runNotes, notes, dismissed],
  );
  const dismiss = (sentence: Sentence): void => {
    if (sentence.id !== undefined) dismissMessage(sentence.id);
    else setDismissed(new Set([...dismissed, sentence.key]));
  };
  const few = open ? shown : shown.slice(0, FEW);
  return (
    <ul className={styles.list} aria-label={words.label} aria-live="polite">
      <ResumeOffer />
      {few.map((sentence) => (
        <Line key={sentence.key} sentence={sentence} onDismiss={() => dismiss(sentence)} />
      ))}
      {shown.length > few.length && (
        <li className={styles.line} data-level="info">
          <p>{words.more(shown.length - few.length)}</p>
          <Button small weight="quiet" onClick={() => setOpen(true)}>
            {words.showAll}
          </Button>
        </li>
      )}
    </ul>
  );
}
