/** Files dropped anywhere: told apart by content, then handed to what can use them. */
import type { Actions } from "./actions";
import { parseJsonHead } from "./sniff";
import { offerPicture } from "./pictureFile";
import { addMessage, runStore } from "./run";
import { viewStore } from "./view";
import { holdImport } from "./pendingImport";

const architectureLimit = 1_048_576;

async function head(file: File, bytes: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(0, bytes).arrayBuffer());
}

function startsWith(bytes: Uint8Array, ...prefix: number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

/** gzip, tar, parquet, pickle, or batch files by name. */
async function isDataset(file: File): Promise<boolean> {
  const bytes = await head(file, 512);
  const isTar = String.fromCharCode(...bytes.subarray(257, 262)) === "ustar";
  const isParquet = startsWith(bytes, 0x50, 0x41, 0x52, 0x31);
  const isPickle = bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 9) <= 5;
  return startsWith(bytes, 0x1f, 0x8b) || isTar || isParquet || isPickle || /(?:data|test)_batch.*\.bin$/.test(file.name) || /\.tar$/.test(file.name);
}

export async function openDropped(files: readonly File[], actions: Actions): Promise<void> {
  const datasets: File[] = [];
  for (const file of files) {
    if (file.type.startsWith("image/")) offerPicture(file);
    else if (await isDataset(file)) datasets.push(file);
    else if (await openText(file, actions)) continue;
  }
  if (datasets.length > 0) await actions.importDataset(datasets);
}

/** A truth table, a latency table or an architecture; true when it was one. */
async function openText(file: File, actions: Actions): Promise<boolean> {
  if (parseJsonHead(await head(file, 4096)) === "truth") {
    await actions.loadTruth({ kind: "bytes", bytes: new Uint8Array(await file.arrayBuffer()) });
    const { truth, truthError } = runStore.getState();
    if (truth && !truthError) viewStore.setState({ truth: true, panel: "pool" });
    return true;
  }
  if (file.size > architectureLimit) {
    addMessage("warning", `${file.name} is too large for an architecture or a latency table and is none of the data formats; nothing was changed.`);
    return false;
  }
  const read = await actions.importFrom(new Uint8Array(await file.arrayBuffer()));
  if (!read.ok) {
    addMessage("warning", `${file.name}: ${read.problem.message}`);
    return false;
  }
  holdImport(file.name, read.value);
  viewStore.setState({ dialog: "import" });
  return true;
}
