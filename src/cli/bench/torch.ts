/** PyTorch on one thread as an optional peer of the WASM back end: times of the same graphs, or nothing where it is not installed. */
import { spawn } from "node:child_process";
import path from "node:path";
import { ROOT } from "../process.mjs";

const SCRIPT = path.join(ROOT, "e2e", "bench", "torch_peer.py");
const LIMIT_MS = 180_000;

/** Runs the script with a text on stdin; null when it fails or there is no Python. */
function python(args: readonly string[], input: string, limitMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(process.env["PYTHON"] ?? "python3", [SCRIPT, ...args], { stdio: ["pipe", "pipe", "ignore"] });
    let output = "";
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", () => (clearTimeout(timer), resolve(null)));
    child.on("close", (code) => (clearTimeout(timer), resolve(code === 0 ? output : null)));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** Version of PyTorch, or null. */
export async function torchVersion(): Promise<string | null> {
  const text = await python(["--version"], "", 60_000);
  return text === null ? null : text.trim();
}

/** Milliseconds of a case, or null when it cannot be run. */
export async function torchMs(caseJson: string, samples: number): Promise<number | null> {
  const ms = Number(await python(["--samples", String(samples)], caseJson, LIMIT_MS));
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}
