/** Go on from what was saved last, when asked for by name; the strip under the control bar offers the same unasked. */
import { actions } from "@/store/actions";
import { Button } from "@/ui/Button";
import { useRun } from "@/ui/hooks";
import { useNow } from "@/ui/useNow";
import { text } from "@/viz/copy";
import { countText, durationText } from "@/viz/format";
import styles from "./dialogs.module.css";
import { Sheet } from "./Sheet";

export function ResumeDialog({ onClose }: { readonly onClose: () => void }) {
  const checkpoint = useRun((run) => run.lastCheckpoint ?? run.info?.checkpoint ?? null);
  const now = useNow(30_000);
  const ago = checkpoint === null ? "" : durationText(Math.max(0, (now - Date.parse(checkpoint.createdAt)) / 1000));
  return (
    <Sheet title={text.dialogs.resume.title} lead={text.dialogs.resume.lead} onClose={onClose}>
      <p>
        {checkpoint === null
          ? text.errors.of("checkpoint.missing").title
          : text.shell.messages.resume(checkpoint.config.seed, countText(checkpoint.step), ago)}
      </p>
      <div className={styles.foot}>
        <Button onClick={onClose}>{text.shell.messages.resumeNo}</Button>
        <Button
          weight="primary"
          disabled={checkpoint === null}
          onClick={() => {
            void actions().resume(checkpoint?.id ?? null);
            onClose();
          }}
        >
          {text.shell.messages.resumeYes}
        </Button>
      </div>
    </Sheet>
  );
}
