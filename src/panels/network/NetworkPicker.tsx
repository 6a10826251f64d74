/** Which network is on show: the winner, the one that was brought, or a sample. */
import { useRef } from "react";
import { useNetwork, useRun } from "@/ui/hooks";
import { text } from "@/viz/copy";
import styles from "./network.module.css";
import { type SampleKind, sampleKinds, showSample, showWinner } from "./showSample";

const words = text.network;

export function NetworkPicker() {
  const source = useNetwork()?.source ?? null;
  const hasWinner = useRun((run) => Boolean(run.latest?.metrics.winner));
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
      <option value="current">{source === null ? "–" : words.current[source]}</option>
      {hasWinner && source !== "winner" && <option value="winner">{words.winner}</option>}
      {sampleKinds.map((kind) => (
        <option key={kind} value={kind}>
          {words.samples[kind]}
        </option>
      ))}
    </select>
  );
}
