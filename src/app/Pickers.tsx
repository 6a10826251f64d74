/** Which experiment: space, algorithm, size with its predicted time, seed; and how fast it is shown. */
import { Dices } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { actions } from "@/store/actions";
import { change } from "@/store/experiment";
import { type AlgorithmId, algorithmIds, keySpecs, pairProblem, type SpaceId, spaceIds } from "@/store/keys";
import { searchesNothing } from "@/store/methods";
import { IconButton } from "@/ui/Button";
import { CommitInput } from "@/ui/CommitInput";
import { useExperiment, useRun } from "@/ui/hooks";
import { Select, type SelectOption } from "@/ui/Select";
import { text } from "@/viz/copy";
import { durationText } from "@/viz/format";
import styles from "./controlBar.module.css";
import { isPredicted, type Machine, predictedSeconds } from "./prediction";

const bar = text.shell.bar;
const sizeIds = ["nano", "tiny", "small", "full"] as const;

/** Renders again when the networks of all sizes are counted: the first time takes a moment that the first picture should not wait for. */
function useCounted(algorithm: AlgorithmId, space: SpaceId, machine: Machine | null): number {
  const [counted, setCounted] = useState(0);
  useEffect(() => {
    if (machine === null) return;
    let timer: ReturnType<typeof setTimeout>;
    // One size a turn, so that nothing waits long.
    const next = (): void => {
      const size = sizeIds.find((id) => !isPredicted(algorithm, space, id));
      if (size === undefined) return;
      predictedSeconds(algorithm, space, size, machine);
      setCounted((n) => n + 1);
      timer = setTimeout(next);
    };
    timer = setTimeout(next);
    return () => clearTimeout(timer);
  }, [algorithm, space, machine]);
  return counted;
}

function useSizeOptions(): readonly SelectOption[] {
  const space = useExperiment((experiment) => experiment.config.space);
  const algorithm = useExperiment((experiment) => experiment.config.algorithm);
  const onlyRetrain = useExperiment((experiment) => searchesNothing(experiment.config));
  const info = useRun((run) => run.info);
  const machine = useMemo(
    (): Machine | null =>
      info !== null && info.calibrationMs !== null && info.dataset !== null
        ? { calibrationMs: info.calibrationMs, train: info.dataset.train }
        : null,
    [info],
  );
  const counted = useCounted(algorithm, space, machine);
  return useMemo(() => {
    void counted;
    const words = info?.device === "webgpu" ? bar.sizeTimeMost : bar.sizeTime;
    return sizeIds.map((size) => {
      const name = text.settings.value(size);
      if (machine === null || !isPredicted(algorithm, space, size)) return { value: size, label: name };
      return {
        value: size,
        label: words(name, durationText(predictedSeconds(algorithm, space, size, machine, onlyRetrain))),
      };
    });
  }, [algorithm, space, onlyRetrain, info, machine, counted]);
}

/** Spaces; one that the method cannot search says why and cannot be chosen. */
function spaceOptions(algorithm: AlgorithmId): readonly SelectOption[] {
  return spaceIds.map((id) => {
    const problem = pairProblem(algorithm, id);
    return { value: id, label: text.settings.space(id), ...(problem === null ? {} : { disabled: problem }) };
  });
}

export function ExperimentPickers() {
  const space = useExperiment((experiment) => experiment.config.space);
  const algorithm = useExperiment((experiment) => experiment.config.algorithm);
  const size = useExperiment((experiment) => experiment.config.size);
  const sizes = useSizeOptions();
  return (
    <div className={styles.pickers}>
      <Select
        label={bar.space}
        value={space}
        options={spaceOptions(algorithm)}
        width={128}
        onChange={(value) => change({ space: value })}
      />
      <Select
        label={bar.algorithm}
        value={algorithm}
        options={algorithmIds.map((id) => ({ value: id, label: text.settings.value(id) }))}
        width={96}
        onChange={(value) => change({ algorithm: value })}
      />
      <Select label={bar.size} value={size} options={sizes} width={124} onChange={(value) => change({ size: value })} />
    </div>
  );
}

/** A seed short enough to read aloud. The choice of a seed is the one thing here that is not reproducible. */
function drawSeed(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 10_000;
}

export function SeedField() {
  const seed = useExperiment((experiment) => experiment.config.seed);
  const spec = keySpecs.seed;
  return (
    <div className={styles.seed}>
      <label htmlFor="seed">{bar.seed}</label>
      <CommitInput
        id="seed"
        label={bar.seed}
        value={String(seed)}
        width={64}
        inputMode={spec.type === "int" ? "numeric" : "text"}
        onCommit={(value) => change({ seed: value })}
      />
      <IconButton label={bar.newSeed} icon={<Dices size={16} />} onClick={() => change({ seed: drawSeed() })} />
    </div>
  );
}

export function SpeedPicker() {
  const speed = useRun((run) => run.speed);
  return (
    <fieldset className={styles.speed}>
      <legend className="visually-hidden">{bar.speed}</legend>
      {(["slow", "normal", "fast"] as const).map((mode) => (
        <label key={mode} className={styles.speedChoice} data-checked={speed === mode ? "" : undefined}>
          <input
            type="radio"
            name="speed"
            className="visually-hidden"
            checked={speed === mode}
            onChange={() => actions().setSpeed(mode)}
          />
          {bar.speeds[mode]}
        </label>
      ))}
    </fieldset>
  );
}
