/** The body at the size it gets: columns or tiles with their tip, the rail beside or below, legend and signals under them. */
import { type ReactNode, useRef } from "react";
import { useTheme } from "@/ui/theme";
import { useSize } from "@/ui/useSize";
import { text as copy } from "@/viz/copy";
import { Columns } from "./Columns";
import { planBody } from "./layout";
import { Rail } from "./Rail";
import { Legend, MaskLegend, Signals } from "./Signals";
import styles from "./theta.module.css";
import { Tiles } from "./Tiles";
import type { ThetaControl } from "./useThetaControl";
import type { ThetaView } from "./useThetaView";
import { WhyFigure } from "./WhyFigure";

const text = copy.theta;

/** Height of a line of small text: a projector's is larger. */
export function lineHeight(): number {
  return document.documentElement.dataset["present"] === undefined ? 13 : 16;
}

export function ThetaPicture({ view, control }: { readonly view: ThetaView; readonly control: ThetaControl }) {
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(body);
  const theme = useTheme();
  const plan = planBody(size);
  const { layers, masks, state } = view;
  const isWhy = control.isWhy && masks !== null;
  const inner = { ...plan.picture, width: Math.floor(plan.picture.width) };
  let picture: ReactNode = null;
  if (inner.width > 0 && inner.height > 0) {
    if (isWhy) picture = <WhyFigure size={inner} />;
    else if (masks) picture = <Tiles {...{ view, masks, theme }} size={inner} />;
    else if (layers) picture = <Columns {...{ view, theme }} model={layers} size={inner} />;
  }
  return (
    <div className={styles["body"]}>
      <div ref={body} className={styles["main"]} data-side={plan.side}>
        <div className={styles["picture"]} style={inner}>
          {picture}
          {state === "loading" && !isWhy && (
            <p className={styles["message"]} role="status">
              <span>{text.loading}</span>
              {view.message !== "" && <span className={styles["muted"]}>{view.message}</span>}
            </p>
          )}
        </div>
        {plan.side !== "none" && <Rail view={view} theme={theme} size={plan.rail} side={plan.side} />}
      </div>
      <div className={styles["under"]}>
        {masks ? !isWhy && <MaskLegend theme={theme} /> : layers && <Legend model={layers} theme={theme} />}
        {view.hasTheta ? <Signals view={view} /> : layers?.isStandIn && <p className={styles["muted"]}>{text.signals.standIn}</p>}
      </div>
    </div>
  );
}
