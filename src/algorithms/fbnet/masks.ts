/**
 * FBNetV2's relaxation (arXiv 2004.05565; spec fbnet 2): channel masks M = Σ g_i·l_i on the widest network, kernels mixed by g, and the input resolution
 * either summed over all options on one grid or drawn, one a step, with its gradient passed straight through.
 */
import { AppError } from "@/lib/appError";
import type { Rng } from "@/lib/rng";
import { gateGradient, gumbelGradient, hardGumbel, softGumbel } from "@/nas/cell/gumbel";
import type { ParamName } from "@/nas/graph";
import { geneOf, type IndexMutable } from "@/nas/mutator";
import { clampedNoise } from "@/nas/relaxation/draws";
import { maskGradient, maskOf } from "@/nas/relaxation/masks";
import { maskedGroups } from "@/nas/space/maskedGroups";
import type { MaskedRow, MaskedSpace, Space } from "@/nas/space/types";
import type { MethodEnv } from "../method";
import { inheritMasked } from "./inherit";
import type { Draw, Relaxed } from "./relaxed";
import type { Theta } from "./theta";

/** What a row writes: a mask as wide as its widest option, or one number an option. */
function isMask({ kind }: MaskedRow): boolean {
  return kind === "channels" || kind === "expansion";
}

function nameOf(row: MaskedRow): ParamName {
  return `${isMask(row) ? "mask" : "weights"}.${row.id}`;
}

function maskedOf(space: Space): MaskedSpace {
  if (!space.masked) throw new AppError("bug", `${space.id} has no masks`);
  return space.masked;
}

export function relaxedMasks({ space, executor, config, key }: MethodEnv): Relaxed {
  const masked = maskedOf(space);
  const share = config["fbnet2.share"];
  const rows = masked.rows(share);
  const drawn = config["fbnet2.mode"] === "sampled" ? rows.findIndex(({ kind }) => kind === "resolution") : -1;
  const every = drawn < 0 ? [masked.searchGraph(share, null)] : (rows[drawn]?.options ?? []).map((_, i) => masked.searchGraph(share, i));
  const first = every[0];
  if (!first) throw new AppError("bug", "a masked space without a search graph");
  const shapes = new Map(first.params.map(({ name, shape }) => [name, shape]));
  const norms = new Map(every.flatMap((graph) => graph.norms.map((norm) => [norm.stats, norm] as const)));
  const buffers = rows.map((row) => new Float32Array(isMask(row) ? Math.max(...(row.widths ?? [])) : row.options.length));
  const writes = new Map(rows.map((row, i) => [nameOf(row), buffers[i] ?? new Float32Array()]));
  const mutables = space.mutables as readonly IndexMutable[];
  const optionsOf = new Map(mutables.map((mutable) => [mutable.id, mutable]));

  return {
    rows: rows.map(({ options }) => options.length),
    groups: maskedGroups(rows),
    params: first.params,
    norms: [...norms.values()],
    graphs: every,
    draw: (theta: Theta, tau: number, rng: Rng): Draw => {
      let resolution = 0;
      const samples = rows.map((row, i) => {
        const logits = theta[i] ?? [];
        const noise = clampedNoise(logits.length, rng);
        const hard = i === drawn ? hardGumbel(logits, noise, logits.length, tau) : null;
        const soft = hard?.probs ?? softGumbel(logits, noise, logits.length, tau);
        const buffer = buffers[i] ?? new Float32Array();
        if (hard) {
          resolution = hard.columns[0] ?? 0;
          buffer.fill(1);
        } else buffer.set(isMask(row) ? maskOf(soft, row.widths ?? [], buffer.length) : soft);
        return { soft, hard };
      });
      return {
        graph: every[drawn < 0 ? 0 : resolution] ?? first,
        weights: samples.map(({ soft }) => soft),
        writes,
        backward: (measured, cost) =>
          rows.map((row, i) => {
            const { soft, hard } = samples[i] ?? { soft: new Float64Array(), hard: null };
            const at = measured.get(nameOf(row)) ?? new Float32Array();
            const price = cost[i] ?? [];
            const options = row.options.length;
            if (hard) {
              // The cross entropy saw one option at weight 1, the cost all of them.
              const straight = gateGradient(hard, [at[hard.columns[0] ?? 0] ?? 0], options, tau);
              const priced = gumbelGradient(soft, price, options, tau);
              return straight.map((value, k) => value + (priced[k] ?? 0));
            }
            const upstream = isMask(row) ? maskGradient(at, row.widths ?? []) : Float64Array.from(at);
            return gumbelGradient(soft, upstream.map((value, k) => value + (price[k] ?? 0)), options, tau);
          }),
      };
    },
    choicesOf: (picks) => masked.choicesOf(share, picks),
    picksOf: (choices) =>
      rows.map((row) => {
        const mutable = optionsOf.get(row.mutables[0] ?? "");
        return mutable ? geneOf(mutable, choices) : 0;
      }),
    inherit: (store, choices) => inheritMasked(executor, store, shapes, space.graph(choices), key.fold("inherit")),
  };
}
