/** Names under which latency tables are kept: tables of other devices, settings, app versions or spaces never share one. */
import type { LatencyDevice, LatencySettings, LatencyTable } from "./table";

export interface TableIdentity {
  readonly device: Pick<LatencyDevice, "label" | "backend" | "executor" | "threads">;
  readonly settings: Pick<LatencySettings, "batch" | "dtype" | "keepPw" | "bnFolded">;
  readonly app: string;
  readonly space: LatencyTable["space"];
}

/** Everything that must be equal, as one text. */
export function identityText({ device, settings, app, space }: TableIdentity): string {
  const { label, backend, executor, threads } = device;
  const { batch, dtype, keepPw, bnFolded } = settings;
  return JSON.stringify([space.id, space.size, label, backend, executor, threads, batch, dtype, keepPw, bnFolded, app]);
}

/** FNV-1a from another start, as eight hex digits. */
function hash(text: string, start: number): string {
  let value = start;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, "0");
}

/** A short name of letters, digits and hyphens; storage cuts long ones, and labels hold anything. Whoever reads compares the identity too. */
export function tableKey(identity: TableIdentity): string {
  const text = identityText(identity);
  return `latency-${identity.space.id}-${identity.space.size}-${hash(text, 0x811c9dc5)}${hash(text, 0x01234567)}`;
}
