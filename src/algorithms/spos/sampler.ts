/**
 * Which paths a step trains. Stateless: the draw of a step depends on the run's key and the step alone, so a resumed run
 * samples what an unbroken one samples.
 */
import { type RngKey, rootKey } from "@/lib/rng";
import { costUniformSampler, fairPaths } from "@/nas/costSampler";
import type { Choices } from "@/nas/mutable";
import type { Space } from "@/nas/space/types";
import type { ConstraintMetric, SamplerId } from "../configKeys";
import { choicesPerSlot } from "./state";

export interface PathSampler {
  /** Paths of a step: one, or as many as a slot has choices for the strictly fair sampler. */
  paths(step: number): Choices[];
  /** Expected share of each choice in one path, slots × width: exact for uniform and fair, estimated once from 4,000 draws for cost-uniform. */
  readonly shares: Float64Array;
}

const surveyDraws = 4000;

/** Uniform (SPOS), strictly fair (FairNAS, arXiv 1907.01845) or cost-uniform (SPOS code, 7 cost bins). */
export function makeSampler(space: Space, kind: SamplerId, metric: ConstraintMetric, key: RngKey): PathSampler {
  const stream = (step: number) => key.fold(step).stream();
  switch (kind) {
    case "uniform":
      return { paths: (step) => [space.mutator.sample(stream(step))], shares: evenShares(space) };
    case "fair":
      return { paths: (step) => fairPaths(space, stream(step)), shares: evenShares(space) };
    case "cost": {
      const draw = costUniformSampler(space, metric);
      return { paths: (step) => [draw(stream(step))], shares: surveyedShares(space, draw) };
    }
    default:
      return kind satisfies never;
  }
}

function evenShares(space: Space): Float64Array {
  const width = choicesPerSlot(space);
  return Float64Array.from({ length: space.mutables.length * width }, (_, cell) => {
    const options = space.mutables[Math.floor(cell / width)]?.choices.length ?? 1;
    return cell % width < options ? 1 / options : 0;
  });
}

function surveyedShares(space: Space, draw: (rng: ReturnType<RngKey["stream"]>) => Choices): Float64Array {
  const width = choicesPerSlot(space);
  const shares = new Float64Array(space.mutables.length * width);
  const rng = rootKey(0).fold("sampler-survey").stream();
  for (let i = 0; i < surveyDraws; i++) {
    const path = draw(rng);
    for (const [slot, mutable] of space.mutables.entries()) {
      const cell = slot * width + (mutable.choices as readonly unknown[]).indexOf(path[mutable.id]);
      shares[cell] = (shares[cell] as number) + 1 / surveyDraws;
    }
  }
  return shares;
}
