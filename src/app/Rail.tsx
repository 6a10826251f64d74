/** The left rail: setup and data as tabs. On a projector it shrinks to icons that open a drawer. */
import { SlidersHorizontal } from "lucide-react";
import { Tabs } from "radix-ui";
import { useState } from "react";
import { IconButton } from "@/ui/Button";
import { useView } from "@/ui/hooks";
import { text } from "@/viz/copy";
import { PanelSlot } from "./panelTable";
import styles from "./rail.module.css";
import { SetupForm } from "./SetupForm";

export function Rail() {
  const wantsData = useView((view) => view.panel === "data");
  const [tab, setTab] = useState(wantsData ? "data" : "setup");
  // The key 4 and focus from other panels bring the data forward; clicking Setup afterwards leaves it again.
  const [wanted, setWanted] = useState(wantsData);
  if (wanted !== wantsData) {
    setWanted(wantsData);
    if (wantsData) setTab("data");
  }
  return (
    <Tabs.Root className={styles.rail} value={tab} onValueChange={setTab} asChild>
      <section aria-label={text.shell.rail.label}>
        <Tabs.List className={styles.tabs} aria-label={text.shell.rail.label}>
          <Tabs.Trigger className={styles.tab} value="setup">
            {text.shell.rail.setup}
          </Tabs.Trigger>
          <Tabs.Trigger className={styles.tab} value="data">
            {text.shell.rail.data}
          </Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content className={styles.content} value="setup" tabIndex={-1}>
          <SetupForm />
        </Tabs.Content>
        <Tabs.Content className={styles.panel} value="data" tabIndex={-1}>
          <PanelSlot panel="data" />
        </Tabs.Content>
      </section>
    </Tabs.Root>
  );
}

export function IconRail({ onSetup }: { readonly onSetup: () => void }) {
  return (
    <nav className={styles.icons} aria-label={text.shell.rail.label}>
      <IconButton label={text.shell.rail.openSetup} icon={<SlidersHorizontal size={20} />} onClick={onSetup} />
    </nav>
  );
}
