/** The narrow window: panels below one another, to read, not to train. */
import { text } from "@/viz/copy";
import { ErrorCard } from "./ErrorCard";
import { HeaderTools } from "./Header";
import { Inspector } from "./Inspector";
import { Messages } from "./Messages";
import { PanelView } from "./panelTable";
import { RunProgress } from "./RunProgress";
import styles from "./shell.module.css";
import { StatusBar } from "./StatusBar";

export function Stack() {
  return (
    <div className={styles.stack}>
      <header className={styles.stackHead}>
        <h1>{text.shell.appName}</h1>
        <HeaderTools compact />
      </header>
      <section aria-label={text.shell.bar.label}>
        <p className={styles.stackNote}>{text.shell.bar.narrow}</p>
        <div className={styles.stackProgress}>
          <RunProgress />
        </div>
      </section>
      <Messages />
      <ErrorCard />
      <main className={styles.stackPanels}>
        {(["path", "pool", "curves"] as const).map((panel) => (
          <div key={panel} className={styles.stackPanel}>
            <PanelView panel={panel} />
          </div>
        ))}
        <div className={styles.stackPanel}>
          <Inspector />
        </div>
        {(["network", "data"] as const).map((panel) => (
          <div key={panel} className={styles.stackPanel}>
            <PanelView panel={panel} />
          </div>
        ))}
      </main>
      <StatusBar />
    </div>
  );
}
