/** Which sentences the message strip shows, most urgent first. Those the reader dismissed stay away. */
import type { Note } from "@/store/keys";
import type { RunState } from "@/store/run";
import { text } from "@/viz/copy";

export interface Sentence {
  /** Same sentence, same key: dismissing it lasts. */
  readonly key: string;
  readonly level: "info" | "warning" | "error";
  readonly text: string;
  readonly hint?: string;
  /** Id in the run store, for its own messages. */
  readonly id?: number;
  readonly dismissible: boolean;
}

export interface MessageSources {
  readonly run: Pick<RunState, "boot" | "info" | "messages" | "notes" | "error">;
  readonly notes: readonly Note[];
  readonly dismissed: ReadonlySet<string>;
}

const words = text.shell.messages;

/** A hardware GPU is missing although nothing else was asked for: a normal state, said once. */
function noAdapter(info: NonNullable<RunState["info"]>): Sentence | null {
  if (info.hardware || info.problem !== null) return null;
  return {
    key: "no-adapter",
    level: "info",
    text: words.noAdapter(info.device === "webgpu" ? "software WebGPU" : info.device.toUpperCase()),
    dismissible: true,
  };
}

export function sentences({ run, notes, dismissed }: MessageSources): readonly Sentence[] {
  const { boot, info } = run;
  const all: (Sentence | null)[] = [
    // A failed boot with an error of its own has the error card.
    boot.status === "failed" && run.error === null
      ? { key: "boot", level: "error", text: words.bootFailed, hint: boot.message, dismissible: false }
      : null,
    boot.status === "busy-tab" ? { key: "busy", level: "warning", text: words.busyTab, dismissible: false } : null,
    ...run.messages.map((message): Sentence => ({
      key: `message:${message.id}`,
      level: message.level,
      text: message.text,
      id: message.id,
      dismissible: true,
    })),
    ...[...notes, ...run.notes].map((note): Sentence => ({
      key: `note:${note.message}`,
      level: note.kind === "unknown" || note.kind === "invalid" ? "warning" : "info",
      text: note.message,
      dismissible: true,
    })),
    info === null ? null : noAdapter(info),
  ];
  const seen = new Set<string>();
  return all.filter((sentence): sentence is Sentence => {
    if (sentence === null || seen.has(sentence.text) || (sentence.dismissible && dismissed.has(sentence.key)))
      return false;
    seen.add(sentence.text);
    return true;
  });
}
