/** Panel b, the sampled path: what is being trained at this very step, and was every choice trained as often as it should? */
import { useRef } from "react";
import { isCellSpace, type SearchKind, searchKind } from "@/store/methods";
import type { PanelId } from "@/store/view";
import { useMethod, useRun, useView } from "@/ui/hooks";
import { Button } from "@/ui/Button";
import { Figure } from "@/ui/Figure";
import { NotApplicable } from "@/ui/NotApplicable";
import { useReducedMotion, useTheme } from "@/ui/theme";
import { useSize } from "@/ui/useSize";
import { text } from "@/viz/copy";
import { accuracyText } from "@/viz/format";
import { opStyle } from "@/viz/palette";
import { describePath, pathTable, routeWords } from "./describe";
import { layoutPath } from "./layout";
import styles from "./path.module.css";
import { PathPicture } from "./PathPicture";
import { type PathControl, usePathControl } from "./usePathControl";
import { type PathView, usePathView } from "./usePathModel";

/** What shows a search that has no paths. */
const insteadOf: Readonly<Record<SearchKind, PanelId>> = { sampled: "pool", mixed: "streams", stochastic: "theta", joint: "joint" };

/** Why there is no path here, and where to look instead. */
function NoPath() {
  const method = useMethod();
  const isCells = isCellSpace(method.space);
  const kind = searchKind(method);
  const see: PanelId = isCells ? "cells" : insteadOf[kind];
  const { mixed, cells } = text.path.notApplicable;
  const where = text[see].title;
  return (
    <NotApplicable
      see={see}
      why={kind !== "sampled" ? mixed(text.settings.value(method.algorithm), where) : cells(where)}
    />
  );
}

export function PathPanel() {
  const view = usePathView();
  const control = usePathControl(view);
  const { model, state, recent, focus } = view;
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(body);
  const theme = useTheme();
  const isReduced = useReducedMotion();
  const isSlow = useRun((run) => run.speed === "slow") && !isReduced;
  const [pinA, pinB] = [useView((v) => v.pinA), useView((v) => v.pinB)];
  const layout = layoutPath(model, size);
  const isThere = state !== "not-applicable";
  const note =
    state === "empty"
      ? text.path.empty
      : state === "loading"
        ? text.path.loading
        : view.isPaused && state === "paused"
          ? text.path.forceHint
          : text.path.barLegend;
  return (
    <Figure
      panel="path"
      state={state}
      step={model.step}
      label={text.path.label}
      title={text.path.title}
      {...(isThere
        ? {
            subtitle: subtitleOf(view, control),
            actions: <PathActions view={view} control={control} />,
            caption: text.path.caption,
            onKeyDown: control.onKeyDown,
          }
        : {})}
      table={() => pathTable(model)}
      describe={() => describePath(model)}
    >
      {isThere ? (
        <div className={styles["body"]}>
          <div ref={body} className={styles["picture"]}>
            {size.width > 0 && (
              <svg
                width={size.width}
                height={size.height}
                role="img"
                aria-label={describePath(model)}
                {...control.pointer}
              >
                <PathPicture
                  {...{ model, layout, focus, pinA, pinB, theme, isSlow }}
                  forced={control.forced}
                  isBroken={view.isBroken}
                  warm={view.warm}
                />
              </svg>
            )}
          </div>
          <p className={styles["note"]} data-state={state}>
            {note}
          </p>
        </div>
      ) : (
        <NoPath />
      )}
      <span className="visually-hidden">{recent.step >= 0 ? routeWords(model, 1, recent.of) : ""}</span>
    </Figure>
  );
}

/** Which route is lit and why, with its accuracy when it is known. */
function subtitleOf({ model, recent }: PathView, { evaluated }: PathControl): string {
  const words = routeWords(model, 1, recent.of);
  if (evaluated === null) return words;
  return `${words} · ${text.path.evaluated(evaluated.id, accuracyText(evaluated.accuracy.value, evaluated.accuracy.n))}`;
}

function PathActions({ view, control }: { readonly view: PathView; readonly control: PathControl }) {
  const pinA = useView((v) => v.pinA);
  const column = pinA?.slot === undefined ? undefined : view.model.columns[pinA.slot];
  const node = pinA?.choice === undefined ? undefined : column?.nodes[pinA.choice];
  const { genes } = view.model.route;
  return (
    <>
      {view.isPaused && column && node && (
        <Button small weight="quiet" onClick={() => control.force(node)}>
          {control.forced.get(node.slot) === node.choice
            ? text.path.unforce(column.label)
            : text.path.force(column.label, opStyle(node.op).code)}
        </Button>
      )}
      {genes.length > 0 && (
        <Button
          small
          weight="quiet"
          title={text.path.evaluateHint}
          aria-disabled={control.isEvaluating}
          onClick={() => control.evaluate(genes)}
        >
          {control.isEvaluating ? text.path.evaluating : text.path.evaluate}
        </Button>
      )}
    </>
  );
}
