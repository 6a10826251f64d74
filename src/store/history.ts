/**
 * Everything a run has shown, in bounded memory and outside React: typed columns with a version counter per channel.
 * Curves keep a pyramid of (min, max, mean) at growing strides, so that a two-hour run draws as fast as a short one and spikes survive.
 */
import { phaseIndex } from "@/algorithms/phases";
import type { MethodReport } from "@/algorithms/reports";
import type { Candidate } from "@/nas/candidate";
import type { Frame, LatestState, SeriesChunk } from "@/session/protocol";
import { AlphaHistory } from "./alphaHistory";
import { CountsHistory } from "./countsHistory";
import { Columns, Pyramid } from "./series";

export type Channel = "loss" | "accuracy" | "counts" | "alpha" | "cost" | "report" | "pool" | "latest";

export class RunHistory {
  private readonly versions: Record<Channel, number> = { loss: 0, accuracy: 0, counts: 0, alpha: 0, cost: 0, report: 0, pool: 0, latest: 0 };
  private readonly listeners = new Map<Channel, Set<() => void>>();
  private readonly pool: Candidate[] = [];
  private readonly indexById = new Map<string, number>();
  /** The newest of each kind. */
  private readonly reports = new Map<MethodReport["kind"], MethodReport>();
  private costColumns = new Columns(["step", "expected", "tau"], 2048);
  private lossColumns = new Columns(["step", "phase", "loss", "lr"], 4096);
  private accuracyColumns = new Columns(["step", "phase", "split", "accuracy", "n"], 4096);
  /** Loss over steps, supernet and retraining apart. */
  private pyramids = new Map<number, Pyramid>();
  readonly counts = new CountsHistory(512);
  readonly alpha = new AlphaHistory(512);
  /** Candidates evaluated when each generation ended. */
  private latestState: LatestState | null = null;
  private rate = new Columns(["step", "imagesPerSecond", "stepMs", "bytes", "tensors"], 2048);

  version(channel: Channel): number {
    return this.versions[channel];
  }

  /** Called at most once a frame and channel. Returns the unsubscribe function. */
  subscribe(channel: Channel, listener: () => void): () => void {
    const set = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  clear(): void {
    this.pool.length = 0;
    this.indexById.clear();
    this.lossColumns = new Columns(["step", "phase", "loss", "lr"], 4096);
    this.accuracyColumns = new Columns(["step", "phase", "split", "accuracy", "n"], 4096);
    this.rate = new Columns(["step", "imagesPerSecond", "stepMs", "bytes", "tensors"], 2048);
    this.pyramids = new Map();
    this.costColumns = new Columns(["step", "expected", "tau"], 2048);
    this.reports.clear();
    this.counts.clear();
    this.alpha.begin(this.alpha.groups);
    this.latestState = null;
    this.touch(["loss", "accuracy", "counts", "alpha", "cost", "report", "pool", "latest"]);
  }

  apply(frame: Frame): void {
    const touched = new Set<Channel>(["latest"]);
    this.latestState = frame.latest;
    if (this.appendSeries(frame.series)) touched.add("loss");
    if (frame.series.accuracy.step.length > 0) touched.add("accuracy");
    if (frame.latest.counts.length > 0) {
      this.counts.push(frame.latest);
      touched.add("counts");
    }
    if (frame.series.alpha.step.length > 0) {
      this.alpha.append(frame.series.alpha);
      touched.add("alpha");
    }
    const { cost } = frame.series;
    for (let i = 0; i < cost.step.length; i++) this.costColumns.push([cost.step[i], cost.expected[i], cost.tau[i]] as number[]);
    if (cost.step.length > 0) touched.add("cost");
    for (const entry of frame.log) {
      if (entry.kind === "report") {
        this.reports.set(entry.report.kind, entry.report);
        touched.add("report");
      }
      if (entry.kind !== "candidate") continue;
      this.pool[entry.candidate.index] = entry.candidate;
      if (entry.candidate.arm === "evolution" || !this.indexById.has(entry.candidate.id)) this.indexById.set(entry.candidate.id, entry.candidate.index);
      touched.add("pool");
    }
    const { step, imagesPerSecond, stepMs, memory } = frame.latest;
    if (stepMs > 0) this.rate.push([step, imagesPerSecond, stepMs, memory.bytes, memory.tensors]);
    this.touch([...touched]);
  }

  latest(): LatestState | null {
    return this.latestState;
  }

  candidates(): readonly Candidate[] {
    return this.pool;
  }

  /** Index of a candidate by canonical id; the evolution arm wins over the random one. */
  candidateIndex(id: string): number | undefined {
    return this.indexById.get(id);
  }

  lossPyramid(phase: "supernet" | "retrain"): Pyramid | null {
    return this.pyramids.get(phaseIndex(phase)) ?? null;
  }

  /** Expected cost and temperature over the steps of a search that weighs a cost. */
  cost(): Columns {
    return this.costColumns;
  }

  /** What the method last reported of this kind. */
  report<K extends MethodReport["kind"]>(kind: K): Extract<MethodReport, { readonly kind: K }> | null {
    return (this.reports.get(kind) ?? null) as Extract<MethodReport, { readonly kind: K }> | null;
  }

  accuracy(): Columns {
    return this.accuracyColumns;
  }

  throughput(): Columns {
    return this.rate;
  }

  /** The public channels of the automation interface: named typed arrays of equal lengths. */
  export(channel: string): Record<string, Float64Array | Int32Array> | null {
    switch (channel) {
      case "loss":
        return this.lossColumns.toArrays();
      case "accuracy":
        return this.accuracyColumns.toArrays();
      case "counts":
        return this.counts.toArrays();
      case "pool":
        return this.poolArrays();
      case "alpha":
        return this.alpha.toArrays();
      case "cost":
        return this.costColumns.toArrays();
      default:
        return null;
    }
  }

  private poolArrays(): Record<string, Float64Array | Int32Array> {
    const n = this.pool.length;
    const int = (f: (c: Candidate) => number): Int32Array => Int32Array.from(this.pool, f);
    const float = (f: (c: Candidate) => number): Float64Array => Float64Array.from({ length: n }, (_, i) => f(this.pool[i] as Candidate));
    const parent = (c: Candidate): number => {
      const id = c.origin.kind === "mutation" ? c.origin.parent : c.origin.kind === "crossover" ? c.origin.parents[0] : null;
      return id === null ? -1 : (this.indexById.get(id) ?? -1);
    };
    return {
      candidate: int((c) => c.index),
      generation: int((c) => c.generation),
      macs: float((c) => c.macs),
      params: float((c) => c.params),
      accuracy: float((c) => c.accuracy?.value ?? Number.NaN),
      n: int((c) => c.accuracy?.n ?? 0),
      origin: int(parent),
    };
  }

  private appendSeries({ loss, accuracy }: SeriesChunk): boolean {
    for (let i = 0; i < loss.step.length; i++) {
      const step = loss.step[i] as number;
      const phase = loss.phase[i] as number;
      const value = loss.loss[i] as number;
      this.lossColumns.push([step, phase, value, loss.lr[i] as number]);
      let pyramid = this.pyramids.get(phase);
      if (!pyramid) this.pyramids.set(phase, (pyramid = new Pyramid(4096)));
      pyramid.push(step, value);
    }
    for (let i = 0; i < accuracy.step.length; i++) {
      this.accuracyColumns.push([accuracy.step[i], accuracy.phase[i], accuracy.split[i], accuracy.accuracy[i], accuracy.n[i]] as number[]);
    }
    return loss.step.length > 0;
  }

  private touch(channels: readonly Channel[]): void {
    for (const channel of channels) {
      this.versions[channel]++;
      for (const listener of this.listeners.get(channel) ?? []) listener();
    }
  }
}

/** The history of the page's run. */
export const history = new RunHistory();
