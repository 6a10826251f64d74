/** The page of the parity command: handlers run here, where WebGPU is. What crosses is text. */
import { runnerHere } from "../backend";
import { COMPUTED } from "../registry";

declare global {
  interface Window {
    parity: {
      /** Whether the adapter is a graphics card. */
      isHardware(): Promise<boolean>;
      /** The results of a kind as JSON; `text` is its file. */
      run(kind: string, text: string): Promise<string>;
    };
    /** The text of a file beside the kind that runs; of the command. */
    paritySibling(name: string): Promise<string>;
  }
}

const runner = runnerHere("webgpu", COMPUTED);
const sibling = async (name: string): Promise<unknown> => JSON.parse(await window.paritySibling(name)) as unknown;

window.parity = {
  isHardware: async () => {
    const { findAdapter, isSoftwareAdapter } = await import("@/engine/gpu");
    const adapter = await findAdapter(navigator.gpu ?? null);
    return adapter !== null && !isSoftwareAdapter(adapter.info);
  },
  run: async (kind, text) => JSON.stringify(await runner.run(kind, JSON.parse(text) as unknown, sibling)),
};
