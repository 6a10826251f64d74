/** The middle of the page: path above pool, one panel at full size, or, on a projector, one panel behind tabs. */
import { Tabs } from "radix-ui";
import { Group, Panel, useDefaultLayout } from "react-resizable-panels";
import { type PanelId, viewStore } from "@/store/view";
import { Button } from "@/ui/Button";
import { useExperiment, useView } from "@/ui/hooks";
import { SplitHandle } from "@/ui/SplitHandle";
import { text } from "@/viz/copy";
import { PanelView, panelTitles } from "./panelTable";
import { safeStorage } from "./safeStorage";
import styles from "./stage.module.css";

function TwoPanels() {
  const algorithm = useExperiment((experiment) => experiment.config.algorithm);
  const layout = useDefaultLayout({
    id: `stage-${algorithm}`,
    storage: safeStorage,
    panelIds: ["pane-path", "pane-pool"],
    onlySaveAfterUserInteractions: true,
  });
  return (
    <Group
      orientation="vertical"
      id="stage-panes"
      defaultLayout={layout.defaultLayout}
      onLayoutChanged={layout.onLayoutChanged}
    >
      <Panel id="pane-path" defaultSize="53" minSize={160}>
        <PanelView panel="path" />
      </Panel>
      <SplitHandle id="split-stage" label={text.shell.splitters.stage} />
      <Panel id="pane-pool" minSize={140}>
        <PanelView panel="pool" />
      </Panel>
    </Group>
  );
}

function FullPanel({ panel }: { readonly panel: PanelId }) {
  return (
    <div className={styles.full}>
      <div className={styles.fullBar}>
        <Button small weight="quiet" onClick={() => viewStore.setState({ fullPanel: null })}>
          {text.shell.stage.back}
        </Button>
      </div>
      <div className={styles.fill}>
        <PanelView panel={panel} />
      </div>
    </div>
  );
}

/** Curves stand in the dock below, so they are no tab. */
const tabbed: readonly PanelId[] = ["path", "pool", "data", "network"];

function OnePanel() {
  const wanted = useView((view) => view.panel);
  const shown = tabbed.includes(wanted) ? wanted : "path";
  return (
    <Tabs.Root
      className={styles.tabbed}
      value={shown}
      onValueChange={(value) => viewStore.setState({ panel: tabbed.find((id) => id === value) ?? "path" })}
    >
      <Tabs.List className={styles.tabs} aria-label={text.shell.stage.tabs}>
        {tabbed.map((id) => (
          <Tabs.Trigger key={id} className={styles.tab} value={id}>
            {panelTitles[id]}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content className={styles.fill} value={shown} tabIndex={-1}>
        <PanelView panel={shown} />
      </Tabs.Content>
    </Tabs.Root>
  );
}

export function Stage({ single }: { readonly single: boolean }) {
  const full = useView((view) => view.fullPanel);
  return (
    <section id="stage" className={styles.stage} aria-label={text.shell.stage.label} tabIndex={-1}>
      {full !== null ? <FullPanel panel={full} /> : single ? <OnePanel /> : <TwoPanels />}
    </section>
  );
}
