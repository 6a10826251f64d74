/** Words of the sampled-path panel. */
import { countText } from "../format";

export const path = {
  title: "Sampled path",
  label: "Sampled path: which choice of every layer is trained at this step, and how often each was sampled",
  subtitle: {
    training: (shown: number, of: number) =>
      of > 1 ? `showing ${shown} of ${countText(of)} samples` : "every sample shown",
    past: "path at this step",
    candidate: (id: string) => `candidate ${id}`,
    evaluating: (id: string) => `last evaluated: ${id}`,
    winner: (id: string) => `winner ${id}`,
    none: "no path yet",
  },
  caption: "Each column is a layer, each row a choice; the bright route trains now.",
  empty: "Press Train: every step lights one path through the supernet.",
  notApplicable: {
    mixed: (method: string, see: string) => `${method} has no sampled path; see ${see}.`,
    cells: (see: string) => `Cells have no row of layers for a path to lead through; see ${see}.`,
  },
  loading: "Getting the supernet ready.",
  stage: (stage: number) => `Stage ${stage}`,
  map: (hin: number, hout: number) => (hin === hout ? `${hout}×${hout}` : `${hin}→${hout}`),
  channels: (channels: number) => `${channels} ch`,
  lossLane: "mean loss when sampled, ± 1 SD",
  barLegend: "bar: times sampled · tick: expected · bracket: ± 2 σ · dot: outside",
  node: (label: string, op: string, count: number, deviation: number | null) =>
    `${label}, ${op}: sampled ${countText(count)} times${deviation === null ? "" : `, ${deviationText(deviation)} from expected`}`,
  force: (label: string, code: string) => `Force ${label.toLowerCase()} → ${code}`,
  unforce: (label: string) => `Release ${label.toLowerCase()}`,
  forced: (label: string, op: string) => `${label} is forced to ${op} for the next step.`,
  released: (label: string) => `${label} is left to the sampler again.`,
  forceHint: "Paused: drag a node, or press Enter on it, to force it for the next step.",
  evaluate: "Evaluate path",
  evaluating: "Evaluating…",
  evaluateHint: "Accuracy of the lit path with the supernet's weights, now",
  evaluated: (id: string, accuracy: string) => `${id}: ${accuracy}`,
  notEvaluated: "This path could not be evaluated now.",
  none: "No path has been sampled yet.",
  table: {
    layer: "Layer",
    choice: "Choice",
    sampled: "Sampled",
    expected: "Expected",
    deviation: "Deviation (σ)",
    loss: "Mean loss",
    sd: "SD of loss",
    lit: "Lit",
  },
} as const;

/** `+1.4 σ`, with a true minus. */
export function deviationText(deviation: number): string {
  return `${deviation < 0 ? "−" : "+"}${Math.abs(deviation).toFixed(1)} σ`;
}
