/** The story of a derivation on screen: told when asked, and by itself when a search that is watched ends. */
import { useEffect, useRef, useState } from "react";
import type { RunState } from "@/store/run";
import { begin, beatMs, end, play, stepTo, still, type Story } from "./story";

export interface StoryControl {
  readonly story: Story;
  show(beat: 0 | 3): void;
  tell(): void;
  step(beat: number): void;
  end(): void;
}

type Phase = NonNullable<RunState["latest"]>["phase"];

export interface StoryFacts {
  /** The run, or null before the first. */
  readonly runId: string | null;
  readonly phase: Phase | null;
  /** There are weights on screen, at this moment and not in the past. */
  readonly isLive: boolean;
  /** Cells that were put on show; they have no weights. */
  readonly shownId: string | null;
  readonly isReduced: boolean;
}

const searching: ReadonlySet<Phase> = new Set(["warmup", "supernet"]);

export function useStory({ runId, phase, isLive, shownId, isReduced }: StoryFacts): StoryControl {
  const isOver = phase !== null && !searching.has(phase);
  const [story, setStory] = useState<Story>(() => still(isOver || shownId !== null ? 3 : 0));
  const before = useRef({ runId, isOver, shownId });

  useEffect(() => {
    const was = before.current;
    before.current = { runId, isOver, shownId };
    if (was.runId !== runId) setStory(still(isOver ? 3 : 0));
    else if (shownId !== null && was.shownId !== shownId) setStory(still(3));
    else if (!was.isOver && isOver && isLive) setStory(begin(isReduced));
  }, [runId, isOver, shownId, isLive, isReduced]);

  const { beat, isPlaying } = story;
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => setStory(play), beatMs);
    return () => clearTimeout(timer);
  }, [beat, isPlaying]);

  return {
    story,
    show: (shown) => setStory(still(shown)),
    tell: () => setStory(begin(isReduced)),
    step: (to) => setStory((old) => stepTo(old, to)),
    end: () => setStory(end),
  };
}
