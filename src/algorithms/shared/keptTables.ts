/** Latency tables that outlive a run: texts in whatever keeps texts, found by device, settings, app version and space. */
import { wantedSettings } from "@/nas/latency/checkTable";
import type { LatencyTable } from "@/nas/latency/table";
import { readTableJson, writeTableJson } from "@/nas/latency/tableJson";
import { identityText, tableKey } from "@/nas/latency/tableKey";
import type { Space } from "@/nas/space/types";
import type { LatencyTables } from "../method";

/** Small texts by name, such as the engine's `TextStorage`. */
export interface TextKeeper {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
}

/** A line of a space's list of tables; the newest is last. */
interface Listed {
  readonly key: string;
  readonly label: string;
  readonly batch: number;
  readonly app: string;
}

/** Tables of a space that are listed; older ones are forgotten. */
const mostListed = 200;

function isListed(value: unknown): value is Listed {
  if (typeof value !== "object" || value === null) return false;
  const { key, label, batch, app } = value as Record<string, unknown>;
  return typeof key === "string" && typeof label === "string" && typeof batch === "number" && typeof app === "string";
}

function readList(text: string | null): Listed[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.filter(isListed) : [];
  } catch {
    return [];
  }
}

export class KeptTables implements LatencyTables {
  readonly device: LatencyTables["device"];
  readonly app: string;
  private readonly storage: TextKeeper;
  /** Saving changes a list that was read: one after the other. Never rejects. */
  private saving: Promise<unknown> = Promise.resolve();

  constructor(storage: TextKeeper, device: LatencyTables["device"], app: string) {
    this.storage = storage;
    this.device = device;
    this.app = app;
  }

  /** A named device may have been measured by another version of the app: whoever names it has been told. Its newest table counts, this version's first. */
  async load(space: Space, batch: number, label: string | null): Promise<LatencyTable | null> {
    if (label === null) {
      const identity = { device: this.device, settings: wantedSettings(space, batch, { warmup: 0, runs: 0 }), app: this.app, space: { id: space.id, size: space.size } };
      const own = await this.read(tableKey(identity));
      return own !== null && identityText(own) === identityText(identity) ? own : null;
    }
    const listed = (await this.list(space)).filter((line) => line.label === label && line.batch === batch);
    for (const line of [...listed.filter(({ app }) => app === this.app).reverse(), ...listed.reverse()]) {
      const table = await this.read(line.key);
      if (table !== null && table.device.label === label && table.settings.batch === batch && table.space.id === space.id && table.space.size === space.size) return table;
    }
    return null;
  }

  async save(table: LatencyTable): Promise<void> {
    const mine = this.saving.then(() => this.write(table));
    this.saving = mine.catch(() => undefined);
    return mine;
  }

  async labels(space: Space, batch: number): Promise<readonly string[]> {
    const listed = (await this.list(space)).filter((line) => line.batch === batch).map(({ label }) => label);
    return [...new Set(listed.reverse())];
  }

  private async write(table: LatencyTable): Promise<void> {
    const key = tableKey(table);
    await this.storage.set(key, writeTableJson(table));
    const line: Listed = { key, label: table.device.label, batch: table.settings.batch, app: table.app };
    const list = [...(await this.list(table.space)).filter((other) => other.key !== key), line].slice(-mostListed);
    await this.storage.set(listKey(table.space), JSON.stringify(list));
  }

  /** What cannot be read is as good as not kept. */
  private async read(key: string): Promise<LatencyTable | null> {
    const text = await this.storage.get(key);
    const read = text === null ? null : readTableJson(text);
    return read?.ok === true ? read.value.table : null;
  }

  private async list(space: LatencyTable["space"]): Promise<Listed[]> {
    return readList(await this.storage.get(listKey(space)));
  }
}

const listKey = ({ id, size }: LatencyTable["space"]): string => `latency-tables-${id}-${size}`;

/** Texts that last as long as the page. */
export function memoryTexts(): TextKeeper {
  const texts = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(texts.get(key) ?? null),
    set: (key, value) => {
      texts.set(key, value);
      return Promise.resolve();
    },
  };
}
