/** `arch_counts.json`: FBNet-A, -B, -C layer by layer and in all, with and without the first 1×1 at expansion 1, and the published figures. Exact. */
import { publishedFbnets } from "@/nas/space/fbnetPublished";
import { weightCounts } from "@/nas/weightCounts";
import type { Comparison } from "../compare";
import { type Fields, fileOf, runCases } from "../darts/fields";
import type { Handler } from "../types";
import { type Pair, pairOf, spaceOf } from "./counted";

/** Of the stem, where the file lists no row for it. */
const STEM = { cout: 16, stride: 2 };

interface Layer {
  readonly op: string;
  readonly cout: number;
  readonly stride: number;
}

function layersOf(arch: Fields): readonly Layer[] {
  return arch.list("layers").map((row, i) => {
    const [op, cout, stride] = Array.isArray(row) ? (row as readonly unknown[]) : [];
    if (typeof op !== "string" || typeof cout !== "number" || typeof stride !== "number") return arch.fail("layers", `has no [op, channels, stride] in row ${i}`);
    return { op, cout, stride };
  });
}

/** Every layer is a stage of its own here: only what it reads and gives counts. */
function compareCounts(file: Fields, arch: Fields, key: "released" | "keepPw", compare: Comparison): void {
  const want = arch.fields(key);
  const layers = layersOf(arch);
  const rows = want.has("rows") ? want.records("rows") : [];
  const stem = rows[0] ? { cout: rows[0].number("cout"), stride: rows[0].number("stride") } : STEM;
  const choices = [...new Set(layers.map(({ op }) => op))];
  const space = spaceOf(
    {
      resolution: file.numberOr("resolution", 224),
      classes: file.numberOr("classes", 1000),
      stem: stem.cout,
      stemStride: stem.stride,
      stages: layers.map(({ cout, stride }) => [cout, 1, stride]),
      last: arch.number("lastConv"),
      choices,
    },
    key === "keepPw",
  );
  const genes = layers.map(({ op }) => choices.indexOf(op));
  const counts = weightCounts(space.graph(space.fromGenes(genes)));
  for (const name of ["params", "macs", "macsPlusPool"] as const) if (want.has(name)) compare.exact(name, counts[name], want.number(name));
  if (rows.length === 0) return;
  const { fixed = [], slots = [] } = space.latency ?? {};
  const [before, ...after] = fixed;
  const parts: (readonly [string, Pair])[] = [
    ["conv_k3", pairOf(before)],
    ...layers.map(({ op }, i) => [op, pairOf(slots[i]?.[genes[i] ?? -1])] as const),
    ...after.map((part, i) => [i === 0 ? "conv_k1" : "fc", pairOf(part)] as const),
  ];
  compare.exact("rows", parts.length, rows.length);
  rows.forEach((row, i) => {
    const [op, [params, macs]] = parts[i] ?? ["", [Number.NaN, Number.NaN]];
    const slot = space.slots[i - 1];
    const at = `row ${i}`;
    compare.exact(`${at} op`, op, row.text("op"));
    compare.exact(`${at} params`, params, row.number("params"));
    compare.exact(`${at} MACs`, macs, row.number("macs"));
    if (slot) compare.exact(`${at} shape`, [slot.cin, slot.cout, slot.stride, slot.hout], ["cin", "cout", "stride", "size"].map((name) => row.number(name)));
  });
}

/** The release rounds to ten. */
const rounded = (count: number): number => Math.round(count / 10) * 10;

function comparePublished(file: Fields, name: string, compare: Comparison): void {
  const net = publishedFbnets.find((known) => known.name.toLowerCase() === name.replace("_", "-"));
  if (net === undefined) throw new Error(`${name} is none of ${publishedFbnets.map((known) => known.name).join(", ")}.`);
  const published = file.fields("published").fields(name);
  for (const key of ["params", "macs", "top1"] as const) if (published.has(key)) compare.exact(key, net.release[key], published.number(key));
  const archs = file.fields("archs");
  if (!archs.has(name)) return;
  const arch = archs.fields(name);
  compare.exact("choices", net.choices, layersOf(arch).map(({ op }) => op));
  compare.exact("last", net.last, arch.number("lastConv"));
  if (!arch.has("released")) return;
  const released = arch.fields("released");
  compare.exact("params, rounded", rounded(released.number("params")), net.release.params);
  compare.exact("MACs and pool, rounded", rounded(released.number("macsPlusPool")), net.release.macs);
}

export const archCounts: Handler = async (value) => {
  const file = fileOf(value);
  const archs = file.fields("archs");
  const cases = archs.keys().flatMap((name) => (["released", "keepPw"] as const).filter((key) => archs.fields(name).has(key)).map((key) => ({ name, key })));
  const published = file.has("published") ? file.fields("published").keys() : [];
  return [
    ...(await runCases(cases, ({ name, key }) => `${name} ${key}`, ({ name, key }, compare) => compareCounts(file, archs.fields(name), key, compare))),
    ...(await runCases(published, (name) => `${name} published`, (name, compare) => comparePublished(file, name, compare))),
  ];
};
