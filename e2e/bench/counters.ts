/** Counts what a run does, whoever does it: calls of WebGPU, and typed arrays where asked. */

export const gpuCounts = { dispatches: 0, pipelines: 0, objects: 0 };

type Method = (...args: unknown[]) => unknown;

function wrap(prototype: object | undefined, name: string, count: () => void): void {
  const target = prototype as Record<string, Method> | undefined;
  const original = target?.[name];
  if (target === undefined || original === undefined) return;
  target[name] = function (this: unknown, ...args: unknown[]) {
    count();
    return original.apply(this, args);
  };
}

/** Once, before anything asks for a device. Does nothing where there is no WebGPU. */
export function countGpu(): void {
  if (typeof GPUDevice === "undefined") return;
  for (const name of ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"])
    wrap(GPUComputePassEncoder.prototype, name, () => void gpuCounts.dispatches++);
  for (const name of ["createComputePipeline", "createComputePipelineAsync"])
    wrap(GPUDevice.prototype, name, () => void gpuCounts.pipelines++);
  for (const name of ["createBuffer", "createBindGroup"]) wrap(GPUDevice.prototype, name, () => void gpuCounts.objects++);
}

const arrayNames = ["Float32Array", "Float64Array", "Int32Array", "Uint32Array", "Uint8Array", "Int16Array", "Uint16Array", "Int8Array"] as const;

/** Typed arrays that `work` constructs (views by `subarray` are not seen); slows construction down only while it runs. */
export async function countTypedArrays(work: () => void | Promise<void>): Promise<number> {
  const scope = globalThis as unknown as Record<string, unknown>;
  const originals = arrayNames.map((name) => scope[name]);
  let count = 0;
  arrayNames.forEach((name, i) => {
    const original = originals[i] as new (...args: unknown[]) => object;
    scope[name] = new Proxy(original, {
      construct(target, args, newTarget) {
        count++;
        return Reflect.construct(target, args, newTarget === scope[name] ? target : newTarget) as object;
      },
    });
  });
  try {
    await work();
  } finally {
    arrayNames.forEach((name, i) => (scope[name] = originals[i]));
  }
  return count;
}
