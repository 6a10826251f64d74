/** The panels by id, each in its own boundary: a panel that throws while it renders shows a sentence, the others go on. */
import { type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { CurvesPanel } from "@/panels/curves/CurvesPanel";
import { type PanelId, viewStore } from "@/store/view";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { useView } from "@/ui/hooks";
import { PanelMessage } from "@/ui/PanelMessage";
import { text } from "@/viz/copy";
import styles from "./stage.module.css";

// The shell stands before any panel of the stage: their code comes a moment later, whichever the method brings forward.
const PathPanel = lazy(async () => ({ default: (await import("@/panels/path/PathPanel")).PathPanel }));
const PoolPanel = lazy(async () => ({ default: (await import("@/panels/pool/PoolPanel")).PoolPanel }));
const DataPanel = lazy(async () => ({ default: (await import("@/panels/data/DataPanel")).DataPanel }));
const CellsPanel = lazy(async () => ({ default: (await import("@/panels/cells/CellsPanel")).CellsPanel }));
const StreamsPanel = lazy(async () => ({ default: (await import("@/panels/streams/StreamsPanel")).StreamsPanel }));
const ThetaPanel = lazy(async () => ({ default: (await import("@/panels/theta/ThetaPanel")).ThetaPanel }));
const LatencyPanel = lazy(async () => ({ default: (await import("@/panels/latency/LatencyPanel")).LatencyPanel }));
const JointPanel = lazy(async () => ({ default: (await import("@/panels/joint/JointPanel")).JointPanel }));
const NetworkPanel = lazy(async () => ({ default: (await import("@/panels/network/NetworkPanel")).NetworkPanel }));

const panels: Readonly<Record<PanelId, ComponentType>> = {
  path: PathPanel,
  pool: PoolPanel,
  curves: CurvesPanel,
  data: DataPanel,
  network: NetworkPanel,
  streams: StreamsPanel,
  cells: CellsPanel,
  theta: ThetaPanel,
  latency: LatencyPanel,
  joint: JointPanel,
};

export const panelTitles: Readonly<Record<PanelId, string>> = {
  path: text.path.title,
  pool: text.pool.title,
  curves: text.curves.title,
  data: text.data.title,
  network: text.network.title,
  streams: text.streams.title,
  cells: text.cells.title,
  theta: text.theta.title,
  latency: text.latency.title,
  joint: text.joint.title,
};

/** The marks of a panel whose own frame is not there: still on its way, or broken. */
function Frame({
  panel,
  state,
  children,
}: {
  readonly panel: PanelId;
  readonly state: "loading" | "error";
  readonly children?: ReactNode;
}) {
  return (
    <section
      role="figure"
      className={styles.frame}
      data-panel={panel}
      data-state={state}
      data-step={0}
      aria-label={panelTitles[panel]}
    >
      {children}
    </section>
  );
}

/** A panel wherever it is shown. */
export function PanelView({ panel }: { readonly panel: PanelId }) {
  const Panel = panels[panel];
  return (
    <ErrorBoundary
      fallback={(error, retry) => (
        <Frame panel={panel} state="error">
          <PanelMessage
            tone="error"
            text={text.shell.panelBroken}
            detail={error.message}
            action={{ label: text.shell.tryAgain, onAct: retry }}
          />
        </Frame>
      )}
    >
      <Suspense fallback={<Frame panel={panel} state="loading" />}>
        <Panel />
      </Suspense>
    </ErrorBoundary>
  );
}

/** A panel in its own place, or a note there while it fills the stage. */
export function PanelSlot({ panel }: { readonly panel: PanelId }) {
  const isElsewhere = useView((view) => view.fullPanel === panel);
  if (!isElsewhere) return <PanelView panel={panel} />;
  return (
    <PanelMessage
      text={text.shell.stage.elsewhere}
      action={{ label: text.shell.stage.bringBack, onAct: () => viewStore.setState({ fullPanel: null }) }}
    />
  );
}
