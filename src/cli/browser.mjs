/**
 * Finds a Chrome or Chromium, or obtains one: CHROME_PATH, then one that is installed, then a Playwright download, then,
 * as root on Debian or Ubuntu, the distribution's package. A path counts only if it answers `--version`: distributions
 * ship stubs under these names, and a downloaded browser may lack system libraries. Everything that touches the
 * machine is injected, so the order is testable.
 */
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { run, runNode, tool } from "./process.mjs";

/** Shown when there is no browser to be had. */
export const NO_BROWSER =
  "No Chrome or Chromium was found and none could be installed. Install one, or set CHROME_PATH to the browser's executable file.";

/** An attempt that prints nothing for this long is given up. */
const IDLE_MS = 60_000;

const NAMES = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome", "google-chrome-beta", "microsoft-edge"];

function usualPlaces({ platform, env, home }) {
  if (platform === "darwin") {
    const apps = ["Google Chrome", "Chromium", "Google Chrome Canary", "Microsoft Edge"];
    return ["/Applications", path.posix.join(home, "Applications")].flatMap((folder) =>
      apps.map((app) => `${folder}/${app}.app/Contents/MacOS/${app}`),
    );
  }
  if (platform === "win32") {
    const roots = [env["PROGRAMFILES"], env["PROGRAMFILES(X86)"], env["LOCALAPPDATA"]].filter((root) => root !== undefined);
    const tails = ["Google\\Chrome\\Application\\chrome.exe", "Chromium\\Application\\chrome.exe", "Microsoft\\Edge\\Application\\msedge.exe"];
    return roots.flatMap((root) => tails.map((tail) => `${root}\\${tail}`));
  }
  return ["/opt/google/chrome/chrome", "/usr/lib/chromium/chromium", "/usr/lib/chromium-browser/chromium-browser"];
}

/** Candidates already on the machine: names on PATH in order of preference, then the usual places of the system. */
export function installedCandidates({ platform, env, home }) {
  const separator = platform === "win32" ? ";" : ":";
  const join = platform === "win32" ? path.win32.join : path.posix.join;
  const names = platform === "win32" ? NAMES.map((name) => `${name}.exe`) : NAMES;
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(separator).filter((folder) => folder !== "");
  return [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...usualPlaces({ platform, env, home })];
}

async function playwrightPath() {
  try {
    const { chromium } = await import("playwright");
    return chromium.executablePath();
  } catch {
    return null;
  }
}

/** What this machine offers; tests pass their own. */
function machine() {
  const { platform } = process;
  return {
    platform,
    env: process.env,
    home: os.homedir(),
    isRoot: process.getuid?.() === 0,
    exists: existsSync,
    // Windows' chrome.exe opens a window instead of answering.
    works: async (file) => platform === "win32" || (await run(file, ["--version"], { quiet: true, limitMs: 30_000 })).code === 0,
    playwrightPath,
    downloadPlaywright: async () => (await runNode([tool("playwright", "cli.js"), "install", "chromium"], { idleMs: IDLE_MS })).code === 0,
    aptInstall: async () => {
      const options = { idleMs: IDLE_MS, env: { DEBIAN_FRONTEND: "noninteractive" } };
      if ((await run("apt-get", ["update"], options)).code !== 0) return false;
      return (await run("apt-get", ["install", "-y", "chromium"], options)).code === 0;
    },
    say: (sentence) => process.stderr.write(`${sentence}\n`),
  };
}

/**
 * Find a browser in the documented order; with `allowInstall`, obtain one when none is there.
 *
 * @param {{ allowInstall?: boolean, on?: Partial<import("./browser.d.mts").Machine> }} [options]
 * @returns {Promise<import("./browser.d.mts").FoundBrowser | null>} null when there is none; {@link NO_BROWSER} says what to do
 */
export async function findBrowser({ allowInstall = false, on = {} } = {}) {
  const m = { ...machine(), ...on };
  const usable = async (file) => file !== null && m.exists(file) && (await m.works(file));

  const named = m.env["CHROME_PATH"];
  if (named !== undefined && named !== "") {
    if (await usable(named)) return { path: named, source: "CHROME_PATH" };
    m.say(`CHROME_PATH names ${named}, which is not a browser that starts; looking for another one.`);
  }
  for (const file of installedCandidates(m)) if (await usable(file)) return { path: file, source: "installed" };

  if (await usable(await m.playwrightPath())) return { path: await m.playwrightPath(), source: "playwright" };
  if (!allowInstall) return null;

  m.say("No browser is installed; downloading one with: npx playwright install chromium");
  if (!(await m.downloadPlaywright())) m.say("The download did not succeed.");
  else if (await usable(await m.playwrightPath())) return { path: await m.playwrightPath(), source: "playwright" };
  else m.say("The downloaded browser does not start on this system.");

  if (m.platform === "linux" && m.isRoot && m.exists("/etc/debian_version")) {
    m.say("Installing the distribution's package with: apt-get install -y chromium");
    if (!(await m.aptInstall())) m.say("apt-get did not succeed.");
    for (const file of installedCandidates(m)) if (await usable(file)) return { path: file, source: "apt" };
  }
  return null;
}

/** Flags every start gets: quiet on the network, and the sandbox off only where it cannot work (root). */
export function launchFlags({ softwareGpu = false, softwareGl = false, webgpu = false, isRoot = process.getuid?.() === 0 } = {}) {
  return [
    ...(isRoot ? ["--no-sandbox"] : []),
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    ...(softwareGpu || webgpu ? ["--enable-unsafe-webgpu"] : []),
    ...(softwareGpu ? ["--use-webgpu-adapter=swiftshader"] : []),
    ...(softwareGl ? ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"] : []),
  ];
}
