/** Gunzip with the platform's decoder, and a limit on what may come out of it. */
import { toOwnBytes, type Bytes } from "../bytes";
import type { OpenInput, Pull } from "./byteReader";
import { quoted, stop } from "./failure";

/** More than twice a full CIFAR-10 archive; a bomb stops here. */
export const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;

/** The unpacked chunks of a gzip stream. Damage, a wrong CRC or an early end is `truncated`; too much is `bad-size`. */
export function gunzip(packed: Pull, name: string, limit = MAX_UNPACKED_BYTES): OpenInput {
  let sourceError: unknown = null;
  const source = new ReadableStream<Bytes>(
    {
      pull: async (controller) => {
        try {
          const chunk = await packed();
          if (chunk === null) controller.close();
          else controller.enqueue(toOwnBytes(chunk));
        } catch (cause) {
          // Some decoders wrap what their source threw; the original says more.
          sourceError = cause;
          throw cause;
        }
      },
    },
    { highWaterMark: 0 },
  );
  const reader = source.pipeThrough(new DecompressionStream("gzip")).getReader();
  let unpacked = 0;
  return {
    pull: async () => {
      let chunk: Uint8Array;
      try {
        const { value, done } = await reader.read();
        if (done) return null;
        chunk = value;
      } catch (cause) {
        if (sourceError !== null) throw sourceError;
        return stop("truncated", `${quoted(name)} is damaged or incomplete.`, cause);
      }
      unpacked += chunk.length;
      if (unpacked > limit) stop("bad-size", `${quoted(name)} unpacks to far more than CIFAR-10 holds.`);
      return chunk;
    },
    close: async () => {
      await reader.cancel().catch(() => undefined);
    },
  };
}
