/** Panel c, the candidate pool: is the search finding better trade-offs, and where did they come from? */
import { useMemo } from "react";
import { isCellSpace, searchKind } from "@/store/methods";
import { type PanelId, viewStore } from "@/store/view";
import { Button } from "@/ui/Button";
import { Figure } from "@/ui/Figure";
import { useMethod, useRun, useView } from "@/ui/hooks";
import { NotApplicable } from "@/ui/NotApplicable";
import { useTheme } from "@/ui/theme";
import { text as copy } from "@/viz/copy";
import { accuracyText } from "@/viz/format";
import { describePool, describeTruth, poolTable } from "./describe";
import { PoolPicture } from "./PoolPicture";
import { buildTruth } from "./truth";
import { TruthCard } from "./TruthCard";
import { TruthView } from "./TruthView";
import { usePoolControl } from "./usePoolControl";
import { type PoolView, usePoolView } from "./usePoolModel";

const text = copy.pool;

/** Why there is no pool here, and where to look instead. */
function NoPool() {
  const method = useMethod();
  const { mixed, retrain } = text.notApplicable;
  if (searchKind(method) !== "mixed") return <NotApplicable see="network" why={retrain(copy.network.title)} />;
  const see: PanelId = isCellSpace(method.space) ? "cells" : "streams";
  return <NotApplicable see={see} why={mixed(copy.settings.value(method.algorithm), copy[see].title)} />;
}

export function PoolPanel() {
  const view = usePoolView();
  const { space, model, state, candidates } = view;
  const control = usePoolControl(model);
  const theme = useTheme();
  const table = useRun((run) => run.truth);
  const isAsked = useView((v) => v.truth);
  const canCompare = space.capabilities.includes("tabular") && state !== "not-applicable";
  const isTruth = isAsked && canCompare;
  const truth = useMemo(
    () => (isTruth && table ? buildTruth(space, table, candidates) : null),
    [isTruth, table, space, candidates],
  );
  const describe = (): string => (truth ? `${describePool(model)} ${describeTruth(truth)}` : describePool(model));
  return (
    <Figure
      panel="pool"
      state={state}
      step={view.step}
      label={text.label}
      title={text.title}
      subtitle={subtitleOf(view)}
      actions={
        canCompare && (
          <Button
            small
            weight="quiet"
            title={text.truth.toggleHint}
            aria-pressed={isTruth}
            onClick={() => viewStore.setState({ truth: !isAsked })}
          >
            {text.truth.toggle}
          </Button>
        )
      }
      table={() => poolTable(candidates, model, truth)}
      describe={describe}
      caption={isTruth ? text.captionTruth : text.caption}
      onKeyDown={control.onKeyDown}
    >
      {state === "not-applicable" ? (
        <NoPool />
      ) : isTruth && !table ? (
        <TruthCard />
      ) : truth ? (
        <TruthView
          model={truth}
          focusedId={model.focused?.candidate.id ?? null}
          theme={theme}
          pointer={control.pointer}
          label={describeTruth(truth)}
        />
      ) : (
        <PoolPicture view={view} theme={theme} pointer={control.pointer} />
      )}
    </Figure>
  );
}

/** "generation 3 of 10 · best 61.2 ± 4.3 % (n=500)". */
function subtitleOf({ model, candidates }: PoolView): string {
  if (candidates.length === 0) return "";
  const { generation, plannedGenerations, best } = model;
  const rounds = plannedGenerations > 1 ? [text.generation(generation, plannedGenerations - 1)] : [];
  const parts = [...rounds, text.candidates(model.marks.length)];
  if (best) parts.push(`${text.strip.bestNow} ${accuracyText(best.accuracy, best.candidate.accuracy?.n ?? 0)}`);
  return parts.join(" · ");
}
