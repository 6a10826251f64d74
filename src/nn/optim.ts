/** One optimizer step over the parameters that have gradients, as PyTorch does it: clip, decay, momentum. Others stay bit-equal. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { adamUpdate, clipFactor, sgdUpdate } from "@/kernels/ops/update";
import type { ParamRole } from "@/nas/graph";
import type { AdamOptions, SgdOptions, UpdateOptions } from "./executor";

export type OptimizerState =
  | { readonly kind: "sgd"; readonly momentum: Tensor }
  | { readonly kind: "adam"; readonly m: Tensor; readonly v: Tensor; readonly step: number };

/** What the step reads and replaces; `replace` owns the new tensors and frees the old ones. */
export interface Updatable {
  value(name: string): Tensor;
  role(name: string): ParamRole;
  state(name: string): OptimizerState | null;
  replace(name: string, value: Tensor, state: OptimizerState | null): void;
}

const exempt: ReadonlySet<ParamRole> = new Set<ParamRole>(["gamma", "beta", "bias", "architecture"]);

/** Weight decay of a parameter by its role. */
export function decayOf(options: SgdOptions | AdamOptions, role: ParamRole): number {
  return options.decayNorms || !exempt.has(role) ? options.weightDecay : 0;
}

function updateOne(target: Updatable, name: string, gradient: Tensor, factor: Tensor, options: UpdateOptions): void {
  const { optimizer, lr } = options;
  const [value, state] = [target.value(name), target.state(name)];
  const decay = decayOf(optimizer, target.role(name));
  if (optimizer.kind === "sgd") {
    const buffer = state?.kind === "sgd" ? state.momentum : null;
    const attrs = { lr, momentum: optimizer.momentum, decay, nesterov: optimizer.nesterov ?? false };
    const next = sgdUpdate(value, gradient, buffer, factor, attrs);
    target.replace(name, next.p, optimizer.momentum === 0 ? null : { kind: "sgd", momentum: next.buf });
    return;
  }
  const known = state?.kind === "adam" ? state : null;
  const step = (known?.step ?? 0) + 1;
  const { beta1, beta2, eps } = optimizer;
  const next = adamUpdate(value, gradient, known, factor, { lr, beta1, beta2, eps, decay, step });
  target.replace(name, next.p, { kind: "adam", m: next.m, v: next.v, step });
}

/** Clips the gradients together, then updates every parameter among them. Call inside `tidy`. */
export function applyGradients(target: Updatable, gradients: ReadonlyMap<string, Tensor>, options: UpdateOptions): void {
  const factor = clipFactor([...gradients.values()], options.clip);
  for (const [name, gradient] of gradients) updateOne(target, name, gradient, factor, options);
}
