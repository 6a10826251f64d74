/** The V1 part of `cifar_spaces.json`: every candidate's costs, the supernet, smallest and largest member, of any layout of FBNet's layer space. Exact. */
import type { SinglePathSpace } from "@/nas/space/singlePath";
import type { Comparison } from "../compare";
import { Fields, runCases } from "../darts/fields";
import type { CaseResult } from "../types";
import { compareCount, type Pair, pairOf, spaceOf, sumOf } from "./counted";

const CLASSES = 10;

function spaceV1(size: Fields): SinglePathSpace {
  const space = size.fields("space");
  const stages = space.list("stages").map((row, i): readonly [number, number, number] => {
    const [width, repeats, stride] = Array.isArray(row) ? (row as readonly unknown[]) : [];
    if (typeof width !== "number" || typeof repeats !== "number" || typeof stride !== "number") return space.fail("stages", `has no [channels, repeats, stride] in row ${i}`);
    return [width, repeats, stride];
  });
  const choices = space.list("ops").map(String);
  return spaceOf(
    { resolution: space.number("res"), classes: CLASSES, stem: space.number("stem"), stemStride: space.number("stem_stride"), stages, last: space.number("last"), choices },
    true,
  );
}

/** Weights and MACs of a member: the fixed parts and one candidate a layer. */
function pathPair(space: SinglePathSpace, genes: readonly number[]): Pair {
  const { fixed = [], slots = [] } = space.latency ?? {};
  return sumOf([...fixed.map(pairOf), ...slots.map((choices, i) => pairOf(choices[genes[i] ?? -1]))]);
}

function compareSize(size: Fields, compare: Comparison): void {
  const space = spaceV1(size);
  const { fixed = [], slots = [] } = space.latency ?? {};
  const [params, macs] = sumOf([...fixed.map(pairOf), ...slots.flat().map(pairOf)]);
  const { min, max } = space.extremes("macs");
  if (size.has("searchedLayers")) compare.exact("layers", space.slots.length, size.number("searchedLayers"));
  if (size.has("archCount")) compareCount(compare, space.count.paths, size.number("archCount"));
  if (size.has("supernetParams")) compare.exact("supernet params", params, size.number("supernetParams"));
  if (size.has("supernetMacs")) compare.exact("supernet MACs", macs, size.number("supernetMacs"));
  if (size.has("maxPath")) compare.exact("largest", pathPair(space, space.genes(max.choices)), size.numbers("maxPath"));
  if (size.has("minPath")) compare.exact("smallest", pathPair(space, space.genes(min.choices)), size.numbers("minPath"));
  for (const [i, layer] of (size.has("layers") ? size.records("layers") : []).entries()) {
    const slot = space.slots[i];
    if (slot === undefined) return compare.problem(`there is no layer ${i}`);
    compare.exact(`layer ${i}`, [slot.cin, slot.cout, slot.stride, slot.hin], ["cin", "cout", "stride", "sizeIn"].map((key) => layer.number(key)));
    const costs = layer.fields("paramsMacs");
    for (const choice of costs.keys()) {
      const gene = space.mutables[i]?.choices.indexOf(choice) ?? -1;
      if (gene < 0) compare.problem(`layer ${i} has no candidate ${choice}`);
      else compare.exact(`layer ${i} ${choice}`, pairOf(slots[i]?.[gene]), costs.numbers(choice));
    }
  }
}

/** Cases of the field `v1`, one a size. */
export function compareV1(value: unknown): Promise<readonly CaseResult[]> {
  const sizes = new Fields(value, "v1");
  return runCases(sizes.keys(), (name) => `v1 ${name}`, (name, compare) => compareSize(sizes.fields(name), compare));
}
