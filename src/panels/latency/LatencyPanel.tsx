/** Panel f, the latency table: what does the network expect to cost here, on this device? */
import { isCellSpace, searchKind, searchesNothing } from "@/store/methods";
import { spaceOf } from "@/store/network";
import type { PanelId } from "@/store/view";
import { Figure } from "@/ui/Figure";
import { useMethod, useView } from "@/ui/hooks";
import { NotApplicable } from "@/ui/NotApplicable";
import { PanelMessage } from "@/ui/PanelMessage";
import { text as copy } from "@/viz/copy";
import { costText } from "@/viz/copy/latency";
import { checkRows, costRows, describeLatency, latencyRows } from "./describe";
import { LatencyBody } from "./LatencyBody";
import { LatencyViews } from "./LatencyViews";
import { onLatencyKey, useLatencyControl } from "./useLatencyControl";
import { type LatencyView, useLatencyView } from "./useLatencyView";

const text = copy.latency;

/** Why nothing is timed here, and where to look instead. */
function NoLatency() {
  const method = useMethod();
  const { notApplicable: why } = text;
  const say = (see: PanelId, sentence: (title: string) => string) => <NotApplicable see={see} why={sentence(copy[see].title)} />;
  if (searchesNothing(method)) return say("network", why.retrain);
  switch (searchKind(method)) {
    case "sampled":
      return say("pool", why.sampled);
    case "mixed":
      return say(isCellSpace(method.space) ? "cells" : "streams", (see) => why.mixed(copy.settings.value(method.algorithm), see));
    case "joint":
      return say("joint", why.joint);
    default:
      return method.algorithm === "fbnet-v2" ? say("theta", why.masks) : say("theta", (see) => why.space(spaceOf(method.space, "nano").name, see));
  }
}

/** "expected 0.183 ms · target 0.15 ms", else where the table is from. */
function subtitleOf({ cost, shown, state }: LatencyView): string {
  if (state === "not-applicable") return "";
  const { now, target, unit } = cost;
  if (now) return [text.cost.expected(costText(now.expected, unit)), target === null ? text.cost.noTarget : text.describe.target(costText(target, unit))].join(" · ");
  return shown.table?.device.label ?? "";
}

export function LatencyPanel() {
  const control = useLatencyControl();
  const view = useLatencyView(control);
  const focus = useView((v) => v.focus);
  const { state, model, check, cost, shown, problem } = view;
  const isElsewhere = state === "not-applicable";
  const caption = { table: text.caption, check: text.captionCheck, cost: text.captionCost }[control.view];
  return (
    <Figure
      panel="latency"
      state={state}
      step={view.step}
      label={text.label}
      title={text.title}
      subtitle={subtitleOf(view)}
      actions={!isElsewhere && <LatencyViews control={control} />}
      table={() => (control.view === "table" ? latencyRows(shown.table, model) : control.view === "check" ? checkRows(check) : costRows(cost))}
      describe={() => describeLatency(shown.table, model, check, cost)}
      caption={caption}
      onKeyDown={(event) => {
        if (!isElsewhere && onLatencyKey(event, view, control, focus)) event.preventDefault();
      }}
    >
      {isElsewhere ? (
        <NoLatency />
      ) : state === "error" ? (
        <PanelMessage tone="error" text={text.failed} {...(problem === null ? {} : { detail: problem })} action={{ label: text.tryAgain, onAct: () => control.measure(null) }} />
      ) : (
        <LatencyBody view={view} control={control} />
      )}
    </Figure>
  );
}
