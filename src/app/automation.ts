/** `window.nasPlayground`: the automation interface that tests, the headless command and notebooks use. Public; documented in the README. */
import { AppError } from "@/lib/appError";
import { version } from "@/lib/version";
import type { Candidate } from "@/nas/candidate";
import { textFormats } from "@/nas/formats/report";
import { actions, type ExportFormat } from "@/store/actions";
import { history } from "@/store/history";
import { runStore } from "@/store/run";
import { type Phase, phases } from "@/store/keys";
import * as control from "@/store/runControl";
import { call } from "@/store/link";

const exportFormats: readonly ExportFormat[] = [...textFormats, "cells-svg", "cells-png", "latency-table", "safetensors", "tfjs"];
const channels = ["loss", "accuracy", "counts", "alpha", "cost", "pool"];

/** Resolves when Train would start at once; rejects when the boot failed. */
function ready() {
  return new Promise((resolve, reject) => {
    const check = (): boolean => {
      const { boot, info, error } = runStore.getState();
      if (boot.status === "failed") {
        reject(new AppError(error?.code ?? "bug", error?.message ?? boot.message));
        return true;
      }
      if (boot.status === "booting" || !info) return false;
      resolve({ backend: info.backend, adapter: info.adapter, hardware: info.hardware, dataset: info.dataset?.id ?? null });
      return true;
    };
    if (check()) return;
    const stop = runStore.subscribe(() => {
      if (check()) stop();
    });
  });
}

function checkUntil(until: unknown): Parameters<typeof control.play>[0] {
  if (until === undefined || until === null) return null;
  const { phase, step, generation } = until as Record<string, unknown>;
  const bad = (what: string) => new AppError("config.invalid", what, { recoverable: true });
  if (phase !== undefined && !phases.includes(phase as Phase)) throw bad(`play: phase must be one of ${phases.join(", ")}.`);
  for (const [name, value] of [["step", step], ["generation", generation]] as const) {
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 0)) throw bad(`play: ${name} must be a whole number.`);
  }
  return {
    ...(phase === undefined ? {} : { phase: phase as Phase }),
    ...(step === undefined ? {} : { step: step as number }),
    ...(generation === undefined ? {} : { generation: generation as number }),
  };
}

/** A plain snapshot of where the run stands. */
function state() {
  const { boot, info, plan, latest, error, notes, lastCheckpoint } = runStore.getState();
  const totals = plan?.totals;
  return {
    status: error ? "error" : (latest?.status ?? "idle"),
    boot: boot.status,
    phase: latest?.phase ?? null,
    step: latest?.step ?? 0,
    totalSteps: totals ? totals.supernet + totals.retrain : 0,
    done: latest?.done ?? 0,
    total: latest?.total ?? 0,
    phaseProgress: latest && latest.total > 0 ? Math.min(1, latest.done / latest.total) : 0,
    progress: latest?.progress ?? 0,
    generation: latest?.generation ?? 0,
    etaSeconds: latest?.eta ?? null,
    metrics: latest?.metrics ?? null,
    stepMs: latest?.stepMs ?? 0,
    imagesPerSecond: latest?.imagesPerSecond ?? 0,
    memory: latest?.memory ?? null,
    rejected: latest?.rejected ?? null,
    backend: info?.backend ?? null,
    adapter: info?.adapter ?? null,
    hardware: info?.hardware ?? false,
    reason: info?.reason ?? null,
    dataset: info?.dataset?.id ?? null,
    config: plan?.config ?? null,
    complete: latest?.status === "complete",
    error: error ? { code: error.code, message: error.message, hint: error.hint } : null,
    notes: notes.map(({ key, kind, message }) => ({ key, kind, message })),
    checkpoint: lastCheckpoint?.id ?? null,
  };
}

function candidates(): Candidate[] {
  return structuredClone([...history.candidates()]);
}

/** Text formats and SVG resolve to a string, `cells-png`, `safetensors` and `tfjs` to bytes. */
async function exportAs(format: string): Promise<string | Uint8Array> {
  const known = exportFormats.find((f) => f === format);
  if (!known) throw new AppError("config.invalid", `exportAs: format must be one of ${exportFormats.join(", ")}.`, { recoverable: true });
  const made = await actions().exportAs(known);
  if (!made.ok) throw new AppError("config.invalid", [made.problem.message, made.problem.hint].filter(Boolean).join(" "), { recoverable: true });
  return made.value.text ?? made.value.bytes;
}

/** The report of a file; nothing is applied until `apply()`. A refused file has `ok: false` and says why in `refused`. */
async function importFrom(data: string | Uint8Array | ArrayBuffer) {
  const read = await actions().importFrom(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
  if (!read.ok) {
    const { message } = read.problem;
    return {
      ok: false,
      format: null,
      understood: [],
      mapped: [],
      ignored: [],
      warnings: [],
      refused: [message],
      apply: () => {
        throw new AppError("import.unreadable", message, { recoverable: true });
      },
    };
  }
  const { report, apply } = read.value;
  return { ok: true, ...report, refused: [], apply };
}

export const automation = {
  version,
  ready: null as Promise<unknown> | null,
  open: async (config: Readonly<Record<string, unknown>> = {}, options: { readonly strict?: boolean } = {}) => {
    const plan = await control.openConfig(config, options.strict ?? false);
    return { runId: plan.runId, config: plan.config, totals: plan.totals, notes: runStore.getState().notes };
  },
  play: async (until?: unknown) => {
    const outcome = await control.play(checkUntil(until));
    return { outcome, ...state() };
  },
  pause: async () => {
    await control.pause();
    return state();
  },
  step: async (count = 1) => {
    await control.step(count);
    return state();
  },
  reset: async () => {
    await control.reset();
    return state();
  },
  skipPhase: () => call("skipPhase", {}),
  state,
  history: (channel: string) => {
    const columns = history.export(channel);
    if (!columns) throw new AppError("config.invalid", `history: channel must be one of ${channels.join(", ")}.`, { recoverable: true });
    return columns;
  },
  candidates,
  exportAs,
  importFrom,
  checkpoint: async () => (await call("checkpoint", {})).id,
  checkpoints: () => call("checkpoints", {}),
  resume: async (id?: string) => {
    await control.resume(id ?? null);
    return state();
  },
  /** Compares every primitive and two whole paths on this backend with stored reference values. */
  checkBackend: () => call("checkBackend", {}),
  memory: () => call("memory", {}),
};

export type Automation = typeof automation;

declare global {
  interface Window {
    nasPlayground: Automation;
  }
}

/** Publish the interface. `ready` is a promise from now on. */
export function publishAutomation(): void {
  automation.ready = ready();
  // A page that nobody automates must not log an unhandled rejection.
  automation.ready.catch(() => undefined);
  window.nasPlayground = automation;
}
