/** The three arrangements of the page: everything at once, one panel for a projector, a stack for a narrow window. */
import { lazy, Suspense, useState } from "react";
import { Group, Panel, useDefaultLayout } from "react-resizable-panels";
import { useExperiment, useMethod } from "@/ui/hooks";
import { SplitHandle } from "@/ui/SplitHandle";
import { text } from "@/viz/copy";
import { ControlBar } from "./ControlBar";
import { ErrorCard } from "./ErrorCard";
import { Header } from "./Header";
import { Inspector } from "./Inspector";
import type { LayoutMode } from "./layoutMode";
import { Messages } from "./Messages";
import { PanelSlot } from "./panelTable";
import { ExperimentPickers, SeedField, SpeedPicker } from "./Pickers";
import { IconRail, Rail } from "./Rail";
import { safeStorage } from "./safeStorage";
import { SetupForm } from "./SetupForm";
import styles from "./shell.module.css";
import { Stage } from "./Stage";
import { stageLayout } from "./stageLayouts";
import { Stack } from "./Stack";
import { StatusBar } from "./StatusBar";

const words = text.shell;
const Drawer = lazy(() => import("./Drawer"));

function useSaved(name: string, panelIds: string[]) {
  const algorithm = useExperiment((experiment) => experiment.config.algorithm);
  return useDefaultLayout({
    id: `${name}-${algorithm}`,
    storage: safeStorage,
    panelIds,
    onlySaveAfterUserInteractions: true,
  });
}

/** What is pointed at, and below it the network where the stage has no place for it. */
function InspectorColumn() {
  const layout = useSaved("inspector", ["pane-focus", "pane-network"]);
  const isNetworkOnStage = stageLayout(useMethod()).panes.includes("network");
  if (isNetworkOnStage) return <Inspector />;
  return (
    <Group
      orientation="vertical"
      id="inspector-panes"
      defaultLayout={layout.defaultLayout}
      onLayoutChanged={layout.onLayoutChanged}
    >
      <Panel id="pane-focus" defaultSize="32" minSize={80}>
        <Inspector />
      </Panel>
      <SplitHandle id="split-focus" label={words.splitters.focus} />
      <Panel id="pane-network" minSize={120}>
        <PanelSlot panel="network" />
      </Panel>
    </Group>
  );
}

function WideColumns() {
  const layout = useSaved("columns", ["pane-rail", "pane-stage", "pane-inspector"]);
  return (
    <Group
      orientation="horizontal"
      id="columns"
      defaultLayout={layout.defaultLayout}
      onLayoutChanged={layout.onLayoutChanged}
    >
      <Panel id="pane-rail" defaultSize={280} minSize={240} maxSize={480} groupResizeBehavior="preserve-pixel-size">
        <Rail />
      </Panel>
      <SplitHandle id="split-rail" label={words.splitters.rail} />
      <Panel id="pane-stage" minSize={360}>
        <Stage single={false} />
      </Panel>
      <SplitHandle id="split-inspector" label={words.splitters.inspector} />
      <Panel
        id="pane-inspector"
        defaultSize={340}
        minSize={260}
        maxSize={640}
        groupResizeBehavior="preserve-pixel-size"
      >
        <InspectorColumn />
      </Panel>
    </Group>
  );
}

/** Setup of the projector layout: what the control bar has no room for, then the form. */
function SetupDrawer() {
  return (
    <>
      <div className={styles.drawerPickers}>
        <ExperimentPickers />
        <SeedField />
        <SpeedPicker />
      </div>
      <SetupForm />
    </>
  );
}

function Columns({ mode, onSetup }: { readonly mode: LayoutMode; readonly onSetup: () => void }) {
  if (mode.kind === "wide") return <WideColumns />;
  return (
    <div className={styles.presentColumns}>
      <IconRail onSetup={onSetup} />
      <Stage single />
    </div>
  );
}

export function Shell({ mode }: { readonly mode: LayoutMode }) {
  const [drawer, setDrawer] = useState<"setup" | "focus" | null>(null);
  const layout = useSaved(`rows-${mode.dock}`, ["pane-main", "pane-dock"]);
  if (mode.kind === "stack") return <Stack />;
  return (
    <div className={styles.shell}>
      <a className={styles.skipLink} href="#stage">
        {words.header.skipLink}
      </a>
      {!mode.short && <Header />}
      <ControlBar mode={mode} onFocus={() => setDrawer("focus")} />
      <Messages />
      <ErrorCard />
      {/* Keyed by the dock's height: another arrangement has other sizes to remember. */}
      <main className={styles.rows}>
        <Group
          key={mode.dock}
          orientation="vertical"
          id="rows"
          defaultLayout={layout.defaultLayout}
          onLayoutChanged={layout.onLayoutChanged}
        >
          <Panel id="pane-main" minSize={240}>
            <Columns mode={mode} onSetup={() => setDrawer("setup")} />
          </Panel>
          <SplitHandle id="split-dock" label={words.splitters.dock} />
          <Panel id="pane-dock" defaultSize={mode.dock} minSize={80} groupResizeBehavior="preserve-pixel-size">
            <PanelSlot panel="curves" />
          </Panel>
        </Group>
      </main>
      <StatusBar />
      {drawer !== null && (
        <Suspense fallback={null}>
          <Drawer
            title={words.rail[drawer]}
            side={drawer === "setup" ? "left" : "right"}
            onClose={() => setDrawer(null)}
          >
            {drawer === "setup" ? <SetupDrawer /> : <Inspector />}
          </Drawer>
        </Suspense>
      )}
    </div>
  );
}
