/** Bring CIFAR-10: drop, choose or download, with progress, cancel and the reason when it does not work. */
import { type DragEvent, useId, useRef, useState } from "react";
import { actions } from "@/store/actions";
import { Button } from "@/ui/Button";
import { useRun } from "@/ui/hooks";
import { text } from "@/viz/copy";
import { bytesText } from "@/viz/format";
import styles from "./data.module.css";
import { droppedFiles } from "./droppedFiles";

const words = text.data;

function Progress() {
  const importing = useRun((run) => run.importing);
  const id = useId();
  if (!importing) return null;
  const { bytesRead, totalBytes, records, message } = importing;
  const line = words.progressText(bytesText(bytesRead), totalBytes === null ? null : bytesText(totalBytes), records);
  return (
    <div className={styles["progress"]}>
      <p id={id}>{message}</p>
      <div
        role="progressbar"
        aria-label={words.progress}
        aria-describedby={id}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={line}
        {...(totalBytes ? { "aria-valuenow": Math.round(Math.min(100, (100 * bytesRead) / totalBytes)) } : {})}
        className={styles["bar"]}
      >
        <span
          className={styles["barDone"]}
          data-unknown={!totalBytes}
          style={{ width: totalBytes ? `${Math.min(100, (100 * bytesRead) / totalBytes)}%` : "100%" }}
        />
      </div>
      <p className={styles["progressLine"]}>
        <span className={styles["quiet"]}>{line}</span>
        <Button small onClick={() => actions().cancelImport()}>
          {words.cancel}
        </Button>
      </p>
    </div>
  );
}

export function ImportBox({ open }: { readonly open: boolean }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const isBusy = useRun((run) => run.importing !== null);
  const [error, setError] = useState<string | null>(null);
  const [over, setOver] = useState(false);

  const start = (work: () => Promise<void>): void => {
    setError(null);
    work().catch((cause: unknown) => setError(words.failed(cause instanceof Error ? cause.message : String(cause))));
  };
  const take = (input: HTMLInputElement): void => {
    const chosen = [...(input.files ?? [])];
    input.value = "";
    if (chosen.length > 0) start(() => actions().importDataset(chosen));
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    const dropped = droppedFiles(event.dataTransfer);
    start(async () => {
      const list = await dropped;
      if (list.length > 0) await actions().importDataset(list);
    });
  };
  return (
    <details className={styles["import"]} open={open || isBusy || error !== null}>
      <summary>{words.bring}</summary>
      <ul className={styles["howTo"]}>
        {words.howTo.map((line) => (
          <li key={line}>{line}</li>
        ))}
        <li>{words.origins}</li>
      </ul>
      <div
        className={styles["drop"]}
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
      >
        <p className={styles["quiet"]}>{words.drop}</p>
        <div className={styles["buttons"]}>
          <Button small disabled={isBusy} onClick={() => files.current?.click()}>
            {words.chooseFiles}
          </Button>
          <Button small disabled={isBusy} onClick={() => folder.current?.click()}>
            {words.chooseFolder}
          </Button>
        </div>
        <Button small disabled={isBusy} onClick={() => start(() => actions().downloadDataset())}>
          {words.download}
        </Button>
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-label={words.chooseFiles}
          onChange={(event) => take(event.currentTarget)}
        />
        <input
          ref={folder}
          type="file"
          multiple
          hidden
          aria-label={words.chooseFolder}
          {...{ webkitdirectory: "" }}
          onChange={(event) => take(event.currentTarget)}
        />
      </div>
      <Progress />
      {error !== null && (
        <p role="alert" className={styles["error"]}>
          {error}
        </p>
      )}
    </details>
  );
}
