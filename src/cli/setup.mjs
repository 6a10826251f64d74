/**
 * Everything between a fresh clone and a working command: the Node version, the dependencies, the embedded data set.
 * Runs before anything is installed, so Node built-ins only. Does nothing, quickly, when all is in place.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { die, isMain, ROOT, runNode, runNpm } from "./process.mjs";

/** Oldest Node that Vite 8 and Vitest 4 run on. */
const NEEDED = [20, 19];

/** Identity of the embedded data set: SHA-256 over its shard hashes. */
const EMOJI10_SHA256 = "bf1b0de28644d114001abf7094536c07f23d89269fafa956303aa41f13f33856";

/** A sentence when this Node is too old, else null. */
export function nodeProblem(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const isEnough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
  return isEnough ? null : `NAS Playground needs Node ${NEEDED.join(".")} or newer; this is ${version}. Get one from https://nodejs.org/.`;
}

/** Whether `node_modules` under `root` is missing or older than the lockfile. */
export function needsInstall(root) {
  const stamp = path.join(root, "node_modules", ".package-lock.json");
  const lock = path.join(root, "package-lock.json");
  if (!existsSync(stamp)) return true;
  return existsSync(lock) && statSync(lock).mtimeMs > statSync(stamp).mtimeMs;
}

/** Whether the embedded data set under `root` still has to be made. */
export function needsData(root) {
  try {
    const manifest = JSON.parse(readFileSync(path.join(root, "datasets", "emoji10", "manifest.json"), "utf8"));
    return manifest.sha256 !== EMOJI10_SHA256;
  } catch {
    return true;
  }
}

async function install() {
  process.stdout.write("Installing dependencies (npm ci) …\n");
  const { code, stopped } = await runNpm(["ci", "--no-audit", "--no-fund"], { idleMs: 600_000 });
  if (stopped !== null) die("npm ci made no progress for ten minutes. Check the network or the registry that npm is set to, then try again.");
  if (code !== 0) die(`npm ci ended with status ${code}; its message is above.`);
}

async function prepareData() {
  process.stdout.write("Preparing the embedded data set Emoji-10 (once, about 20 s) …\n");
  const { code } = await runNode(["--import", "tsx", path.join("datasets", "cli.ts"), "embedded"], { idleMs: 300_000 });
  if (code !== 0) die("The embedded data set could not be prepared; the message is above. Try again with: npm run data -- embedded");
}

/** Make the checkout ready; ends the process with a sentence when that is impossible. */
export async function setUp({ data = true } = {}) {
  const problem = nodeProblem(process.version);
  if (problem !== null) die(problem);
  if (needsInstall(ROOT)) await install();
  if (data && needsData(ROOT)) await prepareData();
}

if (isMain(import.meta.url)) await setUp({ data: !process.argv.includes("--no-data") });
