/**
 * FBNetV2's search network (arXiv 2004.05565; spec fbnet 2): the widest member with masks on its channels, kernels weighed against one another, and
 * input resolutions either summed on one grid or run one at a time.
 *
 * At one-hot weights it computes what the member of those options computes, with the corner of its weights that the masks keep: masked channels are
 * zero where they are read, so further weights do not matter. With `share` "block" the blocks of a stage may take different widths; the search then
 * still adds every block's input (masked already, as wide as the blocks before it), while a member only adds equal widths.
 *
 * Resolution on one grid: y = Σ_r g_r·Z_r(F(S_r(x))) for the stem and every block F; the next layer's S_r reads exactly the pixels that Z_r wrote.
 * The tail reads the options one by one: last convolution and pool of S_r(y), and the pooled vectors are mixed. A pool over the whole grid would divide
 * by the zeros between the pixels too, and shrink a small option's features by (r/R)².
 */
import type { Graph, ParamName } from "../graph";
import { graphBuilder, type ConvOptions, type GraphBuilder, type Mixture } from "../graphBuilder";
import { blocksOf, decisionsOf, mayAddInput, type FbnetV2Block, type FbnetV2Layout } from "./fbnetV2Layout";
import { torchDefaultInit } from "./init";
import type { MaskedRow, MaskShare } from "./types";

/** Decisions of the search, resolution first; those of one option are left out. */
export function maskedRows(layout: FbnetV2Layout, share: MaskShare): MaskedRow[] {
  const labels = new Map(decisionsOf(layout).map(({ id, label }) => [id, label]));
  const labelOf = (id: string): string => labels.get(id) ?? id;
  const rows: MaskedRow[] = [
    { id: "resolution", label: labelOf("resolution"), kind: "resolution", options: layout.resolutions, mutables: ["resolution"], stage: -1 },
    { id: "stem", label: labelOf("stem"), kind: "channels", options: layout.stem, widths: layout.stem, mutables: ["stem"], stage: -1 },
  ];
  const blocks = blocksOf(layout);
  for (const { at, stage, block, channels, expansions, mids, kernels } of blocks) {
    const one = (what: string): { id: string; label: string; mutables: string[]; stage: number } => ({ id: `${at}.${what}`, label: labelOf(`${at}.${what}`), mutables: [`${at}.${what}`], stage });
    rows.push({ ...one("expansion"), kind: "expansion", options: expansions, widths: mids }, { ...one("kernel"), kind: "kernel", options: kernels });
    const width = { kind: "channels", options: channels, widths: channels } as const;
    if (share === "block") rows.push({ ...one("channels"), ...width });
    else if (block === 0) {
      const mutables = blocks.filter((other) => other.stage === stage).map((other) => `${other.at}.channels`);
      rows.push({ id: `stage.${stage}.channels`, label: `Stage ${stage + 1} channels`, ...width, mutables, stage });
    }
  }
  return rows.filter(({ options }) => options.length > 1);
}

/** Row that decides a block's channels. */
export function channelsRow({ at, stage }: Pick<FbnetV2Block, "at" | "stage">, share: MaskShare): string {
  return share === "block" ? `${at}.channels` : `stage.${stage}.channels`;
}

/** One resolution that runs; names of all but the first end in its suffix, and what they learn is the first one's. */
interface Lane {
  readonly side: number;
  /** Number of `weights.resolution`. */
  readonly index: number;
  readonly suffix: string;
}

/** Architecture parameters by row; null where a decision has no row. */
type Weights = (row: string) => ParamName | null;

function declareWeights(b: GraphBuilder, rows: readonly MaskedRow[]): Weights {
  const names = new Map(
    rows.map(({ id, options, widths }) => [
      id,
      widths
        ? b.architecture(`mask.${id}`, Math.max(...widths), { kind: "constant", value: 1 })
        : b.architecture(`weights.${id}`, options.length, { kind: "constant", value: 1 / options.length }),
    ]),
  );
  return (row) => names.get(row) ?? null;
}

function conv(b: GraphBuilder, name: string, { suffix }: Lane, from: number, options: ConvOptions): number {
  return b.conv(name + suffix, from, suffix === "" ? options : { ...options, weight: `${name}.weight` });
}

function norm(b: GraphBuilder, name: string, { suffix }: Lane, from: number): number {
  return suffix === "" ? b.batchNorm(name, from) : b.batchNorm(name + suffix, from, true, { gamma: `${name}.weight`, beta: `${name}.bias` });
}

function masked(b: GraphBuilder, name: string, { suffix }: Lane, from: number, weights: ParamName | null): number {
  return weights === null ? from : b.mask(name + suffix, from, weights);
}

/** Depthwise convolutions of all kernels, each with its norm, weighed. */
function addKernels(b: GraphBuilder, from: number, { at, stride, kernels }: FbnetV2Block, lane: Lane, weights: ParamName | null): number {
  const branches = kernels.map((k) => {
    const name = `${at}.k${k}.dw`;
    const filtered = b.depthwise(name + lane.suffix, from, lane.suffix === "" ? { k, stride } : { k, stride, weight: `${name}.weight` });
    return norm(b, `${at}.k${k}.bn2`, lane, filtered);
  });
  const [only = from] = branches;
  return weights === null ? only : b.mix(`${at}.kernel${lane.suffix}`, branches, { weights, begin: 0, count: kernels.length, soft: false });
}

function addBlock(b: GraphBuilder, from: number, block: FbnetV2Block, lane: Lane, share: MaskShare, weights: Weights): number {
  const { at, mids, channels } = block;
  const middle = weights(`${at}.expansion`);
  const wide = b.relu(`${at}.relu1${lane.suffix}`, norm(b, `${at}.bn1`, lane, conv(b, `${at}.expand`, lane, from, { cout: Math.max(...mids) })));
  const kept = masked(b, `${at}.mask1`, lane, wide, middle);
  const filtered = b.relu(`${at}.relu2${lane.suffix}`, addKernels(b, kept, block, lane, weights(`${at}.kernel`)));
  // Once more: the norm after the depthwise gives β where the first mask left nothing.
  const again = masked(b, `${at}.mask2`, lane, filtered, middle);
  const narrow = norm(b, `${at}.bn3`, lane, conv(b, `${at}.project`, lane, again, { cout: Math.max(...channels) }));
  const branch = masked(b, `${at}.mask3`, lane, narrow, weights(channelsRow(block, share)));
  return mayAddInput(block) ? b.node(`${at}.add${lane.suffix}`, { op: "add" }, [branch, from]) : branch;
}

function addStem(b: GraphBuilder, from: number, { stem, stemStride }: FbnetV2Layout, lane: Lane, weights: Weights): number {
  const raw = norm(b, "stem.bn", lane, conv(b, "stem.conv", lane, from, { cout: Math.max(...stem), k: 3, stride: stemStride }));
  return masked(b, "stem.mask", lane, b.relu(`stem.relu${lane.suffix}`, raw), weights("stem"));
}

function addPooled(b: GraphBuilder, from: number, { last }: FbnetV2Layout, lane: Lane): number {
  const features = b.relu(`last.relu${lane.suffix}`, norm(b, "last.bn", lane, conv(b, "last.conv", lane, from, { cout: last })));
  return b.node(`pool${lane.suffix}`, { op: "globalAvgPool" }, [features]);
}

const sideOf = (b: GraphBuilder, node: number): number => b.shapeOf(node)[0] ?? 0;

function subsampled(b: GraphBuilder, name: string, from: number, side: number): number {
  return sideOf(b, from) === side ? from : b.node(name, { op: "subsample", side }, [from]);
}

function scattered(b: GraphBuilder, name: string, from: number, side: number): number {
  return sideOf(b, from) === side ? from : b.node(name, { op: "scatter", side }, [from]);
}

/** Only one resolution: the whole network at its side, and what is pooled times its weight. */
function addOne(b: GraphBuilder, layout: FbnetV2Layout, lane: Lane, share: MaskShare, weights: Weights): number {
  let at = addStem(b, subsampled(b, "subsample", b.input, lane.side), layout, lane, weights);
  for (const block of blocksOf(layout)) at = addBlock(b, at, block, lane, share, weights);
  const pooled = addPooled(b, at, layout, lane);
  const resolution = weights("resolution");
  const count = layout.resolutions.length;
  return resolution === null ? pooled : b.mix("resolution", [pooled], { weights: resolution, begin: 0, count, soft: false }, [lane.index]);
}

/** y = Σ_r weights[r]·Z_r(F(S_r(x))): what runs at which side, and the mixture's number of each. */
export interface ResolutionLayer {
  /** Side that each option reads; at most that of the map. */
  readonly sides: readonly number[];
  /** Of the whole layer: the options are written to a map of ⌈side/stride⌉. */
  readonly stride: number;
  readonly mixture: Pick<Mixture, "weights" | "count">;
  readonly index: readonly number[];
  /** Ends of the names of each option's nodes. */
  readonly suffixes: readonly string[];
}

/** Adds F at every side; returns the sum, and the sides of the options in it. */
export function addResolutionLayer(b: GraphBuilder, name: string, from: number, { sides, stride, mixture, index, suffixes }: ResolutionLayer, add: (value: number, option: number) => number) {
  const values = sides.map((side, i) => add(subsampled(b, `${name}.subsample${suffixes[i] ?? ""}`, from, side), i));
  const grid = Math.ceil(sideOf(b, from) / stride);
  const spread = values.map((value, i) => scattered(b, `${name}.scatter${suffixes[i] ?? ""}`, value, grid));
  const node = b.mix(`${name}.resolution`, spread, { ...mixture, begin: 0, soft: false }, index);
  return { node, sides: values.map((value) => sideOf(b, value)) };
}

/** All of them, summed on the grid of the largest after every layer. */
function addAll(b: GraphBuilder, layout: FbnetV2Layout, lanes: readonly Lane[], share: MaskShare, weights: Weights): number {
  const resolution = weights("resolution");
  const [only] = lanes;
  if (resolution === null) return only ? addOne(b, layout, only, share, weights) : b.input;
  const mixture = { weights: resolution, count: layout.resolutions.length };
  const index = lanes.map((lane) => lane.index);
  const suffixes = lanes.map(({ suffix }) => suffix);
  let sides: readonly number[] = lanes.map(({ side }) => side);
  const layer = (name: string, from: number, stride: number, add: (value: number, lane: Lane) => number): number => {
    const added = addResolutionLayer(b, name, from, { sides, stride, mixture, index, suffixes }, (value, i) => add(value, lanes[i] as Lane));
    ({ sides } = added);
    return added.node;
  };
  let at = layer("stem", b.input, layout.stemStride, (value, lane) => addStem(b, value, layout, lane, weights));
  for (const block of blocksOf(layout)) at = layer(block.at, at, block.stride, (value, lane) => addBlock(b, value, block, lane, share, weights));
  const pooled = lanes.map((lane, i) => addPooled(b, subsampled(b, `last.subsample${lane.suffix}`, at, sides[i] ?? 0), layout, lane));
  return b.mix("resolution", pooled, { ...mixture, begin: 0, soft: false }, index);
}

/**
 * The network that is searched; see `MaskedSpace.searchGraph`. Parameters and their order are the same for every `resolution`. Running statistics of
 * single resolutions are one set; where all run, each option has its own, those of the largest under the plain names.
 */
export function maskedGraph(layout: FbnetV2Layout, share: MaskShare, resolution: number | null): Graph {
  const b = graphBuilder([layout.image, layout.image, 3], torchDefaultInit);
  const weights = declareWeights(b, maskedRows(layout, share));
  const lanes = layout.resolutions.map((side, index): Lane => ({ side, index, suffix: "" }));
  // Largest first: it declares what the others share.
  const all = [...lanes].reverse().map((lane, i): Lane => (i === 0 ? lane : { ...lane, suffix: `.r${lane.side}` }));
  const lane = resolution === null ? undefined : lanes[resolution];
  const pooled = lane ? addOne(b, layout, lane, share, weights) : addAll(b, layout, all, share, weights);
  return b.finish(b.linear("classifier", pooled, layout.classes));
}
