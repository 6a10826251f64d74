/**
 * The test function of every spec. Each test watches its page: an error on the console, an unhandled exception or a request that
 * leaves our origin fails it, unless the test said beforehand that it expects that error.
 */
import { type BrowserContext, expect, type Page, test as base } from "@playwright/test";

export { expect };
export type { Page };

export class Watch {
  readonly errors: string[] = [];
  readonly foreign: string[] = [];
  private readonly origin: string;
  private readonly allowed: RegExp[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  /** This error belongs to what is tested. */
  allow(expected: RegExp): void {
    this.allowed.push(expected);
  }

  /** Watch every page of a context, those opened later included. */
  follow(context: BrowserContext): void {
    for (const page of context.pages()) this.attach(page);
    context.on("page", (page) => this.attach(page));
    context.on("request", (request) => {
      const url = new URL(request.url());
      const isLocal = url.protocol === "data:" || url.protocol === "blob:" || url.origin === this.origin;
      if (!isLocal) this.foreign.push(request.url());
    });
  }

  private attach(page: Page): void {
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(`${error.name}: ${error.message}`));
  }

  /** Fails when anything unexpected was seen. */
  check(): void {
    const unexpected = this.errors.filter((error) => !this.allowed.some((pattern) => pattern.test(error)));
    expect(unexpected, "errors on the console").toEqual([]);
    expect(this.foreign, "requests to other origins").toEqual([]);
  }
}

export const test = base.extend<{ watch: Watch }>({
  watch: [
    async ({ context, baseURL }, use) => {
      const watch = new Watch(new URL(baseURL ?? "http://localhost").origin);
      watch.follow(context);
      await use(watch);
      watch.check();
    },
    { auto: true },
  ],
});
