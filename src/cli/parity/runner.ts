/** Where kinds run: what only counts, and the CPU's backends, in this process; WebGPU in a page that opens when the first kind needs it. */
import { runnerHere, type Runner } from "./backend";
import { COMPUTED, HANDLERS } from "./registry";
import type { ParityBackend } from "./types";

/** `say` is told what a person waiting should know. Close it when done. */
export function openRunner(backend: ParityBackend, say: (sentence: string) => void): Runner {
  const here = runnerHere(backend, HANDLERS);
  if (backend !== "webgpu") return here;
  let page: Promise<Runner> | null = null;
  return {
    run: async (kind, value, sibling) => {
      if (!Object.hasOwn(COMPUTED, kind)) return here.run(kind, value, sibling);
      page ??= import("./page/driver").then(({ openPage }) => openPage(say));
      return (await page).run(kind, value, sibling);
    },
    close: async () => {
      const opened = await page?.catch(() => null);
      await opened?.close();
      await here.close();
    },
  };
}
