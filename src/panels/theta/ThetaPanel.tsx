/** Panel f, the op probabilities of FBNet: which op does each layer lean to, what does that cost, and how sure is the search at this temperature? */
import { AreaChart } from "lucide-react";
import { actions } from "@/store/actions";
import { searchKind, searchesNothing } from "@/store/methods";
import type { PanelId } from "@/store/view";
import { Button } from "@/ui/Button";
import { Figure } from "@/ui/Figure";
import { frontPanel, NotApplicable } from "@/ui/NotApplicable";
import { PanelMessage } from "@/ui/PanelMessage";
import { text as copy } from "@/viz/copy";
import { describeTheta, thetaTable } from "./describe";
import styles from "./theta.module.css";
import { ThetaPicture } from "./ThetaPicture";
import { type ThetaControl, useThetaControl } from "./useThetaControl";
import { type ThetaView, useThetaView } from "./useThetaView";

const text = copy.theta;

/** Why the run has no θ, and the panel that shows what it has instead. */
function whyNot({ config }: Pick<ThetaView, "config">): { readonly why: string; readonly see: PanelId } {
  if (searchesNothing(config)) return { why: text.why.given, see: "network" };
  switch (searchKind(config)) {
    case "sampled":
      return { why: text.why.spos, see: "path" };
    case "joint":
      return { why: text.why.joint, see: "joint" };
    case "mixed":
    case "stochastic":
      return { why: text.why.mixed, see: "streams" };
  }
}

export function ThetaPanel() {
  const view = useThetaView();
  const control = useThetaControl();
  const { state, step } = view;
  const isElsewhere = state === "not-applicable";
  const describe = (): string => (isElsewhere ? whyNot(view).why : describeTheta(view));
  const caption = !view.masks ? text.caption : control.isWhy ? text.captionWhy : text.captionMasks;
  return (
    <Figure
      panel="theta"
      state={state}
      step={step}
      label={view.hasTheta ? describeTheta(view) : text.label}
      title={text.title}
      subtitle={subtitleOf(view)}
      actions={!isElsewhere && <ThetaActions view={view} control={control} />}
      table={() => thetaTable(isElsewhere ? { layers: null, masks: null } : view)}
      describe={describe}
      caption={caption}
      onKeyDown={(event) => {
        if (!isElsewhere && control.onKey(event, view)) event.preventDefault();
      }}
    >
      {isElsewhere ? (
        <NotApplicable {...whyNot(view)} />
      ) : state === "empty" && !control.isWhy ? (
        <PanelMessage text={text.empty} action={{ label: text.emptyAction, onAct: () => actions().train() }} />
      ) : (
        <ThetaPicture view={view} control={control} />
      )}
    </Figure>
  );
}

/** "step 1,240 · stopped at 1,244". */
function subtitleOf({ hasTheta, step, stoppedAt }: ThetaView): string {
  if (!hasTheta) return "";
  return [text.subtitle(step), ...(stoppedAt === null ? [] : [text.stopped(stoppedAt)])].join(" · ");
}

function ThetaActions({ view, control }: { readonly view: ThetaView; readonly control: ThetaControl }) {
  return (
    <div className={styles["actions"]}>
      <Button small weight="quiet" icon={<AreaChart size={13} />} title={text.overTimeHint} onClick={() => frontPanel("streams")}>
        {text.overTime}
      </Button>
      {view.masks && (
        <Button small weight="quiet" aria-pressed={control.isWhy} aria-label={text.questions.label} title={text.questions.hint} onClick={control.toggleWhy}>
          {text.questions.show}
        </Button>
      )}
    </div>
  );
}
