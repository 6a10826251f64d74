/** A failed run: what happened, what was kept, what to do. Everything drawn so far stays below it. */
import { actions } from "@/store/actions";
import { runStore } from "@/store/run";
import { setCursor, viewStore } from "@/store/view";
import { Button } from "@/ui/Button";
import { useRun } from "@/ui/hooks";
import { text } from "@/viz/copy";
import { countText } from "@/viz/format";
import styles from "./messages.module.css";

const words = text.shell.messages;

export function ErrorCard() {
  const error = useRun((run) => run.error);
  const checkpoint = useRun((run) => run.lastCheckpoint);
  if (error === null) return null;
  const copy = text.errors.of(error.code);
  const { step } = error;
  return (
    <section className={styles.card} role="alert" data-error={error.code}>
      <h2 className={styles.cardTitle}>
        {copy.title} {step !== null && <span className={styles.at}>{words.atStep(countText(step))}</span>}
      </h2>
      <p className={styles.cardText}>{error.message}</p>
      <p className={styles.cardText}>{error.hint ?? copy.kept}</p>
      <div className={styles.cardActions}>
        {(error.recoverable || checkpoint !== null) && (
          <Button small onClick={() => void actions().resume(checkpoint?.id ?? null)}>
            {words.resumeYes}
          </Button>
        )}
        <Button small onClick={() => actions().reset()}>
          {words.reset}
        </Button>
        <Button small onClick={() => viewStore.setState({ dialog: "export" })}>
          {words.export}
        </Button>
        {error.code === "train.nan" && step !== null && (
          <Button small onClick={() => setCursor(step)}>
            {words.cursor}
          </Button>
        )}
        <Button small weight="quiet" onClick={() => runStore.setState({ error: null })}>
          {text.shell.close}
        </Button>
        <span className={styles.code}>{words.code(error.code)}</span>
      </div>
    </section>
  );
}
