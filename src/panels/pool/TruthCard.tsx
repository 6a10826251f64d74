/** Asked for the truth without the table: why it is not here, and three ways to bring it. */
import { type DragEvent, useEffect, useRef, useState } from "react";
import { actions } from "@/store/actions";
import { Button } from "@/ui/Button";
import { useRun } from "@/ui/hooks";
import { text as copy } from "@/viz/copy";
import styles from "./pool.module.css";

const text = copy.pool.truth;
type Source = Parameters<ReturnType<typeof actions>["loadTruth"]>[0];

export function TruthCard() {
  const error = useRun((run) => run.truthError);
  const [isLoading, setLoading] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const load = (source: Source): void => {
    setLoading(true);
    void actions()
      .loadTruth(source)
      .finally(() => setLoading(false));
  };
  // A table that an earlier visit kept comes without asking.
  useEffect(() => void actions().loadTruth({ kind: "kept" }), []);

  const read = async (file: File | undefined): Promise<void> => {
    if (file) load({ kind: "bytes", bytes: new Uint8Array(await file.arrayBuffer()) });
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    void read(event.dataTransfer.files[0]);
  };
  return (
    <div className={styles["truthCard"]} onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
      <h3>{text.cardTitle}</h3>
      <p>{text.card}</p>
      <div className={styles["truthButtons"]}>
        <Button small weight="primary" aria-disabled={isLoading} onClick={() => !isLoading && load({ kind: "fetch" })}>
          {text.fetch}
        </Button>
        <Button small aria-disabled={isLoading} onClick={() => input.current?.click()}>
          {text.choose}
        </Button>
        <input
          ref={input}
          type="file"
          accept=".json,.gz,.zip,application/json"
          className="visually-hidden"
          tabIndex={-1}
          aria-hidden="true"
          onChange={(event) => void read(event.target.files?.[0])}
        />
      </div>
      {isLoading && <p role="status">{text.working}</p>}
      {error !== null && (
        <p role="alert" className={styles["warning"]}>
          {error}
        </p>
      )}
    </div>
  );
}
