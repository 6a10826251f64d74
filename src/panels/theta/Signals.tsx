/** Under the picture: which colour is which op, and what the distribution says about the search. */
import { pin } from "@/store/view";
import { useView } from "@/ui/hooks";
import { text as copy } from "@/viz/copy";
import { opColor, opStyle, type PaletteTheme, sequential } from "@/viz/palette";
import { useTransientFocus } from "../useTransientFocus";
import { headline, maskHeadline } from "./describe";
import { hasCollapsed, type ThetaModel, undecidedAbove } from "./model";
import styles from "./theta.module.css";
import type { ThetaView } from "./useThetaView";

const text = copy.theta;

/** Every op once, in stacking order. */
function opsOf({ layers }: ThetaModel): string[] {
  return [...new Set(layers.flatMap(({ ops, order }) => order.map((k) => ops[k] ?? "")))];
}

/** Pointing at an operation lights it everywhere; a click pins it. The table and the arrow keys offer the same without a pointer. */
export function Legend({ model, theme }: { readonly model: ThetaModel; readonly theme: PaletteTheme }) {
  const transient = useTransientFocus();
  const focused = useView((v) => v.focus.op);
  const ops = opsOf(model);
  const isKnown = focused !== undefined && ops.includes(focused);
  return (
    <ul className={styles["legend"]}>
      {ops.map((op) => {
        const { code, glyph } = opStyle(op);
        return (
          <li key={op} data-op={op} data-lit={!isKnown || focused === op}>
            <button type="button" tabIndex={-1} title={op} onPointerEnter={() => transient.enter({ op })} onPointerLeave={() => transient.leave()} onClick={() => pin({ op })}>
              <span aria-hidden="true" style={{ color: opColor(op, theme) }}>
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

/** What dark and light mean in the tiles. */
export function MaskLegend({ theme }: { readonly theme: PaletteTheme }) {
  const { keep, options, now } = text.masks.legend;
  return (
    <p className={styles["maskLegend"]}>
      <span className={styles["scale"]} aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((t) => (
          <span key={t} style={{ background: sequential(t, theme) }} />
        ))}
      </span>
      <span>{`0–1 ${keep}`}</span>
      <span>{options}</span>
      <span>{now}</span>
    </p>
  );
}

export function Signals({ view }: { readonly view: ThetaView }) {
  const { layers, masks, pressure, device, step, state } = view;
  const entropy = layers?.entropy ?? masks?.entropy ?? 0;
  const isWarm = pressure.points.length > 0 && step <= pressure.warmEnd;
  const words = text.signals;
  return (
    <div className={styles["signals"]} role="group" aria-label={words.label}>
      <strong>{layers ? headline(layers, pressure.target) : masks ? maskHeadline(masks, pressure) : ""}</strong>
      {state === "error" && view.brokeAt !== null && (
        <span className={styles["bad"]} role="alert">
          {text.error(view.brokeAt)}
        </span>
      )}
      {layers && hasCollapsed(layers) && <span className={styles["warn"]}>{`⚠ ${words.skips(layers.skips, layers.layers.length)}`}</span>}
      <span title={words.entropyHint}>{words.entropy(entropy)}</span>
      {isWarm ? <span>{words.warmUp}</span> : entropy > undecidedAbove && <span className={styles["warn"]}>{words.undecided}</span>}
      {layers && <span className={styles["muted"]}>{layers.total === null ? words.equal : layers.isStandIn ? words.standIn : words.widths(layers.metric, device)}</span>}
    </div>
  );
}
