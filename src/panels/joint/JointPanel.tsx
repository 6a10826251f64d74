/** Panel joint (FBNetV3): can the predictor rank pairs that it has not seen, and which recipe goes with which network? */
import { ChartScatter, GitBranch, SlidersHorizontal } from "lucide-react";
import { actions } from "@/store/actions";
import { isCellSpace, searchKind, searchesNothing } from "@/store/methods";
import type { PanelId } from "@/store/view";
import { Button } from "@/ui/Button";
import { Figure } from "@/ui/Figure";
import { useMethod, useRun } from "@/ui/hooks";
import { NotApplicable } from "@/ui/NotApplicable";
import { PanelMessage } from "@/ui/PanelMessage";
import { text as copy } from "@/viz/copy";
import { describeJoint, jointTable } from "./describe";
import styles from "./joint.module.css";
import { type JointViewId, jointViews } from "./model";
import { PredictorView } from "./PredictorView";
import { RecipesView } from "./RecipesView";
import { StagesView } from "./StagesView";
import { type JointControl, onJointKey, useJointControl } from "./useJointControl";
import { type JointView, useJointView } from "./useJointView";

const text = copy.joint;

/** Why no recipes are searched here, and where to look instead. */
function NoJoint() {
  const method = useMethod();
  const { other, retrain } = text.notApplicable;
  if (searchesNothing(method)) return <NotApplicable see="network" why={retrain(copy.network.title)} />;
  const kind = searchKind(method);
  const see: PanelId = kind === "stochastic" ? "theta" : kind === "sampled" ? "pool" : isCellSpace(method.space) ? "cells" : "streams";
  return <NotApplicable see={see} why={other(copy.settings.value(method.algorithm), copy[see].title)} />;
}

const icons: Readonly<Record<JointViewId, typeof GitBranch>> = { predictor: ChartScatter, recipes: SlidersHorizontal, stages: GitBranch };

function Views({ control }: { readonly control: JointControl }) {
  return (
    <div className={styles["views"]} role="group" aria-label={text.viewsLabel}>
      {jointViews.map((id) => {
        const Icon = icons[id];
        return (
          <Button
            key={id}
            small
            weight="quiet"
            className={styles["view"] ?? ""}
            icon={<Icon size={13} />}
            aria-pressed={control.view === id}
            title={text.viewHints[id]}
            onClick={() => control.setView(id)}
          >
            {text.views[id]}
          </Button>
        );
      })}
    </div>
  );
}

/** Before the first pair is trained: what is under way. */
function Waiting({ view }: { readonly view: JointView }) {
  const message = useRun((run) => run.boot.message);
  const losses = view.model.report?.pretraining ?? [];
  if (view.state === "empty") return <PanelMessage text={text.empty} action={{ label: text.emptyAction, onAct: () => actions().train() }} />;
  const detail = view.isStarting ? (losses.length > 0 ? text.pretraining(losses.length, losses.at(-1) ?? 0) : "") : message;
  return <PanelMessage text={view.isStarting ? text.loading : text.booting} {...(detail === "" ? {} : { detail })} />;
}

const bodies = { predictor: PredictorView, recipes: RecipesView, stages: StagesView } as const;

export function JointPanel() {
  const control = useJointControl();
  const view = useJointView(control.filters);
  const { state, model } = view;
  const isElsewhere = state === "not-applicable";
  const hasPairs = model.marks.length > 0;
  const Body = bodies[control.view];
  return (
    <Figure
      panel="joint"
      state={state}
      step={view.step}
      label={text.label}
      title={text.title}
      subtitle={hasPairs ? text.subtitle(model.round, model.marks.length, model.planned) : ""}
      actions={hasPairs && <Views control={control} />}
      table={() => jointTable(model, control.view)}
      describe={() => describeJoint(model)}
      caption={text.captions[control.view]}
      onKeyDown={(event) => {
        if (hasPairs && onJointKey(event, model, control)) event.preventDefault();
      }}
    >
      {isElsewhere ? (
        <NoJoint />
      ) : !hasPairs ? (
        <Waiting view={view} />
      ) : (
        <div className={styles["body"]}>
          {view.isBroken && (
            <p className={styles["band"]} role="alert">
              {text.broken}
            </p>
          )}
          <Body model={model} control={control} />
          <p className={styles["budget"]}>{text.budget(model.marks.length, model.images)}</p>
        </div>
      )}
    </Figure>
  );
}
