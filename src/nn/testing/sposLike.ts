/** Only for tests and the bench: one path of a ShuffleNetV2-style network as SPOS trains it, in the size that the bench fixes or a smaller one. */
import { graphBuilder, type GraphBuilder } from "@/nas/graphBuilder";
import type { Graph } from "@/nas/graph";
import { torchDefaultInit } from "@/nas/space/init";

export interface SposLikeOptions {
  /** Channels of the stem; 16 when absent. */
  readonly stem?: number;
  /** Channels of the stages, two blocks each; 32, 64, 128 when absent. */
  readonly widths?: readonly number[];
  /** Kernel sizes of the blocks in order, repeated; 3, 5, 7 when absent. */
  readonly kernels?: readonly number[];
  readonly side?: number;
  readonly classes?: number;
}

function pointwise(b: GraphBuilder, name: string, from: number, cout: number): number {
  return b.relu(`${name}.relu`, b.batchNorm(`${name}.bn`, b.conv(`${name}.conv`, from, { cout })));
}

function spatial(b: GraphBuilder, name: string, from: number, k: number, stride: number): number {
  return b.batchNorm(`${name}.bn`, b.depthwise(`${name}.conv`, from, { k, stride }));
}

function block(b: GraphBuilder, name: string, from: number, cout: number, k: number, stride: number): number {
  const half = cout / 2;
  const cut = (what: string, begin: number): number => b.node(`${name}.${what}`, { op: "slice", begin, size: half }, [from]);
  const whole = stride > 1;
  const kept = whole ? pointwise(b, `${name}.proj2`, spatial(b, `${name}.proj1`, from, k, stride), half) : cut("keep", 0);
  const main = pointwise(b, `${name}.main1`, whole ? from : cut("split", half), half);
  const last = pointwise(b, `${name}.main3`, spatial(b, `${name}.main2`, main, k, stride), half);
  const joined = b.node(`${name}.concat`, { op: "concat" }, [kept, last]);
  return b.node(`${name}.shuffle`, { op: "shuffle", groups: 2 }, [joined]);
}

export function sposLike({ stem = 16, widths = [32, 64, 128], kernels = [3, 5, 7], side = 32, classes = 10 }: SposLikeOptions = {}): Graph {
  const b = graphBuilder([side, side, 3], torchDefaultInit);
  let at = b.relu("stem.relu", b.batchNorm("stem.bn", b.conv("stem.conv", b.input, { cout: stem, k: 3 })));
  let index = 0;
  widths.forEach((width, stage) => {
    for (const stride of [2, 1]) {
      const k = kernels[index % kernels.length] ?? 3;
      at = b.inSlot(`layer.${index}`, () => block(b, `stage.${stage}.${stride === 2 ? 0 : 1}`, at, width, k, stride));
      index++;
    }
  });
  return b.finish(b.linear("fc", b.node("mean", { op: "globalAvgPool" }, [at]), classes));
}
