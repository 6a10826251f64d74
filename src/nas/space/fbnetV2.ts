/**
 * FBNetV2's space (Wan et al., CVPR 2020, arXiv 2004.05565; spec fbnet 2, 4): input resolution, channels, expansions and kernels of a network of inverted
 * residuals, found together by masking one wide network. Members see 32×32 images and sub-sample them first, so whatever feeds a network feeds these.
 */
import { AppError } from "@/lib/appError";
import { costOf } from "../cost";
import type { Graph } from "../graph";
import { graphBuilder } from "../graphBuilder";
import type { Choices } from "../mutable";
import type { CostModel } from "../relaxation/costModel";
import { addConvUnit, addMemberBlock, addMemberTail } from "./fbnetMember";
import { valueSpace, type ValueOf } from "./fbnetValues";
import { maskedCost } from "./fbnetV2Cost";
import { blocksOf, decisionsOf, fbnetV2Layouts, mayAddInput, midWidth, type FbnetV2Layout } from "./fbnetV2Layout";
import { maskedGraph, maskedRows } from "./fbnetV2Search";
import { torchDefaultInit } from "./init";
import { sizes, type MaskedRow, type MaskedSpace, type MaskShare, type SizeId, type Space } from "./types";

/** A space whose members can be masked out of one network. */
export interface FbnetV2Space extends Space {
  readonly masked: MaskedSpace;
  readonly layout: FbnetV2Layout;
}

/** The member: no masks, no mixtures, only what was chosen. */
function memberGraph(layout: FbnetV2Layout, value: ValueOf): Graph {
  const b = graphBuilder([layout.image, layout.image, 3], torchDefaultInit);
  const side = value("resolution");
  const read = side === layout.image ? b.input : b.inSlot("resolution", () => b.node("subsample", { op: "subsample", side }, [b.input]));
  let at = b.inSlot("stem", () => addConvUnit(b, "stem", read, { cout: value("stem"), k: 3, stride: layout.stemStride }, "relu"));
  for (const block of blocksOf(layout)) {
    const [id, cout] = [block.at, value(`${block.at}.channels`)];
    const mid = midWidth(Math.max(...block.cin), value(`${id}.expansion`), layout.divisor);
    const slots = { expand: `${id}.expansion`, depthwise: `${id}.kernel`, project: `${id}.channels` };
    const adds = mayAddInput(block) && b.channelsOf(at) === cout;
    at = addMemberBlock(b, at, { at: id, mid, cout, k: value(`${id}.kernel`), stride: block.stride, adds, slots }, "relu");
  }
  return b.finish(addMemberTail(b, at, layout.last, layout.classes, "relu"));
}

function choicesOf(rows: readonly MaskedRow[], picks: readonly number[]): Choices {
  return Object.fromEntries(
    rows.flatMap(({ id, options, mutables }, row) => {
      const value = options[picks[row] ?? -1];
      if (value === undefined) throw new AppError("bug", `${id} has no option ${picks[row]}.`);
      return mutables.map((mutable) => [mutable, value] as const);
    }),
  );
}

/** Equal arguments give the same object. */
function kept<T>(make: (share: MaskShare, what: string | number | null) => T): (share: MaskShare, what: string | number | null) => T {
  const made = new Map<string, T>();
  return (share, what) => {
    const key = `${share} ${what}`;
    const value = made.get(key) ?? make(share, what);
    made.set(key, value);
    return value;
  };
}

function maskedSpace(layout: FbnetV2Layout, largest: () => Graph): MaskedSpace {
  const rows = { stage: maskedRows(layout, "stage"), block: maskedRows(layout, "block") };
  const graphs = kept((share, resolution) => maskedGraph(layout, share, resolution === null ? null : Number(resolution)));
  const costs = kept((share, metric): { readonly model: CostModel; readonly max: number } => {
    const what = metric === "params" ? "params" : "macs";
    return { model: maskedCost(layout, share, what), max: costOf(largest())[what] };
  });
  return {
    rows: (share) => rows[share],
    searchGraph: (share, resolution) => graphs(share, resolution),
    cost: (share, metric) => costs(share, metric),
    choicesOf: (share, picks) => choicesOf(rows[share], picks),
  };
}

/** The space of a layout. */
export function fbnetV2Space(layout: FbnetV2Layout, size: SizeId): FbnetV2Space {
  const largest = (): Graph => memberGraph(layout, (id) => Math.max(...(decisionsOf(layout).find((decision) => decision.id === id)?.options ?? [])));
  const masked = maskedSpace(layout, largest);
  const space = valueSpace({
    id: "fbnet-v2",
    name: "FBNetV2",
    size,
    params: { last: layout.last, divisor: layout.divisor },
    capabilities: ["masks"],
    decisions: decisionsOf(layout),
    graph: (value) => memberGraph(layout, value),
    supernet: () => masked.searchGraph("stage", layout.resolutions.length - 1),
    masked,
  });
  return { ...space, masked, layout };
}

const made = new Map<SizeId, FbnetV2Space>(sizes.map((size) => [size, fbnetV2Space(fbnetV2Layouts[size], size)]));

/** The space of a size; equal sizes give the same object. */
export function fbnetV2(size: SizeId): FbnetV2Space {
  return made.get(size) ?? fbnetV2Space(fbnetV2Layouts[size], size);
}
