/** Every setting of the experiment, generated from the key list. Live settings reach a running search, others make the run stale. */
import { Undo2 } from "lucide-react";
import { useMemo } from "react";
import { actions } from "@/store/actions";
import { change, experimentStore, setGiven, staleKeys, undo } from "@/store/experiment";
import { type ConfigKey, defaultsFor } from "@/store/keys";
import { runStore } from "@/store/run";
import { Button } from "@/ui/Button";
import { CommitInput } from "@/ui/CommitInput";
import { useExperiment, useRun } from "@/ui/hooks";
import { Select } from "@/ui/Select";
import { text } from "@/viz/copy";
import styles from "./setupForm.module.css";
import { settingGroups, type SettingRow } from "./setupModel";

const words = text.settings;

/** Set one key; a live one also in the run under way. */
export function setSetting(key: ConfigKey, value: string | number | boolean | null, live: boolean): void {
  change({ [key]: value });
  if (live && runStore.getState().plan !== null) actions().setLive({ [key]: experimentStore.getState().config[key] });
}

function Control({ row, describedBy }: { readonly row: SettingRow; readonly describedBy: string }) {
  const datasets = useRun((run) => run.info?.datasets);
  const id = `set-${row.key}`;
  const common = { id, label: row.label, describedBy };
  const set = (value: string): void => setSetting(row.key, value, row.live);
  switch (row.spec.type) {
    case "enum":
      return (
        <Select
          {...common}
          value={row.value}
          width="100%"
          options={row.spec.values.map((value) => ({ value, label: words.value(value) }))}
          onChange={set}
        />
      );
    case "switch":
      return (
        <input
          id={id}
          className={styles.check}
          type="checkbox"
          aria-describedby={describedBy}
          checked={row.value === "on"}
          onChange={(event) => set(event.target.checked ? "on" : "off")}
        />
      );
    case "id": {
      const known = datasets ?? [];
      const options = known.some((dataset) => dataset.id === row.value)
        ? known.map(({ id: value, name }) => ({ value, label: name }))
        : [{ value: row.value, label: row.value }, ...known.map(({ id: value, name }) => ({ value, label: name }))];
      return <Select {...common} value={row.value} width="100%" options={options} onChange={set} />;
    }
    case "int":
    case "float": {
      const choices = words.choicesOf(row.key);
      if (choices !== null) {
        const options = Object.entries(choices).map(([value, label]) => ({ value, label }));
        return <Select {...common} value={row.value} width="100%" options={options} onChange={set} />;
      }
      return (
        <CommitInput
          {...common}
          value={row.value}
          width="100%"
          invalid={row.note !== null}
          disabled={row.disabled !== null}
          inputMode={row.spec.nullable === undefined ? "decimal" : "text"}
          onCommit={set}
        />
      );
    }
    case "text":
      return <CommitInput {...common} value={row.value} width="100%" invalid={row.note !== null} onCommit={set} />;
    default:
      return row.spec satisfies never;
  }
}

function Row({ row }: { readonly row: SettingRow }) {
  const hintId = `hint-${row.key}`;
  const config = useExperiment((experiment) => experiment.config);
  const hint = [row.unit, row.hint].filter((part) => part !== null).join(", ");
  return (
    <div className={styles.row}>
      <div className={styles.words}>
        <label htmlFor={`set-${row.key}`}>
          {row.label}
          {row.live && (
            <span className={styles.live} title={words.liveHint}>
              {words.live}
            </span>
          )}
        </label>
        <p id={hintId} className={styles.hint}>
          {row.disabled ?? hint}
          {row.note !== null && <span className={styles.note}> {row.note}</span>}
        </p>
      </div>
      <div className={styles.control}>
        <Control row={row} describedBy={hintId} />
        {row.fallback !== null && (
          <button
            type="button"
            className={styles.default}
            aria-label={words.reset(row.label, row.fallback)}
            onClick={() =>
              setSetting(row.key, defaultsFor(config.space, config.size, config.algorithm)[row.key], row.live)
            }
          >
            {words.default(row.fallback)}
          </button>
        )}
      </div>
    </div>
  );
}

/** Says that the run on screen is another experiment than the one set up, with the way to bring them together. */
function StaleBanner() {
  const config = useExperiment((experiment) => experiment.config);
  const plan = useRun((run) => run.plan);
  const keys = plan === null ? [] : staleKeys(plan.config, config);
  if (keys.length === 0) return null;
  return (
    <div className={styles.stale} role="status">
      <p>
        {words.stale}{" "}
        <span className={styles.hint}>{keys.map((key) => words.of(key, config.algorithm).label).join(", ")}</span>
      </p>
      <Button small onClick={() => actions().reset()}>
        {words.restart}
      </Button>
    </div>
  );
}

export function SetupForm() {
  const config = useExperiment((experiment) => experiment.config);
  const notes = useExperiment((experiment) => experiment.notes);
  const canUndo = useExperiment((experiment) => experiment.past.length > 0);
  const changed = useExperiment((experiment) => Object.keys(experiment.given).some((key) => key.includes(".")));
  const groups = useMemo(() => settingGroups(config, notes), [config, notes]);
  const { algorithm, space, size, seed, dataset } = config;
  return (
    <form className={styles.form} aria-label={text.shell.rail.setup} onSubmit={(event) => event.preventDefault()}>
      <StaleBanner />
      <div className={styles.tools}>
        <Button small weight="quiet" icon={<Undo2 size={12} />} disabled={!canUndo} onClick={undo}>
          {words.undo}
        </Button>
        <Button
          small
          weight="quiet"
          disabled={!changed}
          onClick={() => setGiven({ algorithm, space, size, seed, dataset })}
        >
          {words.resetAll}
        </Button>
      </div>
      {groups.map((group) => (
        <fieldset key={group.id} className={styles.group}>
          <legend className={styles.legend}>{group.name}</legend>
          {group.rows.map((row) => (
            <Row key={row.key} row={row} />
          ))}
        </fieldset>
      ))}
    </form>
  );
}
