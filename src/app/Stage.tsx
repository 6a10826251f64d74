/** The middle of the page: two panels that suit the run, one panel at full size, or, on a projector, one panel behind tabs. */
import { Tabs } from "radix-ui";
import { useLayoutEffect } from "react";
import { Group, Panel, useDefaultLayout } from "react-resizable-panels";
import { panelApplies } from "@/store/methods";
import { type PanelId, viewStore } from "@/store/view";
import { Button } from "@/ui/Button";
import { useMethod, useView } from "@/ui/hooks";
import { SplitHandle } from "@/ui/SplitHandle";
import { text } from "@/viz/copy";
import { PanelView, panelTitles } from "./panelTable";
import { safeStorage } from "./safeStorage";
import styles from "./stage.module.css";
import { lowerPanel, lowerTabs, singlePanel, singleTabs, type StageLayout, stageLayout } from "./stageLayouts";

/** Tabs over one place; choosing one brings the panel to the front. */
function TabbedPanel({
  tabs,
  shown,
  compact,
}: {
  readonly tabs: readonly PanelId[];
  readonly shown: PanelId;
  readonly compact: boolean;
}) {
  return (
    <Tabs.Root
      className={styles.tabbed}
      value={shown}
      onValueChange={(value) => viewStore.setState({ panel: tabs.find((id) => id === value) ?? shown })}
    >
      <Tabs.List
        className={styles.tabs}
        data-compact={compact ? "" : undefined}
        aria-label={compact ? text.shell.stage.lowerTabs : text.shell.stage.tabs}
      >
        {tabs.map((id) => (
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

function TwoPanels({ layout }: { readonly layout: StageLayout }) {
  const front = useView((view) => view.panel);
  const saved = useDefaultLayout({
    id: `stage-${layout.id}`,
    storage: safeStorage,
    panelIds: ["pane-upper", "pane-lower"],
    onlySaveAfterUserInteractions: true,
  });
  return (
    <Group
      orientation="vertical"
      id="stage-panes"
      defaultLayout={saved.defaultLayout}
      onLayoutChanged={saved.onLayoutChanged}
    >
      <Panel id="pane-upper" defaultSize={layout.share} minSize={160}>
        <PanelView panel={layout.panes[0]} />
      </Panel>
      <SplitHandle id="split-stage" label={text.shell.splitters.stage} />
      <Panel id="pane-lower" minSize={164}>
        <TabbedPanel compact tabs={lowerTabs(layout)} shown={lowerPanel(layout, front)} />
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

function OnePanel({ layout }: { readonly layout: StageLayout }) {
  const method = useMethod();
  const front = useView((view) => view.panel);
  const shown = singlePanel(layout, front);
  return <TabbedPanel compact={false} tabs={singleTabs(layout, method, shown)} shown={shown} />;
}

export function Stage({ single }: { readonly single: boolean }) {
  const full = useView((view) => view.fullPanel);
  const method = useMethod();
  const layout = stageLayout(method);
  // Another method brings its own panels forward; what the reader asks for afterwards stays, applicable or not.
  useLayoutEffect(() => {
    viewStore.setState((view) => ({
      panel: panelApplies(view.panel, method) ? view.panel : stageLayout(method).panes[0],
      fullPanel: view.fullPanel !== null && panelApplies(view.fullPanel, method) ? view.fullPanel : null,
    }));
  }, [method]);
  return (
    <section id="stage" className={styles.stage} aria-label={text.shell.stage.label} tabIndex={-1}>
      {full !== null ? (
        <FullPanel panel={full} />
      ) : single ? (
        <OnePanel layout={layout} />
      ) : (
        <TwoPanels key={layout.id} layout={layout} />
      )}
    </section>
  );
}
