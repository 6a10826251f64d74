/** The committed WASM module belongs to its source and keeps the rules that make sharing tfjs's memory safe. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { moduleBase64, sourceSha256 } from "./module";

const bytes = Uint8Array.from(Buffer.from(moduleBase64, "base64"));

/** Section ids of a WASM binary in order. */
function sectionIds(binary: Uint8Array): number[] {
  const ids: number[] = [];
  let at = 8;
  while (at < binary.length) {
    ids.push(binary[at++] as number);
    let [size, shift, byte] = [0, 0, 0];
    do {
      byte = binary[at++] as number;
      size |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    at += size;
  }
  return ids;
}

describe("the C files and module.ts", () => {
  it("belong together (else run node src/kernels/wasm/build.mjs)", () => {
    const hash = createHash("sha256");
    const names = readdirSync(new URL(".", import.meta.url)).filter((name) => /\.[ch]$/.test(name)).sort();
    for (const name of names) hash.update(readFileSync(new URL(name, import.meta.url)));
    expect(hash.digest("hex")).toBe(sourceSha256);
  });

  it("imports memory and nothing else, and has no data of its own", () => {
    const module = new WebAssembly.Module(bytes);
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
    expect(sectionIds(bytes)).not.toContain(11);
    expect(sectionIds(bytes)).toContain(10);
  });
});
