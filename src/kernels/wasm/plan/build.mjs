/**
 * Builds the C files beside it into module.ts and moduleRelaxed.ts (base64, with the hash of the sources), and isa.h from
 * isa.ts. Run by hand after changing one: `node src/kernels/wasm/plan/build.mjs`. Needs clang with lld (14 or later); a clone does not, it
 * uses the committed modules. `--lenient`: kernels that are missing or do not compile trap when called (development only).
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../../..");
const lenient = process.argv.includes("--lenient");
const cache = join(root, "node_modules/.cache/nas-wasm");
const COMPILE = [
  "--target=wasm32", "-O3", "-msimd128", "-matomics", "-mbulk-memory", "-mmutable-globals", "-ffp-contract=off", "-fno-math-errno",
  "-Wall", "-Werror", "-Wno-pass-failed", "-nostdlib", "-ffreestanding", "-mllvm", "-disable-lsr",
]; // prettier-ignore
const LINK = [
  "--no-entry", "--import-memory", "--shared-memory", "--initial-memory=1048576", "--max-memory=2147483648", "--strip-all", "--stack-first",
  "-z", "stack-size=16384", "--export=__stack_pointer", "--export=__heap_base",
]; // prettier-ignore

/** Text of isa.h, from the TypeScript beside it. */
function header() {
  const script = `import("${join(here, "header.ts")}").then((m) => process.stdout.write(m.isaHeader()))`;
  return execFileSync("npx", ["tsx", "-e", script], { cwd: root, encoding: "utf8" });
}

/** Object of one file, from the cache when nothing that it includes has changed. */
function compile(name, headers, flags, work) {
  const text = readFileSync(join(here, name));
  const key = createHash("sha256").update(headers).update(text).update(flags.join(" ")).digest("hex").slice(0, 24);
  const out = join(cache, `${name}.${key}.o`);
  if (!existsSync(out)) {
    const fresh = join(work, `${name}.o`);
    execFileSync("clang", [...COMPILE, ...flags, "-c", join(here, name), "-o", fresh], { stdio: "inherit" });
    writeFileSync(out, readFileSync(fresh));
  }
  return out;
}

/** Links all objects; in lenient mode with kernels that trap in place of those that are not there. */
function link(sources, headers, flags, work) {
  const found = new Set();
  const objects = [];
  for (const name of sources.filter((file) => file.endsWith(".c"))) {
    try {
      objects.push(compile(name, headers, flags, work));
      for (const [, kernel] of readFileSync(join(here, name), "utf8").matchAll(/^KERNEL\((\w+)\)/gm)) found.add(kernel);
    } catch (error) {
      if (!lenient) throw error;
      console.warn(`${name} does not compile; its kernels will trap`);
    }
  }
  const all = [...readFileSync(join(here, "isa.h"), "utf8").matchAll(/^void k_(\w+)/gm)].map((match) => match[1]);
  const missing = all.filter((kernel) => !found.has(kernel));
  if (missing.length > 0 && lenient) {
    console.warn(`missing: ${missing.join(" ")}`);
    const stubs = join(work, "stubs.c");
    writeFileSync(stubs, `#include "${join(here, "simd.h")}"\n${missing.map((kernel) => `KERNEL(${kernel}) { __builtin_trap(); }`).join("\n")}\n`);
    execFileSync("clang", [...COMPILE, ...flags, "-c", stubs, "-o", join(work, "stubs.o")], { stdio: "inherit" });
    objects.push(join(work, "stubs.o"));
  }
  const out = join(work, "plan.wasm");
  execFileSync("wasm-ld", [...LINK, ...objects, "-o", out], { stdio: "inherit" });
  return out;
}

/**
 * clang 14 knows fused multiply-add by its number of that time (0xaf); the standard's is 0x105. Both take two bytes, so the code
 * can be patched in place, provided that the bytes occur nowhere but in those instructions: the disassembly must count the same.
 */
function standardise(file, bytes) {
  const listing = execFileSync("llvm-objdump", ["-d", file], { encoding: "utf8", maxBuffer: 1 << 28 });
  const expected = (listing.match(/\tf32x4\.(fma|relaxed_madd)\b/g) ?? []).length;
  let count = 0;
  for (let i = 0; i + 2 < bytes.length; i++) {
    if (bytes[i] !== 0xfd || bytes[i + 1] !== 0xaf || bytes[i + 2] !== 0x01) continue;
    bytes[i + 1] = 0x85;
    bytes[i + 2] = 0x02;
    count++;
  }
  if (count !== expected) throw new Error(`relaxed build: ${count} byte patterns, ${expected} instructions`);
  return bytes;
}

const work = mkdtempSync(join(tmpdir(), "nas-plan-"));
try {
  mkdirSync(cache, { recursive: true });
  const text = header();
  const path = join(here, "isa.h");
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  const sources = readdirSync(here).filter((name) => /\.[ch]$/.test(name)).sort();
  const headers = sources.filter((name) => name.endsWith(".h")).map((name) => readFileSync(join(here, name), "utf8")).join("");
  const hash = createHash("sha256");
  for (const name of sources) hash.update(readFileSync(join(here, name)));
  const sha256 = hash.digest("hex");
  for (const [target, flags] of [["module.ts", []], ["moduleRelaxed.ts", ["-mrelaxed-simd", "-DRELAXED"]]]) {
    const file = link(sources, headers, flags, work);
    const raw = readFileSync(file);
    const wasm = flags.length === 0 ? raw : standardise(file, raw);
    writeFileSync(
      join(here, target),
      `/** Generated by build.mjs from the C files beside it; do not edit. Committed so that nobody needs a compiler. */\n` +
        `export const sourceSha256 = "${sha256}";\n\n` +
        `// prettier-ignore\nexport const moduleBase64 =\n  "${wasm.toString("base64")}";\n`,
    );
    console.log(`${target}: ${wasm.length} bytes`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
