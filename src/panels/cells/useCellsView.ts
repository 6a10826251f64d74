/** Stores and history → what the panel is about, in which state, and at which beat. */
import { useMemo } from "react";
import { history } from "@/store/history";
import { spaceOf } from "@/store/network";
import type { Focus } from "@/store/view";
import { useExperiment, useHistory, useNetwork, useRun, useView } from "@/ui/hooks";
import { type PanelState, panelState } from "@/ui/panelState";
import { useReducedMotion } from "@/ui/theme";
import type { Accuracy } from "@/nas/candidate";
import type { AlphaColumn } from "@/store/alphaHistory";
import { cellIdOf, publishedName } from "./published";
import { hasCells, isColumnOf, memberSubject, runSubject, type Subject } from "./subject";
import { useStory, type StoryControl } from "./useStory";

export interface CellsView {
  readonly state: PanelState;
  readonly step: number;
  readonly subject: Subject;
  readonly story: StoryControl;
  readonly focus: Focus;
  /** Name of the run's space, for spaces without cells. */
  readonly spaceName: string;
  /** α is no number any more, or the run's result no pair of cells; then `goodStep` is the step of the weights that are shown. */
  readonly problem: "alpha" | "result" | null;
  readonly goodStep: number;
  readonly gap: { readonly supernet: Accuracy; readonly derived: Accuracy } | null;
  /** Cells of a network that the reader put on show: their id, and their name where they are published. */
  readonly shown: {
    readonly id: string | null;
    readonly name: string | null;
    readonly source: "imported" | "sample" | "pinned";
  } | null;
  /** The run has α, whatever is shown now. */
  readonly hasRunWeights: boolean;
  /** The run draws its cells one by one and has no α. */
  readonly isSampled: boolean;
  readonly bootMessage: string;
}

function isGood({ weights }: AlphaColumn): boolean {
  return weights.every(Number.isFinite);
}

/** The column to show, and whether it had to be an older one than asked for. */
function columnAt(cursor: number | null): { readonly column: AlphaColumn | null; readonly isBroken: boolean } {
  const asked = cursor === null ? history.alpha.latest() : history.alpha.at(cursor);
  if (asked === null || isGood(asked)) return { column: asked, isBroken: false };
  const good = history.alpha.columns().filter((column) => column.step <= asked.step && isGood(column));
  return { column: good.at(-1) ?? null, isBroken: true };
}

export function useCellsView(): CellsView {
  const alpha = useHistory("alpha");
  const boot = useRun((run) => run.boot);
  const plan = useRun((run) => run.plan);
  const latest = useRun((run) => run.latest);
  const config = useExperiment((experiment) => experiment.config);
  const focus = useView((view) => view.focus);
  const cursor = useView((view) => view.cursor);
  const network = useNetwork();
  const isReduced = useReducedMotion();

  const ran = plan?.config ?? config;
  const space = spaceOf(ran.space, ran.size);
  const phase = latest?.phase ?? null;
  const isSearching = phase === null || phase === "warmup" || phase === "supernet" || cursor !== null;
  const derived = latest?.metrics.derived?.choices ?? latest?.metrics.winner?.choices ?? null;
  const result = isSearching ? null : derived;
  const { "darts.derive": rule, "darts.skipLimit": skipLimit } = ran;

  const found = useMemo(() => {
    // The history's version number says that what the history returns has changed.
    void alpha;
    return columnAt(cursor);
  }, [alpha, cursor]);
  const column = isColumnOf(found.column, space) ? found.column : null;
  const run = useMemo(
    () => runSubject({ space, column, options: { rule, skipLimit }, result }),
    [space, column, rule, skipLimit, result],
  );

  const onShow =
    network !== null && network.source !== "winner" && hasCells(spaceOf(network.spaceId, network.size))
      ? network
      : null;
  const id = useMemo(() => cellIdOf(onShow), [onShow]);
  const story = useStory({
    runId: plan?.runId ?? null,
    phase,
    isLive: cursor === null && column !== null,
    shownId: onShow === null ? null : onShow.arch.id,
    isReduced,
  });
  const isOfRun = story.story.beat < 3 || story.story.isTold;
  const { archId } = focus;
  const subject = useMemo((): Subject => {
    const candidate = archId === undefined || !hasCells(space) ? null : space.decode(archId);
    if (candidate) return memberSubject("candidate", space, candidate);
    const useRunCells = onShow === null || (isOfRun && run.hasWeights);
    return useRunCells ? run : memberSubject("network", spaceOf(onShow.spaceId, onShow.size), onShow.arch.choices);
  }, [archId, space, onShow, isOfRun, run]);

  const problem = subject.isUnreadable ? "result" : found.isBroken && subject.kind === "run" ? "alpha" : null;
  return {
    state: panelState({
      ...{ boot, plan, latest, config, cursor },
      applicable: hasCells(space) || subject.kind === "network",
      error: problem,
      hasData: subject.hasWeights || (subject.cells.length > 0 && subject.cells.every((cell) => cell.derived !== null)),
    }),
    step: cursor ?? latest?.step ?? 0,
    ...{ subject, story, focus, problem },
    spaceName: space.name,
    goodStep: column?.step ?? 0,
    gap: subject.kind === "run" ? (latest?.metrics.gap ?? null) : null,
    shown:
      onShow === null
        ? null
        : {
            id,
            name: id === null ? null : publishedName(id),
            source: onShow.source as "imported" | "sample" | "pinned",
          },
    hasRunWeights: run.hasWeights,
    isSampled: ran.algorithm === "spos",
    bootMessage: boot.message,
  };
}
