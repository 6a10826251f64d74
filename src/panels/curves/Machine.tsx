/** How fast the machine goes and where a step's time is spent: numbers as text, shares as one stacked bar. */
import { useTheme } from "@/ui/theme";
import { text } from "@/viz/copy";
import { bytesText, countText, msText } from "@/viz/format";
import { sequential } from "@/viz/palette";
import styles from "./curves.module.css";
import type { CurvesModel } from "./model";

const words = text.curves;

export function Machine({ model, folded }: { readonly model: CurvesModel; readonly folded: boolean }) {
  const theme = useTheme();
  const { machine, badge } = model;
  const total = machine?.parts.reduce((sum, part) => sum + part.ms, 0) ?? 0;
  const shade = (i: number): string => sequential(0.25 + 0.22 * i, theme);
  return (
    <div className={styles["machine"]}>
      {badge && (
        <p className={styles["badge"]} title={badge.reason}>
          {badge.name}
        </p>
      )}
      {machine === null ? (
        <p className={styles["quiet"]}>{words.noMachine}</p>
      ) : (
        <>
          <p className={styles["speed"]}>
            <strong>{countText(machine.imagesPerSecond)}</strong> {words.imagesPerSecond}
            <span className={styles["quiet"]}>
              {msText(machine.stepMs)} / {words.step}
            </span>
          </p>
          {!folded && total > 0 && (
            <>
              <div className={styles["stack"]} aria-hidden="true">
                {machine.parts.map((part, i) => (
                  <span key={part.key} style={{ flexGrow: part.ms, background: shade(i) }} />
                ))}
              </div>
              <ul className={styles["parts"]}>
                {machine.parts.map((part, i) => (
                  <li key={part.key}>
                    <span className={styles["swatch"]} style={{ background: shade(i) }} aria-hidden="true" />
                    {words.parts[part.key]} <span className={styles["value"]}>{msText(part.ms)}</span>
                  </li>
                ))}
              </ul>
            </>
          )}
          <p className={styles["memory"]}>
            {bytesText(machine.bytes)} · {countText(machine.tensors)} {words.tensors}
          </p>
          {machine.rising && (
            <p className={styles["rising"]}>
              ⚠ {words.rising(bytesText(machine.rising.from), bytesText(machine.rising.to))}
            </p>
          )}
        </>
      )}
    </div>
  );
}
