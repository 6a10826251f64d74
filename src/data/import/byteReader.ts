/** Exact reads over chunks that arrive in any size, holding one chunk at a time. */
import { ImportFailure, quoted, stop, throwIfCancelled } from "./failure";
import type { ImportInput } from "./types";

/** The next chunk, or null at the end. Rejects with an {@link ImportFailure}. */
export type Pull = () => Promise<Uint8Array | null>;

export class ByteReader {
  /** Bytes handed out so far. */
  position = 0;
  private rest: Uint8Array = new Uint8Array(0);
  private readonly pull: Pull;
  private readonly name: string;

  /** `name` is what messages call the file. */
  constructor(pull: Pull, name: string) {
    this.pull = pull;
    this.name = name;
  }

  /** Wait for bytes; false at the end. Leaves at least one byte in `rest` when true. */
  private async fill(): Promise<boolean> {
    while (this.rest.length === 0) {
      const chunk = await this.pull();
      if (chunk === null) return false;
      this.rest = chunk;
    }
    return true;
  }

  /** Up to `n` bytes in a new array, fewer only at the end. */
  async takeUpTo(n: number): Promise<Uint8Array> {
    const out = new Uint8Array(n);
    let at = 0;
    while (at < n && (await this.fill())) {
      const k = Math.min(n - at, this.rest.length);
      out.set(this.rest.subarray(0, k), at);
      this.rest = this.rest.subarray(k);
      at += k;
    }
    this.position += at;
    return at === n ? out : out.subarray(0, at);
  }

  /** Exactly `n` bytes; `truncated` when the file ends first. */
  async take(n: number): Promise<Uint8Array> {
    const out = await this.takeUpTo(n);
    if (out.length < n) stop("truncated", `${quoted(this.name)} ends too early.`);
    return out;
  }

  /** The next up to `n` bytes without consuming them; `n` is small. */
  async peek(n: number): Promise<Uint8Array> {
    while (this.rest.length < n) {
      const chunk = await this.pull();
      if (chunk === null) break;
      const joined = new Uint8Array(this.rest.length + chunk.length);
      joined.set(this.rest);
      joined.set(chunk, this.rest.length);
      this.rest = joined;
    }
    return this.rest.subarray(0, n);
  }

  async skip(n: number): Promise<void> {
    for (let left = n; left > 0;) {
      if (!(await this.fill())) stop("truncated", `${quoted(this.name)} ends too early.`);
      const k = Math.min(left, this.rest.length);
      this.rest = this.rest.subarray(k);
      this.position += k;
      left -= k;
    }
  }

  /** Read to the end: that is where a compressed stream's length and checksum are verified. */
  async drain(): Promise<void> {
    this.rest = this.rest.subarray(this.rest.length);
    while (await this.fill()) this.rest = this.rest.subarray(this.rest.length);
  }

  /** This reader as a source of chunks, for a decoder that takes over from here. */
  asPull(): Pull {
    return async () => {
      if (this.rest.length === 0) return this.pull();
      const chunk = this.rest;
      this.rest = chunk.subarray(chunk.length);
      return chunk;
    };
  }
}

export interface OpenInput {
  readonly pull: Pull;
  /** Release the file; safe to call at any time. */
  close(): Promise<void>;
}

/** Open an input. `onChunk` sees every chunk once; an abort ends a read that is under way. */
export function openInput(
  input: ImportInput,
  signal: AbortSignal | undefined,
  onChunk: (chunk: Uint8Array) => void,
): OpenInput {
  throwIfCancelled(signal);
  const reader = input.stream().getReader();
  const quit = (): void => void reader.cancel().catch(() => undefined);
  signal?.addEventListener("abort", quit, { once: true });
  return {
    pull: async () => {
      try {
        const { value, done } = await reader.read();
        throwIfCancelled(signal);
        if (done) return null;
        onChunk(value);
        return value;
      } catch (cause) {
        if (cause instanceof ImportFailure) throw cause;
        throwIfCancelled(signal);
        return stop("truncated", `${quoted(input.name)} could not be read to its end.`, cause);
      }
    },
    close: async () => {
      signal?.removeEventListener("abort", quit);
      await reader.cancel().catch(() => undefined);
    },
  };
}
