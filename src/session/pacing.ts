/** Giving way and waiting, without timers that a hidden tab throttles to a second. */

/** Node's own macro-task: a message port there is drained in one go, timers and input waiting, and keeps the process alive. */
const immediate = (globalThis as { readonly setImmediate?: (work: () => void) => unknown }).setImmediate;
const channel = immediate || typeof MessageChannel === "undefined" ? null : new MessageChannel();
const waiting: (() => void)[] = [];
if (channel) channel.port1.onmessage = () => waiting.shift()?.();

/** Resolves after messages that wait in the queue have been handled. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    if (channel) {
      waiting.push(resolve);
      channel.port2.postMessage(null);
    } else if (immediate) immediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/** Resolves after `ms`, or at once when the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
