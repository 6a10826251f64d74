/**
 * Places of states and bends of edges by number of nodes, in the unit square (y down). Found once by simulated annealing of a drawing of
 * 400 × 240 pixels for what `cellLayout.test.ts` asks of every one: ribbons that touch only where they cross or meet, states and labels clear of
 * one another, little bending. Edges of DARTS's four nodes must cross: their graph is not planar.
 */

export interface CellPlan {
  /** x, y by state; the output last. */
  readonly states: readonly (readonly [x: number, y: number])[];
  /** By "from to": how far the edge's control points bow down, as a share of the height, and where along it the label stands. */
  readonly edges: Readonly<Record<string, readonly [bow: number, at: number]>>;
}

export const plans: Readonly<Record<number, CellPlan>> = {
  1: {
    states: [
      [0, 0.14],
      [0, 0.9],
      [0.5, 0.55],
      [1, 0.55],
    ],
    // prettier-ignore
    edges: {
      "0 2": [0, 0.5], "1 2": [0, 0.5],
      "2 3": [0, 0.5],
    },
  },
  2: {
    states: [
      [0, 0.14],
      [0, 0.9],
      [0.3, 0.45],
      [0.62, 0.32],
      [1, 0.61],
    ],
    // prettier-ignore
    edges: {
      "0 2": [0, 0.5], "1 2": [0, 0.47],
      "0 3": [0, 0.5], "1 3": [0.14, 0.5], "2 3": [0, 0.5],
      "2 4": [0.01, 0.57], "3 4": [0, 0.65],
    },
  },
  3: {
    states: [
      [0, 0.14],
      [0, 0.9],
      [0.29, 0.3],
      [0.47, 0.87],
      [0.7, 0.03],
      [1, 0.68],
    ],
    // prettier-ignore
    edges: {
      "0 2": [-0.01, 0.56], "1 2": [-0.01, 0.5],
      "0 3": [0.03, 0.32], "1 3": [0, 0.51], "2 3": [0, 0.54],
      "0 4": [-0.03, 0.51], "1 4": [0.09, 0.6], "2 4": [0, 0.51], "3 4": [0, 0.59],
      "2 5": [0.01, 0.41], "3 5": [0, 0.68], "4 5": [0, 0.35],
    },
  },
  4: {
    states: [
      [0, 0.14],
      [0, 0.9],
      [0.25, 0.37],
      [0.42, 0.81],
      [0.55, 0.34],
      [0.84, 0.23],
      [1, 0.65],
    ],
    // prettier-ignore
    edges: {
      "0 2": [0, 0.49], "1 2": [0, 0.45],
      "0 3": [0.23, 0.68], "1 3": [0, 0.52], "2 3": [-0.03, 0.32],
      "0 4": [-0.11, 0.48], "1 4": [0.02, 0.5], "2 4": [0, 0.47], "3 4": [0.01, 0.51],
      "0 5": [-0.29, 0.52], "1 5": [0.5, 0.68], "2 5": [-0.2, 0.5], "3 5": [-0.02, 0.52], "4 5": [-0.01, 0.5],
      "2 6": [0.03, 0.71], "3 6": [0.15, 0.48], "4 6": [0, 0.53], "5 6": [0, 0.72],
    },
  },
  5: {
    states: [
      [0, 0.14],
      [0, 0.9],
      [0.14, 0.44],
      [0.33, 1],
      [0.54, 0.01],
      [0.67, 0.83],
      [0.81, 0.35],
      [1, 0.57],
    ],
    // prettier-ignore
    edges: {
      "0 2": [-0.13, 0.72], "1 2": [-0.21, 0.28],
      "0 3": [0.28, 0.28], "1 3": [0.04, 0.55], "2 3": [-0.05, 0.64],
      "0 4": [-0.13, 0.72], "1 4": [-0.11, 0.53], "2 4": [-0.15, 0.66], "3 4": [-0.25, 0.65],
      "0 5": [-0.29, 0.43], "1 5": [0, 0.5], "2 5": [0.08, 0.52], "3 5": [0.05, 0.47], "4 5": [-0.06, 0.38],
      "0 6": [-0.12, 0.28], "1 6": [-0.02, 0.53], "2 6": [0.01, 0.65], "3 6": [0.04, 0.55], "4 6": [-0.01, 0.6], "5 6": [-0.02, 0.57],
      "2 7": [0.08, 0.28], "3 7": [0.26, 0.46], "4 7": [-0.19, 0.66], "5 7": [0.28, 0.5], "6 7": [0.03, 0.42],
    },
  },
};

/** States 0 … 3 of NAS-Bench-201; every pair is an edge. */
export const plan201: CellPlan = {
  states: [
    [0, 0.62],
    [0.34, 0.42],
    [0.66, 1],
    [1, 0.55],
  ],
  // prettier-ignore
  edges: {
    "0 1": [-0.02, 0.5],
    "0 2": [0.08, 0.5], "1 2": [0, 0.5],
    "0 3": [-0.72, 0.5], "1 3": [-0.03, 0.5], "2 3": [0.05, 0.5],
  },
};
