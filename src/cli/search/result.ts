/** The exported architecture file, looked at before it is written: it must be one, and say truthfully whether it is complete. */
import { AppError } from "@/lib/appError";

type Json = Readonly<Record<string, unknown>>;

export interface CheckedResult {
  readonly text: string;
  readonly value: Json;
  readonly isComplete: boolean;
}

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** Refuses anything that is not an architecture file; an interrupted run's file is marked `"complete": false`. */
export function checkResult(text: string, isInterrupted: boolean): CheckedResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AppError("bug", "The app exported something that is not JSON.");
  }
  if (!isRecord(value) || value["format"] !== "nas-playground/architecture") {
    throw new AppError("bug", "The app exported something that is not an architecture file.");
  }
  if (isInterrupted && value["complete"] !== false) {
    const marked = { ...value, complete: false };
    return { text: `${JSON.stringify(marked, null, 2)}\n`, value: marked, isComplete: false };
  }
  return { text: text.endsWith("\n") ? text : `${text}\n`, value, isComplete: value["complete"] === true };
}

/** The files that stand beside the result, and the export format of each: cells for other tools; the table that a search weighed. */
export function otherFiles(value: Json, out: string): readonly { readonly format: string; readonly file: string }[] {
  const space = isRecord(value["space"]) ? value["space"]["id"] : null;
  const metrics = isRecord(value["metrics"]) ? value["metrics"] : {};
  const stem = out.replace(/(\.arch)?\.json$/, "");
  const file = (format: string, ending: string) => ({ format, file: `${stem}.${ending}` });
  if (space === "darts-cell") return [file("genotype", "genotype.txt"), file("nni", "nni.json"), file("razor-cells", "razor.yaml")];
  if (space === "nasbench201-cell") return [file("genotype", "genotype.txt"), file("nni", "nni.json")];
  return typeof metrics["latencyMs"] === "number" ? [file("latency-table", "latency-table.json")] : [];
}

function accuracy(label: string, value: unknown): string[] {
  if (!isRecord(value) || typeof value["value"] !== "number") return [];
  return [`${label} ${(value["value"] * 100).toFixed(1)} % of ${String(value["n"])} images`];
}

/** The winner in one line: id, cost, both accuracies with their sample sizes. */
export function summarise(value: Json): string {
  const metrics = isRecord(value["metrics"]) ? value["metrics"] : {};
  const count = (key: string): string[] => {
    const n = metrics[key];
    return typeof n === "number" ? [`${n.toLocaleString("en-US")} ${key === "macs" ? "MACs" : key}`] : [];
  };
  const latency = metrics["latencyMs"];
  const parts = [
    ...count("macs"),
    ...count("params"),
    ...(typeof latency === "number" ? [`${latency.toPrecision(3)} ms by the table`] : []),
    ...accuracy("mixture", metrics["mixtureAccuracy"]),
    ...Object.entries(metrics).flatMap(([name, entropy]) => (name.startsWith("entropy.") && typeof entropy === "number" ? [`entropy of ${name.slice(8)} ${entropy.toFixed(2)}`] : [])),
    ...accuracy("supernet", metrics["supernetAccuracy"]),
    ...accuracy("retrained", metrics["retrainedAccuracy"]),
  ];
  return `Architecture ${String(value["id"])}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`;
}
