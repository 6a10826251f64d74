/**
 * The MobileNetV2-like space that AngleNAS searched with SPOS (MMRazor 0.x), 22 slots at 224². It prices subnet files and is not
 * trained here.
 */
import type { GraphBuilder } from "../graphBuilder";
import { torchDefaultInit } from "./init";
import { singlePathSpace, stageSlots, type SinglePathSpace, type SlotDef } from "./singlePath";

/** Candidates of every slot but the first, in gene order. */
export const mobilenetChoices = ["mb_k3e3", "mb_k5e3", "mb_k7e3", "mb_k3e6", "mb_k5e6", "mb_k7e6", "identity"] as const;
const firstChoices = ["mb_k3e1"] as const;

const stemWidth = 40;
const lastWidth = 1728;
const stages = [
  { width: 24, repeats: 1, stride: 1 },
  { width: 32, repeats: 4, stride: 2 },
  { width: 56, repeats: 4, stride: 2 },
  { width: 112, repeats: 4, stride: 2 },
  { width: 128, repeats: 4, stride: 1 },
  { width: 256, repeats: 4, stride: 2 },
  { width: 432, repeats: 1, stride: 1 },
] as const;

/** Kernel side and expansion that a candidate's name states; null for the identity. */
function parseChoice(choice: string): { readonly k: number; readonly expansion: number } | null {
  const match = /^mb_k(\d)e(\d)$/.exec(choice);
  return match === null ? null : { k: Number(match[1]), expansion: Number(match[2]) };
}

function addBlock(b: GraphBuilder, from: number, slot: SlotDef, choice: string): number {
  const at = `${slot.mutable}.${choice}`;
  const keeps = slot.stride === 1 && slot.cin === slot.cout;
  const block = parseChoice(choice);
  if (block === null) {
    if (keeps) return from;
    return b.batchNorm(`${at}.bn`, b.conv(`${at}.conv`, from, { cout: slot.cout, stride: slot.stride }));
  }
  let wide = from;
  if (block.expansion > 1) {
    wide = b.relu6(
      `${at}.relu1`,
      b.batchNorm(`${at}.bn1`, b.conv(`${at}.expand`, from, { cout: block.expansion * slot.cin })),
    );
  }
  const depthwise = b.depthwise(`${at}.dw`, wide, { k: block.k, stride: slot.stride });
  const filtered = b.relu6(`${at}.relu2`, b.batchNorm(`${at}.bn2`, depthwise));
  const project = b.batchNorm(`${at}.bn3`, b.conv(`${at}.project`, filtered, { cout: slot.cout }));
  return keeps ? b.node(`${at}.add`, { op: "add" }, [project, from]) : project;
}

/** The space at 224² and 1,000 classes. Mutables are `layers.<stage>.<block>`; `layers.0.0` has the single choice `mb_k3e1`. */
export function sposMobilenet(): SinglePathSpace {
  const resolution = 224;
  const classes = 1000;
  return singlePathSpace({
    id: "spos-mobilenet",
    name: "SPOS MobileNetV2",
    size: "full",
    params: { width: 1, resolution, classes },
    capabilities: ["opChoice"],
    input: [resolution, resolution, 3],
    init: torchDefaultInit,
    slots: stageSlots({
      cin: stemWidth,
      side: resolution / 2,
      stages,
      id: (_, stage, block) => `layers.${stage}.${block}`,
      choices: (stage) => (stage === 0 ? firstChoices : mobilenetChoices),
    }),
    stem: (b) =>
      b.relu6("stem.relu", b.batchNorm("stem.bn", b.conv("stem.conv", b.input, { cout: stemWidth, k: 3, stride: 2 }))),
    block: addBlock,
    last: (b, from) => b.relu6("out.relu", b.batchNorm("out.bn", b.conv("out.conv", from, { cout: lastWidth }))),
    head: (b, from) => b.linear("classifier", b.node("out.pool", { op: "globalAvgPool" }, [from]), classes),
  });
}
