/**
 * Rates of the adaptive genetic algorithm (Srinivas & Patnaik, IEEE Trans. SMC 24, 1994): the better an individual, the less it is disturbed. k1 = k3 = 1,
 * k2 = k4 = 0.5 (spec fbnet 3.5).
 */

/** Below this no rate falls in a search: the best would never change, and a pool of equals would stand still. */
export const rateFloor = 0.02;

export interface FitnessStats {
  readonly mean: number;
  readonly max: number;
}

export function fitnessStats(fitness: readonly number[]): FitnessStats {
  return { mean: fitness.reduce((sum, f) => sum + f, 0) / fitness.length, max: Math.max(...fitness) };
}

/** k·(max − f)/(max − mean) for the better half, k for the rest and where all are equal. */
function rate(f: number, { mean, max }: FitnessStats, k: number): number {
  return f < mean || max === mean ? k : (k * (max - f)) / (max - mean);
}

/** p_c of two parents whose better fitness is f, before the floor. */
export function crossoverRate(f: number, stats: FitnessStats): number {
  return rate(f, stats, 1);
}

/** p_m of an individual of fitness f, before the floor. */
export function mutationRate(f: number, stats: FitnessStats): number {
  return rate(f, stats, 0.5);
}

export function floored(p: number): number {
  return Math.max(rateFloor, p);
}
