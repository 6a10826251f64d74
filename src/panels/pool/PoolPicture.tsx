/** The scatter with everything on it: canvas below, vector overlay above, lineage card and legend around. */
import { useMemo, useRef } from "react";
import type { Candidate } from "@/nas/candidate";
import { useReducedMotion } from "@/ui/theme";
import { useSize } from "@/ui/useSize";
import { text as copy } from "@/viz/copy";
import { describePool } from "./describe";
import { shapeGlyph } from "./draw";
import type { Spot } from "./hit";
import { layoutPool, type PoolLayout } from "./layout";
import { LimitLine } from "./LimitLine";
import { LineageCard } from "./LineageCard";
import { PoolCanvas } from "./PoolCanvas";
import { PoolOverlay } from "./PoolOverlay";
import styles from "./pool.module.css";
import type { PoolPointer } from "./usePoolControl";
import type { PoolView } from "./usePoolModel";

const text = copy.pool;

export interface PoolPictureProps {
  readonly view: PoolView;
  readonly theme: "light" | "dark";
  readonly pointer: (spots: readonly Spot[]) => PoolPointer;
}

/** Everything that can be pointed at: the scatter, and the same networks in the strip. */
function spotsOf(layout: PoolLayout): Spot[] {
  const all = [...layout.random, ...layout.marks, ...(layout.strip?.dots ?? [])];
  return all.map(({ mark, x, y }): { candidate: Candidate; x: number; y: number } => ({
    candidate: mark.candidate,
    x,
    y,
  }));
}

export function PoolPicture({ view, theme, pointer }: PoolPictureProps) {
  const { model, space, state } = view;
  const body = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(body);
  const layout = useMemo(() => layoutPool(model, { width, height }), [model, width, height]);
  const spots = useMemo(() => spotsOf(layout), [layout]);
  const isReduced = useReducedMotion();
  const { lineage, focused } = model;
  const sentence = useMemo(() => describePool(model), [model]);
  const { plot } = layout;
  const bottom = height - plot.y - plot.height + 8;
  const isLeft = focused !== null && layout.xOf(focused.cost) < plot.x + plot.width / 2;
  const corner = isLeft ? { bottom, right: width - plot.x - plot.width + 8 } : { bottom, left: plot.x + 8 };
  return (
    <div className={styles["body"]}>
      <div ref={body} className={styles["picture"]}>
        {width > 0 && (
          <>
            <PoolCanvas
              layout={layout}
              generation={model.generation}
              theme={theme}
              isStill={isReduced || state === "past"}
            />
            <svg width={width} height={height} role="group" aria-label={sentence} {...pointer(spots)}>
              <PoolOverlay model={model} layout={layout} />
              {model.canLimit && <LimitLine model={model} layout={layout} />}
            </svg>
          </>
        )}
        {lineage && focused?.candidate.arm === "evolution" && (
          <LineageCard
            space={space}
            line={lineage.line}
            isCut={lineage.isCut}
            theme={theme}
            corner={corner}
            maxRows={Math.floor((plot.height - 32) / 16)}
          />
        )}
        {(state === "empty" || state === "loading") && (
          <p className={styles["message"]}>
            <span>{state === "empty" ? text.empty : view.isSearching ? text.loading : text.booting}</span>
            <span className={styles["muted"]}>{text.emptyHint}</span>
          </p>
        )}
      </div>
      {model.marks.length > 0 && <Legend view={view} />}
    </div>
  );
}

function Legend({ view: { model, state } }: { readonly view: PoolView }) {
  const { legend } = text;
  const { infeasible, duplicate } = model.rejected;
  return (
    <p className={styles["legend"]}>
      <span>
        {`${shapeGlyph.random} ${legend.random}  ${shapeGlyph.mutation} ${legend.mutation}  ${shapeGlyph.crossover} ${legend.crossover}`}
        {model.random.length > 0 && `  ✕ ${legend.randomArm}`}
        {`  ⌐ ${legend.front} · ${legend.current}`}
      </span>
      {state !== "past" && infeasible + duplicate > 0 && <span>{text.rug(infeasible, duplicate)}</span>}
    </p>
  );
}
