/** What is known about Emoji-10 without building it. */
import { parseManifest } from "@/data/manifest";

/** The data set's identity: every machine must arrive at it. */
export const EMOJI10_SHA256 = "bf1b0de28644d114001abf7094536c07f23d89269fafa956303aa41f13f33856";

export const EMOJI10_CREDIT =
  "Emoji-10 is composed from Noto Emoji (Google, Apache-2.0), Twemoji (Twitter, Inc. and other contributors, graphics CC-BY 4.0, " +
  "modified), Fluent Emoji (Microsoft, MIT).";

/** Whether a manifest (parsed JSON, unchecked) is that of the pinned build, so that nothing needs to be built. */
export function isEmoji10(manifest: unknown): boolean {
  const parsed = parseManifest(manifest);
  return parsed.ok && parsed.value.id === "emoji10" && parsed.value.sha256 === EMOJI10_SHA256;
}
