/** What this is, whose pictures and methods it uses, and under which licences. */
import { useRun } from "@/ui/hooks";
import { text } from "@/viz/copy";
import styles from "./dialogs.module.css";
import { Sheet } from "./Sheet";

const words = text.dialogs.about;

export function AboutDialog({ onClose }: { readonly onClose: () => void }) {
  const dataset = useRun((run) => run.info?.dataset ?? null);
  return (
    <Sheet title={words.title} lead={words.lead} onClose={onClose}>
      <div className={styles.scroll}>
        <p>{words.licence}</p>
        <h3 className={styles.group}>{words.dataTitle}</h3>
        <p>{words.dataCredit}</p>
        {dataset !== null && dataset.id !== "emoji10" && <p>{dataset.name}</p>}
        <p>{words.cifar}</p>
        <h3 className={styles.group}>{words.methodsTitle}</h3>
        <ul>
          {words.methods.map((method) => (
            <li key={method}>{method}</li>
          ))}
        </ul>
        <h3 className={styles.group}>{words.libsTitle}</h3>
        <p>{words.libs}</p>
      </div>
    </Sheet>
  );
}
