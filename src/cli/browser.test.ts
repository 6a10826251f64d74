import { describe, expect, it } from "vitest";
import { findBrowser, installedCandidates, launchFlags, type Machine } from "./browser.mjs";

interface World {
  /** Files that exist and start. */
  readonly good?: readonly string[];
  /** Files that exist and do not start. */
  readonly broken?: readonly string[];
  readonly env?: Record<string, string>;
  readonly download?: boolean;
  readonly apt?: boolean;
  readonly isRoot?: boolean;
}

/** A machine in which everything is a list; `log` is what was tried, in order. */
function machine(world: World): { on: Machine; log: string[] } {
  const log: string[] = [];
  const good = new Set([...(world.good ?? []), "/etc/debian_version"]);
  const on: Machine = {
    platform: "linux",
    env: { PATH: "/usr/bin:/usr/local/bin", ...world.env },
    home: "/home/me",
    isRoot: world.isRoot ?? false,
    exists: (file) => good.has(file) || (world.broken ?? []).includes(file),
    works: (file) => Promise.resolve(good.has(file)),
    playwrightPath: () => Promise.resolve("/cache/pw/chrome"),
    downloadPlaywright: () => {
      log.push("download");
      if (world.download === true) good.add("/cache/pw/chrome");
      return Promise.resolve(world.download === true);
    },
    aptInstall: () => {
      log.push("apt");
      if (world.apt === true) good.add("/usr/bin/chromium");
      return Promise.resolve(world.apt === true);
    },
    say: (sentence) => log.push(sentence),
  };
  return { on, log };
}

const find = (world: World, allowInstall = true) => {
  const { on, log } = machine(world);
  return findBrowser({ allowInstall, on }).then((found) => ({ found, log }));
};

describe("findBrowser", () => {
  it("takes CHROME_PATH before an installed one", async () => {
    const { found } = await find({ good: ["/my/chrome", "/usr/bin/chromium"], env: { CHROME_PATH: "/my/chrome" } });
    expect(found).toEqual({ path: "/my/chrome", source: "CHROME_PATH" });
  });

  it("says when CHROME_PATH does not start, and goes on", async () => {
    const { found, log } = await find({ good: ["/usr/bin/chromium"], env: { CHROME_PATH: "/gone" } });
    expect(found).toEqual({ path: "/usr/bin/chromium", source: "installed" });
    expect(log.join()).toContain("/gone");
  });

  it("prefers Chrome to Chromium, and an installed one to a download", async () => {
    const { found, log } = await find({ good: ["/usr/bin/chromium", "/usr/local/bin/google-chrome", "/cache/pw/chrome"] });
    expect(found).toEqual({ path: "/usr/local/bin/google-chrome", source: "installed" });
    expect(log).toEqual([]);
  });

  it("passes over a stub that does not start", async () => {
    const { found } = await find({ broken: ["/usr/bin/chromium-browser"], good: ["/cache/pw/chrome"] });
    expect(found).toEqual({ path: "/cache/pw/chrome", source: "playwright" });
  });

  it("installs nothing unless it may", async () => {
    const { found, log } = await find({ download: true, apt: true, isRoot: true }, false);
    expect(found).toBeNull();
    expect(log).toEqual([]);
  });

  it("downloads, and only then asks the distribution", async () => {
    const downloaded = await find({ download: true, apt: true, isRoot: true });
    expect(downloaded.found).toEqual({ path: "/cache/pw/chrome", source: "playwright" });
    expect(downloaded.log).not.toContain("apt");
    const packaged = await find({ download: false, apt: true, isRoot: true });
    expect(packaged.found).toEqual({ path: "/usr/bin/chromium", source: "apt" });
    expect(packaged.log.indexOf("download")).toBeLessThan(packaged.log.indexOf("apt"));
  });

  it("asks the distribution only as root, and gives up with null", async () => {
    const { found, log } = await find({ apt: true, isRoot: false });
    expect(found).toBeNull();
    expect(log).not.toContain("apt");
  });
});

describe("places and flags", () => {
  it("knows the usual places of macOS and Windows", () => {
    expect(installedCandidates({ platform: "darwin", env: {}, home: "/Users/me" })).toContain("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    const windows = installedCandidates({ platform: "win32", env: { PROGRAMFILES: "C:\\Program Files", PATH: "C:\\bin" }, home: "C:\\Users\\me" });
    expect(windows).toContain("C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe");
    expect(windows).toContain("C:\\bin\\chrome.exe");
  });

  it("switches the sandbox off only as root and the software adapter on only when asked", () => {
    expect(launchFlags({ isRoot: false })).not.toContain("--no-sandbox");
    expect(launchFlags({ isRoot: true })).toContain("--no-sandbox");
    expect(launchFlags({ isRoot: true }).join()).not.toContain("webgpu");
    expect(launchFlags({ softwareGpu: true })).toEqual(expect.arrayContaining(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]));
  });
});
