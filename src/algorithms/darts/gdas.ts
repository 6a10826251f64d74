/**
 * GDAS (Dong & Yang, CVPR 2019, arXiv 1910.04465; spec darts 5.1): every pass runs one sampled op an edge. Which one is drawn by Gumbel noise on
 * α, whose gradient passes straight through the draw. w moves first, then α on a fresh draw, as in the authors' code. Choosing what runs needs the
 * α of now on this side of the device: one read of a few hundred numbers a step, which no other strategy has.
 */
import { gateGradient, gumbelNoise, hardGumbel, type HardSample } from "@/nas/cell/gumbel";
import type { AlphaGroup } from "@/nas/space/types";
import { temperature } from "@/nn/schedule";
import type { MethodEnv } from "../method";
import { mixedOf } from "./derive";
import { readAlphas } from "./search";
import { alphaUpdate, plainLoss, weightStep, weightUpdate } from "./steps";
import { clipOf, type InnerLosses, type Strategy, type StrategyContext } from "./strategy";

const gateOf = (group: AlphaGroup): string => `gates.${group.id}`;

export function gdasStrategy(env: MethodEnv, { executor, store, graph, config }: StrategyContext): Strategy {
  const mixed = mixedOf(env.space);
  const { groups } = mixed;
  const vectors = executor.vectors(store);
  const noiseKey = env.key.fold("gumbel");
  const [highest, lowest] = [config["gdas.tauMax"], config["gdas.tauMin"]];

  /** One draw serves all cells of a kind in a pass. */
  const draw = (alphas: readonly Float32Array[], step: number, pass: number, tau: number): HardSample[] => {
    const rng = noiseKey.fold(step).fold(pass).stream();
    return groups.map(({ ops }, i) => {
      const alpha = alphas[i] ?? new Float32Array(0);
      return hardGumbel(alpha, gumbelNoise(alpha.length, rng), ops.length, tau);
    });
  };

  return {
    run: async ({ step, epoch, epochs, lr, alphaLr, train, validation, movesAlpha }): Promise<InnerLosses> => {
      const tau = temperature(highest, lowest, epoch, epochs);
      const alphas = await readAlphas(store, groups);
      const sample = draw(alphas, step, 0, tau);
      weightStep(executor, store, mixed.sampledGraph(sample.map(({ columns }) => columns)), train, weightUpdate(lr, config["train.wd"], clipOf(config), true));
      if (!movesAlpha) return { before: 0, after: 0 };

      const held = draw(alphas, step, 1, tau);
      const sampled = mixed.sampledGraph(held.map(({ columns }) => columns));
      executor.accumulate(store, [sampled], validation, { ...plainLoss, part: "architecture" }, true);
      const gates = await vectors.read("gradients", groups.map(gateOf));
      vectors.clear("gradients", "architecture");
      groups.forEach((group, i) => {
        const slopes = gates.get(gateOf(group)) ?? new Float32Array(0);
        vectors.write("gradients", group.param, Float32Array.from(gateGradient(held[i] as HardSample, slopes, group.ops.length, tau)));
      });
      executor.update(store, [graph], alphaUpdate(alphaLr, config["darts.alphaDecay"]));
      return { before: 0, after: 1 };
    },
  };
}
