/** Published genotypes (spec darts 8.1), written as ids; sources are named where they are not the paper's own search. */
import { AppError } from "@/lib/appError";
import type { Genotype } from "./genotype";
import { parseCellId } from "./id";

const ids = {
  /** DARTS, first and second order. */
  DARTS_V1: "n:s3.1+s3.0-sk.0+s3.1-sk.0+s3.1-s3.0+sk.2;r:mp.0+mp.1-sk.2+mp.0-mp.0+sk.2-sk.2+ap.0",
  DARTS_V2: "n:s3.0+s3.1-s3.0+s3.1-s3.1+sk.0-sk.0+d3.2;r:mp.0+mp.1-sk.2+mp.1-mp.0+sk.2-sk.2+mp.1",
  NASNet: "n:s5.1+s3.0-s5.0+s3.0-ap.1+sk.0-ap.0+ap.0-s3.1+sk.1;r:s5.1+s7.0-mp.1+s7.0-ap.1+s5.0-sk.3+ap.2-s3.2+mp.1/456",
  AmoebaNet: "n:ap.0+mp.1-s3.0+s5.2-s3.0+ap.3-s3.1+sk.1-sk.0+ap.1/456;r:ap.0+s3.1-mp.0+s7.2-s7.0+ap.1-mp.0+mp.1-c7.0+s3.5/346",
  /** Both searches of NNI's tutorial: with an Adam evaluator, with the DARTS evaluator. */
  NNI_TUTORIAL_1: "n:s3.1+s3.0-s3.1+s3.2-s3.1+s3.0-s3.1+mp.0;r:s3.0+s3.1-d5.2+s3.0-d5.2+s5.1-s5.4+d5.2",
  NNI_TUTORIAL_2: "n:s3.0+s3.1-s3.1+sk.0-s3.0+mp.1-s3.0+s3.1;r:mp.0+s5.1-d5.2+mp.0-mp.0+s3.2-mp.0+sk.2",
  /** MMRazor's own search, and the file in which it repeats the paper's (DARTS_V2 with the slots of some nodes swapped). */
  "MMRAZOR_97.32": "n:s3.0+s3.1-sk.0+s5.1-s3.0+sk.1-sk.0+sk.1;r:mp.0+s3.1-mp.0+d5.2-mp.0+sk.2-mp.0+sk.2",
  MMRAZOR_PAPER_ALIAS: "n:s3.1+s3.0-s3.0+s3.1-sk.0+s3.1-d3.2+sk.0;r:mp.0+mp.1-mp.1+sk.2-sk.2+mp.0-mp.1+sk.2",
  PDARTS: "n:sk.0+d3.1-sk.0+s3.1-s3.1+s3.3-s3.0+d5.4;r:ap.0+s5.1-s3.0+d5.2-mp.0+d3.1-d3.1+d5.3",
  PNASNet: "n:s5.0+mp.0-s7.1+mp.1-s5.1+s3.1-s3.4+mp.1-s3.0+sk.1;r:s5.0+mp.0-s7.1+mp.1-s5.1+s3.1-s3.4+mp.1-s3.0+sk.1",
  SETN: "n:sk.0+s5.1-s5.0+s3.1-s5.1+s5.3-mp.1+c3.4;r:s3.0+s5.1-ap.0+s5.1-ap.0+s5.1-ap.0+sk.1",
  GDAS_V1: "n:sk.0+sk.1-sk.0+s5.2-s3.3+sk.0-s5.4+s3.3;r:s5.0+s3.1-s5.2+s5.1-d5.2+s3.1-s5.0+s5.1",
} as const;

export type PublishedName = keyof typeof ids;

export const publishedNames = Object.keys(ids) as readonly PublishedName[];

function read(id: string): Genotype {
  const parsed = parseCellId(id);
  if (!parsed.ok) throw new AppError("bug", parsed.problem.message);
  return parsed.value;
}

/** By the names of the golden files. */
export const publishedGenotypes = Object.fromEntries(publishedNames.map((name) => [name, read(ids[name])])) as Readonly<Record<PublishedName, Genotype>>;
