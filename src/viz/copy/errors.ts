/** What the page says when a run fails, keyed by error code; never parsed from a message. The message itself is shown below it. */

export interface ErrorCopy {
  /** What happened, in the reader's words. */
  readonly title: string;
  /** What was kept and what can be done. */
  readonly kept: string;
}

const fromCheckpoint = "What was saved last is kept. Resume goes on from there.";
const nothingLost = "Nothing on screen was lost.";

const table: Readonly<Record<string, ErrorCopy>> = {
  "gpu.unavailable": {
    title: "The GPU that was asked for is not there.",
    kept: "Choose another back end in Setup; everything also works without a GPU, only slower.",
  },
  "gpu.lost": { title: "The GPU was taken away (driver reset or sleep).", kept: fromCheckpoint },
  "gpu.oom": {
    title: "The GPU has too little memory for this size.",
    kept: "The run was stopped before it could compute with invalid memory. Choose a smaller size or batch, or close other tabs.",
  },
  "gpu.validation": {
    title: "The GPU refused an operation.",
    kept: "Numbers after that would be wrong, so the run ended. Resume from the last checkpoint, or choose another back end.",
  },
  "backend.unavailable": {
    title: "The back end that was asked for is not available.",
    kept: "Choose another back end in Setup, or leave it on auto.",
  },
  "train.nan": {
    title: "The loss is no longer a number.",
    kept: "Resume from the last checkpoint with a lower learning rate.",
  },
  "data.missing": {
    title: "The data set is not there.",
    kept: "Drop its files anywhere on this page, or choose Emoji-10 in Setup.",
  },
  "data.shard": { title: "A part of the data did not arrive.", kept: "Training waits. Reload the page to try again." },
  "data.corrupt": {
    title: "The data is damaged.",
    kept: "Nothing of it was kept. Get the files again and drop them here.",
  },
  "search.infeasible": {
    title: "No network meets the limit.",
    kept: "The trained supernet is kept. Raise the limit, then resume.",
  },
  "storage.quota": {
    title: "Couldn't save: browser storage is full.",
    kept: "The run continues. Export now, or delete data sets you no longer need.",
  },
  "import.unreadable": { title: "This file cannot be read.", kept: nothingLost },
  "config.invalid": { title: "These settings do not work together.", kept: "Change them in Setup, then reset." },
  "checkpoint.missing": {
    title: "There is no checkpoint to go on from.",
    kept: "Reset starts again with the same seed and gives the same run.",
  },
  "protocol.version": { title: "This page is older than the program it loaded.", kept: "Reload the page." },
  "worker.dead": { title: "The training worker stopped answering.", kept: fromCheckpoint },
  cancelled: { title: "The run was cancelled.", kept: "What exists is kept." },
  "tab.busy": {
    title: "Another tab is training.",
    kept: "This tab shows, but does not train, until the other one is closed.",
  },
};

const unknown: ErrorCopy = {
  title: "Something went wrong in the program.",
  kept: "What was drawn is kept. Resume from the last checkpoint, or reset.",
};

function of(code: string): ErrorCopy {
  return (Object.hasOwn(table, code) ? table[code] : undefined) ?? unknown;
}

export const errors = { of, codes: Object.keys(table) } as const;
