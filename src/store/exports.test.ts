/** What is exported when: the network on show, else what stands for the run; formats by space; pictures; imports back on show. */
import { beforeEach, describe, expect, it } from "vitest";
import { initialRun, runStore } from "./run";
import { choicesOfGenotype } from "@/nas/cell/choices";
import { parseCellId } from "@/nas/cell/id";
import type { Choices } from "@/nas/mutable";
import type { RunMetrics } from "@/session/protocol";
import { latestState, runPlan } from "@/ui/testing/runFixture";
import type { ExportedFile, ExportFormat } from "./actions";
import { type DrawnCells, provideCellPictures } from "./cellPictures";
import { experimentStore, setGiven } from "./experiment";
import { exportArchitecture, importNetwork, offeredFormats } from "./exports";
import { history } from "./history";
import { networkStore, showNetwork, spaceOf } from "./network";

const ids = {
  winner: "n:s3.1+s3.0-sk.0+d3.2;r:mp.0+mp.1-sk.2+mp.1",
  best: "n:s3.0+s3.1-sk.0+d3.1;r:mp.0+mp.1-sk.2+mp.1",
  derived: "n:s5.1+s3.0-sk.0+d5.2;r:ap.0+mp.1-sk.2+mp.1",
};
const setn = "n:sk.0+s5.1-s5.0+s3.1-s5.1+s5.3-mp.1+c3.4;r:s3.0+s5.1-ap.0+s5.1-ap.0+s5.1-ap.0+sk.1";
const nasnet =
  "n:s5.1+s3.0-s5.0+s3.0-ap.1+sk.0-ap.0+ap.0-s3.1+sk.1;r:s5.1+s7.0-mp.1+s7.0-ap.1+s5.0-sk.3+ap.2-s3.2+mp.1/456";

function choicesOf(id: string): Choices {
  const genotype = parseCellId(id);
  if (!genotype.ok) throw new Error(genotype.problem.message);
  return choicesOfGenotype(genotype.value);
}

/** A run on cells of nano whose metrics say this much. */
function running(metrics: Partial<RunMetrics>, path: readonly number[] = []): void {
  setGiven({ algorithm: "darts", space: "darts-cell", size: "nano" });
  const latest = latestState({ path: Int8Array.from(path) });
  runStore.setState({
    plan: runPlan(experimentStore.getState().config),
    latest: { ...latest, metrics: { ...latest.metrics, ...metrics } },
  });
}

function show(id: string): void {
  const accuracies = { supernetAccuracy: null, retrainedAccuracy: null };
  showNetwork({
    source: "imported",
    spaceId: "darts-cell",
    size: "small",
    arch: { id, choices: choicesOf(id) },
    ...accuracies,
  });
}

async function exported(format: Exclude<ExportFormat, "safetensors" | "tfjs">): Promise<ExportedFile> {
  const made = await exportArchitecture(format);
  if (!made.ok) throw new Error(made.problem.message);
  return made.value;
}

async function why(format: Exclude<ExportFormat, "safetensors" | "tfjs">): Promise<string> {
  const made = await exportArchitecture(format);
  return made.ok ? "" : made.problem.message;
}

interface Arch {
  readonly id: string;
  readonly choices: Choices;
  readonly origin: unknown;
  readonly metrics: Readonly<Record<string, unknown>>;
}
const archFile = async (): Promise<Arch> => JSON.parse((await exported("arch")).text ?? "") as Arch;

beforeEach(() => {
  runStore.setState(initialRun, true);
  setGiven({});
  showNetwork(null);
  history.clear();
});

describe("what stands for the run", () => {
  const accuracy = { value: 0.4, n: 500 };
  const derived = { id: ids.derived, choices: choicesOf(ids.derived) };
  const best = { id: ids.best, accuracy, macs: 1, params: 2 };
  const winner = { id: ids.winner, choices: choicesOf(ids.winner), macs: 1, params: 2, supernet: accuracy, index: 0 };

  it("is the winner, else the best, else what α says, else the path in training", async () => {
    expect(await why("arch")).toContain("no network to export yet");
    running({});
    expect(await why("arch")).toContain("no network to export yet");
    const path = spaceOf("darts-cell", "nano").mutables.map(
      (mutable, i) => (i % 4 === 3 ? 1 : 0) % mutable.choices.length,
    );
    running({}, path);
    expect((await archFile()).id).toBe("n:mp.0+mp.1-mp.0+mp.1;r:mp.0+mp.1-mp.0+mp.1");
    running({ derived }, path);
    const file = await archFile();
    expect([file.id, file.choices, file.origin]).toEqual([
      ids.derived,
      derived.choices,
      { kind: "derived", rule: "official" },
    ]);
    expect(file.metrics["macs"]).toBe(spaceOf("darts-cell", "nano").cost(derived.choices).macs);
    expect("mixtureAccuracy" in file.metrics).toBe(false);
    running({ derived, best }, path);
    expect((await archFile()).id).toBe(ids.best);
    running(
      { derived, best, winner, test: accuracy, gap: { supernet: { value: 0.5, n: 500 }, derived: accuracy } },
      path,
    );
    const last = await archFile();
    // Slots in the order of the search, not sorted.
    expect([last.id, last.choices]).toEqual([ids.winner, winner.choices]);
    expect(last.metrics).toMatchObject({ retrainedAccuracy: accuracy, mixtureAccuracy: { value: 0.5, n: 500 } });
  });

  it("gives way to the network on show", async () => {
    running({ winner });
    show(nasnet);
    expect((await archFile()).id).toBe(nasnet);
  });

  it("still writes layers, under the id that the file name bears", async () => {
    setGiven({ algorithm: "spos", space: "macro8", size: "nano" });
    runStore.setState({
      plan: runPlan(experimentStore.getState().config),
      latest: latestState({ path: Int8Array.from([0, 2, 1, 2, 0, 1, 1, 2]) }),
    });
    const file = await exported("spos-vector");
    expect([file.name, file.mime, file.notes]).toEqual(["macro8-nano-02120112.txt", "text/plain", []]);
    expect(await why("genotype")).toContain("has layers, not cells");
    expect(await why("cells-svg")).toContain("has layers, not cells");
  });
});

describe("formats of cells", () => {
  it("have names without the signs of ids, and say what they lose", async () => {
    show(nasnet);
    const nni = await exported("nni");
    expect(nni.name).toMatch(/^darts-cell-small-[0-9a-f]{8}\.nni\.json$/);
    expect([nni.mime, nni.notes]).toEqual([
      "application/json",
      ["NNI gives out every node, so the list reduce_concat = [4, 5, 6] is lost."],
    ]);
    const genotype = await exported("genotype");
    expect([genotype.mime, genotype.name.slice(-13), genotype.notes]).toEqual(["text/plain", ".genotype.txt", []]);
    expect(await why("razor-cells")).toContain("5 nodes");
    const offered = offeredFormats();
    expect(offered.map(({ format }) => format)).toEqual([
      "arch",
      "genotype",
      "nni",
      "razor-cells",
      "cells-svg",
      "cells-png",
      "safetensors",
      "tfjs",
    ]);
    expect(offered.filter(({ problem }) => problem !== null).map(({ format }) => format)).toEqual(["razor-cells"]);
  });

  it("are offered by the space on stage while there is no network", () => {
    setGiven({ space: "nasbench201-cell", size: "tiny" });
    expect(offeredFormats().map(({ format }) => format)).toEqual([
      "arch",
      "genotype",
      "nni",
      "cells-svg",
      "cells-png",
      "safetensors",
      "tfjs",
    ]);
    expect(offeredFormats().every(({ problem }) => problem === null)).toBe(true);
  });

  it("have no price where the network cannot be built", async () => {
    show(setn);
    expect((await archFile()).metrics).toMatchObject({ macs: null, params: null });
  });

  it("include pictures, which the page draws", async () => {
    show(ids.derived);
    const drawn: [DrawnCells, string][] = [];
    provideCellPictures({
      svg: (cells, { title }) => {
        drawn.push([cells, title]);
        return Promise.resolve("<svg/>");
      },
      png: (svg) => Promise.resolve(Uint8Array.of(svg.length)),
    });
    const svg = await exported("cells-svg");
    expect([svg.name.slice(-4), svg.mime, svg.text]).toEqual([".svg", "image/svg+xml", "<svg/>"]);
    const png = await exported("cells-png");
    expect([png.mime, png.text, [...png.bytes]]).toEqual(["image/png", null, [6]]);
    expect(drawn[0]?.[1]).toBe("DARTS cells, small");
    expect(drawn[0]?.[0]).toMatchObject({ kind: "genotype", genotype: { normal: { concat: [2, 3] } } });
  });
});

describe("an import", () => {
  it("shows cells at the size on stage, exactly as the file has them", async () => {
    show(ids.winner);
    const text = (await exported("genotype")).text ?? "";
    showNetwork(null);
    setGiven({ space: "darts-cell", size: "tiny" });
    const read = importNetwork(text);
    if (!read.ok) throw new Error(read.problem.message);
    expect(networkStore.getState().shown).toBeNull();
    read.value.apply();
    expect(networkStore.getState().shown).toMatchObject({
      ...{ source: "imported", spaceId: "darts-cell", size: "tiny" },
      arch: { id: ids.winner, choices: choicesOf(ids.winner) },
    });
    expect((await exported("genotype")).text).toBe(text);
  });

  it("shows a cell of NAS-Bench-201 in its own space", () => {
    const id = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|";
    const read = importNetwork(id);
    if (!read.ok) throw new Error(read.problem.message);
    read.value.apply();
    expect(networkStore.getState().shown).toMatchObject({ spaceId: "nasbench201-cell", size: "nano", arch: { id } });
  });
});
