/** Panel a, the architecture weights: which operations are winning, where, and how sure is the search? */
import { useMemo } from "react";
import type { AlphaGroup } from "@/nas/space/types";
import { actions } from "@/store/actions";
import { viewStore } from "@/store/view";
import { Figure } from "@/ui/Figure";
import { PanelMessage } from "@/ui/PanelMessage";
import { text as copy } from "@/viz/copy";
import { columnWidth } from "@/viz/streamLayout";
import { describeStreams, streamsTable } from "./describe";
import { buildStreams, type StreamsModel } from "./model";
import { StreamsActions } from "./StreamsActions";
import { StreamsPicture } from "./StreamsPicture";
import { onStreamsKey, useStreamsControl } from "./useStreamsControl";
import { type StreamsView, useStreamsView } from "./useStreamsModel";

const text = copy.streams;

export function StreamsPanel() {
  const control = useStreamsControl();
  const view = useStreamsView(control);
  const { model, groups, state, step } = view;
  // While nothing has been learnt, every operation weighs the same.
  const even = useMemo(() => evenModel(groups), [groups]);
  return (
    <Figure
      panel="streams"
      state={state}
      step={step}
      label={model ? describeStreams(model) : text.label}
      title={text.title}
      subtitle={subtitleOf(view)}
      actions={model && <StreamsActions control={control} />}
      table={() => streamsTable(model)}
      describe={() => describeStreams(model)}
      caption={text.caption}
      onKeyDown={(event) => {
        if (state !== "not-applicable" && onStreamsKey(event, model, control)) event.preventDefault();
      }}
    >
      {state === "not-applicable" ? (
        <PanelMessage
          text={text.notApplicable}
          action={{
            label: text.notApplicableAction,
            onAct: () => viewStore.setState({ panel: "path", fullPanel: null }),
          }}
        />
      ) : state === "empty" ? (
        <PanelMessage text={text.empty} action={{ label: text.emptyAction, onAct: () => actions().train() }} />
      ) : (
        <StreamsPicture view={view} model={model ?? even} control={control} />
      )}
    </Figure>
  );
}

/** "step 1,240 · stopped at 1,244". */
function subtitleOf({ model, stoppedAt }: StreamsView): string {
  if (!model) return "";
  return [text.subtitle(model.step), ...(stoppedAt === null ? [] : [text.stopped(stoppedAt)])].join(" · ");
}

function evenModel(groups: readonly AlphaGroup[]): StreamsModel {
  const raw = new Float32Array(columnWidth(groups));
  const weights = Float32Array.from(
    groups.flatMap(({ rows, ops }) => rows.flatMap(() => ops.map(() => 1 / ops.length))),
  );
  const at = { step: 0, raw, weights };
  return buildStreams({ groups, at, derivation: null, isDerived: false, sort: "position", whole: [0, 0], zoom: null });
}
