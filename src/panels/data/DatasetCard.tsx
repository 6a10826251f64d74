/** Which data set this is, where it comes from, what is odd about it, and the others that are here. */
import { actions } from "@/store/actions";
import { change } from "@/store/experiment";
import { Button } from "@/ui/Button";
import { useExperiment, useRun } from "@/ui/hooks";
import { text } from "@/viz/copy";
import styles from "./data.module.css";
import type { DataModel } from "./model";

const words = text.data;

export function DatasetCard({ model }: { readonly model: DataModel }) {
  const chosen = useExperiment((experiment) => experiment.config.dataset);
  const origin = useRun((run) => run.info?.dataset?.origin);
  // A set that was asked for and is not here stays visible as what was asked for.
  const options = model.choices.some((choice) => choice.id === chosen)
    ? model.choices
    : [...model.choices, { id: chosen, name: chosen }];
  return (
    <section className={styles["card"]} aria-label={words.dataset}>
      {options.length > 1 ? (
        <label className={styles["pick"]}>
          <span className="visually-hidden">{words.dataset}</span>
          <select value={chosen} onChange={(event) => void change({ dataset: event.target.value })}>
            {options.map((choice) => (
              <option key={choice.id} value={choice.id}>
                {choice.name}
              </option>
            ))}
          </select>
        </label>
      ) : (
        <p className={styles["name"]}>{model.name}</p>
      )}
      <p className={styles["counts"]}>
        {model.counts} · {model.origin}
      </p>
      {chosen !== model.id && <p className={styles["warning"]}>{words.switching}</p>}
      {model.warnings.map((warning) => (
        <p key={warning} className={styles["warning"]}>
          ⚠ {warning}
        </p>
      ))}
      <details className={styles["credits"]}>
        <summary>{words.sources}</summary>
        <ul>
          {model.credits.map((line) => (
            <li key={line}>{line}</li>
          ))}
          <li>{model.identity}</li>
        </ul>
        {origin === "opfs" && (
          <Button
            small
            aria-label={words.removeName(model.name)}
            onClick={() => void actions().removeDataset(model.id)}
          >
            {words.remove}
          </Button>
        )}
      </details>
    </section>
  );
}
