/** Asks the network about the picture under test, and again when its weights have become others. */
import { useCallback, useEffect, useState } from "react";
import { actions } from "@/store/actions";
import { useRun } from "@/ui/hooks";
import type { Answer } from "./predictions";

export type AnswerState =
  | { readonly status: "none" }
  | { readonly status: "asking" }
  | { readonly status: "failed" }
  | { readonly status: "ready"; readonly answer: Answer };

export function useAnswer(image: Uint8Array | null): { state: AnswerState; again: () => void } {
  const [state, setState] = useState<AnswerState>({ status: "none" });
  const [asked, setAsked] = useState(0);
  // Weights change at every step; asking at each would steal the device, so only at phase changes and stops, or by hand.
  const weights = useRun(
    (run) => `${run.plan?.runId} ${run.latest?.phase} ${run.latest?.status} ${run.latest?.metrics.winner?.id}`,
  );
  const again = useCallback(() => setAsked((n) => n + 1), []);

  useEffect(() => {
    if (image === null) {
      setState({ status: "none" });
      return;
    }
    let isCurrent = true;
    setState((old) => (old.status === "ready" ? old : { status: "asking" }));
    const ask = async (): Promise<void> => {
      try {
        const answer = await actions().classify(image);
        if (isCurrent) setState({ status: "ready", answer: answer ?? { inherited: null, retrained: null, id: null } });
      } catch {
        if (isCurrent) setState({ status: "failed" });
      }
    };
    void ask();
    return () => {
      isCurrent = false;
    };
  }, [image, weights, asked]);
  return { state, again };
}
