/**
 * Motion of the pool, as data: children travel from their parent to their place as they are scored, and when a generation turns the
 * losers fade and the parents pulse (1.2 s). Nothing moves with reduced motion, when generations take less than a second, or when many
 * candidates come at once. Pure; times in milliseconds.
 */
export interface Story {
  readonly generation: number;
  readonly turnedAtMs: number;
  /** When the generation began to turn visibly; −∞ when this turn is not told. */
  readonly toldAtMs: number;
  readonly known: number;
  readonly births: ReadonlyMap<number, number>;
}

export const travelMs = 400;
export const turnMs = 1200;
const fastestGenerationMs = 1000;
const mostBirths = 8;

export const noStory: Story = {
  generation: 0,
  turnedAtMs: Number.NEGATIVE_INFINITY,
  toldAtMs: Number.NEGATIVE_INFINITY,
  known: -1,
  births: new Map(),
};

/** `indices`: all candidates drawn, ascending. What was there at first sight is not born again. */
export function advanceStory(
  story: Story,
  indices: readonly number[],
  generation: number,
  nowMs: number,
  isStill: boolean,
): Story {
  const last = indices.at(-1) ?? -1;
  const isFresh = story.known < 0 || last < story.known;
  const fresh = isFresh ? [] : indices.filter((i) => i > story.known);
  const births = new Map([...story.births].filter(([, at]) => !isFresh && nowMs - at < travelMs));
  if (!isStill && fresh.length <= mostBirths) for (const index of fresh) births.set(index, nowMs);
  const turns = !isFresh && generation > story.generation;
  const isTold = turns && !isStill && nowMs - story.turnedAtMs >= fastestGenerationMs;
  return {
    generation,
    turnedAtMs: turns ? nowMs : story.turnedAtMs,
    toldAtMs: isTold ? nowMs : turns || isFresh ? Number.NEGATIVE_INFINITY : story.toldAtMs,
    known: last,
    births,
  };
}

/** Something still moves. */
export function isMoving(story: Story, nowMs: number): boolean {
  return nowMs - story.toldAtMs < turnMs || [...story.births.values()].some((at) => nowMs - at < travelMs);
}

/** How far a candidate has come from its parent, 0–1, easing out. */
export function travelled(story: Story, index: number, nowMs: number): number {
  const born = story.births.get(index);
  if (born === undefined) return 1;
  const t = Math.min(1, Math.max(0, (nowMs - born) / travelMs));
  return 1 - (1 - t) ** 3;
}

/** Of a turn under way: how much of its ink the generation before still has, and how much larger parents are drawn. */
export function turning(story: Story, nowMs: number): { readonly fade: number; readonly pulse: number } {
  const t = (nowMs - story.toldAtMs) / turnMs;
  if (!(t >= 0 && t < 1)) return { fade: 0, pulse: 1 };
  return { fade: Math.max(0, 1 - t / 0.6), pulse: 1 + 0.6 * Math.sin(Math.PI * t) };
}
