/** Initial values shared by spaces that state none of their own. */
import type { InitPolicy } from "../graphBuilder";

/** He normal, fan-out mode (std √(2/fan), fan = k²·cout/groups, depthwise k²); γ = 1, β = 0; classifier N(0, 0.01), bias 0. */
export const heNormalInit: InitPolicy = {
  conv: (k, _, cout, groups) => ({ kind: "normal", std: Math.sqrt((2 * groups) / (k * k * cout)) }),
  depthwise: (k) => ({ kind: "normal", std: Math.sqrt(2) / k }),
  linear: { kind: "normal", std: 0.01 },
  bias: { kind: "constant", value: 0 },
  gamma: { kind: "constant", value: 1 },
  beta: { kind: "constant", value: 0 },
};
