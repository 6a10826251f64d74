/**
 * Child processes for the commands: npm without a shell lookup, JavaScript tools through the running Node, and bounds,
 * so that a command that stops making progress ends with a sentence and never hangs. Node built-ins only, because
 * set-up runs before anything is installed.
 */
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository root: every command works from there, wherever it was started. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Run a command to its end, its output streamed to ours.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("./process.d.mts").RunOptions} [options]
 * @returns {Promise<import("./process.d.mts").RunOutcome>}
 */
export function run(command, args, options = {}) {
  const { idleMs, limitMs, env, shell = false, quiet = false } = options;
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      shell,
    });
    let output = "";
    let stopped = null;
    const stop = (/** @type {"idle" | "limit"} */ reason) => {
      stopped = reason;
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), 5000).unref();
    };
    const limit = limitMs === undefined ? undefined : setTimeout(() => stop("limit"), limitMs);
    const armIdle = () => (idleMs === undefined ? undefined : setTimeout(() => stop("idle"), idleMs));
    let idle = armIdle();
    const relay = (sink) => (chunk) => {
      clearTimeout(idle);
      if (stopped === null) idle = armIdle();
      output = (output + chunk.toString()).slice(-20_000);
      if (!quiet) sink.write(chunk);
    };
    child.stdout.on("data", relay(process.stdout));
    child.stderr.on("data", relay(process.stderr));
    const finish = (code) => {
      clearTimeout(limit);
      clearTimeout(idle);
      resolve({ code: stopped === null ? code : 124, stopped, output });
    };
    child.on("error", (error) => {
      output += error.message;
      finish(127);
    });
    child.on("close", (code, signal) => finish(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

/** Run a JavaScript tool with the Node that runs us: the same on every system, no `.cmd` wrappers. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** Run npm: through the script that started us when there is one, else by name. */
export function runNpm(args, options) {
  const script = process.env["npm_execpath"];
  if (script !== undefined && /npm-cli\.c?js$/.test(script) && existsSync(script)) return runNode([script, ...args], options);
  return process.platform === "win32"
    ? run("npm.cmd", args, { ...options, shell: true })
    : run("npm", args, options);
}

/** Path of an installed tool's script, e.g. `tool("vite", "bin/vite.js")`. */
export function tool(name, file) {
  return path.join(ROOT, "node_modules", name, file);
}

/** Whether the module at `url` is the script Node was started with. */
export function isMain(url) {
  const script = process.argv[1];
  return script !== undefined && existsSync(script) && realpathSync(script) === realpathSync(fileURLToPath(url));
}

/** End with one sentence on the error stream. */
export function die(sentence, code = 1) {
  process.stderr.write(`${sentence}\n`);
  process.exit(code);
}
