/** Several files as one zip archive, equal bytes for equal content. */
import { zipSync, type Zippable } from "fflate";

/** Zip stores local times from 1980 on; one fixed time keeps archives reproducible. */
const FIXED_TIME = new Date(1980, 0, 1);

/** File names → contents as one zip. `.bin` files (weights) are stored, they do not compress; the rest is deflated. */
export function zipFiles(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries: Zippable = {};
  for (const [name, bytes] of files)
    entries[name] = [bytes, { level: name.endsWith(".bin") ? 0 : 6, mtime: FIXED_TIME }];
  return zipSync(entries);
}
