/** Below the picture: which colour is which operation, and what the weights say about the search. */
import type { Focus } from "@/store/view";
import { pin } from "@/store/view";
import { text as copy } from "@/viz/copy";
import { opColor, opStyle, type PaletteTheme } from "@/viz/palette";
import { useTransientFocus } from "../useTransientFocus";
import { isOpLit } from "./focus";
import type { GroupSignals, StreamsModel } from "./model";
import styles from "./streams.module.css";

const text = copy.streams.signals;

/** Every op once, in stacking order. */
function opsOf({ rows }: StreamsModel): string[] {
  return [...new Set(rows.flatMap(({ ops, order }) => order.map((k) => ops[k] ?? "")))];
}

/** Pointing at an operation lights it everywhere; a click pins it. The table and the arrow keys offer the same without a pointer. */
export function Legend({
  model,
  focus,
  theme,
}: {
  readonly model: StreamsModel;
  readonly focus: Focus;
  readonly theme: PaletteTheme;
}) {
  const transient = useTransientFocus();
  return (
    <ul className={styles["legend"]}>
      {opsOf(model).map((op) => {
        const { code, glyph } = opStyle(op);
        return (
          <li key={op} data-op={op} data-lit={isOpLit(focus, model.groups, op)}>
            <button
              type="button"
              tabIndex={-1}
              title={op}
              onPointerEnter={() => transient.enter({ op })}
              onPointerLeave={() => transient.leave()}
              onClick={() => pin({ op })}
            >
              <span aria-hidden="true" style={{ color: op === "none" ? "var(--ink-3)" : opColor(op, theme) }}>
                {glyph}
              </span>
              {code}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function GroupLine({ signals }: { readonly signals: GroupSignals }) {
  const { label, entropy, noneMass, skipMass, skips, margin } = signals;
  return (
    <span className={styles["signals"]} data-group={signals.group}>
      <strong>{label}</strong>
      <span title={text.entropyHint}>{text.entropy(entropy)}</span>
      {noneMass !== null && <span title={text.noneHint}>{text.none(noneMass)}</span>}
      {skipMass !== null && <span title={text.skipHint}>{text.skip(skipMass)}</span>}
      {skips && (
        <span
          title={skips.level === "collapsed" ? text.collapsedHint : text.skipsHint}
          data-level={skips.level}
        >
          {text.skips(skips.count, skips.of)}
          {skips.level !== "ok" && ` ${skips.level === "many" ? text.warn : text.collapsed}`}
        </span>
      )}
      {margin !== null && <span title={text.marginHint}>{text.margin(margin)}</span>}
    </span>
  );
}

export function Signals({ model }: { readonly model: StreamsModel }) {
  return (
    <div className={styles["signalsLine"]} role="group" aria-label={text.label}>
      {model.signals.map((signals) => (
        <GroupLine key={signals.group} signals={signals} />
      ))}
      {model.isUndecided && model.step > model.whole[0] && (
        <span className={styles["note"]}>{copy.streams.undecided}</span>
      )}
    </div>
  );
}
