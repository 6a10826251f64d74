/** The V2 and V3 parts of `cifar_spaces.json`: members, dimensions, smallest and largest member of any layout of the two spaces. Exact. */
import { fbnetV2Space } from "@/nas/space/fbnetV2";
import { stageOf } from "@/nas/space/fbnetV2Layout";
import { fbnetV3Space, fbnetV3StageOf } from "@/nas/space/fbnetV3";
import type { Arch, Space } from "@/nas/space/types";
import { costOf } from "@/nas/cost";
import { weightsOf } from "@/nas/weightCounts";
import type { Comparison } from "../compare";
import { Fields, runCases } from "../darts/fields";
import type { CaseResult } from "../types";
import { compareCount } from "./counted";

const IMAGE = { image: 32, classes: 10 } as const;

type Options = number | readonly number[];

/** Rows of `stages`, by position: numbers where `shape` has a number, lists of numbers elsewhere. */
function rowsOf<T extends readonly Options[]>(space: Fields, shape: { readonly [K in keyof T]: "number" | "list" }): readonly T[] {
  return space.list("stages").map((row, i) => {
    const cells = Array.isArray(row) ? (row as readonly unknown[]) : [];
    const fits = shape.every((kind, k) => {
      const cell = cells[k];
      return kind === "number" ? typeof cell === "number" : Array.isArray(cell) && cell.length > 0 && cell.every((v) => typeof v === "number");
    });
    return fits ? (cells as unknown as T) : space.fail("stages", `has no ${shape.length} fields of numbers in row ${i}`);
  });
}

/** Ascending: the smallest member takes the first of everything. */
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

function frameOf(space: Fields) {
  return { ...IMAGE, resolutions: sorted(space.numbers("res")), stem: sorted(space.numbers("stem")), stemStride: space.number("stem_stride"), last: space.number("last") };
}

type V2Row = readonly [number, number, readonly number[], readonly number[], readonly number[]];
type V3Row = readonly [number, readonly number[], readonly number[], readonly number[], readonly number[], readonly number[]];

function spaceV2(space: Fields): Space {
  const stages = rowsOf<V2Row>(space, ["number", "number", "list", "list", "list"]).map(([stride, repeats, channels, expansions, kernels]) =>
    stageOf([stride, repeats, sorted(channels), sorted(expansions), sorted(kernels)]),
  );
  return fbnetV2Space({ ...frameOf(space), stages, divisor: space.number("divisor") }, "full");
}

function spaceV3(space: Fields): Space {
  const stages = rowsOf<V3Row>(space, ["number", "list", "list", "list", "list", "list"]).map(([stride, ...options]) => {
    const [repeats = [], channels = [], first = [], others = [], kernels = []] = options.map(sorted);
    return fbnetV3StageOf([stride, repeats, channels, first, others, kernels]);
  });
  return fbnetV3Space({ ...frameOf(space), stages }, "full");
}

/** Weights of convolutions and classifier, and MACs. */
function pairOf(space: Space, { choices }: Arch): [number, number] {
  const graph = space.graph(choices);
  return [weightsOf(graph), costOf(graph).macs];
}

function compareSize(size: Fields, compare: Comparison, space: Space): void {
  const { min, max } = space.extremes("macs");
  if (size.has("archCount")) compareCount(compare, space.count.paths, size.number("archCount"));
  if (size.has("archDims")) compare.exact("dimensions", space.mutables.length, size.number("archDims"));
  if (size.has("maxPath")) compare.exact("largest", pairOf(space, max), size.numbers("maxPath"));
  if (size.has("minPath")) compare.exact("smallest", pairOf(space, min), size.numbers("minPath"));
  if (!size.has("resolutionOverhead")) return;
  const sides = size.fields("space").numbers("res");
  const most = Math.max(...sides);
  compare.number("resolution overhead", sides.reduce((sum, side) => sum + (side / most) ** 2, 0), size.number("resolutionOverhead"), 1e-9); // prettier-ignore
}

function compareSpaces(value: unknown, key: "v2" | "v3", make: (space: Fields) => Space): Promise<readonly CaseResult[]> {
  const sizes = new Fields(value, key);
  return runCases(sizes.keys(), (name) => `${key} ${name}`, (name, compare) => compareSize(sizes.fields(name), compare, make(sizes.fields(name).fields("space"))));
}

/** Cases of the field `v2`, one a size. */
export function compareV2(value: unknown): Promise<readonly CaseResult[]> {
  return compareSpaces(value, "v2", spaceV2);
}

/** Cases of the field `v3`, one a size. */
export function compareV3(value: unknown): Promise<readonly CaseResult[]> {
  return compareSpaces(value, "v3", spaceV3);
}
