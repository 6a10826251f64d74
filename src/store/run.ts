/** Small plain state of the run and the machine, at most ten updates a second. Curves, counts and candidates live in `history`. */
import { createStore } from "zustand/vanilla";
import { subscribeWithSelector } from "zustand/middleware";
import type { Note } from "@/algorithms/config";
import type { BootInfo, CheckpointInfo, ImportProgress, LatestState, RunPlan, TruthTable, WireError } from "@/session/protocol";

/** Before Train works: what the boot is doing. */
export interface BootState {
  readonly status: "booting" | "ready" | "failed" | "busy-tab";
  readonly device: string;
  readonly data: readonly [number, number];
  readonly kernels: readonly [number, number];
  readonly message: string;
}

/** What the page shows as "what is happening": never predicted, only set from frames and replies. */
export interface RunState {
  readonly boot: BootState;
  readonly info: BootInfo | null;
  readonly plan: RunPlan | null;
  readonly latest: LatestState | null;
  /** A command is under way: the button shows pending. */
  readonly pending: "play" | "pause" | "step" | "reset" | "open" | null;
  /** Train was pressed before the boot ended. */
  readonly queued: boolean;
  readonly error: WireError | null;
  /** Configuration notes of the last open: clamped values, unknown keys. */
  readonly notes: readonly Note[];
  /** Dismissed sentences. */
  readonly messages: readonly { readonly id: number; readonly level: "info" | "warning"; readonly text: string }[];
  readonly lastCheckpoint: CheckpointInfo | null;
  readonly savedAt: number | null;
  readonly speed: "slow" | "normal" | "fast";
  readonly importing: ImportProgress | null;
  readonly truth: TruthTable | null;
  readonly truthError: string | null;
}

export const initialRun: RunState = {
  boot: { status: "booting", device: "", data: [0, 0], kernels: [0, 0], message: "Starting" },
  info: null,
  plan: null,
  latest: null,
  pending: null,
  queued: false,
  error: null,
  notes: [],
  messages: [],
  lastCheckpoint: null,
  savedAt: null,
  speed: "normal",
  importing: null,
  truth: null,
  truthError: null,
};

export const runStore = createStore<RunState>()(subscribeWithSelector(() => initialRun));

let nextMessage = 1;

/** Show a dismissible sentence. */
export function addMessage(level: "info" | "warning", text: string): void {
  const { messages } = runStore.getState();
  if (messages.some((m) => m.text === text)) return;
  runStore.setState({ messages: [...messages.slice(-4), { id: nextMessage++, level, text }] });
}

export function dismissMessage(id: number): void {
  runStore.setState({ messages: runStore.getState().messages.filter((m) => m.id !== id) });
}
