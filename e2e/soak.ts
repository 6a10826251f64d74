/**
 * Half an hour of training at nano, over and over: does anything grow, does anything hold up the page?
 *
 *   npm run build && npx tsx e2e/soak.ts [--minutes 30] [--backend wasm] [--dist DIR]
 *
 * Fails (exit 1) when tensors or bytes of the executor differ between like moments, when the page's heap grows by more than 20 MB,
 * or when a task held the page's thread for over 100 ms after the first five seconds.
 */
import { type CDPSession, chromium, type Page } from "playwright";
import { findBrowser, launchFlags, NO_BROWSER } from "../src/cli/browser.mjs";
import { flag, serve } from "../src/cli/serve.mjs";
import type {} from "./support/app";

const SAMPLE_EVERY_MS = 10_000;
const SETTLE_MS = 5000;
const HEAP_GROWTH_BYTES = 20 * 1_048_576;
const LONG_TASK_MS = 100;

/** Long enough to train in earnest, short enough to see many searches and resets. */
const experiment = { size: "nano", "train.steps": 600, "retrain.steps": 200, "eval.images": 128, "evo.generations": 2 };

interface Sample {
  readonly seconds: number;
  readonly runs: number;
  readonly phase: string | null;
  readonly tensors: number;
  readonly bytes: number;
  readonly heap: number;
  readonly longTasks: number;
}

interface SoakPage {
  soak: {
    runs: number;
    failure: string | null;
    longTasks: { at: number; ms: number }[];
    rest: { tensors: number; bytes: number }[];
    measuring: { from: number; to: number }[];
  };
}

/** In the page: note long tasks, and train again and again. `rest` is the executor's memory after each reset, a like moment. */
async function begin(page: Page, backend: string): Promise<void> {
  await page.evaluate(
    ({ config, threshold }) => {
      const soak: SoakPage["soak"] = { runs: 0, failure: null, longTasks: [], rest: [], measuring: [] };
      (window as unknown as SoakPage).soak = soak;
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries())
          if (duration > threshold) soak.longTasks.push({ at: startTime, ms: duration });
      }).observe({ type: "longtask", buffered: false });
      void (async () => {
        const app = window.nasPlayground;
        try {
          await app.open(config);
          for (;;) {
            await app.play();
            await app.reset();
            soak.rest.push(await app.memory());
            soak.runs++;
          }
        } catch (error) {
          soak.failure = error instanceof Error ? error.message : String(error);
        }
      })();
    },
    { config: { ...experiment, backend }, threshold: LONG_TASK_MS },
  );
}

/** The page's heap after a collection: what is held, not what waits to be freed. The collection is ours: when it was, is noted. */
async function heapOf(page: Page, devtools: CDPSession): Promise<number> {
  const from = await page.evaluate(() => performance.now());
  await devtools.send("HeapProfiler.collectGarbage");
  await page.evaluate(
    (began) => (window as unknown as SoakPage).soak.measuring.push({ from: began, to: performance.now() }),
    from,
  );
  return (await devtools.send("Runtime.getHeapUsage")).usedSize;
}

async function sample(
  page: Page,
  devtools: CDPSession,
  startedMs: number,
): Promise<Sample & { readonly failure: string | null }> {
  const heap = await heapOf(page, devtools);
  const seen = await page.evaluate(async () => {
    const { soak } = window as unknown as SoakPage;
    return {
      memory: await window.nasPlayground.memory(),
      phase: window.nasPlayground.state().phase,
      runs: soak.runs,
      failure: soak.failure,
      longTasks: soak.longTasks.length,
    };
  });
  const { memory, ...rest } = seen;
  return { seconds: Math.round((performance.now() - startedMs) / 1000), ...memory, ...rest, heap };
}

const mb = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;

function row({ seconds, runs, phase, tensors, bytes, heap, longTasks }: Sample): string {
  return [
    `${seconds} s`.padStart(7),
    `run ${runs + 1}`.padEnd(8),
    (phase ?? "").padEnd(11),
    `${tensors} tensors`.padStart(14),
    mb(bytes).padStart(10),
    `heap ${mb(heap)}`.padStart(15),
    `${longTasks} long tasks`,
  ].join("  ");
}

/** Highest tensors and bytes seen in the first and in the last third of the samples of a phase: flat means equal. */
function growth(
  samples: readonly Sample[],
  phase: string,
  key: "tensors" | "bytes",
): { from: number; to: number } | null {
  const like = samples.filter((s) => s.phase === phase).map((s) => s[key]);
  if (like.length < 6) return null;
  const third = Math.floor(like.length / 3);
  return { from: Math.max(...like.slice(0, third)), to: Math.max(...like.slice(-third)) };
}

function judge(samples: readonly Sample[], soak: SoakPage["soak"], startedAt: number): string[] {
  const problems: string[] = [];
  if (soak.failure !== null) problems.push(`the run failed: ${soak.failure}`);
  const [rest, ...others] = soak.rest;
  if (rest === undefined) problems.push("no run was finished; give it more minutes");
  for (const [i, { tensors, bytes }] of others.entries()) {
    if (rest && (tensors > rest.tensors || bytes > rest.bytes))
      problems.push(
        `after run ${i + 2}: ${tensors} tensors, ${mb(bytes)}; after the first: ${rest.tensors}, ${mb(rest.bytes)}`,
      );
  }
  for (const phase of ["supernet", "search", "retrain"]) {
    for (const key of ["tensors", "bytes"] as const) {
      const grown = growth(samples, phase, key);
      // Samples fall on different moments of a step; a leak grows with every one of thousands.
      if (grown && grown.to > grown.from * 1.05 + 20)
        problems.push(`${key} in ${phase} rose from ${grown.from} to ${grown.to}`);
    }
  }
  const heaps = samples.filter((s) => s.seconds > 30).map((s) => s.heap);
  const risen = (heaps.at(-1) ?? 0) - (heaps[0] ?? 0);
  process.stdout.write(
    `Heap growth ${mb(risen)}; executor at rest ${rest ? `${rest.tensors} tensors, ${mb(rest.bytes)}` : "never"}; ${soak.rest.length} runs.\n`,
  );
  if (risen > HEAP_GROWTH_BYTES) problems.push(`the page's heap grew by ${mb(risen)}`);
  const isOurs = (at: number, ms: number): boolean => soak.measuring.some(({ from, to }) => at < to && at + ms > from);
  const late = soak.longTasks.filter(({ at, ms }) => at - startedAt > SETTLE_MS && !isOurs(at, ms));
  if (late.length > 0)
    problems.push(
      `${late.length} tasks over ${LONG_TASK_MS} ms: ${late
        .slice(0, 10)
        .map(({ at, ms }) => `${Math.round(ms)} ms at ${Math.round((at - startedAt) / 1000)} s`)
        .join(", ")}`,
    );
  return problems;
}

async function main(args: readonly string[]): Promise<void> {
  const minutes = Number(flag([...args], "minutes") ?? 30);
  if (!(minutes > 0)) throw new Error("--minutes takes a positive number.");
  const backend = flag([...args], "backend") ?? "auto";
  const browserFound = await findBrowser();
  if (browserFound === null) throw new Error(NO_BROWSER);
  const dist = flag([...args], "dist");
  const server = await serve(dist === undefined ? {} : { dist });
  const browser = await chromium.launch({
    executablePath: browserFound.path,
    args: [...launchFlags({ softwareGpu: /webgpu/.test(backend) }), "--enable-precise-memory-info"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    // tsx names the functions it carries over; the page must know the helper.
    await page.addInitScript("globalThis.__name ??= (f) => f;");
    await page.goto(`${server.url}#v=1&size=nano&backend=${encodeURIComponent(backend)}`);
    await page.waitForFunction(() => "nasPlayground" in window);
    await page.evaluate(() => window.nasPlayground.ready);
    const devtools = await page.context().newCDPSession(page);
    const startedAt = await page.evaluate(() => performance.now());
    const startedMs = performance.now();
    await begin(page, backend);
    const samples: Sample[] = [];
    for (let i = 1; performance.now() - startedMs < minutes * 60_000; i++) {
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, startedMs + i * SAMPLE_EVERY_MS - performance.now())),
      );
      const taken = await sample(page, devtools, startedMs);
      samples.push(taken);
      process.stdout.write(`${row(taken)}\n`);
      if (taken.failure !== null) break;
    }
    const soak = await page.evaluate(() => (window as unknown as SoakPage).soak);
    const problems = judge(samples, soak, startedAt);
    for (const problem of problems) process.stdout.write(`FAILED: ${problem}\n`);
    if (problems.length === 0) process.stdout.write(`Flat over ${minutes} minutes.\n`);
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
    await server.close();
  }
}

await main(process.argv.slice(2));
