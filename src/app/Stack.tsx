/** The narrow window: panels below one another, to read, not to train. */
import type { PanelId } from "@/store/view";
import { useMethod } from "@/ui/hooks";
import { text } from "@/viz/copy";
import { ErrorCard } from "./ErrorCard";
import { HeaderTools } from "./Header";
import { Inspector } from "./Inspector";
import { Messages } from "./Messages";
import { PanelView } from "./panelTable";
import { RunProgress } from "./RunProgress";
import styles from "./shell.module.css";
import { stageLayout } from "./stageLayouts";
import { StatusBar } from "./StatusBar";

const below: readonly PanelId[] = ["network", "data"];

function Panels({ panels }: { readonly panels: readonly PanelId[] }) {
  return panels.map((panel) => (
    <div key={panel} className={styles.stackPanel}>
      <PanelView panel={panel} />
    </div>
  ));
}

export function Stack() {
  const { panes } = stageLayout(useMethod());
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
        <Panels panels={[...panes, "curves"]} />
        <div className={styles.stackPanel}>
          <Inspector />
        </div>
        <Panels panels={below.filter((panel) => !panes.includes(panel))} />
      </main>
      <StatusBar />
    </div>
  );
}
