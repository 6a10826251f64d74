/**
 * Measures what graphs take on a device (spec fbnet 1.6): the timer that the device is good for, warm-up, readings of all graphs in random order round
 * by round, so that drift of clock and heat meets all alike; median and spread, and a second look at what was noisy. It yields after every reading:
 * whoever drives it may show progress, pause between two readings, or leave (`return`), upon which everything is freed.
 */
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import { median, quantile } from "@/lib/stats";
import type { Graph } from "@/nas/graph";
import type { Executor, ParamStore, Stopwatch } from "./executor";
import { clockStepUs, isCoarse, quantumOf, stampReadingUs, wallReadingUs } from "./timers";

export interface MeterJob {
  readonly key: string;
  graph(): Graph;
}

export interface MeterOptions {
  /** Examples at once. */
  readonly batch: number;
  /** Readings of a graph, at least 1. */
  readonly readings: number;
  /** Calls before the first reading. */
  readonly warmup: number;
  /** Of the order of the readings, and of the weights, whose values do not matter. */
  readonly key: RngKey;
  /** Milliseconds; the clock that wall stopwatches use. */
  readonly now?: () => number;
}

/** Microseconds for one pass. */
export interface MeterReading {
  readonly us: number;
  readonly p10: number;
  readonly p90: number;
}

export interface MeterTimer {
  readonly kind: Stopwatch["timer"];
  /** Step of the timestamps in µs, of those too that were too coarse to use; 0: there are none. */
  readonly quantumUs: number;
  /** Whether the device has timestamps that were too coarse. */
  readonly fellBack: boolean;
}

export interface MeterProgress {
  readonly done: number;
  readonly total: number;
  /** Null until it is chosen. */
  readonly timer: MeterTimer | null;
  /** What is known so far; graphs without a reading are absent. */
  readings(): ReadonlyMap<string, MeterReading>;
}

export interface MeterResult {
  readonly timer: MeterTimer;
  readonly readings: ReadonlyMap<string, MeterReading>;
  /** Keys whose readings still spread over more than half of their median after the second look. */
  readonly noisy: readonly string[];
  /** Keys whose readings drowned in noise: they have the smallest that was above nought. */
  readonly clamped: readonly string[];
}

/** (p90 − p10) ÷ median above which a graph is measured once more. */
const NOISY = 0.5;
/** Passes of one reading. */
const MOST_PASSES = 4096;
/** A reading takes no longer, as far as one pass does not: a pause must not wait for more. */
const LONGEST_US = 100_000;
/** Graphs whose timestamps are looked at before they are trusted. */
const PROBED = 12;

/** Readings of a graph, µs a pass. */
interface Series {
  readonly readings: number[];
  /** The same with the constant part of a run: never below the truth. */
  readonly bounds: number[];
}

/** A graph under measurement. */
interface Subject {
  readonly key: string;
  readonly store: ParamStore;
  stopwatch: Stopwatch | null;
  passes: number;
  series: Series;
  /** Of the first look, when there is a second. */
  first: Series | null;
}

const noSeries = (): Series => ({ readings: [], bounds: [] });

class Meter {
  readonly subjects: Subject[] = [];
  timer: MeterTimer | null = null;
  done = 0;
  total: number;
  private readonly executor: Executor;
  private readonly jobs: readonly MeterJob[];
  private readonly options: MeterOptions;
  private readonly graphs: Graph[] = [];

  constructor(executor: Executor, jobs: readonly MeterJob[], options: MeterOptions) {
    this.executor = executor;
    this.jobs = jobs;
    this.options = options;
    this.total = jobs.length * options.readings;
  }

  /** Stores and stopwatches, a tick each; then warm-up, and passes enough for every reading. */
  async *prepare(): AsyncGenerator<null, void> {
    const { executor, jobs, options } = this;
    for (const job of jobs) {
      const graph = job.graph();
      this.graphs.push(graph);
      const store = executor.createStore(graph.params, graph.norms, options.key.fold("init"));
      this.subjects.push({ key: job.key, store, stopwatch: null, passes: 1, series: noSeries(), first: null });
    }
    yield* this.open("timestamp");
    if (this.subjects.some(({ stopwatch }) => stopwatch === null)) {
      yield* this.open("wall");
      this.timer = { kind: "wall", quantumUs: 0, fellBack: false };
    }
    yield* this.warmUp();
    if (this.timer === null) yield* this.judgeTimestamps();
    yield* this.choosePasses();
  }

  /** One reading of a graph, µs a pass. */
  async read(subject: Subject): Promise<void> {
    const { passes } = subject;
    const { readings, bounds } = subject.series;
    const single = await run(subject, passes);
    if (this.timer?.kind === "timestamp") {
      readings.push(single / passes);
      bounds.push(single / passes);
      return;
    }
    // Twice as many passes minus once as many: what a run costs besides its passes cancels.
    const double = await run(subject, 2 * passes);
    readings.push((double - single) / passes);
    bounds.push(double / (2 * passes));
  }

  progress(): MeterProgress {
    const { done, total, timer, subjects } = this;
    const readings = (): ReadonlyMap<string, MeterReading> =>
      new Map(
        subjects.flatMap(({ key, series, first }) => {
          const known = series.readings.length > 0 ? series : first;
          return known === null ? [] : [[key, readingOf(known)] as const];
        }),
      );
    return { done, total, timer, readings };
  }

  dispose(): void {
    for (const { stopwatch, store } of this.subjects) {
      stopwatch?.dispose();
      store.dispose();
    }
  }

  private async *open(timer: Stopwatch["timer"]): AsyncGenerator<null, void> {
    for (const [i, subject] of this.subjects.entries()) {
      subject.stopwatch?.dispose();
      subject.stopwatch = null;
      subject.stopwatch = await this.executor.stopwatch(subject.store, this.graphs[i] as Graph, this.options.batch, timer);
      if (subject.stopwatch === null) {
        if (timer === "wall") throw new AppError("bug", "the device has no clock");
        return;
      }
      yield null;
    }
  }

  private async *warmUp(): AsyncGenerator<null, void> {
    for (const subject of this.subjects) {
      for (let i = 0; i < this.options.warmup; i++) await run(subject, 1);
      yield null;
    }
  }

  /** Trusts the timestamps of the device or turns to the wall clock. */
  private async *judgeTimestamps(): AsyncGenerator<null, void> {
    const singles: number[] = [];
    for (const subject of this.subjects.slice(0, PROBED)) {
      for (let i = 0; i < 3; i++) singles.push(await run(subject, 1));
      yield null;
    }
    const quantumUs = quantumOf(singles);
    if (!isCoarse(singles)) {
      this.timer = { kind: "timestamp", quantumUs, fellBack: false };
      return;
    }
    yield* this.open("wall");
    this.timer = { kind: "wall", quantumUs, fellBack: true };
    yield* this.warmUp();
  }

  private async *choosePasses(): AsyncGenerator<null, void> {
    const isWall = this.timer?.kind === "wall";
    const target = isWall ? wallReadingUs(clockStepUs(this.options.now ?? (() => performance.now())), await this.roundTripUs()) : stampReadingUs(this.timer?.quantumUs ?? 0);
    for (const subject of this.subjects) {
      subject.passes = await passesFor(subject, target);
      yield null;
    }
  }

  /** What a run costs besides its passes, µs, from the lightest graph: the smallest of one pass twice, minus that of two passes. */
  private async roundTripUs(): Promise<number> {
    let lightest: { readonly subject: Subject; readonly us: number } | null = null;
    for (const subject of this.subjects) {
      const us = await run(subject, 1);
      if (lightest === null || us < lightest.us) lightest = { subject, us };
    }
    if (lightest === null) return 0;
    const smallest = async (subject: Subject, passes: number): Promise<number> => {
      let least = Infinity;
      for (let i = 0; i < 5; i++) least = Math.min(least, await run(subject, passes));
      return least;
    };
    return Math.max(0, 2 * (await smallest(lightest.subject, 1)) - (await smallest(lightest.subject, 2)));
  }
}

function run({ stopwatch }: Subject, passes: number): Promise<number> {
  if (stopwatch === null) throw new AppError("bug", "a graph without a stopwatch");
  return stopwatch.run(passes);
}

/** Passes that last at least `target` µs together, and no longer than a pause may wait. */
async function passesFor(subject: Subject, target: number): Promise<number> {
  let passes = 1;
  for (let tries = 0; tries < 12; tries++) {
    const us = await run(subject, passes);
    if (us >= target) break;
    const wanted = Math.ceil((1.2 * passes * target) / Math.max(us, 1));
    const next = Math.min(MOST_PASSES, 16 * passes, Math.max(passes + 1, wanted));
    if (next === passes) break;
    passes = next;
    if (us * (next / passes) > LONGEST_US) break;
  }
  return passes;
}

function spreadOf({ us, p10, p90 }: MeterReading): number {
  return us > 0 ? (p90 - p10) / us : Infinity;
}

/** Smallest time that was seen above nought; a bound that holds the constant part where no difference was. */
function floorOf({ readings, bounds }: Series): number {
  const positive = [...readings, ...bounds].filter((us) => us > 0);
  return positive.length > 0 ? Math.min(...positive) : 0.001;
}

/** A median that is not above nought is noise: times are, so it is raised to the smallest that was seen. */
function readingOf(series: Series): MeterReading {
  const floor = floorOf(series);
  const at = (us: number): number => Math.max(floor, us);
  return { us: at(median(series.readings)), p10: at(quantile(series.readings, 0.1)), p90: at(quantile(series.readings, 0.9)) };
}

/** `rounds` readings of each subject, in an order drawn anew each round. */
async function* readRounds(meter: Meter, subjects: readonly Subject[], rounds: number, key: RngKey): AsyncGenerator<MeterProgress, void> {
  for (let round = 0; round < rounds; round++) {
    for (const i of key.fold(round).stream().shuffle(subjects.map((_, at) => at))) {
      await meter.read(subjects[i] as Subject);
      meter.done++;
      yield meter.progress();
    }
  }
}

const isClamped = ({ readings }: Series): boolean => median(readings) <= 0;

const isNoisy = (series: Series): boolean => spreadOf(readingOf(series)) > NOISY;

/** What was noisy once more, in runs of twice the length; the calmer series counts. */
async function* lookAgain(meter: Meter, { readings, key }: MeterOptions): AsyncGenerator<MeterProgress, void> {
  const noisy = meter.subjects.filter(({ series }) => isClamped(series) || isNoisy(series));
  for (const subject of noisy) {
    subject.passes = Math.min(MOST_PASSES, 2 * subject.passes);
    subject.first = subject.series;
    subject.series = noSeries();
  }
  meter.total += noisy.length * readings;
  yield* readRounds(meter, noisy, readings, key.fold("again"));
  for (const subject of noisy) {
    const { first, series } = subject;
    if (first === null || isClamped(first)) continue;
    if (isClamped(series) || spreadOf(readingOf(first)) < spreadOf(readingOf(series))) subject.series = first;
  }
}

/** Time all graphs; their keys are distinct. */
export async function* measureGraphs(executor: Executor, jobs: readonly MeterJob[], options: MeterOptions): AsyncGenerator<MeterProgress, MeterResult> {
  const meter = new Meter(executor, jobs, options);
  try {
    for await (const _ of meter.prepare()) yield meter.progress();
    yield* readRounds(meter, meter.subjects, options.readings, options.key.fold("order"));
    yield* lookAgain(meter, options);
    const { timer, subjects } = meter;
    if (timer === null) throw new AppError("bug", "no timer was chosen");
    return {
      timer,
      readings: meter.progress().readings(),
      noisy: subjects.filter(({ series }) => !isClamped(series) && isNoisy(series)).map(({ key }) => key),
      clamped: subjects.filter(({ series }) => isClamped(series)).map(({ key }) => key),
    };
  } finally {
    meter.dispose();
  }
}
