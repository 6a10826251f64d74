/** One architecture in any of the text formats, so that callers need one name for all of them. */
import type { Space } from "../space/types";
import { writeArchJson, type ArchFile } from "./archJson";
import { writeRazor } from "./razorYaml";
import type { TextFormat } from "./report";
import { writeVector } from "./sposVector";

/** Name ending of each format's file. */
export const extensionOf: Readonly<Record<TextFormat, string>> = {
  arch: "arch.json",
  "razor-0x": "yaml",
  "razor-1x": "yaml",
  "spos-vector": "txt",
};

/** The file's text in the format. `space` must be the one the file names. */
export function exportText(format: TextFormat, space: Space, file: ArchFile): string {
  if (format === "arch") return writeArchJson(file);
  if (format === "spos-vector") return writeVector(space, file.choices);
  return writeRazor(space, file.choices, format);
}
