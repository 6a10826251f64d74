/** One latency table of the study, on whatever backend there is here, with many more whole networks than a run would time. Plain data in and out: it runs in a page too. */
import { measureTable } from "@/algorithms/shared/latencyTable";
import type { DeviceChoice } from "@/engine/device";
import { version } from "@/lib/version";
import { biasOf } from "@/nas/latency/fit";
import type { LatencyTable } from "@/nas/latency/table";
import { makeSpace } from "@/nas/space/registry";
import type { SizeId } from "@/nas/space/types";
import { latencyDevice } from "@/session/host/latencyHost";

export interface AdditivityRequest {
  readonly size: SizeId;
  readonly networks: number;
  readonly batch: number;
}

export interface AdditivityRun {
  readonly size: SizeId;
  readonly backend: string;
  readonly machine: string;
  readonly seconds: number;
  readonly readings: number;
  /** Mean of measured − sum, µs, and as a share of the mean sum. */
  readonly biasUs: number;
  readonly bias: number;
  /** Largest |measured ÷ (a + b·sum) − 1|. */
  readonly worst: number;
  readonly notes: readonly string[];
  readonly table: LatencyTable;
  readonly date: string;
}

export async function measureAdditivity(device: DeviceChoice, { size, networks, batch }: AdditivityRequest, report: (done: number, total: number) => void): Promise<AdditivityRun> {
  const from = performance.now();
  let readings = 0;
  const { table, notes } = await measureTable(
    { executor: device.executor, space: makeSpace("fbnet-v1", size), device: latencyDevice(device), batch, app: version, again: null, networks },
    {
      onProgress: ({ done, total }) => report(done, (readings = total)),
      breathe: () => Promise.resolve(),
      signal: new AbortController().signal,
    },
  );
  const { a, b, points = [] } = table.fit;
  const biasUs = biasOf(points);
  return {
    size,
    backend: device.backend,
    machine: device.machine,
    seconds: Math.round((performance.now() - from) / 100) / 10,
    readings,
    biasUs,
    bias: biasUs / (points.reduce((sum, point) => sum + point.sum, 0) / points.length),
    worst: Math.max(...points.map(({ sum, measured }) => Math.abs(measured / (a + b * sum) - 1))),
    notes,
    table,
    date: new Date().toISOString(),
  };
}
