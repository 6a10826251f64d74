/** Which network is on show: the winner, the one that was brought, or a sample. */
import { useRef } from "react";
import { useNetwork, useRun } from "@/ui/hooks";
import { text } from "@/viz/copy";
import styles from "./network.module.css";
import { type SampleKind, sampleKinds, showSample, showWinner } from "./showSample";

const words = text.network;

/** What the network on show is: the run's own follows it from the first α or candidate to the winner. */
export function useOnShow(): string {
  const source = useNetwork()?.source ?? null;
  const metrics = useRun((run) => run.latest?.metrics);
  if (source === null) return "–";
  if (source !== "winner") return words.current[source];
  return words.following[metrics?.winner ? "winner" : metrics?.best ? "best" : "alpha"];
}

export function NetworkPicker() {
  const source = useNetwork()?.source ?? null;
  const hasWinner = useRun((run) => Boolean(run.latest?.metrics.winner));
  const onShow = useOnShow();
  const draws = useRef(0);
  const pick = (value: string): void => {
    if (value === "winner") showWinner();
    else if (sampleKinds.some((kind) => kind === value)) showSample(value as SampleKind, draws.current++);
  };
  return (
    <select
      className={styles["picker"]}
      aria-label={words.onShow}
      value="current"
      onChange={(event) => pick(event.target.value)}
    >
      <option value="current">{onShow}</option>
      {hasWinner && source !== "winner" && <option value="winner">{words.following.winner}</option>}
      {sampleKinds.map((kind) => (
        <option key={kind} value={kind}>
          {words.samples[kind]}
        </option>
      ))}
    </select>
  );
}
