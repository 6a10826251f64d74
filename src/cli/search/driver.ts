/** The page in headless Chromium, as a handful of calls. Knows Playwright; knows nothing of files or the console. */
import { type Browser, chromium, type Page } from "playwright";
import { AppError, type ErrorCode } from "@/lib/appError";
import { findBrowser, launchFlags, NO_BROWSER } from "../browser.mjs";
import type { Automation, Crossed, Cursor, Poll } from "./automation";
import type { SearchFlags } from "./flags";

/** What the run loop may ask of the page. */
export interface Driver {
  /** A fresh run, strictly: unknown keys and impossible values are refused. */
  open(raw: Readonly<Record<string, string>>): Promise<void>;
  /** Start; returns at once. How it ended shows in {@link Driver.poll}. */
  play(): Promise<void>;
  pause(): Promise<void>;
  poll(cursor: Cursor, wantsLog: boolean): Promise<Poll>;
  /** The architecture in a text format. */
  exportAs(format: string): Promise<string>;
  close(): Promise<void>;
}

/** Time a page may take to answer when it is only asked to look something up. */
const ANSWER_MS = 120_000;

/** Page-side helpers, as text: what crosses is data, and nothing of this program runs in the page. */
const HELPERS = `
globalThis.__name ??= (f) => f;
globalThis.searchCommand = {
  ended: null,
  async cross(call) {
    try {
      return { ok: true, value: await call(globalThis.nasPlayground) };
    } catch (error) {
      return { ok: false, code: String(error?.code ?? "bug"), message: String(error?.message ?? error), hint: String(error?.hint ?? "") };
    }
  },
  async textOf(value) {
    if (typeof value === "string") return value;
    if (value instanceof Blob) return await value.text();
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return new TextDecoder().decode(value);
    for (const key of ["text", "bytes", "content", "data"]) {
      if (value?.[key] !== undefined && typeof value[key] !== "function") return this.textOf(value[key]);
    }
    return JSON.stringify(value, null, 2);
  },
};`;

interface PageGlobals {
  readonly nasPlayground?: Automation;
  readonly searchCommand: {
    ended: Crossed<null> | null;
    cross<T>(call: (app: Automation) => T | Promise<T>): Promise<Crossed<T>>;
    textOf(value: unknown): Promise<string>;
  };
}

const CODES: readonly ErrorCode[] = ["config.invalid", "backend.unavailable", "gpu.unavailable", "data.missing", "search.infeasible", "train.nan"];

/** A failed crossing as the error it was. */
export function toError(failed: { readonly code: string; readonly message: string; readonly hint: string }): AppError {
  const code = CODES.find((known) => known === failed.code) ?? "bug";
  return new AppError(code, failed.message, failed.hint === "" ? {} : { hint: failed.hint });
}

async function bounded<T>(work: Promise<T>, ms: number, sentence: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError("worker.dead", sentence)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Launch with the flags of a backend; for WebGPU by name, on the software adapter when there is no hardware one. */
async function launch(url: string, backend: string, say: (sentence: string) => void): Promise<{ browser: Browser; page: Page }> {
  const found = await findBrowser({ allowInstall: true });
  if (found === null) throw new AppError("backend.unavailable", NO_BROWSER);
  const start = async (args: string[]): Promise<{ browser: Browser; page: Page }> => {
    const browser = await chromium.launch({
      executablePath: found.path,
      args,
      timeout: 60_000,
      // Ctrl-C is ours: the run stops at a step boundary and is written before the browser goes.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    return { browser, page: await browser.newPage() };
  };
  const wantsWebGpu = backend === "webgpu" || backend === "tfjs-webgpu";
  if (!wantsWebGpu) return start(launchFlags({ softwareGl: backend === "tfjs-webgl" }));

  const vulkan = process.platform === "linux" ? ["--enable-features=Vulkan"] : [];
  const first = await start([...launchFlags({ webgpu: true }), ...vulkan]);
  // Only a secure context has navigator.gpu; a data file is the lightest page of ours.
  await first.page.goto(new URL("favicon.ico", url).href).catch(() => undefined);
  const isHardware = await first.page
    .evaluate(`(async () => { const a = await navigator.gpu?.requestAdapter(); return a != null && !a.info.isFallbackAdapter && a.info.architecture !== "swiftshader"; })()`)
    .catch(() => false);
  if (isHardware === true) return first;
  await first.browser.close();
  say("No hardware WebGPU adapter here: starting Chromium with its software adapter, which is slow.");
  return start(launchFlags({ softwareGpu: true }));
}

/** Start the browser and load the page until its automation interface is there. */
export async function openDriver(url: string, flags: Pick<SearchFlags, "backend" | "raw">, say: (sentence: string) => void): Promise<Driver> {
  const { browser, page } = await launch(url, flags.backend, say);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const close = async (): Promise<void> => {
    await bounded(browser.close(), 10_000, "The browser did not close.").catch(() => undefined);
  };
  try {
    await page.addInitScript(HELPERS);
    // The hash tells the page from the start which backend and data to prepare.
    const hash = new URLSearchParams({ v: "1", ...flags.raw }).toString();
    await page.goto(`${url}#${hash}`, { timeout: 60_000 });
    await page.waitForFunction("globalThis.nasPlayground !== undefined", undefined, { timeout: 60_000 });
  } catch (error) {
    await close();
    const reason = errors[0] ?? (error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error));
    throw new AppError("bug", `The app's page did not start: ${reason}`);
  }
  return { ...calls(page), close };
}

function calls(page: Page): Omit<Driver, "close"> {
  const unwrap = <T>(crossed: Crossed<T>): T => {
    if (!crossed.ok) throw toError(crossed);
    return crossed.value;
  };
  const gone = (error: unknown): never => {
    if (error instanceof AppError) throw error;
    throw new AppError("worker.dead", `The browser ended unexpectedly: ${error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error)}`);
  };
  return {
    open: async (raw) => {
      const opened = page.evaluate(
        (config) => (globalThis as unknown as PageGlobals).searchCommand.cross(async (app) => void (await app.open(config, { strict: true }))),
        raw,
      );
      unwrap(await bounded(opened, 10 * 60_000, "The app did not become ready within ten minutes.").catch(gone));
    },
    play: () =>
      page
        .evaluate(() => {
          const { searchCommand } = globalThis as unknown as PageGlobals;
          searchCommand.ended = null;
          void searchCommand.cross(async (app) => (await app.play(), null)).then((ended) => (searchCommand.ended = ended));
        })
        .catch(gone),
    pause: async () => {
      const paused = page.evaluate(() => (globalThis as unknown as PageGlobals).searchCommand.cross(async (app) => void (await app.pause())));
      unwrap(await bounded(paused, ANSWER_MS, "The run did not reach a step boundary.").catch(gone));
    },
    poll: async (cursor, wantsLog) => {
      const looked = page.evaluate(
        ({ cursor: [phaseSeen, stepSeen, seen], wantsLog: wants }) => {
          const { searchCommand } = globalThis as unknown as PageGlobals;
          return searchCommand.cross((app) => {
            const losses = [];
            if (wants) {
              const { phase = [], step = [], loss = [], lr = [] } = app.history("loss");
              for (let i = step.length - 1; i >= 0; i--) {
                const sample = { phase: phase[i] ?? 0, step: step[i] ?? 0, loss: loss[i] ?? Number.NaN, lr: lr[i] ?? Number.NaN };
                if (sample.phase < phaseSeen || (sample.phase === phaseSeen && sample.step <= stepSeen)) break;
                losses.push(sample);
              }
            }
            const candidates = wants ? app.candidates().slice(seen) : [];
            return { state: app.state(), ended: searchCommand.ended, losses: losses.reverse(), candidates };
          });
        },
        { cursor: [cursor.loss[0], cursor.loss[1], cursor.candidates] as const, wantsLog },
      );
      return unwrap(await bounded(looked, ANSWER_MS, "The page stopped answering.").catch(gone)) as Poll;
    },
    exportAs: async (format) => {
      const exported = page.evaluate((name) => {
        const { searchCommand } = globalThis as unknown as PageGlobals;
        return searchCommand.cross(async (app) => searchCommand.textOf(await app.exportAs(name)));
      }, format);
      return unwrap(await bounded(exported, ANSWER_MS, "The architecture could not be exported in time.").catch(gone));
    },
  };
}
