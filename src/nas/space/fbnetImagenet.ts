/** FBNet's space as published, 22 layers for images of 224×224 and 1,000 classes (arXiv 1812.03443 table 1; spec fbnet 1.1): for counts, not trained here. */
import { AppError } from "@/lib/appError";
import { fbnetChoices, fbnetSpace, type FbnetLayout } from "./fbnetV1";
import type { SinglePathSpace } from "./singlePath";

export interface FbnetImagenetOptions {
  /** Whether blocks of expansion 1 have their first 1×1 convolution: the paper's have, the released models' have not. */
  readonly keepPw: boolean;
  /** Channels of the last convolution: 1,504 of FBNet-A, 1,984 of FBNet-B and -C. */
  readonly last: number;
  /** Side of the image, a multiple of 32. */
  readonly resolution?: number;
  readonly classes?: number;
}

const stages: FbnetLayout["stages"] = [[16, 1, 1], [24, 4, 2], [32, 4, 2], [64, 4, 2], [112, 4, 1], [184, 4, 2], [352, 1, 1]]; // prettier-ignore

/** Throws `config.invalid` for a resolution that is not a positive multiple of 32. */
export function fbnetImagenet({ keepPw, last, resolution = 224, classes = 1000 }: FbnetImagenetOptions): SinglePathSpace {
  if (!Number.isInteger(resolution / 32) || resolution <= 0) throw new AppError("config.invalid", `The resolution must be a multiple of 32, not ${resolution}.`);
  return fbnetSpace({
    id: "fbnet-v1-imagenet",
    name: "FBNet ImageNet",
    size: "full",
    layout: { resolution, classes, stem: 16, stemStride: 2, stages, last, choices: fbnetChoices },
    keepPw,
    capabilities: ["opChoice"],
    params: { last, resolution, classes },
  });
}
