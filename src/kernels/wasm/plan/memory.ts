/**
 * The linear memory of the WASM machine and who owns which part of it. Shared, because threads need that (making one is allowed
 * without cross-origin isolation; only posting it is not). Blocks are 64-byte aligned, first fit, merged when freed; memory grows on demand
 * and never shrinks. Views are renewed after growth: take them from here each time, keep none.
 */
import { AppError } from "@/lib/appError";

const PAGE = 65536;
const ALIGN = 64;
/** Tried in order: a browser short of address space may refuse the first. */
const MAXIMA = [32768, 16384, 8192, 4096] as const;

interface Block {
  readonly address: number;
  readonly bytes: number;
}

function createShared(): { memory: WebAssembly.Memory; pages: number } {
  for (const pages of MAXIMA) {
    try {
      return { memory: new WebAssembly.Memory({ shared: true, initial: 16, maximum: pages }), pages };
    } catch {
      continue;
    }
  }
  throw new AppError("gpu.oom", "The browser gives WebAssembly no memory.", { hint: "Close other tabs and reload." });
}

export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  readonly maxBytes: number;
  f32: Float32Array;
  i32: Int32Array;
  private free: Block[] = [];
  private readonly live = new Map<number, number>();
  /** Nothing above this address was ever handed out; it is still zero. */
  private touched = 0;

  constructor() {
    const { memory, pages } = createShared();
    this.memory = memory;
    this.maxBytes = pages * PAGE;
    this.f32 = new Float32Array(memory.buffer);
    this.i32 = new Int32Array(memory.buffer);
  }

  /** Gives the memory from `address` (above the module's own data) to the allocator. */
  start(address: number): void {
    const from = Math.ceil(address / ALIGN) * ALIGN;
    this.touched = from;
    this.free = [{ address: from, bytes: this.memory.buffer.byteLength - from }];
  }

  /** Address of a zeroed block. Throws `gpu.oom` with the bytes that were asked for. */
  allocate(bytes: number): number {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
    let at = this.free.findIndex((block) => block.bytes >= size);
    if (at < 0) at = this.grow(size);
    const block = this.free[at] as Block;
    if (block.bytes === size) this.free.splice(at, 1);
    else this.free[at] = { address: block.address + size, bytes: block.bytes - size };
    this.live.set(block.address, size);
    const end = block.address + size;
    if (block.address < this.touched) this.f32.fill(0, block.address / 4, Math.min(end, this.touched) / 4);
    this.touched = Math.max(this.touched, end);
    return block.address;
  }

  release(address: number): void {
    const bytes = this.live.get(address);
    if (bytes === undefined) return;
    this.live.delete(address);
    const at = this.free.findIndex((block) => block.address > address);
    this.free.splice(at < 0 ? this.free.length : at, 0, { address, bytes });
    const merged: Block[] = [];
    for (const block of this.free) {
      const last = merged.at(-1);
      if (last && last.address + last.bytes === block.address) merged[merged.length - 1] = { address: last.address, bytes: last.bytes + block.bytes };
      else merged.push(block);
    }
    this.free = merged;
  }

  /** Bytes of the live blocks. */
  used(): number {
    let sum = 0;
    for (const bytes of this.live.values()) sum += bytes;
    return sum;
  }

  /** Grows so that the last free block holds `size`; its index. */
  private grow(size: number): number {
    const end = this.memory.buffer.byteLength;
    const last = this.free.at(-1);
    const tail = last && last.address + last.bytes === end ? last.bytes : 0;
    const pages = Math.ceil((size - tail) / PAGE);
    try {
      this.memory.grow(pages);
    } catch (cause) {
      throw new AppError("gpu.oom", `WebAssembly memory is full: ${size} more bytes were needed, ${this.used()} of ${this.maxBytes} are in use.`, {
        hint: "Choose a smaller batch or size.",
        recoverable: true,
        cause,
      });
    }
    this.f32 = new Float32Array(this.memory.buffer);
    this.i32 = new Int32Array(this.memory.buffer);
    if (tail > 0 && last) this.free[this.free.length - 1] = { address: last.address, bytes: last.bytes + pages * PAGE };
    else this.free.push({ address: end, bytes: pages * PAGE });
    return this.free.length - 1;
  }
}
