import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame, LatestState, LogEntry } from "../protocol";
import { Mailbox } from "./mailbox";

function latest(step: number): LatestState {
  const column = (): Float64Array => Float64Array.of(step);
  return { step, path: Int8Array.of(1), counts: column(), expected: column(), lossSum: column(), lossSquares: column(), pairs: column() } as unknown as LatestState;
}
const note = (message: string): LogEntry => ({ kind: "note", level: "info", message, step: 0 });
const loss = (step: number) => ({ step, phase: 1, loss: step / 8, lr: 0.5 });

function open() {
  const frames: Frame[] = [];
  const transfers: ArrayBuffer[][] = [];
  const mailbox = new Mailbox("run-1", (frame, transfer) => {
    frames.push(structuredClone(frame, { transfer }));
    transfers.push(transfer);
  });
  return { mailbox, frames, transfers };
}

describe("one credit", () => {
  it("sends at once, then nothing until the page has shown it, then only the newest", () => {
    const { mailbox, frames } = open();
    for (let step = 0; step < 5; step++) mailbox.offer(() => latest(step));
    expect(frames.map((f) => f.latest.step)).toEqual([0]);
    mailbox.ack();
    expect(frames.map((f) => f.latest.step)).toEqual([0, 4]);
    mailbox.ack();
    mailbox.ack();
    // Many acknowledgements are still one credit.
    mailbox.offer(() => latest(5));
    mailbox.offer(() => latest(6));
    expect(frames.map((f) => f.latest.step)).toEqual([0, 4, 5]);
    expect(frames.map((f) => f.seq)).toEqual([0, 1, 2]);
    expect(frames.every((f) => f.runId === "run-1")).toBe(true);
  });

  it("makes a state only when it is sent", () => {
    const { mailbox } = open();
    let made = 0;
    for (let i = 0; i < 100; i++) {
      mailbox.offer(() => {
        made++;
        return latest(i);
      });
    }
    expect(made).toBe(1);
  });

  it("is not needed by what a reply depends on", () => {
    const { mailbox, frames } = open();
    mailbox.offer(() => latest(1));
    mailbox.append(note("a"));
    mailbox.deliver(() => latest(2));
    expect(frames.map((f) => [f.latest.step, f.log.length])).toEqual([[1, 0], [2, 1]]);
    mailbox.offer(() => latest(3));
    expect(frames).toHaveLength(2);
  });

  it("moves its columns instead of copying them", () => {
    const { mailbox, transfers } = open();
    mailbox.addLoss(loss(1));
    mailbox.offer(() => latest(1));
    expect(transfers[0]).toHaveLength(20);
    expect(transfers[0]?.every((b) => b.byteLength === 0)).toBe(true);
  });
});

describe("series and log", () => {
  it("are never lost, doubled or out of order, however slowly the page answers", () => {
    type Act = "log" | "loss" | "accuracy" | "offer" | "deliver" | "ack";
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Act>("log", "loss", "accuracy", "offer", "deliver", "ack"), { maxLength: 200 }), (acts) => {
        const { mailbox, frames } = open();
        const sent = { log: [] as string[], loss: [] as number[], accuracy: [] as number[] };
        acts.forEach((act, i) => {
          if (act === "log") mailbox.append(note(sent.log[sent.log.push(`n${i}`) - 1] as string));
          else if (act === "loss") mailbox.addLoss(loss(sent.loss[sent.loss.push(i) - 1] as number));
          else if (act === "accuracy") mailbox.addAccuracy({ step: sent.accuracy[sent.accuracy.push(i) - 1] as number, phase: 3, split: 1, accuracy: 0.5, n: 10 });
          else if (act === "ack") mailbox.ack();
          else mailbox[act](() => latest(i));
        });
        mailbox.deliver(() => latest(-1));
        expect(frames.flatMap((f) => f.log.map((e) => (e.kind === "note" ? e.message : "")))).toEqual(sent.log);
        expect(frames.flatMap((f) => [...f.series.loss.step])).toEqual(sent.loss);
        expect(frames.flatMap((f) => [...f.series.accuracy.step])).toEqual(sent.accuracy);
        for (const { series } of frames) {
          for (const columns of [series.loss, series.accuracy]) expect(new Set(Object.values(columns).map((c) => c.length)).size).toBe(1);
        }
        expect(frames.map((f) => f.seq)).toEqual(frames.map((_, i) => i));
      }),
    );
  });
});
