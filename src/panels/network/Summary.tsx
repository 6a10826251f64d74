/** What the network is, in numbers: id, ops, cost, and what it scored before and after retraining. */
import type { ReactNode } from "react";
import { actions } from "@/store/actions";
import { Button } from "@/ui/Button";
import { useRun } from "@/ui/hooks";
import { useTheme } from "@/ui/theme";
import { text } from "@/viz/copy";
import { accuracyText, macsText, paramsText } from "@/viz/format";
import { opColor, opStyle } from "@/viz/palette";
import type { NetworkModel } from "./model";
import styles from "./network.module.css";

const words = text.network;

function Fact({
  name,
  hint,
  children,
}: {
  readonly name: string;
  readonly hint?: string;
  readonly children: ReactNode;
}) {
  return (
    <div className={styles["fact"]}>
      <dt title={hint}>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Retrained({ model }: { readonly model: NetworkModel }) {
  const isRetraining = useRun((run) => run.latest?.phase === "retrain");
  const done = useRun((run) => run.latest?.done ?? 0);
  const total = useRun((run) => run.latest?.total ?? 0);
  if (model.retrained) return accuracyText(model.retrained.value, model.retrained.n);
  return model.source === "winner" && isRetraining ? words.retraining(done, total) : words.notRetrained;
}

export function Summary({ model }: { readonly model: NetworkModel }) {
  const theme = useTheme();
  return (
    <div className={styles["summary"]}>
      <div className={styles["head"]}>
        <p className={styles["id"]} title={model.id}>
          {model.id}
        </p>
        {model.source !== "winner" && (
          <Button small title={words.retrainHint} onClick={() => actions().retrainArch(model.archId)}>
            {words.retrain}
          </Button>
        )}
      </div>
      {model.ops.map((row) => (
        <div key={row.label} className={styles["stripRow"]}>
          {row.label !== "" && <span className={styles["stripName"]}>{row.label}</span>}
          <ol className={styles["strip"]} aria-label={row.label === "" ? model.space : `${model.space}, ${row.label}`}>
            {row.ops.map(({ op, label }, i) => (
              <li key={`${label}/${i}`} title={`${label}: ${op}`} style={{ borderColor: opColor(op, theme) }}>
                {opStyle(op).code}
              </li>
            ))}
          </ol>
        </div>
      ))}
      <dl className={styles["facts"]}>
        <Fact name={words.macs} hint={words.macsHint}>
          {macsText(model.macs)}
        </Fact>
        <Fact name={words.params}>{paramsText(model.params)}</Fact>
        <Fact name={words.supernet}>
          {model.supernet ? accuracyText(model.supernet.value, model.supernet.n) : words.notScored}
        </Fact>
        <Fact name={words.retrained}>
          <Retrained model={model} />
        </Fact>
      </dl>
    </div>
  );
}
