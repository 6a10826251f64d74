/** Visible text of the data browser. */
import { countText } from "../format";

type Split = "weights" | "validation" | "test";

/** `movesAlpha`: whether the part that trains no weights moves architecture weights, or ranks candidates. */
function split(id: Split, movesAlpha: boolean): string {
  if (id === "validation") return movesAlpha ? "α" : "Validation";
  return id === "weights" ? "Weights" : "Test";
}

function splitNote(id: Split, movesAlpha: boolean): string {
  if (id === "weights") return "These train the weights.";
  if (id === "test") return "Only for looking: the test part is used once, for the final network.";
  return movesAlpha
    ? "These move the architecture weights; no other weight is trained on them until the derived network is."
    : "These rank the candidates; no weight is trained on them.";
}

export const data = {
  title: "Data",
  caption: "Each row is one class; these are the pictures the network learns from.",
  label: (name: string) => `Images of ${name} by class`,
  none: "No data set",
  loading: "Reading the data set.",
  empty: "No images yet: bring CIFAR-10 below, or reload the page to fetch the built-in set again.",
  dataset: "Data set",
  origin: { embedded: "built in", opfs: "kept in this browser" },
  counts: (train: number, test: number, kind: string) =>
    `${countText(train)} training, ${countText(test)} test ${kind}`,
  emojiPictures: "emoji pictures",
  images: "images",
  credit: "Credit",
  sources: "Where these pictures come from",
  emojiCredit:
    "Emoji-10 is composed from Noto Emoji (Google, Apache-2.0), Twemoji (Twitter, Inc. and other contributors, graphics CC-BY 4.0, modified), Fluent Emoji (Microsoft, MIT).",
  identity: (sha256: string) => `SHA-256 ${sha256.slice(0, 12)}…`,
  switching: "The run keeps the set it was opened with; restart it to use this one.",
  remove: "Remove from this browser",
  removeName: (name: string) => `Remove ${name} from this browser`,
  parts: "Part of the data",
  split,
  splitNote,
  augment: "As augmented in training",
  augmentNote: "Shifted and mirrored by the run's own seed.",
  previous: "Previous images",
  next: "Next images",
  range: (from: number, to: number, of: number) =>
    of === 0 ? "no images" : `${countText(from)}–${countText(to)} of ${countText(of)} a class`,
  tiles: "Images by class",
  tile: (className: string, split: string, record: number) => `${className}, ${split} image ${record}`,
  tileLoading: (className: string) => `${className}: loading`,
  source: (split: string, record: number, augmented: boolean) =>
    `${split} image ${record}${augmented ? ", augmented" : ""}`,
  rowFailed: "These images did not arrive.",
  retry: "Retry",
  pick: "Click an image to test the network on it.",
  bring: "Bring real CIFAR-10",
  howTo: [
    "Drop or choose the official archive (binary or Python), its extracted folder, or the Hugging Face parquet files.",
    "It is decoded and checked here, in this tab, and kept in this browser; nothing is sent anywhere.",
    "Part of it will do: what is missing is said.",
  ],
  origins: "Official page: https://www.cs.toronto.edu/~kriz/cifar.html",
  chooseFiles: "Choose files",
  chooseFolder: "Choose folder",
  download: "Download CIFAR-10 (163 MB)",
  drop: "Drop CIFAR-10 files here",
  progress: "Import progress",
  progressText: (read: string, total: string | null, records: number) =>
    `${read}${total === null ? "" : ` of ${total}`} · ${countText(records)} images`,
  cancel: "Cancel",
  failed: (reason: string) => `The import did not finish: ${reason}`,
  columns: ["Class", "Images in this part", "Shown"],
} as const;
