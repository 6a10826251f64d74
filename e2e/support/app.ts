/** The app as a test sees it: opened at an address, driven through `window.nasPlayground`, looked at through its data marks. */
import type { Automation } from "@/app/automation";
import { expect, type Page } from "./test";

declare global {
  interface Window {
    nasPlayground: Automation;
    /** Workers the page has started, oldest first; only where {@link keepWorkers} was called. */
    e2eWorkers: Worker[];
  }
}

export type Config = Readonly<Record<string, string | number | boolean>>;
export type State = ReturnType<Automation["state"]>;

/** A whole search in a few seconds. */
export const tiny: Config = {
  size: "nano",
  "train.steps": 20,
  "retrain.steps": 10,
  "evo.pool": 4,
  "evo.generations": 1,
  "eval.images": 64,
  "bn.recal": 1,
  "evo.random": "off",
};

/** A supernet phase that no test sees the end of. */
export const endless: Config = { ...tiny, "train.steps": 100_000 };

/** Open the page without waiting for its engine. */
export async function visit(page: Page, config: Config = {}, view: Config = {}): Promise<void> {
  const keys = new URLSearchParams({ v: "1" });
  for (const [key, value] of Object.entries({ ...config, ...view })) keys.set(key, String(value));
  await page.goto(`./#${keys.toString()}`);
  await page.waitForFunction(() => "nasPlayground" in window);
}

/** Open the page and wait until Train would start at once. */
export async function visitReady(page: Page, config: Config = {}, view: Config = {}): Promise<void> {
  await visit(page, config, view);
  await page.evaluate(() => window.nasPlayground.ready);
}

export function stateOf(page: Page): Promise<State> {
  return page.evaluate(() => window.nasPlayground.state());
}

/** Open a run with the automation interface. */
export function open(page: Page, config: Config = tiny) {
  return page.evaluate((c) => window.nasPlayground.open(c), config);
}

export function play(page: Page, until?: Readonly<Record<string, unknown>>) {
  return page.evaluate((u) => window.nasPlayground.play(u), until);
}

/** Start playing and return at once. How it ends shows in the state. */
export function start(page: Page): Promise<void> {
  return page.evaluate(() => {
    window.nasPlayground.play().catch(() => undefined);
  });
}

/** Wait until the run has taken this many steps. */
export async function reachStep(page: Page, step: number): Promise<void> {
  await page.waitForFunction((s) => window.nasPlayground.state().step >= s, step);
}

export async function reachStatus(page: Page, status: string): Promise<void> {
  await page.waitForFunction((s) => window.nasPlayground.state().status === s, status);
}

export async function reachError(page: Page): Promise<NonNullable<State["error"]>> {
  await page.waitForFunction(() => window.nasPlayground.state().error !== null);
  const { error } = await stateOf(page);
  if (error === null) throw new Error("the error went away");
  return error;
}

/** A history channel as plain lists. */
export function history(page: Page, channel: string): Promise<Record<string, number[]>> {
  return page.evaluate((name) => {
    const columns = Object.entries(window.nasPlayground.history(name));
    return Object.fromEntries(columns.map(([key, values]) => [key, Array.from(values)]));
  }, channel);
}

/** Everything that equal runs must have equal: losses, candidates, final accuracy. NaN-free by construction. */
export async function story(page: Page) {
  const [loss, accuracy, candidates, { metrics }] = [
    await history(page, "loss"),
    await history(page, "accuracy"),
    await page.evaluate(() => window.nasPlayground.candidates()),
    await stateOf(page),
  ];
  return { loss, accuracy, candidates, winner: metrics?.winner?.id ?? null, test: metrics?.test ?? null };
}

/** Train, Pause, Train on: the one button of the control bar. */
export function trainButton(page: Page) {
  return page.locator('[data-control="train"]');
}

export function panel(page: Page, id: string) {
  return page.locator(`[data-panel="${id}"]`);
}

export async function expectPanelState(page: Page, id: string, state: string): Promise<void> {
  await expect(panel(page, id)).toHaveAttribute("data-state", state);
}

/** The strip of sentences under the control bar, opened in full. */
export async function sentences(page: Page): Promise<string> {
  const more = page.getByRole("button", { name: "Show all" });
  if (await more.isVisible()) await more.click();
  return page.getByRole("list", { name: "Messages" }).innerText();
}

/** Remember the workers that the page starts from now on, so that a test can end one or ask it directly. */
export async function keepWorkers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.e2eWorkers = [];
    window.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        window.e2eWorkers.push(this);
      }
    };
  });
}

/** Files by path below the origin's private file system. */
export function privateFiles(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    const walk = async (directory: FileSystemDirectoryHandle, path: string): Promise<void> => {
      for await (const [name, handle] of directory.entries()) {
        if (handle.kind === "directory") await walk(handle as FileSystemDirectoryHandle, `${path}${name}/`);
        else found.push(`${path}${name}`);
      }
    };
    await walk(await navigator.storage.getDirectory(), "");
    return found.sort();
  });
}
