import { readFileSync } from "node:fs";
import { Comparison } from "./compare";
import { runnerHere } from "./backend";
import { HANDLERS } from "./registry";
const [dir = "", kind = "", backend = "wasm", filter = "", top = "20"] = process.argv.slice(2);
const original = Comparison.prototype.result;
Comparison.prototype.result = function (this: Comparison) {
  const self = this as unknown as { found: { what: string; error: number; tolerance: number }[]; name: string };
  if (self.name.includes(filter)) {
    console.log("==", self.name);
    [...self.found].sort((a, b) => b.error / b.tolerance - a.error / a.tolerance).slice(0, Number(top)).forEach((f) => console.log(`  ${f.what}  ${f.error.toExponential(2)}  tol ${f.tolerance}`));
  }
  return original.call(this);
};
const runner = runnerHere(backend as "wasm", HANDLERS);
await runner.run(`darts/${kind}.json`, JSON.parse(readFileSync(`${dir}/darts/${kind}.json`, "utf8")), async (n) => JSON.parse(readFileSync(`${dir}/darts/${n}`, "utf8")));
await runner.close();
