/** An architecture as small cells, one an op: glyph and colour of its op, the changed ones outlined; in rows and groups where it has parts. */
import { opColor, opStyle } from "@/viz/palette";
import styles from "./miniStrip.module.css";
import { useTheme } from "./theme";

export interface MiniStripProps {
  readonly ops: readonly string[];
  /** Layers to outline. */
  readonly changed?: readonly boolean[];
  /** Ops by row, in groups of so many; absent: one row, one group. */
  readonly rows?: readonly { readonly label: string; readonly sizes: readonly number[] }[];
  readonly label: string;
}

export function MiniStrip({ ops, changed, rows, label }: MiniStripProps) {
  const theme = useTheme();
  const cell = (i: number) => (
    <span
      key={i}
      className={styles.cell}
      data-changed={changed?.[i] === true ? "" : undefined}
      style={{ color: opColor(ops[i] ?? "", theme) }}
    >
      {opStyle(ops[i] ?? "").glyph}
    </span>
  );
  let at = 0;
  return (
    <span className={styles.strip} role="img" aria-label={label}>
      {(rows ?? [{ label: "", sizes: [ops.length] }]).map((row) => (
        <span key={row.label} className={styles.row}>
          {row.label !== "" && <span className={styles.name}>{row.label}</span>}
          {row.sizes.map((size, group) => {
            const begin = at;
            at += size;
            return (
              <span key={group} className={styles.group}>
                {Array.from({ length: size }, (_, i) => cell(begin + i))}
              </span>
            );
          })}
        </span>
      ))}
    </span>
  );
}
