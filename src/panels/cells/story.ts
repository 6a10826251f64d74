/** How far a cell has been derived on screen: the beats of the story, as data. Times in milliseconds. */

/** 0: every op of every edge. 1: the strongest op of each. 2: the inputs that are kept. 3: the derived cell. */
export const beats = [0, 1, 2, 3] as const;
export type Beat = (typeof beats)[number];

export interface Story {
  readonly beat: Beat;
  /** The reader is being told: keys step through the beats, and the beat is named. */
  readonly isTold: boolean;
  /** The next beat comes by itself. */
  readonly isPlaying: boolean;
}

export const beatMs = 400;

/** A view without a story: weights or the derived cell. */
export function still(beat: 0 | 3): Story {
  return { beat, isTold: false, isPlaying: false };
}

/** The story from its first beat; with reduced motion it waits for the reader at every beat. */
export function begin(isReduced: boolean): Story {
  return { beat: 1, isTold: true, isPlaying: !isReduced };
}

/** The beat after one that has been played. */
export function play(story: Story): Story {
  if (!story.isPlaying) return story;
  const beat = Math.min(3, story.beat + 1) as Beat;
  return { ...story, beat, isPlaying: beat < 3 };
}

/** Any beat by hand: the story stops playing there. */
export function stepTo(story: Story, beat: number): Story {
  return { ...story, beat: Math.min(3, Math.max(0, beat)) as Beat, isPlaying: false };
}

/** End of the telling: the view that the beat is nearest to. */
export function end(story: Story): Story {
  return still(story.beat === 0 ? 0 : 3);
}
