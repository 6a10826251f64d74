/** The one row of controls. On a projector it says the setup in words and keeps the fields in the setup drawer. */
import { PanelRight, X } from "lucide-react";
import { change } from "@/store/experiment";
import { IconButton } from "@/ui/Button";
import { useExperiment } from "@/ui/hooks";
import { text } from "@/viz/copy";
import styles from "./controlBar.module.css";
import { HeaderTools } from "./Header";
import type { LayoutMode } from "./layoutMode";
import { ExperimentPickers, SeedField, SpeedPicker } from "./Pickers";
import { RunProgress } from "./RunProgress";
import { Transport } from "./Transport";

function Summary() {
  const config = useExperiment((experiment) => experiment.config);
  const parts = [
    text.settings.value(config.algorithm),
    text.settings.space(config.space),
    text.settings.value(config.size),
    text.shell.bar.seedOf(config.seed),
  ];
  return <p className={styles.summary}>{text.shell.bar.summary(parts)}</p>;
}

/** Says that one given architecture is trained and nothing is searched, with the way back. */
function RetrainingChip() {
  const arch = useExperiment((experiment) => experiment.config["retrain.arch"]);
  if (arch === null) return null;
  const { bar } = text.shell;
  return (
    <span className={styles.chip} title={bar.retrainingHint(arch)}>
      <span className={styles.chipText}>{bar.retraining(arch)}</span>
      <IconButton
        small
        label={bar.searchAgain}
        icon={<X size={14} />}
        onClick={() => change({ "retrain.arch": null })}
      />
    </span>
  );
}

export function ControlBar({ mode, onFocus }: { readonly mode: LayoutMode; readonly onFocus: () => void }) {
  const isWide = mode.kind === "wide";
  return (
    <section
      className={styles.bar}
      aria-label={text.shell.bar.label}
      data-kind={mode.kind}
      data-merged={mode.short ? "" : undefined}
    >
      {mode.short && <h1 className="visually-hidden">{text.shell.appName}</h1>}
      <Transport />
      {isWide ? (
        <>
          <ExperimentPickers />
          <SeedField />
          <SpeedPicker />
        </>
      ) : (
        <Summary />
      )}
      <RetrainingChip />
      <RunProgress />
      {mode.short && <HeaderTools compact />}
      {mode.kind === "present" && (
        <IconButton label={text.shell.rail.openFocus} icon={<PanelRight size={16} />} onClick={onFocus} />
      )}
    </section>
  );
}
