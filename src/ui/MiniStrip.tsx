/** An architecture as a row of small cells, one a layer: glyph and colour of its op, the changed ones outlined. */
import { opColor, opStyle } from "@/viz/palette";
import styles from "./miniStrip.module.css";
import { useTheme } from "./theme";

export interface MiniStripProps {
  readonly ops: readonly string[];
  /** Layers to outline. */
  readonly changed?: readonly boolean[];
  readonly label: string;
}

export function MiniStrip({ ops, changed, label }: MiniStripProps) {
  const theme = useTheme();
  return (
    <span className={styles.strip} role="img" aria-label={label}>
      {ops.map((op, i) => (
        <span
          key={i}
          className={styles.cell}
          data-changed={changed?.[i] === true ? "" : undefined}
          style={{ color: opColor(op, theme) }}
        >
          {opStyle(op).glyph}
        </span>
      ))}
    </span>
  );
}
