/** The published NAS-Bench-Macro table: never shipped; dropped by the user or fetched on request, checked row by row, kept in OPFS. */
import { AppError } from "@/lib/appError";
import { MACRO_TABLE_SOURCE, type MacroTable, parseMacroTable } from "@/nas/benchmark/macroTable";
import type { Commands, TruthTable } from "../protocol";

export interface BlobKeeper {
  read(): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
}

export class TruthHost {
  private readonly keeper: BlobKeeper | null;
  private readonly fetchFn: typeof fetch;

  constructor(keeper: BlobKeeper | null, fetchFn: typeof fetch) {
    this.keeper = keeper;
    this.fetchFn = fetchFn;
  }

  /** Null only when nothing is kept and nothing else was asked for. */
  async table(source: Commands["truth"]["args"]["source"]): Promise<TruthTable | null> {
    const bytes = source.kind === "bytes" ? source.bytes : source.kind === "fetch" ? await this.fetchTable() : await this.keeper?.read();
    if (!bytes) return null;
    const parsed = parseMacroTable(bytes);
    if (!parsed.ok) throw new AppError("import.unreadable", parsed.problem.message, { recoverable: true, hint: parsed.problem.hint ?? "Drop the official nas-bench-macro_cifar10.json." });
    // Not being able to keep it costs another drop next time, nothing now.
    if (source.kind !== "kept") await this.keeper?.write(bytes).catch(() => undefined);
    return toColumns(parsed.value);
  }

  private async fetchTable(): Promise<Uint8Array> {
    const failed = (cause: unknown) =>
      new AppError("data.missing", "The benchmark's table could not be fetched.", { recoverable: true, cause, hint: `Download ${MACRO_TABLE_SOURCE.url} yourself and drop it on the page.` });
    const reply = await this.fetchFn(MACRO_TABLE_SOURCE.url).catch((cause: unknown) => {
      throw failed(cause);
    });
    if (!reply.ok) throw failed(reply.status);
    return new Uint8Array(await reply.arrayBuffer());
  }
}

function toColumns(table: MacroTable): TruthTable {
  const networks = [...table.networks.values()];
  return {
    ids: networks.map((n) => n.id),
    accuracy: Float64Array.from(networks, (n) => n.accuracy),
    macs: Float64Array.from(networks, (n) => n.macs),
    params: Float64Array.from(networks, (n) => n.params),
    rows: table.strings,
    original: table.official,
  };
}
