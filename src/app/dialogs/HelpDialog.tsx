/** Every shortcut, in four groups. */
import { text } from "@/viz/copy";
import styles from "./dialogs.module.css";
import { Sheet } from "./Sheet";

const words = text.dialogs.help;

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Sheet title={words.title} lead={words.lead} wide onClose={onClose}>
      <div className={styles.shortcuts}>
        {words.shortcuts.map(({ group, rows }) => (
          <section key={group}>
            <h3 className={styles.group}>{group}</h3>
            <dl className={styles.keys}>
              {rows.map(({ keys, what }) => (
                <div key={keys} className={styles.keyRow}>
                  <dt>
                    <kbd>{keys}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}
