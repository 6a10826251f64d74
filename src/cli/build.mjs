/** Build the app only when something it is made from is newer than the build. Node built-ins only; Vite runs as a child. */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { die, ROOT, runNode, tool } from "./process.mjs";

/** What a build is made from. Tests, commands' specs and golden values are in `src` too; an extra build is cheap, a stale one is not. */
const SOURCES = ["src", "public", "index.html", "vite.config.ts", "tsconfig.json", "package.json", "package-lock.json"];

function newestMs(entry) {
  const stats = statSync(entry, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return /\.test\.tsx?$/.test(entry) ? 0 : stats.mtimeMs;
  // A folder's own time changes when a file in it is added, renamed or removed.
  return readdirSync(entry).reduce((newest, name) => Math.max(newest, newestMs(path.join(entry, name))), stats.mtimeMs);
}

/** Whether `dist` under `root` is missing or older than its sources. */
export function isStale(root) {
  const built = statSync(path.join(root, "dist", "index.html"), { throwIfNoEntry: false });
  if (built === undefined) return true;
  return SOURCES.some((source) => newestMs(path.join(root, source)) > built.mtimeMs);
}

/** Build if stale; ends the process with a sentence when the build fails. */
export async function buildIfStale({ quiet = false } = {}) {
  if (!isStale(ROOT)) return;
  if (!quiet) process.stdout.write("Building the app …\n");
  const { code, output } = await runNode([tool("vite", "bin/vite.js"), "build", "--logLevel", "warn"], { idleMs: 600_000, quiet });
  if (code !== 0) die(`${quiet ? `${output}\n` : ""}The build failed with status ${code}; its message is above.`);
}
