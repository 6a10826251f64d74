/** What the networks said about a picture, as rows: pure. */

export interface Answer {
  readonly inherited: Float32Array | null;
  readonly retrained: Float32Array | null;
  /** Whose weights answered. */
  readonly id: string | null;
}

export interface PredictionRow {
  readonly classId: number;
  readonly name: string;
  /** Probabilities 0–1; null where there are no such weights. */
  readonly inherited: number | null;
  readonly retrained: number | null;
  readonly isLabel: boolean;
}

export interface Predictions {
  readonly rows: readonly PredictionRow[];
  /** Class with the highest probability; null where there are no such weights or no finite number came back. */
  readonly top: { readonly inherited: number | null; readonly retrained: number | null };
}

function best(p: Float32Array | null): number | null {
  if (!p || p.length === 0 || !p.every(Number.isFinite)) return null;
  return p.indexOf(Math.max(...p));
}

/** Null when no weights answered. */
export function predictions(answer: Answer, classes: readonly string[], label: number | null): Predictions | null {
  const top = { inherited: best(answer.inherited), retrained: best(answer.retrained) };
  if (top.inherited === null && top.retrained === null) return null;
  const count = (answer.retrained ?? answer.inherited)?.length ?? 0;
  const at = (kind: "inherited" | "retrained", i: number): number | null =>
    top[kind] === null ? null : (answer[kind]?.[i] ?? null);
  const rows = Array.from({ length: count }, (_, classId) => ({
    classId,
    name: classes[classId] ?? `class ${classId}`,
    inherited: at("inherited", classId),
    retrained: at("retrained", classId),
    isLabel: label === classId,
  }));
  return { rows, top };
}
