/** Turns the committed base64 into a compiled module: the strict build, or the relaxed one where it is asked for and possible. */
import { moduleBase64, sourceSha256 } from "./module";

/** relaxed_madd on constants: what an engine must know to run the relaxed build. */
const RELAXED_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11,
]; // prettier-ignore

/** What the module exports, bound to one memory. */
export interface Module {
  readonly run: (jobs: number, count: number, team: number) => void;
  readonly heapBase: number;
  readonly setStack: (address: number) => void;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export interface Compiled {
  readonly module: WebAssembly.Module;
  readonly relaxed: boolean;
}

/** The module; the relaxed build only when asked for and known to the engine. */
export async function compileModule(relaxed: boolean): Promise<Compiled> {
  if (relaxed && WebAssembly.validate(new Uint8Array(RELAXED_PROBE))) {
    const other = await import("./moduleRelaxed");
    if (other.sourceSha256 === sourceSha256) return { module: await WebAssembly.compile(decode(other.moduleBase64)), relaxed: true };
  }
  return { module: await WebAssembly.compile(decode(moduleBase64)), relaxed: false };
}

export async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Module> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const stack = exports.__stack_pointer as WebAssembly.Global;
  return {
    run: exports.run as Module["run"],
    heapBase: (exports.__heap_base as WebAssembly.Global).value as number,
    setStack: (address) => void (stack.value = address),
  };
}
