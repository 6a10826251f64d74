/** Visible text of the curves panel. */
import { shell } from "./shell";

/** Name of a stretch of the run by what its method does there. */
function band(phase: "supernet" | "search" | "retrain", algorithm: string): string {
  return shell.phase(phase, algorithm);
}

export const curves = {
  title: "Training & machine",
  subtitle: "Is it learning, and is the machine coping?",
  label: "Loss, accuracy and throughput over training steps",
  empty: "No curve yet: press Train, and the first loss arrives within a second.",
  emptyAction: "Train",
  loading: "The axes are ready; the first point comes with the first step.",
  notApplicable: "This method has no training curve.",
  loss: "Loss",
  axis: "loss",
  accuracy: "Accuracy",
  steps: "Step",
  log: "Log loss",
  resetZoom: "Whole run",
  zoomHint: "Wheel or drag to zoom, double-click for the whole run",
  lanes: { rate: "img/s", bytes: "Memory" },
  band,
  splits: ["Training", "Validation", "Test"],
  machine: "Machine",
  imagesPerSecond: "images/s",
  step: "step",
  parts: { data: "data", submit: "submit", wait: "wait", read: "read" },
  tensors: "tensors",
  noMachine: "Speeds appear with the first steps.",
  rising: (from: string, to: string) => `Memory floor rising: ${from} → ${to}`,
  steady: (bytes: string) => `memory steady at ${bytes}`,
  gap: (step: string) => `Loss was not a number at step ${step}`,
  scrubber: "Time cursor",
  scrubberLive: (step: string) => `Live, step ${step}`,
  scrubberPast: (step: string, live: string) => `Viewing step ${step} of ${live}`,
  legend: "loss: smoothed line over its range · ○ validation · ◆ test, 95 % bars",
  columns: ["Step", "Series", "Value", "Low", "High", "Images"],
} as const;
