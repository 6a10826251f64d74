/** What the data browser shows, from the boot's data set, the plan and the rows loaded so far: pure. */
import { hasAlpha, type MethodConfig, searchesNothing } from "@/store/methods";
import type { RunState } from "@/store/run";
import { text } from "@/viz/copy";

const words = text.data;

export const splitIds = ["weights", "validation", "test"] as const;
export type SplitId = (typeof splitIds)[number];
/** Bytes of one 32 × 32 RGB image. */
export const imageBytes = 32 * 32 * 3;

export interface BrowserState {
  readonly split: SplitId;
  readonly augment: boolean;
  readonly page: number;
}

/** One class row as it arrived. `images` holds `records.length` images. */
export interface RowImages {
  readonly images: Uint8Array;
  readonly records: Int32Array;
  /** Images of the class in the split. */
  readonly total: number;
}

export type RowState =
  { readonly status: "loading" } | { readonly status: "failed" } | ({ readonly status: "ready" } & RowImages);

export interface DataModel {
  readonly id: string;
  readonly name: string;
  readonly origin: string;
  /** "10,000 training, 2,000 test emoji pictures". */
  readonly counts: string;
  readonly credits: readonly string[];
  readonly warnings: readonly string[];
  /** The middle part moves architecture weights in this run. */
  readonly movesAlpha: boolean;
  readonly identity: string;
  readonly choices: readonly { readonly id: string; readonly name: string }[];
  /** Images a split: from the run's plan when there is one, else the sum of the rows that have arrived; null = unknown. */
  readonly splitCounts: Readonly<Record<SplitId, number | null>>;
  readonly rows: readonly { readonly classId: number; readonly name: string; readonly state: RowState }[];
  /** "1–3 of 80 a class", by the largest class. */
  readonly range: string;
  readonly hasPrevious: boolean;
  readonly hasNext: boolean;
}

export interface DataInput {
  readonly info: NonNullable<RunState["info"]>;
  readonly plan: RunState["plan"];
  readonly method: MethodConfig;
  readonly browser: BrowserState;
  readonly perRow: number;
  readonly rows: readonly RowState[];
}

const loading: RowState = { status: "loading" };

function asText(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

/** Readable lines of a provenance, whose shape nobody promises: credit, licence and named sources; anything else is left out. */
export function creditsOf(id: string, provenance: Readonly<Record<string, unknown>>): string[] {
  const lines: string[] = [];
  const credit = asText(provenance["credit"]) ?? (id === "emoji10" ? words.emojiCredit : null);
  if (credit) lines.push(credit);
  for (const key of ["licence", "license"]) {
    const licence = asText(provenance[key]);
    if (licence) lines.push(licence);
  }
  const sources = Array.isArray(provenance["sources"]) ? provenance["sources"] : [provenance["source"]].flat();
  for (const source of sources.slice(0, 12)) {
    const name = asText(source);
    if (name) lines.push(name);
    if (typeof source !== "object" || source === null) continue;
    const entry = source as Record<string, unknown>;
    const parts = ["author", "package", "version", "licence"]
      .map((key) => asText(entry[key]))
      .filter((part) => part !== null);
    if (parts.length > 0) lines.push(parts.join(" · "));
  }
  return lines;
}

function splitCounts({ plan, info, browser, rows }: DataInput): DataModel["splitCounts"] {
  const loaded = rows.reduce<number | null>(
    (sum, row) => (sum === null || row.status !== "ready" ? null : sum + row.total),
    0,
  );
  const known = plan && plan.config.dataset === info.dataset?.id ? plan.splits : null;
  const count = (split: SplitId): number | null =>
    known?.[split] ??
    (split === "test" ? (info.dataset?.test ?? null) : browser.split === split && rows.length > 0 ? loaded : null);
  return { weights: count("weights"), validation: count("validation"), test: count("test") };
}

/** Null when no data set is there. */
export function dataModel(input: DataInput): DataModel | null {
  const { info, browser, perRow } = input;
  const { dataset } = info;
  if (!dataset) return null;
  const rows = dataset.classes.map((name, classId) => ({ classId, name, state: input.rows[classId] ?? loading }));
  const largest = Math.max(0, ...rows.map(({ state }) => (state.status === "ready" ? state.total : 0)));
  const from = browser.page * perRow;
  return {
    id: dataset.id,
    name: dataset.name,
    origin: words.origin[dataset.origin],
    counts: words.counts(dataset.train, dataset.test, dataset.id === "emoji10" ? words.emojiPictures : words.images),
    credits: creditsOf(dataset.id, dataset.provenance),
    warnings: dataset.warnings,
    movesAlpha: hasAlpha(input.method) && !searchesNothing(input.method),
    identity: words.identity(dataset.sha256),
    choices: info.datasets,
    splitCounts: splitCounts(input),
    rows,
    range: words.range(Math.min(from + 1, largest), Math.min(from + perRow, largest), largest),
    hasPrevious: browser.page > 0,
    hasNext: from + perRow < largest,
  };
}
