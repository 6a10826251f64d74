/**
 * Is a network as slow as the sum of its parts? Latency tables of FBNetV1's spaces, each checked against many whole random networks that are timed in
 * the same rounds, by backend and size. Run with `--help` for the flags; the committed result and its reading are in README.md beside this file.
 */
import { parseArgs } from "node:util";
import { chooseDevice } from "@/engine/device";
import { AppError, toAppError } from "@/lib/appError";
import { type SizeId, sizes } from "@/nas/space/types";
import { measureInBrowser } from "./latencyAdditivity/browser";
import { type AdditivityRequest, type AdditivityRun, measureAdditivity } from "./latencyAdditivity/measure";
import { keptRuns, studyMachine, writeStudy } from "./studyFile";

const USAGE = `npx tsx src/studies/latencyAdditivity.ts [flags]

  --backends LIST  wasm (in Node, one thread), webgpu (in headless Chromium, software adapter); default wasm,webgpu
  --sizes LIST     default nano,small
  --networks N     whole networks a table, default 30
  --batch N        images at once, default 1
  --out FILE       default src/studies/results/latencyAdditivity.json; tables that it holds already are not measured again
`;

const backends = ["wasm", "webgpu"] as const;
type StudyBackend = (typeof backends)[number];
type StudyRun = AdditivityRun & { readonly asked: StudyBackend };

function listOf<T extends string>(text: string, known: readonly T[], flag: string): T[] {
  return text.split(",").map((item) => {
    const found = known.find((one) => one === item);
    if (found === undefined) throw new AppError("config.invalid", `${flag}: ${item} is none of ${known.join(", ")}.`);
    return found;
  });
}

async function onWasm(requests: readonly AdditivityRequest[], onRun: (run: AdditivityRun) => Promise<void>): Promise<void> {
  const device = await chooseDevice("wasm", { gpu: null, threads: 1, onFatal: () => undefined });
  try {
    for (const request of requests) await onRun(await measureAdditivity(device, request, () => undefined));
  } finally {
    device.executor.dispose();
  }
}

function lineOf({ asked, size, seconds, readings, bias, biasUs, worst, table, notes }: StudyRun): string {
  const { a, b, r, n } = table.fit;
  return `${asked} ${size}: r ${r.toFixed(4)}, measured = ${a.toFixed(1)} µs + ${b.toFixed(3)}·sum, bias ${biasUs.toFixed(1)} µs (${(100 * bias).toFixed(1)} %), worst of the fit ${(100 * worst).toFixed(1)} %, n ${n}, timer ${table.device.timer} (quantum ${table.device.quantumUs} µs), ${readings} readings in ${seconds} s${notes.map((note) => `\n  ${note}`).join("")}\n`;
}

async function study(args: readonly string[]): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { backends: text, sizes: text, networks: text, batch: text, out: text, help: { type: "boolean" } }, strict: true });
  if (values.help === true) return void process.stdout.write(USAGE);
  const { out = "src/studies/results/latencyAdditivity.json" } = values;
  const [networks, batch] = [Number(values.networks ?? 30), Number(values.batch ?? 1)];
  if (![networks, batch].every((n) => Number.isInteger(n) && n > 0)) throw new AppError("config.invalid", "--networks and --batch are whole numbers above 0.");
  const settings = { space: "fbnet-v1", networks, batch };
  const runs = await keptRuns<StudyRun>(out, "latency-additivity", settings);
  const asked = listOf<StudyBackend>(values.backends ?? "wasm,webgpu", backends, "--backends");
  const wanted = listOf<SizeId>(values.sizes ?? "nano,small", sizes, "--sizes");
  const command = `npx tsx src/studies/latencyAdditivity.ts --backends ${asked.join(",")} --sizes ${wanted.join(",")} --networks ${networks} --batch ${batch}`;
  for (const backend of asked) {
    const requests = wanted.filter((size) => !runs.some((run) => run.asked === backend && run.size === size)).map((size): AdditivityRequest => ({ size, networks, batch }));
    const onRun = async (run: AdditivityRun): Promise<void> => {
      runs.push({ asked: backend, ...run });
      process.stdout.write(lineOf({ asked: backend, ...run }));
      const file = { study: "latency-additivity", version: 1, command, machine: studyMachine("by run"), settings, runs };
      await writeStudy(out, file);
    };
    if (requests.length === 0) continue;
    if (backend === "wasm") await onWasm(requests, onRun);
    else await measureInBrowser(requests, onRun);
  }
}

try {
  await study(process.argv.slice(2));
} catch (cause) {
  const error = toAppError(cause);
  process.stderr.write(`${error.message}${error.hint === undefined ? "" : ` ${error.hint}`}\n`);
  process.exitCode = 1;
}
