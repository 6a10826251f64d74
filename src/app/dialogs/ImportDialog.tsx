/** The dry run of an import: what was understood, mapped and ignored, before anything on screen changes. */
import { useStore } from "zustand";
import type { PendingImport } from "@/store/actions";
import { importStore } from "@/store/pendingImport";
import { Button } from "@/ui/Button";
import { text } from "@/viz/copy";
import styles from "./dialogs.module.css";
import { Sheet } from "./Sheet";

const words = text.dialogs.import;

function List({ title, items }: { readonly title: string; readonly items: readonly string[] }) {
  return (
    <>
      <dt>
        {title} ({items.length})
      </dt>
      <dd>{items.length === 0 ? <span className={styles.soft}>{words.none}</span> : items.join(", ")}</dd>
    </>
  );
}

function Report({ pending }: { readonly pending: PendingImport }) {
  const { report } = pending;
  const isTable = report.format === "latency-table";
  const others = isTable ? [] : report.candidates.filter((fit) => fit.id !== report.space.id || fit.size !== report.space.size);
  return (
    <>
      <p>
        {words.found(
          text.dialogs.export.formats[report.format]?.name ?? report.format,
          report.space.id,
          report.space.size,
        )}
      </p>
      {others.length > 0 && (
        <p className={styles.soft}>{words.fits(others.map((fit) => `${fit.id} ${fit.size}`).join(", "))}</p>
      )}
      {report.warnings.map((warning) => (
        <p key={warning} className={styles.warning}>
          {warning}
        </p>
      ))}
      <dl className={styles.report}>
        <dt>{isTable ? words.device : words.architecture}</dt>
        <dd className={styles.mono}>{isTable ? report.label : report.arch.id}</dd>
        <List title={words.understood} items={report.understood} />
        <List title={words.mapped} items={report.mapped} />
        <List title={words.ignored} items={report.ignored.map((entry) => `${entry.key} (${entry.why})`)} />
        {isTable && <List title={words.missing} items={report.missing} />}
      </dl>
    </>
  );
}

export function ImportDialog({ onClose }: { readonly onClose: () => void }) {
  const { name, pending } = useStore(importStore);
  if (pending === null) return null;
  const isTable = pending.report.format === "latency-table";
  return (
    <Sheet title={words.titleOf(name)} lead={isTable ? words.tableHint : words.chooseHint} onClose={onClose}>
      <div className={styles.scroll}>
        <Report pending={pending} />
      </div>
      <div className={styles.foot}>
        <Button onClick={onClose}>{text.shell.cancel}</Button>
        <Button
          weight="primary"
          onClick={() => {
            pending.apply();
            onClose();
          }}
        >
          {isTable ? words.applyTable : words.apply}
        </Button>
      </div>
    </Sheet>
  );
}
