/** The study's page: measures where WebGPU is. What crosses is text. */
import { chooseDevice } from "@/engine/device";
import { type AdditivityRequest, measureAdditivity } from "./measure";

declare global {
  interface Window {
    /** The run as JSON. */
    latencyStudy(request: AdditivityRequest): Promise<string>;
  }
}

window.latencyStudy = async (request) => {
  const device = await chooseDevice("webgpu", { gpu: navigator.gpu ?? null, onFatal: () => undefined });
  try {
    return JSON.stringify(await measureAdditivity(device, request, () => undefined));
  } finally {
    device.executor.dispose();
  }
};
