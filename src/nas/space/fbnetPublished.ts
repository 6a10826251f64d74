/**
 * FBNet-A, -B and -C as released (facebookresearch/mobile-vision; spec fbnet 1.7), with the figures of the release and of the paper. The released B
 * is not quite the paper's: there the second layer of stage 4 is reported as `k5_e1`, which gives its 296.6 M multiply–adds.
 */
import type { Choices } from "../mutable";
import { fbnetChoices } from "./fbnetV1";
import type { Space } from "./types";

export interface PublishedFigures {
  readonly params: number;
  /** The release counts the global pool's inputs too. */
  readonly macs: number;
  /** ImageNet top-1, per cent. */
  readonly top1: number;
}

export interface PublishedFbnet {
  readonly name: string;
  /** Candidate of each of the 22 layers. */
  readonly choices: readonly string[];
  /** Channels of the last convolution. */
  readonly last: number;
  /** Without the first 1×1 convolution at expansion 1, weights only. */
  readonly release: PublishedFigures;
  /** Table 2 of the paper, rounded as there. */
  readonly paper: PublishedFigures;
}

/** Stages apart by `/`; `-` skips. */
function layers(text: string): readonly string[] {
  return text.split(/[\s/]+/).map((word) => (word === "-" ? "skip" : word));
}

export const publishedFbnets: readonly PublishedFbnet[] = [
  {
    name: "FBNet-A",
    choices: layers("- / k3_e3 k3_e1 - - / k5_e6 k3_e3 k5_e1 k3_e3 / k5_e6 k5_e3 k5_e1_g2 k5_e6 / k3_e6 k5_e1_g2 k5_e3 k3_e1_g2 / k5_e6 k5_e6 k5_e3 k5_e6 / k5_e6"),
    last: 1504,
    release: { params: 4_270_290, macs: 244_526_360, top1: 73.298 },
    paper: { params: 4_300_000, macs: 249_000_000, top1: 73 },
  },
  {
    name: "FBNet-B",
    choices: layers("k3_e1 / k3_e6 k5_e1 k3_e1 k3_e1 / k5_e6 k5_e3 k3_e6 k5_e6 / k5_e6 k5_e6 - k5_e3 / k5_e6 k3_e1 k5_e1 k5_e3 / k5_e6 k5_e1 k5_e6 k5_e6 / k3_e6"),
    last: 1984,
    release: { params: 4_766_670, macs: 291_101_640, top1: 74.5441 },
    paper: { params: 4_500_000, macs: 295_000_000, top1: 74.1 },
  },
  {
    name: "FBNet-C",
    choices: layers("k3_e1 / k3_e6 - k3_e1 k3_e1 / k5_e6 k5_e3 k5_e6 k3_e6 / k5_e6 k5_e3 k5_e6 k5_e6 / k5_e6 k5_e6 k5_e6 k5_e3 / k5_e6 k5_e6 k5_e6 k5_e6 / k3_e6"),
    last: 1984,
    release: { params: 5_525_420, macs: 378_233_440, top1: 75.2499 },
    paper: { params: 5_500_000, macs: 375_000_000, top1: 74.9 },
  },
];

/** Layers that a space must have to hold the published networks. */
export const publishedLayers = 22;

/** A published network in a space of 22 layers with all candidates; null in any other. */
export function choicesOfPublished({ choices }: PublishedFbnet, { mutables }: Pick<Space, "mutables">): Choices | null {
  const fits = mutables.length === choices.length && mutables.every(({ kind, choices: own }) => kind === "op" && String(own) === String(fbnetChoices));
  return fits ? Object.fromEntries(mutables.map(({ id }, i) => [id, choices[i] ?? ""])) : null;
}
