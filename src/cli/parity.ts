/**
 * `npm run parity`: compare the project's own results with reference values. A file's path below the folder is its kind;
 * a kind has a handler, or is listed as pending with the method that will bring it, or is unknown and fails. One line a
 * case; the last line is the totals.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { parseParityFlags } from "./parity/flags";
import { runParity } from "./parity/run";
import { formatCase, tally, totalsLine } from "./parity/report";
import { openRunner } from "./parity/runner";
import { die, ROOT } from "./process.mjs";

const flags = parseParityFlags(process.argv.slice(2));
if (!flags.ok) die(flags.problem.message, 2);

const { golden, backend, only, json } = flags.value;
const directory = golden === undefined ? path.join(ROOT, "src", "golden") : path.resolve(golden);
const runner = openRunner(backend, (sentence) => process.stderr.write(`${sentence}\n`));
const outcome = await runParity(directory, { only, run: runner.run }, (line) => process.stdout.write(`${formatCase(line)}\n`));
await runner.close();
if (!outcome.ok) die(outcome.problem.message, 2);

const totals = tally(outcome.value);
if (json !== undefined) writeFileSync(json, `${JSON.stringify({ golden: directory, backend, ...totals, cases: outcome.value }, null, 2)}\n`);
process.stdout.write(`${totalsLine(totals)}\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;
