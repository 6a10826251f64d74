/** Final network and live test: what did I get, and does it work? */
import { useMemo } from "react";
import { type RunConfig, sizeOptionsOf } from "@/store/keys";
import { type NetworkOnShow, showNetwork, spaceOf } from "@/store/network";
import { Button } from "@/ui/Button";
import { Figure } from "@/ui/Figure";
import { useExperiment, useNetwork, useRun, useView } from "@/ui/hooks";
import { PanelMessage } from "@/ui/PanelMessage";
import { panelState } from "@/ui/panelState";
import { text } from "@/viz/copy";
import { describeNetwork, networkTable } from "./describe";
import { type NetworkModel, networkModel } from "./model";
import styles from "./network.module.css";
import { NetworkBody } from "./NetworkBody";
import { NetworkPicker, useOnShow } from "./NetworkPicker";
import { sampleKinds, showSample } from "./showSample";

const words = text.network;

function Empty() {
  return (
    <div className={styles["empty"]}>
      <p>{words.empty}</p>
      <div className={styles["samples"]}>
        {sampleKinds.map((kind) => (
          <Button key={kind} onClick={() => showSample(kind)}>
            {words.samples[kind]}
          </Button>
        ))}
      </div>
      <p className={styles["hint"]}>{words.sampleNote}</p>
    </div>
  );
}

/** Width and depth that a network of this space and size would be trained with: the run's own network by the run, others by the setup. */
function useNetworkConfig(shown: NetworkOnShow | null): Pick<RunConfig, "retrain.width" | "retrain.cells"> {
  const ran = useRun((run) => run.plan?.config);
  const edited = useExperiment((experiment) => experiment.config);
  const config = shown?.source === "winner" ? (ran ?? edited) : edited;
  const fits = config.space === shown?.spaceId && config.size === shown.size;
  const [width, cells] = [config["retrain.width"], config["retrain.cells"]];
  return useMemo(
    () => ({ "retrain.width": fits ? width : null, "retrain.cells": fits ? cells : null }),
    [fits, width, cells],
  );
}

/** A network that its space cannot build (a file of another version, say) is this panel's problem, not the page's. */
function attempt(
  shown: NetworkOnShow | null,
  config: ReturnType<typeof useNetworkConfig>,
): { model: NetworkModel | null; error: string | null } {
  try {
    const space = shown && spaceOf(shown.spaceId, shown.size);
    return { model: shown && space ? networkModel(shown, space, sizeOptionsOf(config)) : null, error: null };
  } catch (cause) {
    return { model: null, error: cause instanceof Error ? cause.message : String(cause) };
  }
}

export function NetworkPanel() {
  const shown = useNetwork();
  const boot = useRun((run) => run.boot);
  const plan = useRun((run) => run.plan);
  const latest = useRun((run) => run.latest);
  const config = useExperiment((experiment) => experiment.config);
  const cursor = useView((view) => view.cursor);

  const networkConfig = useNetworkConfig(shown);
  const name = useOnShow();
  const { model, error } = useMemo(() => attempt(shown, networkConfig), [shown, networkConfig]);
  const state = panelState({
    boot,
    plan,
    latest,
    config,
    cursor,
    applicable: true,
    error,
    hasData: model !== null,
  });
  return (
    <Figure
      panel="network"
      state={state}
      step={cursor ?? latest?.step ?? 0}
      label={model ? describeNetwork(model, name) : words.label}
      title={words.title}
      {...(model ? { actions: <NetworkPicker /> } : {})}
      table={() => (model ? networkTable(model) : { columns: words.tableColumns, rows: [] })}
      describe={() => (model ? describeNetwork(model, name) : words.empty)}
      caption={words.caption}
    >
      {error !== null ? (
        <PanelMessage
          tone="error"
          text={words.broken}
          detail={error}
          action={{ label: words.other, onAct: () => showNetwork(null) }}
        />
      ) : model ? (
        <NetworkBody model={model} />
      ) : state === "loading" ? (
        <PanelMessage text={boot.message || words.loading} />
      ) : (
        <Empty />
      )}
    </Figure>
  );
}
